"""A folder of photos that looks like a NumPy array."""

import hashlib
import os
from numbers import Integral
from operator import index

import numpy as np
from PIL import Image

from skface._files import status_or_none
from skface._validation import shown
from skface._work import each_in_threads
from skface.exceptions import ImageError, InputError, ParameterError
from skface.photos._frames import Frames
from skface.photos._looking import seen
from skface.photos._reading import photo_size, read_photo

_MOST_PIXELS = 65535  # a side, as JPEG's
_N_NAMED = 5
_BASE64 = ("data:", "/9j/", "iVBORw0KGgo", "UklGR", "R0lGOD")  # of JPEG, PNG, WebP, GIF


class ImageArray:
    """Photo files as a read-only uint8 array that decodes on access.

    Parameters
    ----------
    paths : sequence of str or path-like, of length n
        One photo file each.
    image_size : int or (height, width), default=(224, 224)
        Every photo is resized to this many pixels, its aspect not kept. One number
        stands for a square. Here and wherever ``image_size`` is asked for, the height
        comes first, as in the shape of an array; ``image_sizes`` of photos are (width,
        height), as in Pillow and in coordinates.
    frames : Frames of length n, default=None
        What is seen of each photo; None is the whole.

    Attributes
    ----------
    paths : ndarray of shape (n,), object
        The files, as strings.
    image_size : tuple of int
        (height, width) in pixels.
    frames : Frames of length n
    shape : tuple of int
        (n, height, width, 3).
    dtype : numpy.dtype
        uint8.

    Raises
    ------
    ImageError
        On access, when photos cannot be read: it counts them and names the first five.

    Notes
    -----
    An integer index gives a photo, uint8 of shape (height, width, 3); a slice, mask or
    index array gives another ImageArray and reads nothing; `numpy.asarray` decodes all
    photos, in threads. Photos are turned upright by their EXIF orientation and
    converted to RGB, transparent pixels shown on white. Of a photo with several frames
    the file is read and decoded once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from PIL import Image
    >>> from skface import ImageArray
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for shade in (0, 255):
    ...     Image.new("L", (178, 218), shade).save(folder / f"{shade}.png")
    >>> X = ImageArray(sorted(folder.iterdir()), image_size=(64, 64))
    >>> X.shape
    (2, 64, 64, 3)
    >>> int(X[1].max())
    255
    >>> X[::-1]
    ImageArray(n=2, image_size=(64, 64))
    """

    ndim = 4
    dtype = np.dtype(np.uint8)

    def __init__(self, paths, image_size=(224, 224), frames=None):
        self.image_size = as_image_size(image_size, "image_size")
        if isinstance(paths, (str, bytes, os.PathLike)):
            raise InputError(
                f"paths must be a sequence of files: write [{shown(paths)}]"
            )
        try:
            paths = list(paths)
        except TypeError:
            raise InputError(
                f"paths must be a sequence of files, got {shown(paths)}"
            ) from None
        self.paths = np.array([_as_path(path) for path in paths], dtype=object)
        if frames is not None:
            if not isinstance(frames, Frames):
                raise InputError(f"frames must be Frames, got {shown(frames)}")
            if len(frames) != len(self.paths):
                raise InputError(f"{len(frames)} frames for {len(self.paths)} photos")
        self._frames = frames

    @property
    def frames(self) -> Frames:
        return Frames.whole(len(self)) if self._frames is None else self._frames

    @property
    def is_framed(self) -> bool:
        """Whether frames were given, be they of whole photos."""
        return self._frames is not None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.paths), *self.image_size, 3)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key):
        if isinstance(key, tuple):
            first, *rest = key or (Ellipsis,)
            if not all(item is Ellipsis for item in rest):
                if isinstance(first, (Integral, slice)):
                    photos = np.asarray(self[first])
                    kept = () if isinstance(first, Integral) else (slice(None),)
                    return photos[(*kept, *rest)]
                return np.asarray(self)[key]
            key = first
        if key is Ellipsis:
            return self
        paths = self.paths[key]
        if isinstance(paths, str):
            return np.asarray(self[[key]])[0]
        if paths.ndim != 1:
            raise IndexError("an ImageArray takes one-dimensional indices")
        frames = None if self._frames is None else self._frames[key]
        return ImageArray(paths, self.image_size, frames)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        if copy is False:
            raise ValueError("an ImageArray is decoded on access: it cannot be a view")
        images = np.empty(self.shape, dtype=np.uint8)

        def decode(rows, photo):
            images[rows] = self.seen(photo, rows)

        self.each_photo(decode)
        return images if dtype is None else images.astype(dtype, copy=False)

    def __getstate__(self):
        # joblib tells arguments by their pickles: other photos under the same paths
        # are others to the `memory` of a Pipeline.
        files = hashlib.sha256(repr([*map(status_or_none, self.paths)]).encode())
        return vars(self) | {"files": files.hexdigest()}

    def __setstate__(self, state):
        vars(self).update(state)
        del self.files

    def __repr__(self):
        framed = "" if self._frames is None else ", framed"
        return f"ImageArray(n={len(self)}, image_size={self.image_size}{framed})"

    def check(self) -> None:
        """Decode every photo and keep none, to find the unreadable ones beforehand.

        Raises
        ------
        ImageError
            It counts the photos that cannot be read, names the first five, and lists
            all in its ``paths``.
        """
        self.each_photo(lambda rows, photo: self.seen(photo, rows[:1]))

    def resized(self, image_size) -> "ImageArray":
        """The same photos at another (height, width), decoded anew on access."""
        return ImageArray(self.paths, image_size, self._frames)

    def framed(self, frames) -> "ImageArray":
        """The same photos seen through other frames.

        Parameters
        ----------
        frames : Frames
            One for each photo, of the whole photo, whatever is seen of it now.

        Examples
        --------
        >>> import tempfile
        >>> from PIL import Image
        >>> from skface import Frames, ImageArray
        >>> path = tempfile.mkdtemp() + "/left.png"
        >>> image = Image.new("L", (64, 64))
        >>> image.paste(255, (0, 0, 32, 64))
        >>> image.save(path)
        >>> X = ImageArray([path], image_size=64)
        >>> X[0][0, [0, -1], 0].tolist()
        [255, 0]
        >>> X.framed(Frames.whole(1).mirrored())[0][0, [0, -1], 0].tolist()
        [0, 255]
        """
        return ImageArray(self.paths, self.image_size, frames)

    def by_file(self) -> list:
        """(path, rows) of each file, in the order of their first rows."""
        rows = {}
        for row, path in enumerate(self.paths):
            rows.setdefault(path, []).append(row)
        return list(rows.items())

    def seen(self, photo, rows) -> np.ndarray:
        """What the frames of some rows show of their photo, uint8."""
        matrices = self[rows].frames.matrices
        return seen(photo, matrices, self.image_size)

    def each_photo(self, function) -> None:
        """``function(rows, photo)`` for every file, read once, in threads."""
        files = self.by_file()

        def read(index, path):
            function(files[index][1], read_photo(path))

        map_photos(read, [path for path, _ in files])


