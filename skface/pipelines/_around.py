"""The frames in which a second look, or a look at an upright face, is taken."""

import numpy as np

from skface.exceptions import ParameterError
from skface.photos import Frames, ImageArray, framed, frames_seen
from skface.targets import BBOX, LANDMARKS

_LEAST_SIDE = 0.02  # of what was found, as a part of the photo's sides
_MARGIN = 0.4  # beside a box, as a part of it


def frames_around(y, target, image_sizes, template="face") -> Frames:
    """Frames round boxes or landmarks; the whole photo where those are a speck.

    Parameters
    ----------
    y : ndarray of shape (n, n_columns)
        Fractions of the photo.
    target : Target
    image_sizes : ndarray of shape (n, 2)
        (width, height) of the photos in pixels.
    template : str, default="face"
        As for `Frames.from_landmarks`, of landmarks.

    Raises
    ------
    ParameterError
        The target is neither boxes nor the five landmarks.
    """
    if target == BBOX:
        side = y[:, 2:].min(axis=1)
    elif target == LANDMARKS:
        side = np.ptp(y.reshape(len(y), -1, 2), axis=1).max(axis=1)
    else:
        raise ParameterError(
            f"a second look needs boxes or the five landmarks, got {target!r}"
        )
    is_seen = side > _LEAST_SIDE
    matrices = Frames.whole(len(y)).matrices.copy()
    y, sizes = y[is_seen], image_sizes[is_seen]
    frames = (
        Frames.from_boxes(y, sizes, margin=_MARGIN)
        if target == BBOX
        else Frames.from_landmarks(y, sizes, template=template)
    )
    matrices[is_seen] = frames.matrices
    return Frames(matrices, image_sizes)


def frames_near(
    images, frames, y, target, *, seeds, n_frames, random_state, **spread
) -> tuple:
    """Photos through frames near the given ones, to learn from; every second mirrored.

    Parameters
    ----------
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)
    frames : Frames of length n
    y : ndarray of shape (n, n_columns)
        Fractions of the photos.
    target : Target
    seeds : ndarray of shape (n,), of integers
        One photo's frames depend on its own seed, not on the other photos.
    n_frames : int
        Of each photo.
    random_state : int
    **spread
        As for `Frames.jittered`.

    Returns
    -------
    images : ImageArray of length n_frames * n, or ndarray
        All photos once, then once more.
    y : ndarray of shape (n_frames * n, n_columns)
        Fractions of the photos; of an array, which does not know its frames, of these.
    rows : ndarray of shape (n_frames * n,)
        Of `images`.
    """
    rows = np.tile(np.arange(len(y)), n_frames)
    seeds = seeds[rows] + np.repeat(np.arange(n_frames), len(y))
    near = frames[rows].jittered(seeds + random_state, **spread)
    near = near.mirrored(seeds % 2 == 1)
    y = y[rows]
    if not isinstance(images, ImageArray):
        y = near.to_frame(y, target)
    return framed(images[rows], near), y, rows


def seen_upright(images, frames):
    """Photos through frames, mirrored where they are mirrored now.

    Parameters
    ----------
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)
    frames : Frames
        Left and right as in the photos.
    """
    return framed(images, frames.mirrored(frames_seen(images).is_mirrored))


def predicted_through(pipe, seen, frames, target) -> np.ndarray:
    """Coordinates that a pipeline finds in frames, as fractions of the whole photos.

    Parameters
    ----------
    pipe : fitted FacePipeline
    seen : ImageArray or uint8 ndarray of shape (n, h, w, 3)
        Photos through the frames.
    frames : Frames
    target : Target
    """
    y = pipe.predict(seen)
    # an array does not know its frames
    return y if isinstance(seen, ImageArray) else frames.to_photo(y, target)
