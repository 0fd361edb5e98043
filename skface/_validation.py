"""Parameters and arrays checked scikit-learn's way, refused skface's way."""

import contextlib
import copy
import os
import re
from collections import Counter
from math import isqrt
from pathlib import Path

import numpy as np
from sklearn.metrics._scorer import _Scorer as Scorer
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

from skface.exceptions import InputError, ParameterError

# What is borrowed of scikit-learn's private names is borrowed here alone.
__all__ = [
    "FLOATS",
    "MOST_FRACTION",
    "HasMethods",
    "Interval",
    "Options",
    "Scorer",
    "StrOptions",
    "as_array",
    "as_box",
    "as_floats",
    "as_generator",
    "as_maps",
    "as_names",
    "as_path",
    "as_sizes",
    "averaged",
    "check_go_together",
    "check_sample_weight",
    "of_photos",
    "refitted",
    "shown",
    "validate_params",
    "weights_of",
]

FLOATS = ("float32", "float16", "float64")  # of features; others become the first
MOST_FRACTION = 4  # of a photo's side: coordinates beyond it are pixels
_MOST_SHOWN = 80
_LONGEST_PATH = 32_767  # characters, on any system


def validate_params(estimator):
    """Check an estimator against its ``_parameter_constraints``.

    Raises
    ------
    ParameterError
        With scikit-learn's text, which names the parameter and what it may be.
    """
    try:
        estimator._validate_params()
    except ValueError as error:
        raise ParameterError(str(error)) from None


@contextlib.contextmanager
def refitted(estimator):
    """A copy to be fitted, which the estimator becomes if that goes well.

    A fit that fails leaves the one before.
    """
    learning = copy.copy(estimator)
    yield learning
    estimator.__dict__ = vars(learning)


def shown(value):
    """`value` in an error text, no longer than a line."""
    text = re.sub(r"\n\s*", " ", repr(value))
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."


def as_path(value, name, what):
    """`value` as a Path, `what` it leads to being "a file" or "a folder".

    A leading ``~`` is the home folder.

    Raises
    ------
    ParameterError
        It is no path, or an empty or endless one.
    """
    text = value if isinstance(value, str | os.PathLike) else ""
    path = os.fsdecode(text)
    if not 0 < len(path) <= _LONGEST_PATH or "\0" in path:
        raise ParameterError(f"{name} must be the path of {what}, got {shown(value)}")
    return Path(os.path.expanduser(path))


def as_names(value, name, n_names, what):
    """`value` as a list of str.

    Raises
    ------
    InputError
        They are no sequence, not as many as there are of `what`, or one is there
        twice.
    """
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise InputError(f"{name} must be a sequence of names: [{shown(value)}]")
    names = [str(each) for each in value]
    if len(names) != n_names:
        raise InputError(f"{name} has {len(names)} names for {n_names} {what}")
    twice = [each for each, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{name} has {shown(twice[0])} twice")
    return names


def as_array(value, name):
    """`value` as an array.

    Raises
    ------
    InputError
        It has rows of several lengths.
    """
    try:
        return np.asarray(value)
    except ValueError as error:
        raise InputError(f"{name} must have rows of one length ({error})") from None


def as_floats(value, name):
    """`value` as a float64 array.

    Raises
    ------
    InputError
        It is no array of numbers, or holds NaN or infinity.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} must hold numbers, in rows of one length ({error})"
        ) from None
    if not (np.isfinite(array).all() or array.ndim == 0):
        where = "it"
        if array.ndim > 1:
            where = f"row {np.argwhere(~np.isfinite(array))[0, 0]}"
        raise InputError(f"{name} must be finite: {where} holds NaN or infinity")
    return array


def as_sizes(image_sizes, n):
    """The sizes of n photos, float64 of shape (n, 2).

    Raises
    ------
    InputError
        They are no positive numbers, or neither one for all photos nor one for each.
    """
    sizes = as_floats(image_sizes, "image_sizes")
    if sizes.shape not in {(2,), (n, 2)} or not (sizes > 0).all():
        raise InputError(
            "image_sizes must be positive, (width, height) of each photo in pixels, of "
            f"the shape ({n}, 2) or (2,), got the shape {sizes.shape}"
        )
    return np.array(np.broadcast_to(sizes, (n, 2)))


def as_box(value, name):
    """`value` as the x, y, width and height of a box.

    Raises
    ------
    ParameterError
        It is no four finite numbers, or has no area.
    """
    try:
        box = as_floats(value, name)
    except InputError as error:
        raise ParameterError(str(error)) from None
    if box.shape != (4,):
        raise ParameterError(
            f"{name} must be (x, y, width, height), got {shown(value)}"
        )
    if not (box[2:] > 0).all():
        raise ParameterError(f"{name} must have an area, got {shown(value)}")
    return box


def as_generator(random_state):
    """`random_state` as a RandomState.

    Raises
    ------
    ParameterError
        It makes none.
    """
    try:
        return check_random_state(random_state)
    except ValueError as error:
        raise ParameterError(f"random_state cannot be used: {error}") from None


def as_maps(visible, n):
    """How much is seen of n photos, as a float64 array (n, rows, columns).

    Cells without rows and columns are those of a square map.

    Raises
    ------
    InputError
        They are no such maps, or of another number of photos.
    """
    maps = as_floats(visible, "visible")
    if maps.ndim == 2 and isqrt(maps.shape[1]) ** 2 == maps.shape[1]:
        side = isqrt(maps.shape[1])
        maps = maps.reshape(len(maps), side, side)
    if maps.ndim != 3 or len(maps) != n or not maps.size:
        raise InputError(
            f"visible must be maps of {n} photos, of the shape (n, rows, columns), got "
            f"the shape {maps.shape}"
        )
    return maps


def of_photos(tags):
    """An estimator's tags, with X being photos: arrays of four dimensions, or paths."""
    tags.input_tags.two_d_array = False
    tags.input_tags.string = True
    return tags


def check_go_together(X_val, y_val):
    """Raise an InputError where one is given without the other."""
    if (X_val is None) != (y_val is None):
        raise InputError("X_val and y_val go together: give both or none")


def weights_of(sample_weight, n_samples):
    """`sample_weight` as floats; ones without it."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = as_floats(sample_weight, "sample_weight")
    if weight.shape != (n_samples,) or not weight.sum() > 0 or weight.min() < 0:
        raise InputError(
            f"sample_weight must have the shape ({n_samples},), a positive sum and "
            f"nothing negative, got the shape {weight.shape}"
        )
    return weight


def averaged(scores, sample_weight, average=True):
    """The mean of the samples' scores, or the scores as they are."""
    if not average:
        return scores
    return float(np.average(scores, weights=weights_of(sample_weight, len(scores))))
