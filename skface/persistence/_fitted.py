"""What a head has learnt, looked at before it is believed."""

import numpy as np

from skface.exceptions import SavedFileError
from skface.heads import DenseHeadClassifier

_OPTIONAL = {"feature_names_in_", "target_names_in_"}


def check_fitted(fitted, head, architecture):
    """Make sure that a head's fitted attributes are all there, and fit each other.

    Parameters
    ----------
    fitted : dict
        Anything, by name.
    head : DenseHeadClassifier or DenseHeadRegressor
        Not fitted, with its parameters.
    architecture : Architecture

    Raises
    ------
    SavedFileError
        One is missing, unknown, or is not as `fit` sets it.
    """
    rules = _rules(fitted, architecture)
    if isinstance(head, DenseHeadClassifier):
        rules |= _rules_of_classifier(fitted, architecture.n_outputs)
    for name in fitted.keys() - rules.keys():
        raise SavedFileError(
            f"names a fitted attribute {name!r}, which {type(head).__name__} does not "
            "have"
        )
    for name, (is_right, what) in rules.items():
        if name not in fitted and name not in _OPTIONAL:
            raise SavedFileError(f"has no fitted attribute {name!r}")
        if name in fitted and not is_right(fitted[name]):
            raise SavedFileError(
                f"its fitted attribute {name!r} cannot be read: it must be {what}"
            )


def are_probabilities(value, n_values):
    """Whether it is an array, or a list, of so many numbers in 0 to 1."""
    try:
        values = np.asarray(value, float)
    except (TypeError, ValueError):
        return False
    return values.shape == (n_values,) and bool(((values >= 0) & (values <= 1)).all())


def _rules(fitted, architecture):
    """By attribute, what it must be: as a function, and in words."""
    n_features, n_outputs = architecture.n_features, architecture.n_outputs
    n_epochs = fitted.get("n_epochs_")
    return {
        "n_features_in_": (_equal_to(n_features), f"{n_features}, as for its network"),
        "feature_names_in_": (
            lambda value: _is_array(value, "O", (n_features,)),
            f"{n_features} names",
        ),
        "target_names_in_": (
            lambda value: _is_array(value, "O", (n_outputs,)),
            f"{n_outputs} names",
        ),
        "_y_ndim": (
            lambda value: type(value) is int and value in (2, 1 + (n_outputs > 1)),
            "2, or 1 with one output",
        ),
        "_n_outputs": (_equal_to(n_outputs), f"{n_outputs}, as for its network"),
        "n_epochs_": (lambda value: type(value) is int and value > 0, "a number"),
        "best_epoch_": (
            lambda value: type(value) is int and 0 <= value < n_epochs,
            "an epoch",
        ),
        "history_": (
            lambda value: (
                isinstance(value, dict)
                and all(_is_history(each, n_epochs) for each in value.values())
            ),
            "lists of one number an epoch",
        ),
    }


def _rules_of_classifier(fitted, n_outputs):
    one = _equal_to(1)(fitted.get("_y_ndim"))
    return {
        "classes_": (
            _are_two_classes if one else _are_absent_and_present(n_outputs),
            "two labels, sorted" if one else "0 and 1 for each output",
        ),
        "thresholds_": (
            lambda value: (
                _is_array(value, "f", (n_outputs,))
                and are_probabilities(value, n_outputs)
            ),
            f"{n_outputs} probabilities",
        ),
        "calibration_": (
            lambda value: (
                value is None
                or (_is_array(value, "f", (n_outputs, 2)) and np.isfinite(value).all())
            ),
            f"None or {n_outputs} slopes and intercepts",
        ),
    }


def _equal_to(number):
    return lambda value: type(value) is int and value == number


def _is_array(value, kind, shape):
    is_array = isinstance(value, np.ndarray)
    return is_array and value.dtype.kind == kind and value.shape == shape


def _is_history(values, n_epochs):
    is_list = isinstance(values, list) and len(values) == n_epochs
    return is_list and all(type(value) in (int, float) for value in values)


def _are_two_classes(value):
    is_pair = isinstance(value, np.ndarray) and value.shape == (2,)
    return is_pair and bool(value[0] < value[1])


def _are_absent_and_present(n_outputs):
    return lambda value: (
        _is_array(value, "i", (n_outputs, 2)) and bool((value == [0, 1]).all())
    )
