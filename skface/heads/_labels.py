"""Labels of attributes: missing ones, and the weight of each."""

from numbers import Real

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skface._validation import as_array
from skface.exceptions import InputError, ParameterError


def two_classes(y):
    """The labels of a y of one dimension, sorted."""
    check_classification_targets(y)
    if type_of_target(y) != "binary":
        raise InputError(
            "Only binary classification is supported. The type of the target is "
            f"{type_of_target(y)}."
        )
    classes = np.unique(y)
    if len(classes) < 2:
        raise InputError(
            f"y holds only one class, {classes.tolist()[0]!r}; two are needed"
        )
    return classes


def missing_labels(y):
    """Where y, of two dimensions, holds NaN or the like; None if it does nowhere."""
    missing = pd.isna(as_array(y, "y"))
    return missing if np.ndim(missing) == 2 and missing.any() else None


def check_some_label_in_each_column(y, missing):
    """Raise an InputError that names a column of y without any label."""
    empty = np.flatnonzero(missing.all(axis=0))
    if len(empty):
        names = getattr(y, "columns", None)
        name = "" if names is None else f" ({names[empty[0]]})"
        raise InputError(
            f"column {empty[0]}{name} of y holds no label, so that nothing can be "
            "learnt about it: leave the column out, or label some of its rows"
        )


def as_labels(y, n_attributes, are_labels=True):
    """y as float32, labels in {0, 1} and NaN where one is missing.

    `are_labels` says of which columns; the others hold numbers.
    """
    if y.ndim != 2 or y.shape[1] != n_attributes:
        raise InputError(
            f"expected {n_attributes} attributes, got y of shape {y.shape}"
        )
    missing = pd.isna(y)
    if missing.any():
        y = np.where(missing, np.nan, y)
    wrong = ~(missing | np.isin(y, (0, 1))) & are_labels
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        value = y[row].tolist()[column]
        raise InputError(
            f"y holds {value!r} in row {row}, column {column}: attributes "
            "must be 0 or 1, or NaN where they are not known. CelebA's -1 and 1 become "
            "that by (y == 1).astype(int)"
        )
    return y.astype(np.float32)


def weights_of_classes(class_weight, labels, classes, sample_weight=None):
    """What an absent and a present label weigh, by attribute.

    Parameters
    ----------
    class_weight : "balanced", dict, list of dict or None
    labels : ndarray of shape (n_samples, n_attributes)
    classes : ndarray of shape (2,), or None
        The labels of a y of one dimension, which name the weights.
    sample_weight : ndarray of shape (n_samples,), default=None

    Returns
    -------
    ndarray of shape (n_attributes, 2)
    """
    n_attributes = labels.shape[1]
    if class_weight is None:
        return np.ones((n_attributes, 2))
    if isinstance(class_weight, str):
        return _balanced(labels, sample_weight)
    if classes is not None:
        weights = {0: class_weight}
    elif isinstance(class_weight, dict):
        weights = class_weight
    elif len(class_weight) == n_attributes:
        weights = dict(enumerate(class_weight))
    else:
        raise ParameterError(
            f"class_weight lists {len(class_weight)} dicts for {n_attributes} columns"
        )
    names = [0, 1] if classes is None else list(classes)
    table = np.ones((n_attributes, 2))
    for column, pair in weights.items():
        if column not in range(n_attributes) or not isinstance(pair, dict):
            raise ParameterError(
                "class_weight must be {label: weight} for y of one dimension, and "
                "{column: {0: weight, 1: weight}} or a list of one dict a column for y "
                f"of two; got {class_weight!r} for {n_attributes} attributes"
            )
        for label, weight in pair.items():
            if label not in names or not (
                isinstance(weight, Real) and 0 < weight < np.inf
            ):
                raise ParameterError(
                    f"class_weight gives label {label!r} the weight {weight!r}; labels "
                    f"are {names}, and weights positive"
                )
            table[int(column), names.index(label)] = weight
    return table


def packed(y, class_weights, coordinate_weights=0.0):
    """Values and both of their weights side by side, as the losses want them.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_columns), float32
        Labels in {0, 1} and coordinates, NaN where they are missing.
    class_weights : ndarray of shape (n_columns, 2)
        Of labels; 0 of coordinates.
    coordinate_weights : float or ndarray of shape (n_columns,), default=0.0
        Of coordinates; 0 of labels.

    Returns
    -------
    ndarray of shape (n_samples, 3 * n_columns), float32
        What is missing weighs nothing, and the rest so much more that the loss is the
        mean over what there is.
    """
    missing = np.isnan(y)
    y = np.where(missing, 0, y)
    of_labels = np.where(y == 1, class_weights[:, 1], class_weights[:, 0])
    n_known = missing.size - missing.sum()
    n_cells = (~missing.all(axis=1)).sum() * y.shape[1]
    factors = np.where(missing, 0, n_cells / max(n_known, 1))
    weights = [factors * of_labels, factors * coordinate_weights]
    return np.hstack([y, *weights], dtype=np.float32)


def unpacked(targets):
    """Values, and their weights as labels and as coordinates, of what `packed` made."""
    return np.split(targets, 3, axis=1)


def _balanced(labels, sample_weight):
    """Presence and absence count alike, and 1 on average: n / (2 n_present), …"""
    weight = np.ones(len(labels)) if sample_weight is None else sample_weight
    counts = np.stack([weight @ (labels == 0), weight @ (labels == 1)], axis=1)
    # What has one class only keeps its weight.
    n_classes = np.count_nonzero(counts, axis=1)[:, np.newaxis]
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(
        total, n_classes * counts, out=np.ones(counts.shape), where=counts > 0
    )
