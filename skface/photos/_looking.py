"""Photos seen through frames: pixels of files, and of arrays."""

import math

import numpy as np
from PIL import Image

from skface.photos._frames import Frames

_WHOLE = Frames.whole(1).matrices[0]


def seen(photo, matrices, image_size):
    """What the frames of one photo show.

    Parameters
    ----------
    photo : Photo
    matrices : ndarray of shape (n, 2, 3)
        As of `Frames`.
    image_size : (height, width), in pixels

    Returns
    -------
    ndarray of shape (n, height, width, 3), uint8
        RGB; black where a frame reaches out of the photo. A frame's pixels do not
        depend on the others.

    Raises
    ------
    ImageError
        The photo cannot be decoded.
    """
    frames = Frames(matrices)
    pixels = np.empty((len(frames), *image_size, 3), dtype=np.uint8)
    needed = {}  # frames by the resolution at which they need the photo
    for i, (matrix, is_mirrored) in enumerate(_unmirrored(frames)):
        if (matrix == _WHOLE).all():
            # Twice the wanted side leaves the resize enough pixels to average.
            n_pixels = (2 * max(image_size),) * 2
        else:
            n_pixels = _n_pixels_needed(photo.size, matrix, image_size)
        needed.setdefault(n_pixels, []).append((i, matrix, is_mirrored))
    for n_pixels, those in needed.items():
        with photo.upright(n_pixels) as image:
            for i, matrix, is_mirrored in those:
                shown = _shown(image, matrix, image_size)
                pixels[i] = shown[:, ::-1] if is_mirrored else shown
    return pixels


def seen_in_array(images, frames, image_size):
    """`seen` of photos as arrays, in any iterable, each through its own frame."""
    pixels = np.empty((len(frames), *image_size, 3), dtype=np.uint8)
    of_each = zip(images, _unmirrored(frames), strict=True)
    for i, (image, (matrix, is_mirrored)) in enumerate(of_each):
        shown = _shown(Image.fromarray(image), matrix, image_size)
        pixels[i] = shown[:, ::-1] if is_mirrored else shown
    return pixels


def _unmirrored(frames):
    """Each frame with left and right as in the photo, and whether they were not."""
    is_mirrored = frames.is_mirrored
    return zip(frames.mirrored(is_mirrored).matrices, is_mirrored, strict=True)


def _shown(image, matrix, image_size):
    """A frame's pixels, its left and right being those of the photo."""
    if not (matrix == _WHOLE).all():
        return _warped(image, matrix, image_size)
    height, width = image_size
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def _n_pixels_needed(size, matrix, image_size):
    """(width, height) of the whole photo at which a frame has twice its pixels."""
    step = max(1, min(_steps(size, matrix, image_size)) / 2)
    reduction = 2 ** math.floor(math.log2(step))
    # A sideways JPEG shrinks before it is turned.
    return (max(1, min(size) // reduction),) * 2


def _steps(size, matrix, image_size):
    """Photo's pixels from one pixel of the frame to the next, along its two sides."""
    lengths = np.linalg.norm(matrix[:, :2] * np.reshape(size, (2, 1)), axis=0)
    return lengths / image_size[::-1]


def _warped(image, matrix, image_size):
    """The frame's pixels, smooth also where it shows the photo much smaller."""
    height, width = image_size
    size = np.array(image.size)
    corners = matrix @ [[0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]]
    step = max(1.0, min(_steps(size, matrix, image_size)))
    # What of the photo is seen, with a margin for the interpolation, comes first to
    # about the frame's resolution.
    around = 2 * step / size
    low = np.clip(corners.min(axis=1) - around, 0, 1)
    high = np.clip(corners.max(axis=1) + around, 0, 1)
    box = np.concatenate([np.floor(low * size), np.ceil(high * size)])
    extent = box[2:] - box[:2]
    if not extent.all():
        return np.zeros((height, width, 3), dtype=np.uint8)
    shrunk = np.maximum(1, np.ceil(extent / step)).astype(int)
    part = image.resize(tuple(shrunk.tolist()), Image.Resampling.BILINEAR, tuple(box))
    # From the frame's pixels to those of the part.
    scale = (shrunk / extent)[:, None]
    linear = matrix[:, :2] * size[:, None] * scale / [width, height]
    shift = (matrix[:, 2] * size - box[:2]) * scale[:, 0]
    data = (*linear[0], shift[0], *linear[1], shift[1])
    return np.asarray(
        part.transform(
            (width, height), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR
        )
    )
