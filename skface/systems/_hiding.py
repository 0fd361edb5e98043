"""Parts of photos hidden, and how much of each cell of a map that hides."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from skface._validation import as_array, as_generator, shown
from skface.exceptions import InputError, ParameterError
from skface.photos import Frames, as_image_size, as_images

_COVERS = ("grey", "noise", "photo", "hand", "bar")
_GREY = 128
_SUBCELLS = 16  # along each side of a cell, to measure how much of it is hidden
_DRAWN = 256  # pixels a side
_SKIN = np.array([[255, 224, 196], [72, 44, 30]])  # from light to dark


def hide(X, parts, cover="grey", *, random_state=None) -> np.ndarray:
    """Photos of which a part is covered.

    Parameters
    ----------
    X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        Paths alone are read at 224 x 224 pixels.
    parts : Frames of length n
        What is covered, as fractions of what X shows of each photo.
    cover : {"grey", "noise", "photo", "hand", "bar"} or array-like of shape \
(height, width, 4), default="grey"
        Middle grey, random pixels, a piece of another photo of X, a drawn hand or bar;
        or a picture, RGBA in 0 to 255, that is stretched over the part. Hands, and
        pictures that are transparent somewhere, hide less than the part.
    random_state : int, RandomState or None, default=None
        Of the noise, of which piece of which photo covers, and of drawn colours.

    Returns
    -------
    ndarray of shape (n, height, width, 3), uint8

    Raises
    ------
    ParameterError
        There is no such cover.
    InputError
        X is not photos, `parts` are no Frames of as many, or pieces of other photos are
        asked for where there is one photo.

    See Also
    --------
    hidden_cells : How much that hides of each cell of a map.
    face_parts, random_parts : Parts to hide.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.systems import face_parts, hide
    >>> X = np.full((2, 8, 8, 3), 255, np.uint8)
    >>> hide(X, face_parts("lower", 2, face=(0, 0, 1, 1)))[0, :, 0, 0].tolist()
    [255, 255, 255, 255, 128, 128, 128, 128]
    """
    picture = _as_picture(cover)
    photos = np.asarray(as_images(X))
    if not isinstance(parts, Frames) or len(parts) != len(photos):
        raise InputError(
            f"parts must be Frames of {len(photos)} photos, got {shown(parts)}"
        )
    if picture is None and cover == "photo" and len(photos) == 1:
        raise InputError("X is one photo: there is no other to cut a piece from")
    seeds = as_generator(random_state).randint(2**31 - 1, size=len(photos))
    hidden = photos.copy()
    for i, (matrix, seed) in enumerate(zip(parts.matrices, seeds, strict=True)):
        rng = np.random.default_rng(seed)
        inside, places = _inside(matrix, photos.shape[1:3])
        if picture is not None or cover in _DRAWINGS:
            drawn = picture if picture is not None else _DRAWINGS[cover](rng)
            covered = _stretched(drawn, matrix, photos.shape[1:3], places)
            colours, opacity = covered[:, :3], covered[:, 3:] / 255
        elif cover == "grey":
            colours, opacity = _GREY, 1.0
        elif cover == "noise":
            colours, opacity = rng.integers(0, 256, (len(places), 3)), 1.0
        else:
            other = photos[(i + rng.integers(1, len(photos))) % len(photos)]
            shift = rng.integers(0, other.shape[:2])
            colours, opacity = np.roll(other, shift, axis=(0, 1))[inside], 1.0
        mixed = opacity * colours + (1 - opacity) * photos[i][inside]
        hidden[i][inside] = np.rint(mixed)
    return hidden


def hidden_cells(parts, shape, cover="grey") -> np.ndarray:
    """How much of each cell of a map is hidden.

    Parameters
    ----------
    parts : Frames of length n
        As for `hide`.
    shape : int or (rows, columns)
        Of the map, whose cells divide the photo evenly.
    cover : as for `hide`, default="grey"

    Returns
    -------
    ndarray of shape (n, rows, columns), float64
        Shares of the cells, in 0 to 1.

    Raises
    ------
    ParameterError
        There is no such cover, or the shape is none.

    Examples
    --------
    >>> from skface.systems import face_parts, hidden_cells
    >>> hidden_cells(face_parts("middle", 1, face=(0, 0, 1, 1)), (3, 1)).ravel()
    array([0., 1., 0.])
    """
    picture = _as_picture(cover)
    if picture is None and cover in _DRAWINGS:
        picture = _DRAWINGS[cover](np.random.default_rng(0))
    rows, columns = as_image_size(shape, "shape")
    if not isinstance(parts, Frames):
        raise InputError(f"parts must be Frames, got {shown(parts)}")
    fine = rows * _SUBCELLS, columns * _SUBCELLS
    shares = np.empty((len(parts), rows, columns))
    for share, matrix in zip(shares, parts.matrices, strict=True):
        inside, places = _inside(matrix, fine)
        opacity = np.zeros(fine)
        opacity[inside] = (
            1.0
            if picture is None
            else _stretched(picture, matrix, fine, places)[:, 3] / 255
        )
        cells = opacity.reshape(rows, _SUBCELLS, columns, _SUBCELLS)
        share[:] = cells.mean(axis=(1, 3))
    return shares


def _as_picture(cover):
    """RGBA of a cover that is a picture; None of those that have a name."""
    if isinstance(cover, str):
        if cover not in _COVERS:
            raise ParameterError(f"cover must be in {list(_COVERS)}, got {cover!r}")
        return None
    picture = as_array(cover, "cover")
    if picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype.kind not in "iuf":
        raise ParameterError(
            f"cover must be in {list(_COVERS)}, or RGBA of shape (height, width, 4), "
            f"got the shape {picture.shape}"
        )
    if not (picture.size and picture.min() >= 0 and picture.max() <= 255):
        raise ParameterError("cover must hold pixels in 0 to 255")
    return picture.astype(np.uint8)


def _inside(matrix, shape):
    """Which pixels lie in a frame, and where in it: bool of `shape`, (n, 2)."""
    rows, columns = np.indices(shape)
    middles = np.stack([columns / shape[1], rows / shape[0]], axis=-1)
    middles += np.divide(0.5, shape[::-1])
    places = (middles - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    inside = ((places >= 0) & (places < 1)).all(axis=-1)
    return inside, places[inside]


def _stretched(picture, matrix, shape, places):
    """RGBA of a picture at places of the frame that it is stretched over, (n, 4)."""
    sides = np.linalg.norm(matrix[:, :2] * np.reshape(shape[::-1], (2, 1)), axis=0)
    size = np.clip(np.rint(sides), 1, picture.shape[1::-1]).astype(int)
    smooth = Image.fromarray(picture).resize(tuple(size), Image.Resampling.BILINEAR)
    columns, rows = (places * size).astype(int).T
    return np.asarray(smooth)[rows, columns].astype(float)


def _hand(rng):
    skin = _SKIN[0] + rng.uniform() * (_SKIN[1] - _SKIN[0])
    return _painted(_hand_shade(), skin)


def _bar(rng):
    shade = np.tile(np.sin(np.linspace(0.3, 2.8, _DRAWN))[:, None], _DRAWN)
    return _painted(shade, rng.integers(20, 236, 3))


_DRAWINGS = {"hand": _hand, "bar": _bar}


def _painted(shade, colour):
    """RGBA of a colour, opaque where its shade, in 0 to 1, is not 0."""
    opacity = 255.0 * (shade > 0)
    return np.dstack([shade[..., None] * colour, opacity]).astype(np.uint8)


@lru_cache
def _hand_shade():
    """A palm, four fingers and a thumb: light in the middle, dark between fingers."""
    image = Image.new("L", (_DRAWN, _DRAWN))
    draw = ImageDraw.Draw(image)
    for inset, shade in ((0, 165), (7, 215), (14, 245)):
        for i, top in enumerate((34, 10, 4, 26)):
            left = 62 + 44 * i
            box = left + inset, top + inset, left + 42 - inset, 190
            draw.rounded_rectangle(box, 20, fill=shade)
        draw.line((70, 190, 26 + inset, 122), fill=shade, width=44 - 2 * inset)
        draw.ellipse((8 + inset, 104 + inset, 50 - inset, 142 - inset), fill=shade)
        draw.rounded_rectangle((62 + inset, 130, 236 - inset, 255), 24, fill=shade)
    return np.asarray(image) / 255