def map_photos(function, paths, progress=None) -> None:
    """``function(index, path)`` for every path, in threads.

    Raises
    ------
    ImageError
        One for all photos that failed: it counts them and names the first five.
    """
    paths = list(paths)
    errors = each_in_threads(function, paths, ImageError, progress)
    if errors:
        raise unreadable(errors, len(paths))


def photo_sizes(paths, progress=None):
    """(width, height) in pixels of each photo, int64 of shape (n, 2).

    Raises
    ------
    ImageError
        As from `map_photos`.
    """
    sizes = np.empty((len(paths), 2), dtype=np.int64)

    def read(index, path):
        sizes[index] = photo_size(path)

    map_photos(read, paths, progress)
    return sizes


def unreadable(errors, n_photos):
    """One ImageError that counts `errors` and quotes the first five."""
    if len(errors) == 1:
        return errors[0]
    named = "\n  ".join(str(error) for error in errors[:_N_NAMED])
    rest = len(errors) - _N_NAMED
    return ImageError(
        f"{len(errors)} of {n_photos} photos cannot be read:\n  {named}"
        + (f"\n  and {rest} more (see the error's `paths`)" if rest > 0 else ""),
        [path for error in errors for path in error.paths],
    )


def as_image_size(value, name) -> tuple[int, int]:
    """`value` as (height, width): one number stands for a square."""
    sides = (value, value) if isinstance(value, Integral) else value
    try:
        height, width = map(_as_side, sides)
    except (TypeError, ValueError):
        raise ParameterError(
            f"{name} must be a number of pixels or (height, width), got {shown(value)}"
        ) from None
    return height, width


def _as_side(side):
    if isinstance(side, bool) or not 0 < index(side) <= _MOST_PIXELS:
        raise ValueError
    return index(side)


def _as_path(path):
    wrong = _instead_of_path(path)
    if wrong is not None:
        raise InputError(f"paths must hold str or path-like, got {wrong}")
    return os.fsdecode(path)


def _instead_of_path(value):
    """What people give in the place of a path, and the cure; None of a path."""
    if isinstance(value, bytearray | memoryview) or (
        isinstance(value, bytes) and b"\0" in value
    ):
        return "bytes: give the path, or PIL.Image.open(io.BytesIO(content))"
    if isinstance(value, str) and len(value) > 255 and value.startswith(_BASE64):
        return (
            "base64: give the path, or "
            "PIL.Image.open(io.BytesIO(base64.b64decode(text)))"
        )
    if isinstance(value, str | bytes | os.PathLike):
        return None
    if isinstance(value, Image.Image):
        return "a PIL image: estimators take a list of them as X, without paths"
    if isinstance(value, dict):
        return 'a dict: give the path in it, such as row["path"], or a PIL image'
    if hasattr(value, "read"):
        return "an open file: give the path, or PIL.Image.open(file)"
    return f"a {type(value).__name__}: {shown(value)}"
