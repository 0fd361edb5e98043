"""What hides a part of a photo: a picture that is given, or drawn by its name."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from skface._validation import as_array
from skface.exceptions import ParameterError

_DRAWN = 256  # pixels a side
_SKIN = np.array([[255, 224, 196], [72, 44, 30]])  # from light to dark


def drawing_of(cover):
    """What draws a cover: a function of a generator, which gives RGBA, uint8.

    Parameters
    ----------
    cover : str or array-like of shape (height, width, 4)

    Raises
    ------
    ParameterError
        There is no such cover, or it holds no pixels in 0 to 255.
    """
    if isinstance(cover, str):
        if cover not in _DRAWINGS:
            raise ParameterError(f"cover must be in {list(_DRAWINGS)}, got {cover!r}")
        return _DRAWINGS[cover]
    picture = as_array(cover, "cover")
    if picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype.kind not in "iuf":
        raise ParameterError(
            f"cover must be in {list(_DRAWINGS)}, or RGBA of shape (height, width, 4), "
            f"got the shape {picture.shape}"
        )
    if not (picture.size and picture.min() >= 0 and picture.max() <= 255):
        raise ParameterError("cover must hold pixels in 0 to 255")
    if picture.dtype.kind == "f" and 0 < picture.max() <= 1:
        raise ParameterError("cover must hold pixels in 0 to 255, not in 0 to 1")
    picture = picture.astype(np.uint8)
    return lambda rng: picture


def _grey(rng):
    return np.array([[[128, 128, 128, 255]]], np.uint8)


def _hand(rng):
    skin = _SKIN[0] + rng.uniform() * (_SKIN[1] - _SKIN[0])
    return _painted(_hand_shade(), skin)


def _bar(rng):
    shade = np.tile(np.sin(np.linspace(0.3, 2.8, _DRAWN))[:, None], _DRAWN)
    return _painted(shade, rng.integers(20, 236, 3))


# Noise and pieces of photos have no form: what they hide is that of grey.
_DRAWINGS = {"grey": _grey, "noise": _grey, "photo": _grey, "hand": _hand, "bar": _bar}


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
