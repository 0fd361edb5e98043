"""Quality against cost, in one score."""

from numbers import Real
from time import perf_counter

import numpy as np
from sklearn.metrics import get_scorer as get_sklearn_scorer
from sklearn.pipeline import Pipeline

from skface.exceptions import ParameterError
from skface.metrics import get_scorer, get_scorer_names

_COSTS = ("multiply_adds", "time")
_N_TIMED_PHOTOS = 256
_N_REPEATS = 5


def make_cost_aware_scorer(
    scoring=None, *, target, cost="multiply_adds", exponent=-0.07
):
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
        of its dense layers, or seconds by the clock. VGG19 is not counted: it costs
        every candidate with the same layer the same.
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
    if cost not in _COSTS:
        raise ParameterError(f"cost must be in {_COSTS}, got {cost!r}")
    if not (isinstance(target, Real) and target > 0):
        raise ParameterError(f"target must be a number above 0, got {target!r}")
    if not (isinstance(exponent, Real) and exponent <= 0):
        raise ParameterError(f"exponent must be a number up to 0, got {exponent!r}")
    if isinstance(scoring, str):
        known = get_scorer if scoring in get_scorer_names() else get_sklearn_scorer
        scoring = known(scoring)
    return _CostAwareScorer(scoring, target, cost, exponent)


class _CostAwareScorer:
    """A function with parameters that pickles."""

    def __init__(self, scoring, target, cost, exponent):
        self.scoring = scoring
        self.target = target
        self.cost = cost
        self.exponent = exponent

    def __repr__(self):
        return (
            f"make_cost_aware_scorer({self.scoring}, target={self.target}, "
            f"cost={self.cost!r}, exponent={self.exponent})"
        )

    def __call__(self, estimator, X, y):
        if self.scoring is None:
            quality = estimator.score(X, y)
        else:
            quality = self.scoring(estimator, X, y)
        measure = _multiply_adds if self.cost == "multiply_adds" else _seconds
        factor = (measure(estimator, X) / self.target) ** self.exponent
        return quality * factor if quality >= 0 else quality / factor


def _multiply_adds(estimator, X):
    head = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if not hasattr(head, "model_"):
        raise ParameterError(
            f"the multiplications of {head!r} cannot be counted: use cost='time'"
        )
    return sum(
        weights.size for weights in head.model_.get_weights() if weights.ndim > 1
    )


def _seconds(estimator, X):
    """What the head needs for a photo whose features are known."""
    X = X[:_N_TIMED_PHOTOS]
    if isinstance(estimator, Pipeline):
        *steps, (_, head) = estimator.steps
        X = estimator[: len(steps)].transform(X) if steps else X
    else:
        head = estimator
    X = np.asarray(X)
    head.predict(X)  # the first one builds what the next ones use
    times = []
    for _ in range(_N_REPEATS):
        start = perf_counter()
        head.predict(X)
        times.append(perf_counter() - start)
    return np.median(times) / len(X)
