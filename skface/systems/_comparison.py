"""One evaluation of any models that tell attributes, on the same photos."""

import warnings
from collections.abc import Mapping
from numbers import Integral

import numpy as np
import pandas as pd

from skface._naming import names_of, names_told_by, ordered
from skface._validation import as_array, as_generator, shown
from skface.evaluation import answers, like, target_names
from skface.exceptions import InputError, ParameterError
from skface.metrics import attribute_report, average_precisions, members, shares
from skface.systems._parts import parts_of
from skface.targets import ATTRIBUTES

MAJORITY = "majority"
_FIGURES = ["accuracy", "balanced_accuracy", "average_precision"]
_COLUMNS = [
    *("scope", "name", "figure", "model"),
    *("value", "difference", "low", "high"),
]
_MOST_WEIGHTS = 2**21  # at once
_INTERVAL = [2.5, 97.5]  # percent


def compare_attributes(
    models,
    y,
    X=None,
    *,
    names=None,
    groups=None,
    y_train=None,
    n_resamples=1000,
    random_state=0,
) -> pd.DataFrame:
    """Models that tell attributes, measured on the same photos in the same way.

    The protocol that Zheng et al. [1]_ survey: accuracy, balanced accuracy and average
    precision, of all attributes, by part of the face, by attribute and by group of
    photos, beside the answer that needs no photo. Each difference to the first model
    has an interval by a bootstrap over photos [2]_, which all models are resampled by
    alike. Their second subject, the manipulation of attributes, needs a generator and
    is not covered.

    Parameters
    ----------
    models : dict
        By name: fitted estimators, which are asked for X; or predictions made before, a
        pair of y_pred and y_score. y_score, probabilities, may be None. The first model
        is the one that the others are compared with.
    y : array-like of shape (n_samples, n_attributes)
        In {0, 1}; NaN is a missing label.
    X : what the estimators predict from, default=None
        Not needed where all models are predictions.
    names : sequence of str, default=None
        Of the attributes; those of y, or that the first model which has any tells, or
        CelebA's where there are forty.
    groups : array-like of shape (n_samples,), dict of such, or DataFrame, default=None
        Groups of photos, as for `skface.metrics.attribute_report`.
    y_train : array-like of shape (n_train, n_attributes), default=None
        For the commoner answer; y itself without it.
    n_resamples : int, default=1000
        0 leaves out the intervals.
    random_state : int, RandomState or None, default=0
        Of the resamples.

    Returns
    -------
    DataFrame, one row a scope, figure and model
        scope and name: "all", "all"; "part" and "hair", "eyes", "nose", "mouth",
        "beard" or "whole face", see ``ATTRIBUTE_PARTS``; "attribute" and its name;
        "group" and its label. figure: "accuracy", "balanced_accuracy" or
        "average_precision". model: those given, and "majority", the commoner answer.
        value: the mean over the attributes of the scope; difference: that less the
        value of the first model; low, high: the 95 % interval of the difference. NaN
        is a figure of nothing, such as the average precision without probabilities.

    Raises
    ------
    ParameterError
        `models` is no such dict, or `n_resamples` or `random_state` no such number.
    InputError
        y, predictions, `names` or `groups` do not fit each other.

    Notes
    -----
    The intervals tell how the figures depend on the choice of photos, not on the seed
    of a training. Several photos of one person count as independent ones.

    References
    ----------
    .. [1] X. Zheng, Y. Guo, H. Huang, Y. Li and R. He, "A Survey of Deep Facial
       Attribute Analysis", International Journal of Computer Vision, 2020.
    .. [2] B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.systems import compare_attributes
    >>> y = np.tile([[0, 1], [1, 0]], (20, 1))
    >>> one = np.where(np.arange(40)[:, None] < 10, 1 - y, y)
    >>> table = compare_attributes(
    ...     {"one": (one, None), "other": (y, None)}, y, names=["Smiling", "Bald"]
    ... )
    >>> mouth = table.query("name == 'mouth' and figure == 'accuracy'")
    >>> mouth.set_index("model")["value"].to_dict()
    {'one': 0.75, 'other': 1.0, 'majority': 0.5}
    >>> bool(mouth.set_index("model").loc["other", "low"] > 0)
    True
    """
    if not isinstance(n_resamples, Integral) or n_resamples < 0:
        raise ParameterError(f"n_resamples must be 0 or more, got {n_resamples!r}")
    own = names_of(y)
    y_train = None if y_train is None else ordered(y_train, own, "y_train")
    y = as_array(y, "y")
    found, told = _found(models, X, y.shape, own)
    y_train = y if y_train is None else like(y, y_train)
    names = target_names(told, ATTRIBUTES, y.shape[1], names)
    found[MAJORITY] = _commoner(y, y_train)
    for y_pred, y_score in found.values():
        attribute_report(y, y_pred, y_score=y_score)  # which refuses what does not fit
    labelled = ~pd.isna(y)
    truth = np.where(labelled, y, 0)
    if not isinstance(random_state, Integral):  # one seed for all models
        random_state = as_generator(random_state).randint(2**31 - 1)
    scopes = _scopes(names, groups, len(y))
    values = {
        model: np.hstack(
            [
                _figures(truth, labelled, y_pred, y_score, weights, scopes)
                for weights in _weightings(len(y), n_resamples, random_state)
            ]
        )
        for model, (y_pred, y_score) in found.items()
    }
    return _table(values, scopes)


