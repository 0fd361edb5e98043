"""Parts of photos hidden, and how much of each cell of a map that hides."""

import numpy as np
from PIL import Image

from skface._validation import as_generator, shown
from skface.exceptions import InputError
from skface.photos import Frames, as_image_size, as_images
from skface.systems._covers import drawing_of

_SUBCELLS = 16  # along each side of a cell, to measure how much of it is hidden


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
    drawn, name = drawing_of(cover), cover if isinstance(cover, str) else None
    photos = np.asarray(as_images(X))
    if not isinstance(parts, Frames) or len(parts) != len(photos):
        raise InputError(
            f"parts must be Frames of {len(photos)} photos, got {shown(parts)}"
        )
    if name == "photo" and len(photos) == 1:
        raise InputError("X is one photo: there is no other to cut a piece from")
    seeds = as_generator(random_state).randint(2**31 - 1, size=len(photos))
    hidden = photos.copy()
    for i, (matrix, seed) in enumerate(zip(parts.matrices, seeds, strict=True)):
        rng = np.random.default_rng(seed)
        inside, places = _inside(matrix, photos.shape[1:3])
        covered = _stretched(drawn(rng), matrix, photos.shape[1:3], places)
        colours, opacity = covered[:, :3], covered[:, 3:] / 255
        if name == "noise":
            colours = rng.integers(0, 256, colours.shape)
        elif name == "photo":
            other = photos[(i + rng.integers(1, len(photos))) % len(photos)]
            shift = rng.integers(0, other.shape[:2])
            colours = np.roll(other, shift, axis=(0, 1))[inside]
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
    InputError
        `parts` are no Frames.

    Examples
    --------
    >>> from skface.systems import face_parts, hidden_cells
    >>> hidden_cells(face_parts("middle", 1, face=(0, 0, 1, 1)), (3, 1)).ravel()
    array([0., 1., 0.])
    """
    picture = drawing_of(cover)(np.random.default_rng(0))
    rows, columns = as_image_size(shape, "shape")
    if not isinstance(parts, Frames):
        raise InputError(f"parts must be Frames, got {shown(parts)}")
    fine = rows * _SUBCELLS, columns * _SUBCELLS
    shares = np.empty((len(parts), rows, columns))
    for share, matrix in zip(shares, parts.matrices, strict=True):
        inside, places = _inside(matrix, fine)
        opacity = np.zeros(fine)
        opacity[inside] = _stretched(picture, matrix, fine, places)[:, 3] / 255
        cells = opacity.reshape(rows, _SUBCELLS, columns, _SUBCELLS)
        share[:] = cells.mean(axis=(1, 3))
    return shares


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
