"""Scores for boxes, landmarks and attributes, and scorers for searches."""

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, make_scorer

from skface.exceptions import InputError, ParameterError

__all__ = [
    "attribute_accuracy",
    "attribute_balanced_accuracy",
    "attribute_report",
    "failure_rate",
    "get_scorer",
    "get_scorer_names",
    "iou_score",
    "nme_score",
]


def iou_score(y_true, y_pred, *, sample_weight=None, average=True):
    """Intersection over union of boxes: 1 is perfect, 0 is no overlap.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, 4)
        x, y, width, height; in pixels or in fractions of the photo: the score is the
        same.
    sample_weight : array-like of shape (n_samples,), default=None
    average : bool, default=True
        False gives the score of every box.

    Returns
    -------
    float, or ndarray of shape (n_samples,)

    Raises
    ------
    InputError
        The shapes differ or are no boxes, or values are not finite.

    Examples
    --------
    >>> from skface.metrics import iou_score
    >>> iou_score([[0, 0, 2, 2]], [[1, 0, 2, 2]])
    0.3333333333333333
    """
    y_true, y_pred = _pair(y_true, y_pred, n_columns=4)
    near = np.maximum(y_true[:, :2], y_pred[:, :2])
    far = np.minimum(_far_corner(y_true), _far_corner(y_pred))
    shared = np.clip(far - near, 0, None).prod(axis=1)
    union = _area(y_true) + _area(y_pred) - shared
    scores = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return _averaged(scores, sample_weight, average)