def _found(models, X, shape, names):
    """Predictions and scores of each model, their columns in the order of `names`.

    Without those they are in the order of the first model that tells names, which are
    given back beside them.
    """
    if not isinstance(models, Mapping) or not models or MAJORITY in models:
        raise ParameterError(
            "models must be a dict of fitted estimators, or of pairs of y_pred and "
            f"y_score, by names other than {MAJORITY!r}, got {shown(models)}"
        )
    found = {}
    for name, model in models.items():
        told = None
        if hasattr(model, "predict"):
            if X is None:
                raise InputError(f"{name!r} is an estimator: give X to predict from")
            told, model = names_told_by(model), answers(model, X)
        if not isinstance(model, tuple | list) or len(model) != 2:
            raise ParameterError(
                f"the model {name!r} must be a fitted estimator, or a pair of y_pred "
                f"and y_score, got {shown(model)}"
            )
        told = told or names_of(model[0])
        names = names or told
        what = f"what {name!r} predicts"
        y_pred, y_score = (
            None if each is None else as_array(_by_name(each, told, names, what), what)
            for each in model
        )
        for each in (y_pred, y_score if y_score is not None else y_pred):
            if np.shape(each) != shape or len(shape) != 2:
                raise InputError(
                    "y must have one row a photo and one column an attribute, as the "
                    f"predictions of {name!r}: {np.shape(each)}, got {shape}"
                )
        found[name] = y_pred, y_score
    return found, names


def _by_name(found, told, names, what):
    """Predictions in the order of `names`, where they are told or have names."""
    if names_of(found) is None and told is not None:
        found = pd.DataFrame(found, columns=told)
    return ordered(found, names, what)


def _commoner(y, y_train):
    """The answer that needs no photo, as often probable as it is in the training."""
    rates = np.nan_to_num(pd.DataFrame(y_train).mean().to_numpy(float))
    commoner = (rates > 0.5).astype(int)
    return np.tile(commoner, (len(y), 1)), np.tile(rates, (len(y), 1))


def _scopes(names, groups, n):
    """(scope, name), the rows or None for all, and the columns that are averaged."""
    names = np.array(names)
    parts = np.array(parts_of(names))
    scopes = [(("all", "all"), None, np.arange(len(names)))]
    scopes += [
        (("part", part), None, np.flatnonzero(parts == part))
        for part in dict.fromkeys(parts.tolist())
    ]
    scopes += [
        (("attribute", name), None, np.array([i]))
        for i, name in enumerate(names.tolist())
    ]
    if groups is not None:
        scopes += [
            (("group", group), rows, scopes[0][2]) for group, rows in members(groups, n)
        ]
    return scopes


def _weightings(n, n_resamples, random_state):
    """How often each photo counts: once, then in each resample; in batches."""
    yield np.ones((1, n))
    random_state = as_generator(random_state)
    most = max(1, _MOST_WEIGHTS // n)
    for start in range(0, n_resamples, most):
        size = min(most, n_resamples - start)
        yield random_state.multinomial(n, np.full(n, 1 / n), size).astype(float)


def _figures(truth, labelled, y_pred, y_score, weights, scopes):
    """Of each scope by weighting: (n_scopes, n_weightings, n_figures)."""
    figures, of_rows = [], {}
    for _, rows, columns in scopes:
        key = id(rows)
        if key not in of_rows:
            weight = weights if rows is None else weights * rows
            scores = shares(truth, y_pred, labelled, weight)
            precision = np.full(scores["accuracy"].shape, np.nan)
            if y_score is not None:
                precision = average_precisions(truth, y_score, labelled, weight)
            of_rows[key] = [*(scores[name] for name in _FIGURES[:2]), precision]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is NaN
            figures.append(
                np.stack(
                    [np.nanmean(each[:, columns], axis=1) for each in of_rows[key]], -1
                )
            )
    return np.stack(figures)


def _table(values, scopes):
    models = list(values)
    rows = []
    for i, (key, _, _) in enumerate(scopes):
        for j, figure in enumerate(_FIGURES):
            for model in models:
                value = values[model][i, :, j]
                difference = value - values[models[0]][i, :, j]
                resampled = difference[1:][~np.isnan(difference[1:])]
                interval = (np.nan, np.nan)
                if len(resampled):
                    interval = np.percentile(resampled, _INTERVAL)
                rows.append((*key, figure, model, value[0], difference[0], *interval))
    return pd.DataFrame(rows, columns=_COLUMNS)
