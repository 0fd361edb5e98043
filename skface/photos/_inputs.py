"""What users pass as photos, in one form, and what tells each from all others."""

import hashlib
import os
from collections.abc import Iterator
from numbers import Real

import numpy as np
from PIL import Image, ImageFile

from skface.exceptions import InputError
from skface.photos._frames import Frames, frame_keys
from skface.photos._image_array import ImageArray, map_photos, photo_sizes
from skface.photos._looking import seen_in_array
from skface.photos._modes import from_pillow
from skface.photos._reading import DIGEST_LENGTH, known_digest, photo_size

_SIZE = (224, 224)
_NO_PHOTO = "Found array with 0 sample(s): X holds no photo"


def as_images(X, input_size=None, *, keeps_aspect=False):
    """X as an ImageArray, or as a uint8 array (n, h, w, 3).

    Parameters
    ----------
    X : ImageArray, array-like of shape (n, h, w, 3), or sequence of n paths or images
        A column of paths, as in a DataFrame, is a sequence too. Images are Pillow's:
        they are turned upright and converted as files are.
    input_size : (height, width), default=None
        What files are decoded to, and images of several sizes are resized to. None
        leaves an ImageArray as it is, and is 224 x 224 of others.
    keeps_aspect : bool, default=False
        Refuse images of several sizes, which would lose their aspect.

    Raises
    ------
    InputError
        X is none of these, is empty, or its pixels are not in 0 to 255.
    """
    if not isinstance(X, ImageArray):
        X = _from_array_like(X, input_size or _SIZE, keeps_aspect)
    elif input_size not in (None, X.image_size):
        X = X.resized(input_size)
    if len(X) == 0:
        raise InputError(_NO_PHOTO)
    return X


def as_whole_photos(X):
    """X as `as_images` has it, for those who look for faces in whole photos.

    Raises
    ------
    InputError
        As from `as_images`; or photos are seen through frames, or are images of several
        sizes, which would be resized to one.
    """
    if isinstance(X, ImageArray) and X.is_framed:
        raise InputError(
            "photos are seen through frames, but faces are looked for in whole photos: "
            "give ImageArray(X.paths)"
        )
    return as_images(X, keeps_aspect=True)


def _from_array_like(X, input_size, keeps_aspect):
    if isinstance(X, Image.Image):
        raise InputError("X must hold photos: one PIL image is [image]")
    items = _items(X)
    if items is None:
        return _from_numbers(X)
    if items and all(isinstance(item, Image.Image) for item in items):
        return _from_pillow(items, None if keeps_aspect else input_size)
    return ImageArray(items, input_size)


def _items(X):
    """The elements of X, be they paths or not; None where they are numbers."""
    if isinstance(X, list | tuple):
        # Not by NumPy: it takes images for arrays, and pads paths to the longest.
        is_number = not X or isinstance(X[0], Real | list | tuple | np.ndarray)
        return None if is_number else list(X)
    array = _as_array(X)
    is_column = array.ndim and array.shape[1:] in {(), (1,)}
    return list(array.ravel()) if array.dtype.kind in "OUS" and is_column else None


def _from_pillow(images, input_size):
    found = []
    for i, image in enumerate(images):
        try:
            found.append(from_pillow(image))
        except Exception as error:
            raise InputError(f"X[{i}]: the image cannot be read ({error})") from error
    if len({image.size for image in found}) > 1:
        if input_size is None:
            raise InputError(
                "images of several sizes would be resized to one: give paths, or one "
                "image after another"
            )
        size = input_size[::-1]
        found = [image.resize(size, Image.Resampling.BILINEAR) for image in found]
    return np.stack([np.asarray(image) for image in found])


