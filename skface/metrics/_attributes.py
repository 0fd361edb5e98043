"""Scores of attributes; where y_true is NaN, a label is missing and nothing counts."""

from collections.abc import Mapping
from numbers import Real

import numpy as np
import pandas as pd

from skface._naming import names_of, ordered
from skface._validation import as_array, as_floats, as_names, weights_of
from skface.exceptions import InputError


def attribute_accuracy(y_true, y_pred, *, sample_weight=None) -> float:
    """Accuracy averaged over the attributes: the field's number for CelebA.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_attributes)
        NaN in `y_true` is a missing label. An attribute without any label is left out.
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    float

    Raises
    ------
    InputError
        The shapes differ, or `y_true` holds no label.

    Examples
    --------
    >>> from skface.metrics import attribute_accuracy
    >>> attribute_accuracy([[0, 1], [1, 1]], [[0, 1], [1, 0]])
    0.75
    >>> attribute_accuracy([[0, float("nan")], [1, 1]], [[0, 1], [1, 0]])
    0.5
    """
    y_true, y_pred, labelled = _labels(y_true, y_pred)
    if y_pred.dtype.kind == "f" and (y_pred % 1 != 0).any():
        raise InputError(
            "y_pred holds numbers that are no labels, such as probabilities or NaN: "
            "give what predict gives"
        )
    if y_true.shape[1] > 1 and (y_true == -1).any() and not (y_pred == -1).any():
        raise InputError(
            "y_true holds -1, as CelebA's lists do where an attribute is absent: 0 is "
            "meant here"
        )
    weight = weights_of(sample_weight, len(y_true))
    with np.errstate(invalid="ignore"):
        shares = weight @ (labelled & (y_true == y_pred)) / (weight @ labelled)
    _check_some_label(shares)
    return float(np.nanmean(shares))


def attribute_balanced_accuracy(y_true, y_pred, *, sample_weight=None) -> float:
    """Mean of the recall of present and of absent, averaged over the attributes.

    A constant answer scores 0.5, however rare the attributes. One that is always or
    never present lacks one of the recalls, and is left out.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_attributes)
        In {0, 1}; NaN in `y_true` is a missing label. An attribute without any label
        is left out.
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    float
        NaN where no attribute is both present and absent.

    Raises
    ------
    InputError
        The shapes differ, values are not in {0, 1}, or `y_true` holds no label.

    Examples
    --------
    >>> from skface.metrics import attribute_balanced_accuracy
    >>> attribute_balanced_accuracy([[0], [0], [0], [1]], [[0], [0], [0], [0]])
    0.5
    """
    truth, answer, labelled = _binary_labels(y_true, y_pred)
    scores = _table(truth, answer, labelled, weights_of(sample_weight, len(truth)))
    _check_some_label(scores["accuracy"])
    return float(scores["balanced_accuracy"].mean())


def attribute_report(
    y_true, y_pred, *, y_score=None, names=None, sample_weight=None, groups=None
) -> pd.DataFrame:
    """Scores of every attribute beside the majority baseline.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_attributes)
        In {0, 1}; NaN in `y_true` is a missing label, and its row does not count for
        the attribute.
    y_score : array-like of shape (n_samples, n_attributes), default=None
        Probabilities; adds the average precision.
    names : sequence of str, default=None
        Of the attributes; without it those of the columns of `y_true`, else numbers.
    sample_weight : array-like of shape (n_samples,), default=None
    groups : array-like of shape (n_samples,), dict of such, or DataFrame, default=None
        Groups of samples to report one by one: an array with the group of each sample,
        or several such arrays by name, as in ``{"Male": male, "Young": young}``.
        Samples whose group is missing are in none.

    Returns
    -------
    DataFrame, one row an attribute
        n_labels; prevalence; majority: the accuracy of always giving the commoner
        answer of `y_true`; accuracy, balanced_accuracy, precision, recall, f1, and
        average_precision. A share of nothing is NaN, such as the precision of an
        attribute never predicted, or the balanced accuracy of one always present.

        With `groups`, one row a group and attribute, indexed by both: the group is its
        value in an array, and reads like ``"Male=1"`` of a dict or DataFrame.

    Raises
    ------
    InputError
        The shapes differ, values are not in {0, 1}, or `names` or `groups` are too
        many or too few.

    Examples
    --------
    >>> from skface.metrics import attribute_report
    >>> y_true, y_pred = [[0], [0], [1], [1]], [[0], [1], [1], [1]]
    >>> report = attribute_report(y_true, y_pred, names=["Smiling"])
    >>> report.loc["Smiling", ["majority", "accuracy", "recall"]].tolist()
    [0.5, 0.75, 1.0]

    Whom does the model fail?

    >>> report = attribute_report(
    ...     y_true, y_pred, names=["Smiling"], groups={"Male": [0, 1, 0, 1]}
    ... )
    >>> table = report["accuracy"].unstack("group")
    >>> table.loc["Smiling"].to_dict()
    {'Male=0': 1.0, 'Male=1': 0.5}
    """
    truth, answer, labelled = _binary_labels(y_true, y_pred)
    weight = weights_of(sample_weight, len(truth))
    scores = None
    if y_score is not None:
        y_score = ordered(y_score, names_of(y_true), "y_score")
        _, scores, _ = _labels(y_true, as_floats(y_score, "y_score"))
    names = names_of(y_true) if names is None else names
    if names is not None:
        names = as_names(names, "names", truth.shape[1], "attributes")

    def report(rows):
        parts = truth[rows], answer[rows], labelled[rows]
        table = _table(*parts, weight[rows])
        if scores is not None:
            table["average_precision"] = average_precisions(
                truth[rows], scores[rows], labelled[rows], weight[rows]
            )
        if names is not None:
            table.index = names
        return table.rename_axis("attribute")

    if groups is None:
        return report(slice(None))
    reports = {group: report(rows) for group, rows in members(groups, len(truth))}
    if not reports:
        raise InputError("groups holds no group: every value is missing")
    return pd.concat(reports, names=["group"])


