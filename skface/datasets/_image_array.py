"""A folder of photos that looks like a NumPy array."""

import os
from numbers import Integral
from operator import index

import numpy as np

from skface.datasets._photos import map_photos, read_photo
from skface.exceptions import InputError, ParameterError

_MOST_PIXELS = 65535  # a side, as JPEG's


class ImageArray:
    """Photo files as a read-only uint8 array that decodes on access.

    Parameters
    ----------
    paths : sequence of str or path-like, of length n
        One photo file each.
    image_size : int or (height, width), default=(224, 224)
        Every photo is resized to this many pixels, its aspect not kept. One number
        stands for a square.

    Attributes
    ----------
    paths : ndarray of shape (n,), object
        The files, as strings.
    image_size : tuple of int
        (height, width) in pixels.
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
    converted to RGB, transparent pixels shown on white.

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

    def __init__(self, paths, image_size=(224, 224)):
        self.image_size = as_image_size(image_size, "image_size")
        if isinstance(paths, (str, bytes, os.PathLike)):
            raise InputError(f"paths must be a sequence of files: write [{paths!r}]")
        try:
            paths = list(paths)
        except TypeError:
            raise InputError(
                f"paths must be a sequence of files, got {paths!r}"
            ) from None
        self.paths = np.array([_as_path(path) for path in paths], dtype=object)

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
            return read_photo(paths, self.image_size)
        if paths.ndim != 1:
            raise IndexError("an ImageArray takes one-dimensional indices")
        return ImageArray(paths, self.image_size)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        if copy is False:
            raise ValueError("an ImageArray is decoded on access: it cannot be a view")
        images = np.empty(self.shape, dtype=np.uint8)

        def decode(index, path):
            images[index] = read_photo(path, self.image_size)

        map_photos(decode, self.paths)
        return images if dtype is None else images.astype(dtype, copy=False)

    def __repr__(self):
        return f"ImageArray(n={len(self)}, image_size={self.image_size})"

    def check(self) -> None:
        """Decode every photo and keep none, to find the unreadable ones beforehand.

        Raises
        ------
        ImageError
            It counts the photos that cannot be read, names the first five, and lists
            all in its ``paths``.
        """
        map_photos(lambda _, path: read_photo(path, self.image_size), self.paths)

    def resized(self, image_size) -> "ImageArray":
        """The same photos at another (height, width), decoded anew on access."""
        return ImageArray(self.paths, image_size)


def as_image_size(value, name) -> tuple[int, int]:
    """`value` as (height, width): one number stands for a square.

    Examples
    --------
    >>> from skface.datasets import as_image_size
    >>> as_image_size(224, "image_size")
    (224, 224)
    """
    sides = (value, value) if isinstance(value, Integral) else value
    try:
        height, width = map(_as_side, sides)
    except (TypeError, ValueError):
        raise ParameterError(
            f"{name} must be a number of pixels or (height, width), got {value!r}"
        ) from None
    return height, width


def _as_side(side):
    if isinstance(side, bool) or not 0 < index(side) <= _MOST_PIXELS:
        raise ValueError
    return index(side)


def _as_path(path):
    try:
        return os.fsdecode(path)
    except TypeError:
        raise InputError(
            f"paths must hold str or path-like, got a {type(path).__name__}: {path!r}"
        ) from None
