"""One reading of a photo file: its content's digest, its size, its pixels.

Whatever is asked of a file, `Photo` answers from the same bytes and the same
orientation, so that size, pixels and digest cannot disagree.
"""

import contextlib
import hashlib
import io
import os
import re
import stat
import struct
import time
import zlib
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from skface.exceptions import ImageError

DIGEST_LENGTH = 16
_MOST_KNOWN = 2**20
_FORMATS = (
    *("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM"),
    *("TGA", "TIFF", "WEBP"),
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}
_ORIENTATION = 0x0112
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}  # TIFF's types
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([0-9]+)["<]')
_PNG = b"\x89PNG\r\n\x1a\n"
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_MOST_TEXT = 2**20
_TIFF = {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}
_SETTLED = 50_000_000  # nanoseconds; the clock of a file's times has coarse ticks


class _Known(NamedTuple):
    """What this process has learnt of a file, while the file stays the same."""

    status: tuple
    digest: bytes | None = None
    size: tuple | None = None
    is_sound: bool = False  # has been decoded


_known = {}


class Photo:
    """A photo file, or its content.

    Parameters
    ----------
    path : str
        For the errors.
    file : binary file
        It may be read in part.
    status : tuple, default=None
        What tells that the file is still the same, see `_status`.

    Raises
    ------
    ImageError
        It is no photo, or cannot be decoded.
    """

    def __init__(self, path, file, status=None):
        self.path = path
        self.status = status
        self._file = file

    @cached_property
    def content(self):
        """All bytes of the file."""
        self._file.seek(0)
        return self._file.read()

    @cached_property
    def digest(self):
        """What tells the content from any other, `DIGEST_LENGTH` bytes."""
        digest = hashlib.sha256(self.content).digest()[:DIGEST_LENGTH]
        _remember(self.path, self.status, digest=digest)
        return digest

    @cached_property
    def size(self):
        """(width, height) in pixels of the upright photo."""
        image, orientation = self._opened()
        width, height = image.size
        size = (height, width) if orientation in _SIDEWAYS else (width, height)
        _remember(self.path, self.status, size=size)
        return size

    def upright(self, n_pixels=None):
        """The photo as an upright RGB `PIL.Image.Image`.

        Parameters
        ----------
        n_pixels : (width, height), default=None
            A JPEG may come smaller than it is, but no smaller than this: it is decoded
            at 1/2, 1/4 or 1/8 for a fraction of the cost.
        """
        image, orientation = self._opened()
        try:
            if n_pixels is not None:
                image.draft(None, n_pixels)
            image.load()
            if orientation in _TURNS:
                image = image.transpose(_TURNS[orientation])
            image = _to_rgb(image)
        except Exception as error:
            raise ImageError(
                f"{self.path}: cannot be decoded ({error})", [self.path]
            ) from error
        is_sound = not ImageFile.LOAD_TRUNCATED_IMAGES
        _remember(self.path, self.status, is_sound=is_sound)
        return image

    def _opened(self):
        """The file as Pillow opens it, not turned, and how to turn it."""
        try:
            self._file.seek(0)
            start = self._file.read(8)
            file, orientation = self._file, None
            if start == _PNG:
                content, orientation = _png_without_metadata(self.content)
                file = io.BytesIO(content)
            elif start[:4] in _TIFF:
                content, orientation = _tiff_without_orientation(self.content)
                file = io.BytesIO(content)
            file.seek(0)
            image = Image.open(file, formats=_formats())
            if orientation is None:
                exif, xmp = (image.info.get(name) for name in ("exif", "xmp"))
                orientation = _orientation(exif, xmp)
            image.info.pop("xmp", None)  # or Pillow turns a TIFF by it
            return image, orientation
        except Image.DecompressionBombError as error:
            raise ImageError(
                f"{self.path}: has more pixels than Pillow decodes ({error}); shrink "
                "it, or raise PIL.Image.MAX_IMAGE_PIXELS if you trust it",
                [self.path],
            ) from error
        except UnidentifiedImageError as error:
            raise ImageError(
                f"{self.path}: not a photo that Pillow can read", [self.path]
            ) from error
        except Exception as error:
            raise ImageError(
                f"{self.path}: cannot be opened ({error})", [self.path]
            ) from error


def read_photo(path) -> Photo:
    """The whole content of a photo file, read once.

    Raises
    ------
    ImageError
        There is no such file, or it cannot be read.
    """
    with _open(path) as (file, status):
        content = file.read()
    return Photo(path, io.BytesIO(content), status)


def photo_size(path) -> tuple[int, int]:
    """Size of a photo, from the file's header.

    Parameters
    ----------
    path : str

    Returns
    -------
    (width, height)
        In pixels, of the upright photo.

    Raises
    ------
    ImageError
        The file is missing, or no photo.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from skface.datasets import photo_size
    >>> path = tempfile.mkdtemp() + "/grey.png"
    >>> Image.new("L", (178, 218)).save(path)
    >>> photo_size(path)
    (178, 218)
    """
    known = _recall(path)
    if known is not None and known.size is not None:
        return known.size
    with _open(path) as (file, status):
        return Photo(path, file, status).size


def check_photo(path) -> None:
    """Decode a photo, unless this process has done so before.

    Raises
    ------
    ImageError
        It cannot be decoded.
    """
    known = _recall(path)
    if known is None or not known.is_sound:
        read_photo(path).upright((1, 1))


def known_digest(path):
    """The digest of a file that this process has read before; None of another.

    Raises
    ------
    ImageError
        There is no such file.
    """
    known = _recall(path)
    return None if known is None else known.digest


@contextlib.contextmanager
def _open(path):
    """The file, and what tells that it is still the same."""
    with _explained(path):
        # Asked first: to open a pipe waits for whoever writes to it.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise OSError("it is no regular file")
        file = open(path, "rb")
    with file:
        yield file, _status(os.fstat(file.fileno()))


def _recall(path):
    with _explained(path):
        status = _status(os.stat(path))
    known = _known.get(path)
    return known if known is not None and known.status == status else None


def _remember(path, status, **learnt):
    if status is None or time.time_ns() - status[-1] < _SETTLED:
        return  # it may be written again without a sign of it
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    known = _known.get(path)
    if known is None or known.status != status:
        known = _Known(status)
    _known[path] = known._replace(**learnt)


def _status(found):
    return (
        *(found.st_dev, found.st_ino, found.st_size),
        *(found.st_mtime_ns, found.st_ctime_ns),
    )


@contextlib.contextmanager
def _explained(path):
    try:
        yield
    except FileNotFoundError as error:
        raise ImageError(f"{path}: no such file", [path]) from error
    except (OSError, ValueError) as error:  # a NUL in the path is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path}: cannot be read ({reason})", [path]) from error


@cache
def _formats():
    """The formats that this Pillow reads, of those that skface takes."""
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _orientation(exif, xmp):
    """1 to 8 from EXIF, else from XMP; 1 where neither says so soundly."""
    exif = (exif or b"").removeprefix(b"Exif\0\0")
    value, _ = _tiff_orientation(exif)
    if value is None and xmp:
        xmp = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
        match = _XMP_ORIENTATION.search(xmp)
        value = int(match[1]) if match else None
    return value if value in range(1, 9) else 1


def _tiff_orientation(content):
    """The orientation in the first folder of a TIFF, and where its entry begins.

    Each None where there is none; the value also where it is no single integer.
    """
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None:
        return None, None
    try:
        (version,) = struct.unpack_from(f"{order}H", content, 2)
        big = version == 43
        (start,) = struct.unpack_from(
            f"{order}Q" if big else f"{order}I", content, 8 if big else 4
        )
        (n_entries,) = struct.unpack_from(
            f"{order}Q" if big else f"{order}H", content, start
        )
        start += 8 if big else 2
        length = 20 if big else 12
        n_entries = min(n_entries, (len(content) - start) // length)
        for entry in range(start, start + n_entries * length, length):
            tag, kind = struct.unpack_from(f"{order}HH", content, entry)
            if tag != _ORIENTATION:
                continue
            (count,) = struct.unpack_from(
                f"{order}Q" if big else f"{order}I", content, entry + 4
            )
            if kind not in _INTEGERS or count != 1:
                return None, entry
            (value,) = struct.unpack_from(
                order + _INTEGERS[kind], content, entry + (12 if big else 8)
            )
            return value, entry
    except struct.error:
        pass
    return None, None


def _tiff_without_orientation(content):
    """A TIFF that Pillow does not turn, and its orientation.

    Pillow turns TIFFs as it loads them, and some versions only in part.
    """
    value, entry = _tiff_orientation(content)
    if entry is not None:
        order = "<" if content[:2] == b"II" else ">"
        big = content[2:4] in (b"\x2b\0", b"\0\x2b")
        upright = struct.pack(
            f"{order}HH{'QHHHH' if big else 'IHH'}",
            *(_ORIENTATION, 3, 1, 1, 0, *((0, 0) if big else ())),
        )
        content = content[:entry] + upright + content[entry + len(upright) :]
    return content, value if value in range(1, 9) else 1


def _png_without_metadata(content):
    """A PNG without what describes its pixels, and the orientation found there.

    Such chunks may stand after the pixels, where Pillow finds them too late, and broken
    ones keep it from opening the file.
    """
    kept, exif, xmp = [content[:8]], None, None
    place = 8
    while place + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind = content[place + 4 : place + 8]
        chunk = content[place : place + 12 + length]
        data = chunk[8 : 8 + length]
        if kind == b"eXIf":
            exif = data
        elif kind in _TEXTS:
            keyword, _, text = data.partition(b"\0")
            if keyword == b"XML:com.adobe.xmp":
                xmp = _unpacked(kind, text)
            elif keyword == b"Raw profile type exif" and exif is None:
                exif = _raw_profile(_unpacked(kind, text))
        else:
            kept.append(chunk)
        place += 12 + length
    return b"".join(kept), _orientation(exif, xmp)


def _unpacked(kind, text):
    """The text of a PNG's tEXt, zTXt or iTXt chunk, as far as it can be had."""
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = text[:1] == b"\1"
        text = text[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif packed:
        text = text[1:]
    if not packed:
        return text
    try:
        return zlib.decompressobj().decompress(text, _MOST_TEXT)
    except zlib.error:
        return b""


def _raw_profile(text):
    """EXIF as ImageMagick writes it: a name, a length, and hexadecimal numbers."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return None


def _to_rgb(image):
    if image.mode == "I" or image.mode.startswith("I;16"):
        grey = np.asarray(image)
        if grey.min() < 0 or grey.max() > 65535:
            raise ValueError("integer pixels outside 0 to 65535")
        image = Image.fromarray((grey / 257).round().astype(np.uint8))
    elif image.mode == "F":
        raise ValueError("floating-point pixels have no agreed range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(
            Image.new("RGBA", image.size, "white"), image
        ).convert("RGB")
    return image.convert("RGB")