def members(groups, n_samples):
    """Each group's label, and a mask of its samples, for `groups` of a report."""
    named = isinstance(groups, Mapping | pd.DataFrame)
    for name, values in groups.items() if named else [(None, groups)]:
        what = f"groups[{name!r}]" if named else "groups"
        values = as_array(values, what)
        if values.shape != (n_samples,):
            raise InputError(
                f"{what} must have the shape ({n_samples},), got {values.shape}"
            )
        codes, labels = pd.factorize(values, sort=True)
        for code, label in enumerate(labels):
            if named:
                if isinstance(label, Real) and float(label).is_integer():
                    label = int(label)
                label = f"{name}={label}"
            yield label, codes == code


def _table(y_true, y_pred, labelled, weight):
    """`attribute_report` without scores and names."""
    return pd.DataFrame(
        {
            "n_labels": labelled.sum(axis=0),
            **shares(y_true, y_pred, labelled, weight),
        }
    )


def shares(y_true, y_pred, labelled, weight):
    """Figures of each attribute by the weight of the samples.

    Parameters
    ----------
    y_true, y_pred, labelled : ndarray of shape (n_samples, n_attributes)
    weight : ndarray of shape (n_samples,) or (n_weightings, n_samples)

    Returns
    -------
    dict of ndarray of shape (n_attributes,) or (n_weightings, n_attributes)
        NaN is a share of nothing.
    """
    is_there, is_found = (y_true == 1) & labelled, (y_pred == 1) & labelled
    total, present, found, hits = (
        weight @ each.astype(float)
        for each in (labelled, is_there, is_found, is_there & is_found)
    )
    rejections = total - present - found + hits
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits / present
        specificity = rejections / (total - present)
        return {
            "prevalence": present / total,
            "majority": np.maximum(present, total - present) / total,
            "accuracy": (hits + rejections) / total,
            "balanced_accuracy": (recall + specificity) / 2,
            "precision": hits / found,
            "recall": recall,
            "f1": 2 * hits / (present + found),
        }


def average_precisions(y_true, y_score, labelled, weight):
    """Average precision of each attribute by the weight of the samples, as `shares`."""
    columns = [
        _average_precision(truth[there] == 1, score[there], weight[..., there])
        for truth, score, there in zip(y_true.T, y_score.T, labelled.T, strict=True)
    ]
    return np.stack(columns, axis=-1)


def _average_precision(is_there, score, weight):
    """As scikit-learn's `average_precision_score`, of many weightings at once."""
    if not is_there.any():
        return np.full(weight.shape[:-1], np.nan)
    order = np.argsort(-score, kind="stable")
    is_last = np.append(np.diff(score[order]) != 0, True)  # of those that score alike
    weight, is_there = weight[..., order], is_there[order]
    found = np.cumsum(weight, axis=-1)[..., is_last]
    hits = np.cumsum(weight * is_there, axis=-1)[..., is_last]
    gains = np.diff(hits, axis=-1, prepend=0)
    with np.errstate(invalid="ignore"):
        precision = np.where(found > 0, hits / found, 0)
        return (gains * precision).sum(axis=-1) / hits[..., -1]


def _binary_labels(y_true, y_pred):
    """`_labels`, all of them 0 or 1."""
    y_true, y_pred, labelled = _labels(y_true, y_pred)
    for name, y in (("y_true", y_true), ("y_pred", y_pred)):
        if not np.isin(y, (0, 1)).all():
            raise InputError(f"{name} must hold attributes in {{0, 1}}")
    return y_true, y_pred, labelled


def _labels(y_true, y_pred):
    """Both in two dimensions, and where `y_true` has a label; 0 stands elsewhere."""
    y_pred = ordered(y_pred, names_of(y_true), "y_pred")
    y_true, y_pred = as_array(y_true, "y_true"), as_array(y_pred, "y_pred")
    if y_true.shape != y_pred.shape or y_true.ndim not in (1, 2) or not len(y_true):
        raise InputError(
            "y_true and y_pred must have one shape (n_samples, n_attributes), got "
            f"{y_true.shape} and {y_pred.shape}"
        )
    y_true, y_pred = y_true.reshape(len(y_true), -1), y_pred.reshape(len(y_pred), -1)
    labelled = ~pd.isna(y_true)
    if not labelled.all():
        y_true = np.where(labelled, y_true, 0)
    return y_true, y_pred, labelled


def _check_some_label(shares):
    """Shares of each attribute's labels are NaN where there are none."""
    if np.isnan(shares).all():
        raise InputError("y_true holds no label: every value is missing")