def _from_numbers(X):
    if isinstance(X, Iterator):
        raise InputError("X must hold photos: list(X) keeps what an iterator gives")
    array = _as_array(X)
    if array.shape == (0,):
        raise InputError(_NO_PHOTO)
    if array.ndim != 4 or array.shape[-1] != 3:
        raise InputError(
            "X must be an ImageArray, an array of shape (n, height, width, 3), or a "
            f"sequence of paths or PIL images; got shape {array.shape}"
            + _cure(array.shape)
        )
    if 0 in array.shape[1:3]:
        raise InputError(f"X holds photos without a pixel; got shape {array.shape}")
    return _as_uint8(array)


def _as_array(X):
    try:
        return np.asarray(X)
    except ValueError as error:
        raise InputError(
            "X must hold photos of one size, or paths; photos of several sizes are "
            "best given as paths"
        ) from error
    except Exception as error:  # of many kinds, such as those of a broken image
        raise InputError(
            f"X cannot be read as an array ({error}): give paths, PIL images or "
            "arrays, and no two of them together"
        ) from error


def _cure(shape):
    """What makes photos of an array that has another shape."""
    if not shape:
        return ": one photo is [path]"
    n_channels = shape[-1]
    if len(shape) == 3 and n_channels == 3:
        return ": one photo is X[np.newaxis]"
    if len(shape) == 3 and shape[0] != 3:
        return ": grey photos are np.repeat(X[..., np.newaxis], 3, axis=-1)"
    if len(shape) == 4 and n_channels == 1:
        return ": grey photos are np.repeat(X, 3, axis=-1)"
    if len(shape) == 4 and n_channels == 4:
        return ": X[..., :3] leaves the transparency out"
    if len(shape) in {3, 4} and shape[-3] == 3:
        return ": np.moveaxis(X, -3, -1) puts the channels last"
    return ""


def _as_uint8(array):
    if array.dtype.kind not in "iuf":
        raise InputError(f"pixels must be numbers in 0 to 255, got {array.dtype}")
    if not array.size:
        return array.astype(np.uint8)
    if array.dtype != np.uint8:
        low, high = array.min(), array.max()
        if not (low >= 0 and high <= 255):
            raise InputError(f"pixels must lie in 0 to 255, got {low} to {high}")
    # Of photos the first is enough to tell.
    if not any((photo > 1).any() for photo in array) and array.any():
        raise InputError(
            f"pixels must lie in 0 to 255, but X reaches only {array.max()}: "
            "multiply it by 255"
        )
    if array.dtype.kind != "f":
        return array.astype(np.uint8, copy=False)
    for i, photo in enumerate(array):
        n_fractions = np.count_nonzero((photo > 0) & (photo < 1))
        if 2 * n_fractions > np.count_nonzero(photo):
            raise InputError(
                f"pixels must lie in 0 to 255, but most of X[{i}] lie in 0 to 1: "
                "multiply X by 255"
            )
    return np.rint(array).astype(np.uint8)


def files_of(X):
    """The files of photos that are seen whole; none of arrays, images and frames.

    Parameters
    ----------
    X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
    """
    if isinstance(X, ImageArray):
        return X.paths if X.frames.is_whole.all() else []
    items = _items(X) or []
    return [item for item in items if isinstance(item, str | bytes | os.PathLike)]


def of_size(images, image_size):
    """The same photos at a (height, width), those of an array resized."""
    if isinstance(images, ImageArray):
        return images.resized(image_size)
    if images.shape[1:3] == image_size:
        return images
    return seen_in_array(images, Frames.whole(len(images)), image_size)


def sizes_of(images):
    """(width, height) in pixels of each photo, the whole of it; int64 (n, 2)."""
    if isinstance(images, ImageArray):
        return photo_sizes(images.paths)
    height, width = images.shape[1:3]
    return np.tile([width, height], (len(images), 1))


def size_of(images, row):
    """(width, height) in pixels of one photo."""
    if isinstance(images, ImageArray):
        return photo_size(images.paths[row])
    return images.shape[2:0:-1]


def framed(images, frames):
    """Photos seen through frames.

    Parameters
    ----------
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)
    frames : Frames

    Returns
    -------
    ImageArray, or ndarray of the same shape
    """
    if isinstance(images, ImageArray):
        return images.framed(frames)
    return seen_in_array(images, frames, images.shape[1:3])


