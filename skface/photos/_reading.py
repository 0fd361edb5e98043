"""One reading of a photo file: its content's digest, its size, its pixels.

Whatever is asked of a file, `Photo` answers from the same bytes and the same
orientation, so that size, pixels and digest cannot disagree.
"""

import contextlib
import hashlib
import io
import math
import os
import re
import stat
from functools import cache, cached_property
from typing import NamedTuple

from PIL import Image, ImageFile, UnidentifiedImageError

from skface._files import Status, status_of
from skface._work import Share
from skface.exceptions import ImageError, InputError
from skface.photos._metadata import orientation_of, without_metadata
from skface.photos._modes import load, to_rgb, turned

DIGEST_LENGTH = 16
_MOST_KNOWN = 2**20
_FORMATS = (
    *("AVIF", "BMP", "GIF", "HEIF", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF"),
    "WEBP",
)
_HEIC = re.compile(rb"....ftyp(?:heic|heix|hevc|mif1)", re.DOTALL)
INSTALL_HEIC = "pip install 'skface[heic]'"
_SIDEWAYS = {5, 6, 7, 8}
_LONGEST = 500  # characters of a path in an error
_HEADER = 2**16  # bytes that tell the size of nearly every JPEG


class _Known(NamedTuple):
    """What this process has learnt of a file, while the file stays the same."""

    status: Status
    digest: bytes | None = None
    size: tuple | None = None
    is_sound: bool = False  # has been decoded


_known = {}
# Pixels that are decoded at once, in all threads: 4 bytes each, twice.
_decoding = Share(2**27)


class Photo:
    """A photo file, or its content.

    Parameters
    ----------
    path : str
        For the errors.
    file : binary file
        It may be read in part.
    status : Status, default=None
        What tells that the file is still the same.

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
        image, orientation = self._from_header()
        width, height = image.size
        size = (height, width) if orientation in _SIDEWAYS else (width, height)
        _remember(self.path, self.status, size=size)
        return size

    @contextlib.contextmanager
    def upright(self, n_pixels=None):
        """The photo as an upright RGB `PIL.Image.Image`.

        As a context: when many threads hold large photos, others wait.

        Parameters
        ----------
        n_pixels : (width, height), default=None
            A JPEG may come smaller than it is, but no smaller than this: it is decoded
            at 1/2, 1/4 or 1/8 for a fraction of the cost.
        """
        image, orientation = self._opened(self.content)
        if n_pixels is not None:
            image.draft(None, n_pixels)
        n_decoded = math.prod(image.size)
        if n_decoded > (Image.MAX_IMAGE_PIXELS or math.inf):
            raise self._too_large(f"{n_decoded}, the limit is {Image.MAX_IMAGE_PIXELS}")
        with _decoding.taken(n_decoded):
            try:
                load(image)
                image = turned(to_rgb(image), orientation)
            except Exception as error:
                raise ImageError(
                    f"{named(self.path)}: cannot be decoded ({error})", [self.path]
                ) from error
            is_sound = not ImageFile.LOAD_TRUNCATED_IMAGES
            _remember(self.path, self.status, is_sound=is_sound)
            yield image

    def _from_header(self):
        """`_opened`, of a JPEG from its first bytes where they are enough."""
        if "content" not in self.__dict__:
            self._file.seek(0)
            start = self._file.read(_HEADER)
            if start.startswith(b"\xff\xd8"):
                with contextlib.suppress(ImageError):
                    return self._opened(start)
        return self._opened(self.content)

    def _opened(self, content):
        """The content as Pillow opens it, not turned, and how to turn it."""
        try:
            content, orientation = without_metadata(content)
            image = Image.open(io.BytesIO(content), formats=formats())
            if orientation is None:
                orientation = orientation_of(
                    image.info.get("exif"), image.info.get("xmp")
                )
            return image, orientation
        except Image.DecompressionBombError as error:
            raise self._too_large(error) from error
        except UnidentifiedImageError as error:
            reason = "not a photo that Pillow can read"
            if _HEIC.match(content):
                reason = (
                    "HEIC, which Pillow does not read by itself: save it as JPEG, or "
                    f"{INSTALL_HEIC}"
                )
            raise ImageError(f"{named(self.path)}: {reason}", [self.path]) from error
        except Exception as error:
            raise ImageError(
                f"{named(self.path)}: cannot be opened ({error})", [self.path]
            ) from error

    def _too_large(self, reason):
        return ImageError(
            f"{named(self.path)}: has more pixels than Pillow decodes ({reason}); "
            "shrink it, or raise PIL.Image.MAX_IMAGE_PIXELS if you trust it",
            [self.path],
        )


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
    path : path-like

    Returns
    -------
    (width, height)
        In pixels, of the upright photo.

    Raises
    ------
    ImageError
        The file is missing, or no photo.
    InputError
        `path` is no path.

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
    if not isinstance(path, str | bytes | os.PathLike):
        raise InputError(f"path must be str or path-like, got a {type(path).__name__}")
    path = os.fsdecode(path)
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
        with read_photo(path).upright((1, 1)):
            pass


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
    with contextlib.ExitStack() as stack:
        with _explained(path):
            # Asked first: to open a pipe waits for whoever writes to it.
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise OSError("it is a folder, a pipe or a device, not a file")
            file = stack.enter_context(open(path, "rb"))
        yield file, status_of(file.fileno())


def _recall(path):
    with _explained(path):
        status = status_of(path)
    known = _known.get(path)
    return known if known is not None and known.status == status else None


def _remember(path, status, **learnt):
    if status is None or not status.is_settled():
        return
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    known = _known.get(path)
    if known is None or known.status != status:
        known = _Known(status)
    _known[path] = known._replace(**learnt)


@contextlib.contextmanager
def _explained(path):
    try:
        yield
    except FileNotFoundError as error:
        raise ImageError(f"{named(path)}: no such file", [path]) from error
    except (OSError, ValueError) as error:  # a NUL in the path is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{named(path)}: cannot be read ({reason})", [path]) from error


def formats():
    """The formats that this Pillow reads, of those that skface takes."""
    Image.init()
    _register_heif()
    return [name for name in _FORMATS if name in Image.OPEN]


@cache
def _register_heif():
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()


def named(path):
    """A path in an error text; an endless one shortened."""
    path = str(path)
    return path if len(path) <= _LONGEST else f"{path[:50]}...{path[-50:]}"
