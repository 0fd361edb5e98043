"""Scorers for searches."""

from collections.abc import Callable
from copy import deepcopy
from math import inf
from numbers import Real

from sklearn.metrics import get_scorer as get_sklearn_scorer

from skface._naming import last_step, names_told_by, ordered
from skface._validation import Scorer
from skface.exceptions import ParameterError
from skface.metrics._attributes import attribute_accuracy, attribute_balanced_accuracy
from skface.metrics._coordinates import failure_rate, iou_score, nme_score
from skface.metrics._cost import COSTS, CostAwareScorer


class _ByName(Scorer):
    """A metric of what an estimator predicts, the columns of y found by their names."""

    def __init__(self, name, metric, sign=1):
        super().__init__(metric, sign, {})
        self.name = name

    def __repr__(self):
        return f"get_scorer({self.name!r})"

    def _score(self, method_caller, estimator, X, y_true, **kwargs):
        head = last_step(estimator)
        if hasattr(head, "arranged"):
            y_true = head.arranged(y_true)
        y_true = ordered(y_true, names_told_by(estimator), "y")
        kwargs |= self.options_of(head)
        return super()._score(method_caller, estimator, X, y_true, **kwargs)

    def options_of(self, head):
        """Arguments of the metric that the head tells."""
        return {}


class _OfLandmarks(_ByName):
    def options_of(self, head):
        """The eyes of the head's target.

        Raises
        ------
        ParameterError
            It finds something else as well.
        """
        target = getattr(head, "target", None)
        if isinstance(target, tuple | list) and len(target) == 1:
            (target,) = target
        if hasattr(target, "eyes"):
            return {"eyes": tuple(map(target.points.index, target.eyes))}
        if target not in (None, "landmarks"):
            raise ParameterError(
                f"{self!r} is of landmarks, but the estimator's target is {target!r}: "
                "take its own score, scoring=None"
            )
        return {}


_SCORERS: dict[str, Callable[..., float]] = {
    scorer.name: scorer
    for scorer in (
        _ByName("iou", iou_score),
        _OfLandmarks("neg_nme", nme_score, -1),
        _OfLandmarks("neg_failure_rate", failure_rate, -1),
        _ByName("attribute_accuracy", attribute_accuracy),
        _ByName("attribute_balanced_accuracy", attribute_balanced_accuracy),
    )
}
_SCORERS["cost_aware"] = CostAwareScorer(None, 1e6, "multiply_adds", -0.01)


def get_scorer(name) -> Callable[..., float]:
    """A scorer by its name, for ``GridSearchCV(scoring=...)`` and its like.

    Parameters
    ----------
    name : str
        One of `get_scorer_names`. "cost_aware" is the estimator's own ``score``, less
        0.7 % of it for each doubling of the head's multiplications:
        `make_cost_aware_scorer` with a target of 1e6 and an exponent of -0.01.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``; higher is better.

    Raises
    ------
    ParameterError
        There is no such scorer.

    See Also
    --------
    skface.make_cost_aware_scorer : Other qualities, costs and exponents.

    Examples
    --------
    >>> from skface.metrics import get_scorer
    >>> get_scorer("iou")
    get_scorer('iou')
    """
    if name not in get_scorer_names():
        raise ParameterError(f"no scorer {name!r}; there are {get_scorer_names()}")
    return deepcopy(_SCORERS[name])


def get_scorer_names() -> list[str]:
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


def make_cost_aware_scorer(
    scoring=None, *, target, cost="multiply_adds", exponent=-0.07
) -> Callable[..., float]:
    """A scorer that trades quality against what a prediction of the head costs.

    The score is ``quality * (cost / target) ** exponent``, the reward of MnasNet [1]_
    with its soft constraint. A quality below zero, such as "neg_nme", is divided by the
    factor instead: more cost is worse there too.

    Parameters
    ----------
    scoring : str, callable or None, default=None
        The quality; higher is better. A name that `skface.metrics.get_scorer` or
        `sklearn.metrics.get_scorer` knows, a scorer, or None for the estimator's own
        ``score``.
    target : float
        The cost of which the score is the quality itself. It scales all candidates
        alike and never changes their order.
    cost : {"multiply_adds", "time"}, default="multiply_adds"
        What a photo costs in the head, the last step of a pipeline: the multiplications
        of its layers, those of a `tail` too, or seconds by the clock; of a `SecondLook`
        both heads'. VGG19 is not counted: it costs every candidate with the same layer
        the same.
    exponent : float, default=-0.07
        0 or less. Doubling the cost has to bring a relative gain of
        ``2 ** -exponent - 1`` in quality: of 5 % with the default, which is MnasNet's
        for the accuracy on ImageNet, and of 0.7 % with -0.01, as fits scores that
        differ by little between the heads.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, for ``GridSearchCV(scoring=...)`` and its like.

    Raises
    ------
    ParameterError
        A parameter has no such value; when scoring, the head has no ``model_`` whose
        multiplications can be counted.

    Notes
    -----
    Multiplications are the same in every run and on every machine, and between dense
    layers a fair measure of time. The clock tells what a machine really needs, but not
    the same twice: it takes the median of five predictions of up to 256 photos, whose
    features are read before, and is wrong by 10 % and more where other work runs. With
    an exponent of -0.07 this moves the score by 0.7 %, as much as candidates differ.
    Search with ``n_jobs=1`` then.

    References
    ----------
    .. [1] M. Tan et al., "MnasNet: Platform-Aware Neural Architecture Search for
       Mobile", CVPR 2019, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skface import DenseHeadClassifier, make_cost_aware_scorer
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> y = (X[:, :3] > 0).astype(int)
    >>> head = DenseHeadClassifier(n_layers=1, n_units=10, epochs=1).fit(X, y)
    >>> scorer = make_cost_aware_scorer("attribute_accuracy", target=40)
    >>> round(float(scorer(head, X, y) / head.score(X, y)), 3)  # 5 * 10 + 10 * 3 = 80
    0.953
    """
    if cost not in COSTS:
        raise ParameterError(f"cost must be in {COSTS}, got {cost!r}")
    if not (isinstance(target, Real) and 0 < target < inf):
        raise ParameterError(f"target must be a number above 0, got {target!r}")
    if not (isinstance(exponent, Real) and -inf < exponent <= 0):
        raise ParameterError(f"exponent must be a number up to 0, got {exponent!r}")
    if isinstance(scoring, str):
        known = get_scorer if scoring in get_scorer_names() else get_sklearn_scorer
        scoring = known(scoring)
    elif not (scoring is None or callable(scoring)):
        raise ParameterError(
            f"scoring must be a name, a scorer or None, got {scoring!r}"
        )
    return CostAwareScorer(scoring, target, cost, exponent)