def frames_seen(images):
    """What is seen of each photo: the frames of files, of an array the whole."""
    if isinstance(images, ImageArray):
        return images.frames
    return Frames.whole(len(images))


def cropped(images, box):
    """The same part of what is seen of each photo.

    Parameters
    ----------
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)
    box : (x, y, width, height)
        As fractions of what is seen.

    Returns
    -------
    ImageArray, or ndarray of the same shape
    """
    return framed(images, frames_seen(images).cropped(box))


def with_mirror_images(images):
    """Photos and, after them, their mirror images."""
    if not isinstance(images, ImageArray):
        mirrored = Frames.whole(len(images)).mirrored()
        return np.concatenate([images, framed(images, mirrored)])
    frames = Frames.concatenated([images.frames, images.frames.mirrored()])
    return ImageArray(np.tile(images.paths, 2), images.image_size, frames)


def seen_from(X, n_sides=1):
    """Photos from one side or both, and their frames; None of whole photos.

    Parameters
    ----------
    X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        For one side anything, which comes back as it is.
    n_sides : {1, 2}, default=1
        With 2 the mirror images come after the photos.

    Returns
    -------
    X : like X
    frames : Frames, or None
    """
    frames = X.frames if isinstance(X, ImageArray) and X.is_framed else None
    if n_sides == 1:
        return X, frames
    images = as_images(X)
    both = with_mirror_images(images)
    if isinstance(both, ImageArray):
        return both, both.frames
    frames = Frames.whole(len(images))
    return both, Frames.concatenated([frames, frames.mirrored()])


def known_keys(images):
    """What tells each photo and frame from all others.

    Parameters
    ----------
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)

    Returns
    -------
    keys : uint8 ndarray of shape (n, 16)
    is_known : bool ndarray of shape (n,)
        Of files that this process has not read before, or that have changed, the keys
        are not known yet.

    Raises
    ------
    ImageError
        There are no such files: it counts them and names the first five.
    """
    keys = np.zeros((len(images), DIGEST_LENGTH), dtype=np.uint8)
    is_known = np.ones(len(images), dtype=bool)
    if not isinstance(images, ImageArray):
        shape = repr(images.shape[1:]).encode()
        for i, image in enumerate(images):
            keys[i] = _as_key(_sha256(shape + image.tobytes()))
        return keys, is_known
    files = images.by_file()
    ends = frame_keys(images.frames)

    def look(index, path):
        digest, rows = known_digest(path), files[index][1]
        if digest is None:
            is_known[rows] = False
        for row in rows if digest is not None else ():
            keys[row] = _as_key(_joined(digest, ends[row]))

    map_photos(look, [path for path, _ in files])
    return keys, is_known


def read_keys(ends, rows, photo):
    """The keys of some rows, from the content of their file, uint8 (n_rows, 16).

    `ends` are the `frame_keys` of all rows.
    """
    return np.stack([_as_key(_joined(photo.digest, ends[row])) for row in rows])


def row_keys(images):
    """`known_keys`, files that are not known being read; uint8 of shape (n, 16).

    Raises
    ------
    ImageError
        Files cannot be read.
    """
    keys, is_known = known_keys(images)
    rows = np.flatnonzero(~is_known)
    if len(rows):
        unknown = images[rows]
        ends = frame_keys(unknown.frames)

        def read(some, photo):
            keys[rows[some]] = read_keys(ends, some, photo)

        unknown.each_photo(read)
    return keys


def _joined(digest, end):
    """The key of a photo's frame; the whole photo has the digest of its file.

    Where Pillow's switch lets truncated photos pass as if they were whole, photos have
    keys of their own, lest a process that refuses them finds their rows.
    """
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        end += b"truncated"
    return _sha256(digest + end) if end else digest


def _sha256(content):
    return hashlib.sha256(content).digest()[:DIGEST_LENGTH]


def _as_key(digest):
    return np.frombuffer(digest, np.uint8)
