"""What a prediction of a head costs, in a score."""

from time import perf_counter

import numpy as np
from sklearn.pipeline import Pipeline

from skface._naming import last_step
from skface.exceptions import ParameterError

COSTS = ("multiply_adds", "time")
_N_TIMED_PHOTOS = 256
_N_REPEATS = 5


class CostAwareScorer:
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
        cost = sum(measure(look, X) for look in _looks(estimator))
        factor = (cost / self.target) ** self.exponent
        return quality * factor if quality >= 0 else quality / factor


def _looks(estimator):
    """Both pipelines of a fitted `SecondLook`; another estimator by itself."""
    if hasattr(estimator, "second_"):
        return [estimator.first_, estimator.second_]
    return [estimator]


def _multiply_adds(estimator, X):
    head = last_step(estimator)
    if not hasattr(head, "model_"):
        raise ParameterError(
            f"the multiplications of {head!r} cannot be counted: use cost='time'"
        )
    kernels = [each for each in head.model_.get_weights() if each.ndim > 1]
    # Convolutions, those of a tail, multiply theirs at every cell of the map.
    return sum(
        kernel.size * (head.n_features_in_ // kernel.shape[2] if kernel.ndim > 2 else 1)
        for kernel in kernels
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