def nme_score(y_true, y_pred, *, image_sizes=None, sample_weight=None, average=True):
    """Normalised mean error of landmarks: 0 is perfect.

    The mean distance of a photo's points to where they should be, over the distance
    between its eyes, as in [1]_.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, 2 * n_points)
        x, y of each point, the first two points being the eyes.
    image_sizes : array-like of shape (n_samples, 2) or (2,), default=None
        (width, height) of the photos in pixels: give it where the coordinates are
        fractions and the photos are not square, or the axes count unequally.
    sample_weight : array-like of shape (n_samples,), default=None
    average : bool, default=True
        False gives the error of every photo.

    Returns
    -------
    float, or ndarray of shape (n_samples,)

    Raises
    ------
    InputError
        The shapes differ or are no points, values are not finite, or the eyes of a
        photo coincide.

    References
    ----------
    .. [1] Z. Zhang, P. Luo, C. C. Loy and X. Tang, "Facial Landmark Detection by Deep
       Multi-task Learning", ECCV 2014.

    Examples
    --------
    >>> from skface.metrics import nme_score
    >>> nme_score([[0, 0, 10, 0, 5, 5]], [[0, 3, 10, 0, 5, 5]])
    0.1
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if y_true.shape[1] < 4 or y_true.shape[1] % 2:
        raise InputError(
            f"landmarks need an even number of columns, 4 or more; got {y_true.shape}"
        )
    points, found = (y.reshape(len(y), -1, 2) for y in (y_true, y_pred))
    if image_sizes is not None:
        sizes = np.asarray(image_sizes, float)
        if sizes.shape not in {(2,), (len(points), 2)}:
            raise InputError(
                f"image_sizes must have the shape ({len(points)}, 2) or (2,), "
                f"got {sizes.shape}"
            )
        sizes = np.broadcast_to(sizes, (len(points), 2))
        points, found = points * sizes[:, None], found * sizes[:, None]
    between_eyes = np.linalg.norm(points[:, 0] - points[:, 1], axis=1)
    if not between_eyes.all():
        raise InputError(
            f"the eyes of row {between_eyes.argmin()} coincide: its error cannot be "
            "put in relation to their distance"
        )
    distances = np.linalg.norm(points - found, axis=2).mean(axis=1)
    return _averaged(distances / between_eyes, sample_weight, average)


def failure_rate(
    y_true, y_pred, *, threshold=0.1, image_sizes=None, sample_weight=None
):
    """Share of the photos whose `nme_score` is above a threshold.

    Parameters
    ----------
    y_true, y_pred, image_sizes, sample_weight
        As for `nme_score`.
    threshold : float, default=0.1
        The field's usual 10 % of the distance between the eyes.

    Returns
    -------
    float

    Examples
    --------
    >>> from skface.metrics import failure_rate
    >>> failure_rate([[0, 0, 10, 0]] * 2, [[0, 0, 10, 0], [0, 4, 10, 0]])
    0.5
    """
    errors = nme_score(y_true, y_pred, image_sizes=image_sizes, average=False)
    return _averaged((errors > threshold).astype(float), sample_weight, True)


def attribute_accuracy(y_true, y_pred, *, sample_weight=None):
    """Accuracy averaged over the attributes: the field's number for CelebA.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_attributes)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    float

    Examples
    --------
    >>> from skface.metrics import attribute_accuracy
    >>> attribute_accuracy([[0, 1], [1, 1]], [[0, 1], [1, 0]])
    0.75
    """
    y_true, y_pred = _labels(y_true, y_pred)
    right = (y_true == y_pred).mean(axis=1)
    return _averaged(right, sample_weight, True)


def attribute_balanced_accuracy(y_true, y_pred, *, sample_weight=None):
    """Mean of the recall of present and of absent, averaged over the attributes.

    A constant answer scores 0.5, however rare the attribute. Where an attribute is
    always or never present, the one recall that exists counts.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_attributes)
        In {0, 1}.
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    float

    Examples
    --------
    >>> from skface.metrics import attribute_balanced_accuracy
    >>> attribute_balanced_accuracy([[0], [0], [0], [1]], [[0], [0], [0], [0]])
    0.5
    """
    return float(_counts(y_true, y_pred, sample_weight)["balanced_accuracy"].mean())


def attribute_report(y_true, y_pred, *, y_score=None, names=None, sample_weight=None):
    """Scores of every attribute beside the majority baseline.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_attributes)
        In {0, 1}.
    y_score : array-like of shape (n_samples, n_attributes), default=None
        Probabilities; adds the average precision.
    names : sequence of str, default=None
        Of the attributes; numbers without it.
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    DataFrame, one row an attribute
        prevalence; majority: the accuracy of always giving the commoner answer of
        `y_true`; accuracy, balanced_accuracy, precision, recall, f1, and
        average_precision. A share of nothing, such as the precision of an attribute
        never predicted, is NaN.

    Examples
    --------
    >>> from skface.metrics import attribute_report
    >>> report = attribute_report([[0], [0], [1], [1]], [[0], [1], [1], [1]],
    ...                           names=["Smiling"])
    >>> report.loc["Smiling", ["majority", "accuracy", "recall"]].tolist()
    [0.5, 0.75, 1.0]
    """
    report = _counts(y_true, y_pred, sample_weight)
    if y_score is not None:
        y_true, y_score = _labels(y_true, y_score)
        report["average_precision"] = [
            average_precision_score(truth, score, sample_weight=sample_weight)
            if truth.any()
            else np.nan
            for truth, score in zip(y_true.T, y_score.T, strict=True)
        ]
    if names is not None:
        if len(names) != len(report):
            raise InputError(f"{len(names)} names for {len(report)} attributes")
        report.index = list(names)
    return report.rename_axis("attribute")


def _counts(y_true, y_pred, sample_weight):
    """`attribute_report` without scores and names."""
    y_true, y_pred = _labels(y_true, y_pred)
    for name, y in (("y_true", y_true), ("y_pred", y_pred)):
        if not np.isin(y, (0, 1)).all():
            raise InputError(f"{name} must hold attributes in {{0, 1}}")
    weight = _weights(sample_weight, len(y_true))
    total = weight.sum()
    present, found = weight @ (y_true == 1), weight @ (y_pred == 1)
    hits = weight @ ((y_true == 1) & (y_pred == 1))
    rejections = total - present - found + hits
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits / present
        precision = hits / found
        specificity = rejections / (total - present)
        f1 = 2 * hits / (present + found)
    one_sided = [present == 0, present == total]
    balanced = np.select(one_sided, [specificity, recall], (recall + specificity) / 2)
    return pd.DataFrame(
        {
            "prevalence": present / total,
            "majority": np.maximum(present, total - present) / total,
            "accuracy": (hits + rejections) / total,
            "balanced_accuracy": balanced,
            "precision": precision,
            "recall": recall,
            "f1": f1,
        }
    )


_SCORERS = {
    "iou": make_scorer(iou_score),
    "neg_nme": make_scorer(nme_score, greater_is_better=False),
    "neg_failure_rate": make_scorer(failure_rate, greater_is_better=False),
    "attribute_accuracy": make_scorer(attribute_accuracy),
    "attribute_balanced_accuracy": make_scorer(attribute_balanced_accuracy),
}


def get_scorer(name):
    """A scorer by its name, for ``GridSearchCV(scoring=...)`` and its like.

    Parameters
    ----------
    name : str
        One of `get_scorer_names`.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``; higher is better.

    Raises
    ------
    ParameterError
        There is no such scorer.

    Examples
    --------
    >>> from skface.metrics import get_scorer
    >>> get_scorer("iou")
    make_scorer(iou_score, response_method='predict')
    """
    if name not in _SCORERS:
        raise ParameterError(f"no scorer {name!r}; there are {get_scorer_names()}")
    return _SCORERS[name]


def get_scorer_names():
    """Names that `get_scorer` knows."""
    return sorted(_SCORERS)


def _pair(y_true, y_pred, n_columns=None):
    y_true, y_pred = np.asarray(y_true, float), np.asarray(y_pred, float)
    if y_true.shape != y_pred.shape or y_true.ndim != 2 or not len(y_true):
        raise InputError(
            "y_true and y_pred must have one shape (n_samples, n_columns), got "
            f"{y_true.shape} and {y_pred.shape}"
        )
    if n_columns and y_true.shape[1] != n_columns:
        raise InputError(
            f"expected {n_columns} columns (x, y, width, height), got {y_true.shape[1]}"
        )
    if not (np.isfinite(y_true).all() and np.isfinite(y_pred).all()):
        raise InputError("y_true and y_pred must be finite")
    return y_true, y_pred


def _labels(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape or y_true.ndim not in (1, 2) or not len(y_true):
        raise InputError(
            "y_true and y_pred must have one shape (n_samples, n_attributes), got "
            f"{y_true.shape} and {y_pred.shape}"
        )
    return y_true.reshape(len(y_true), -1), y_pred.reshape(len(y_pred), -1)


def _far_corner(boxes):
    return boxes[:, :2] + np.clip(boxes[:, 2:], 0, None)


def _area(boxes):
    return np.clip(boxes[:, 2:], 0, None).prod(axis=1)


def _weights(sample_weight, n_samples):
    if sample_weight is None:
        return np.ones(n_samples)
    weight = np.asarray(sample_weight, float)
    if weight.shape != (n_samples,) or not weight.sum() > 0:
        raise InputError(
            f"sample_weight must have the shape ({n_samples},) and a positive sum, got "
            f"the shape {weight.shape}"
        )
    return weight


def _averaged(scores, sample_weight, average):
    if not average:
        return scores
    return float(np.average(scores, weights=_weights(sample_weight, len(scores))))
