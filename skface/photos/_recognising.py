"""Which files are photos, before they are opened."""

import os
import stat
import struct

from PIL import Image

from skface.photos._reading import formats

_LONGEST_START = 16  # bytes, as Pillow takes them
# Their first two bytes begin many a text too.
_WITHOUT_SIGNATURE = {"BMP", "PPM", "TGA"}


def photo_formats():
    """Names of the formats, such as JPEG."""
    return [*formats(), "MPO"]  # which is a JPEG, with more of them after it


def is_photo(path) -> bool:
    """Whether a file is to be taken for a photo: by its suffix.

    Without a suffix, by its first bytes, unless it is BMP, PPM or TGA, which these do
    not tell.
    """
    known = photo_formats()
    suffix = os.path.splitext(path)[1].lower()
    if suffix:
        return Image.registered_extensions().get(suffix) in known
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            start = file.read(_LONGEST_START)
    except OSError:
        return False
    return any(_begins(start, name) for name in formats())


def _begins(start, name):
    accept = Image.OPEN[name][1]
    if accept is None or name in _WITHOUT_SIGNATURE:
        return False
    try:
        return accept(start) is True
    except (SyntaxError, IndexError, TypeError, struct.error):  # as Pillow expects
        return False
