"""Pillow's images, of whatever mode and orientation, as upright RGB."""

import re

import numpy as np
from PIL import Image, ImageCms

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
_PIXELS_AT_ONCE = 2**22
_WIDE = 65535  # white, with 16 bits
_COLOURS = ("RGB", "RGBA", "LA")


def turned(image, orientation):
    """An image upright that is to be turned as EXIF's orientation says."""
    if orientation not in _TURNS:
        return image
    return image.transpose(_TURNS[orientation])


def from_pillow(image):
    """A user's `PIL.Image.Image` as an upright RGB one.

    Raises
    ------
    OSError, ValueError
        It cannot be decoded, or its pixels have no agreed range.
    """
    load(image)
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # of many kinds, as EXIF can be broken in many ways
        orientation = None
    return turned(to_rgb(image), orientation if type(orientation) is int else 1)


def to_rgb(image):
    """A decoded image as RGB, transparent pixels on white.

    Strip by strip, so that a large one is in memory no more than twice.

    Raises
    ------
    ValueError
        The range of its pixels is not told by the file, or other than it tells.
    """
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    _check_range(image)
    width, height = image.size
    n_rows = max(1, _PIXELS_AT_ONCE // max(width, 1))
    rgb = Image.new("RGB", image.size)
    for top in range(0, height, n_rows):
        box = (0, top, width, min(top + n_rows, height))
        rgb.paste(_strip_to_rgb(image.crop(box)), box)
    return rgb


def load(image):
    """Load the pixels of an image.

    Raises
    ------
    ValueError
        Nothing is left of colours of 16 bits, of which Pillow keeps the upper 8.
    """
    tiles = getattr(image, "tile", [])  # of a file that is not read yet
    was_deep = any(re.search(";16[BLN]", str(tile)) for tile in tiles)
    image.load()
    if was_deep and image.mode in _COLOURS and not _is_lit(image):
        raise ValueError(
            f"colours of 16 bits reach no more than 255 of {_WIDE}, which is black: "
            "save them with 8 bits"
        )


def _is_lit(image):
    """Whether a band has a pixel above 0; what is transparent throughout is white."""
    highest = (high for _, high in image.getextrema())
    most = dict(zip(image.getbands(), highest, strict=True))
    return most.pop("A", 1) == 0 or any(most.values())


def _check_range(image):
    if image.mode == "F":
        raise ValueError("floating-point pixels have no agreed range")
    if _is_wide(image):
        low, high = image.getextrema()
        if low < 0 or high > _WIDE:
            raise ValueError(f"integer pixels outside 0 to {_WIDE}")
        if 0 < high <= 255:
            raise ValueError(
                f"integer pixels reach only {high} of {_WIDE}, which is black: save "
                "them with 8 bits"
            )


def _is_wide(image):
    return image.mode == "I" or image.mode.startswith("I;16")


def _strip_to_rgb(image):
    if _is_wide(image):
        grey = np.asarray(image) / (_WIDE / 255)
        image = Image.fromarray(grey.round().astype(np.uint8))
    elif image.mode == "LAB":
        lab, srgb = map(ImageCms.createProfile, ("LAB", "sRGB"))
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")
