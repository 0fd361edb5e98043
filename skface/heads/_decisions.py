"""From probabilities to decisions: calibration, and the threshold of each attribute."""

from numbers import Real

import numpy as np
from sklearn.linear_model import LogisticRegression

from skface.exceptions import ParameterError

CRITERIA = ("balanced_accuracy", "f1")


def check_thresholds(threshold, n_attributes):
    """Raise a ParameterError if they are an array that fits no y of so many columns."""
    if isinstance(threshold, str | Real):
        return
    try:
        thresholds = np.asarray(threshold, float)
        inside = (thresholds >= 0) & (thresholds <= 1)
    except (TypeError, ValueError):
        thresholds = inside = np.zeros(0)
    if thresholds.shape != (n_attributes,) or not inside.all():
        raise ParameterError(
            f"threshold must hold {n_attributes} probabilities, one an attribute, got "
            f"{threshold!r}"
        )


def by_attribute(fit, labels, probabilities, weight, there):
    """What `fit` learns from the labels that are there, one attribute at a time."""
    return np.array(
        [
            fit(labels[rows, i], probabilities[rows, i], weight[rows])
            for i, rows in enumerate(there.T)
        ]
    )


def best_threshold(labels, probabilities, weight, criterion):
    """The threshold that scores best, as a probability; 0.5 where any does as well.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        In {0, 1}.
    probabilities : ndarray of shape (n,)
        What is above the threshold is taken for present.
    weight : ndarray of shape (n,)
    criterion : {"balanced_accuracy", "f1"}

    Returns
    -------
    float
        Of equally good ones the nearest to 0.5. With one class only it is 0.5.
    """
    if len(np.unique(labels)) < 2:
        return 0.5
    order = np.argsort(probabilities)
    ordered = probabilities[order].astype(float)
    edges = np.unique(np.concatenate([[0], ordered, [1]]))
    thresholds = np.append((edges[1:] + edges[:-1]) / 2, 0.5)
    n_below = np.searchsorted(ordered, thresholds, side="right")
    present, absent = (
        np.append(0, np.cumsum(weight[order] * (labels[order] == label)))
        for label in (1, 0)
    )
    hits, rejections = present[-1] - present[n_below], absent[n_below]
    if criterion == "f1":
        found = hits + absent[-1] - rejections
        scores = 2 * hits / (present[-1] + found)
    else:
        # Twice the balanced accuracy, times what both recalls are divided by.
        scores = hits * absent[-1] + rejections * present[-1]
    best = thresholds[scores == scores.max()]
    return float(best[np.abs(best - 0.5).argmin()])


def platt_scaling(labels, probabilities, weight):
    """Slope and intercept on the logits that calibrate probabilities.

    J. Platt, "Probabilistic Outputs for Support Vector Machines and Comparisons to
    Regularized Likelihood Methods", 1999: logistic regression on targets that keep
    away from 0 and 1 by as much as their number allows.

    Parameters
    ----------
    labels, probabilities, weight : ndarray of shape (n,)

    Returns
    -------
    slope, intercept : float
        1 and 0 with one class only, or without any difference in the probabilities.
    """
    if len(np.unique(labels)) < 2 or not np.ptp(probabilities):
        return 1.0, 0.0
    n_present = weight @ labels
    n_absent = weight.sum() - n_present
    targets = np.where(
        labels == 1, (n_present + 1) / (n_present + 2), 1 / (n_absent + 2)
    )
    # Each sample stands for both classes, by its target.
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8)
    model.fit(
        np.tile(_logits(probabilities), 2)[:, np.newaxis],
        np.repeat([1, 0], len(labels)),
        sample_weight=np.concatenate([weight * targets, weight * (1 - targets)]),
    )
    return model.coef_[0, 0], model.intercept_[0]


@np.errstate(all="ignore")
def calibrated(probabilities, calibration):
    """Probabilities after slopes and intercepts on their logits, float32.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_attributes)
    calibration : ndarray of shape (n_attributes, 2)
    """
    logits = _logits(probabilities) * calibration[:, 0] + calibration[:, 1]
    return np.exp(-np.logaddexp(0, -logits)).astype(np.float32)


def _logits(probabilities):
    # In float32 a sigmoid reaches both 0 and 1.
    inside = np.clip(probabilities.astype(float), np.finfo(np.float32).tiny, 1 - 2**-24)
    return np.log(inside) - np.log1p(-inside)
