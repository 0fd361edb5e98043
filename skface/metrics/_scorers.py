"""Scorers for searches."""

from sklearn.metrics import make_scorer

from skface.exceptions import ParameterError
from skface.metrics._attributes import attribute_accuracy, attribute_balanced_accuracy
from skface.metrics._coordinates import failure_rate, iou_score, nme_score

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
    if name not in get_scorer_names():
        raise ParameterError(f"no scorer {name!r}; there are {get_scorer_names()}")
    return _SCORERS[name]


def get_scorer_names():
    """Names that `get_scorer` knows.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from skface.metrics import get_scorer_names
    >>> "iou" in get_scorer_names()
    True
    """
    return sorted(_SCORERS)
