"""Quality against cost."""

import pickle
import time
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer as get_sklearn_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skface import DenseHeadClassifier, make_cost_aware_scorer
from skface.exceptions import ParameterError
from skface.features import FeatureArray, FeatureStore
from skface.metrics import get_scorer


class Looks(BaseEstimator):
    """Fitted like a SecondLook, whose second look is all that it says."""

    def __init__(self, first_, second_):
        self.first_, self.second_ = first_, second_

    def score(self, X, y):
        return self.second_.score(X, y)


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).normal(size=(80, 6))
    return X, (X[:, :3] > 0).astype(int)


@pytest.fixture(scope="module")
def head(data):
    head = DenseHeadClassifier(n_layers=2, n_units=5, epochs=2, random_state=0)
    return head.fit(*data)


MULTIPLY_ADDS = 6 * 5 + 5 * 5 + 5 * 3


class Rated(BaseEstimator):
    """A head of known quality, with one dense layer."""

    def __init__(self, n_units=1):
        self.n_units = n_units

    def fit(self, X, y):
        weights = [np.zeros((self.n_units, 1)), np.zeros(1)]
        self.model_ = SimpleNamespace(get_weights=lambda: weights)
        return self

    def score(self, X, y):
        return {1: 0.600, 4: 0.630, 16: 0.635}[self.n_units]


class Slow(RegressorMixin, BaseEstimator):
    """Sleeps for each photo."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def fit(self, X, y):
        self.n_predicted_ = 0
        return self

    def predict(self, X):
        self.n_predicted_ += len(X)
        time.sleep(self.seconds * len(X))
        return np.zeros(len(X))


def test_score_is_the_quality_at_the_target(head, data):
    scorer = make_cost_aware_scorer("attribute_accuracy", target=MULTIPLY_ADDS)
    assert scorer(head, *data) == get_scorer("attribute_accuracy")(head, *data)


def test_twice_the_cost_takes_the_named_share(head, data):
    scorer = make_cost_aware_scorer(target=MULTIPLY_ADDS / 2, exponent=-0.5)
    assert scorer(head, *data) == pytest.approx(head.score(*data) / 2**0.5)


def test_cost_makes_a_score_below_zero_lower_too(data):
    X, y = data
    ridge = Ridge().fit(X, y)
    quality = get_sklearn_scorer("neg_mean_squared_error")
    scorer = make_cost_aware_scorer(quality, target=1e-12, cost="time")
    assert scorer(ridge, X, y) < quality(ridge, X, y) < 0


@pytest.mark.parametrize("target", [1, 1e9])
@pytest.mark.parametrize(("exponent", "best"), [(-0.07, 1), (-0.01, 4), (0, 16)])
def test_the_exponent_and_not_the_target_decides(data, target, exponent, best):
    scorer = make_cost_aware_scorer(target=target, exponent=exponent)
    search = GridSearchCV(Rated(), {"n_units": [1, 4, 16]}, scoring=scorer, cv=2)
    assert search.fit(*data).best_params_ == {"n_units": best}


def test_by_name_a_doubled_cost_takes_0_7_percent(data):
    search = GridSearchCV(
        Rated(), {"n_units": [1, 4, 16]}, scoring=get_scorer("cost_aware"), cv=2
    )
    scores = search.fit(*data).cv_results_["mean_test_score"]
    assert scores[1] / scores[0] == pytest.approx(0.630 / 0.600 * 4**-0.01)
    assert search.best_params_ == {"n_units": 4}


def test_the_head_of_a_pipeline_is_counted(head, data):
    pipe = make_pipeline(FunctionTransformer(), head)
    scorer = make_cost_aware_scorer(target=MULTIPLY_ADDS)
    assert scorer(pipe, *data) == head.score(*data)


def test_time_is_that_of_a_photo_in_the_head():
    X, y = np.zeros((20, 2)), np.zeros(20)
    features = FunctionTransformer(lambda X: time.sleep(0.2) or X)
    pipe = make_pipeline(features, Slow(1e-3)).fit(X, y)
    scorer = make_cost_aware_scorer(lambda *_: 1.0, target=1, cost="time", exponent=-1)
    assert 1e-3 <= 1 / scorer(pipe, X, y) < 2e-3


def test_a_slower_candidate_scores_less():
    X, y = np.zeros((8, 2)), np.zeros(8)
    scorer = make_cost_aware_scorer(lambda *_: 1.0, target=1, cost="time")
    search = GridSearchCV(Slow(), {"seconds": [3e-3, 0.0]}, scoring=scorer, cv=2)
    assert search.fit(X, y).best_params_ == {"seconds": 0.0}


def test_only_a_part_of_many_photos_is_timed():
    slow = Slow().fit(None, None)
    scorer = make_cost_aware_scorer(lambda *_: 1.0, target=1, cost="time")
    scorer(slow, np.zeros((5000, 1)), None)
    assert slow.n_predicted_ == 6 * 256


def test_features_in_the_store_are_read_before_the_clock_runs(tmp_path):
    store = FeatureStore(tmp_path / "store").specification({"n_features": 2})
    digests = np.arange(48, dtype=np.uint8).reshape(3, 16)
    store.write(digests, np.ones((3, 2), np.float16))
    seen = []

    class Noting(Slow):
        def predict(self, X):
            seen.append(type(X))
            return super().predict(X)

    scorer = make_cost_aware_scorer(lambda *_: 1.0, target=1, cost="time")
    scorer(Noting().fit(None, None), FeatureArray(store, digests), None)
    assert set(seen) == {np.ndarray}


def test_both_heads_of_a_second_look_cost(head, data):
    looks = Looks(head, head)
    scorer = make_cost_aware_scorer(target=2 * MULTIPLY_ADDS, exponent=-1)
    assert scorer(looks, *data) == pytest.approx(head.score(*data))


def test_names_of_scikit_learn_are_known(data):
    scorer = make_cost_aware_scorer("r2", target=1, cost="time", exponent=0)
    ridge = Ridge().fit(*data)
    assert scorer(ridge, *data) == pytest.approx(ridge.score(*data))


def test_scorer_pickles(head, data):
    scorer = make_cost_aware_scorer("attribute_accuracy", target=100)
    assert pickle.loads(pickle.dumps(scorer))(head, *data) == scorer(head, *data)


def test_what_has_no_layers_to_count_is_refused(data):
    pipe = make_pipeline(StandardScaler(), Ridge()).fit(*data)
    with pytest.raises(ParameterError, match=r"Ridge\(\) cannot be counted: use cost="):
        make_cost_aware_scorer(target=1)(pipe, *data)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"target": 0}, "target must be a number above 0, got 0"),
        ({"target": np.inf}, "target must be a number above 0, got inf"),
        ({"target": 1, "scoring": 3}, "scoring must be a name, a scorer or None"),
        ({"target": 1, "exponent": -np.inf}, "exponent must be a number up to 0"),
        ({"target": 1, "cost": "watts"}, "cost must be in"),
        ({"target": 1, "exponent": 0.1}, "exponent must be a number up to 0"),
    ],
)
def test_a_bad_parameter_is_refused(parameters, message):
    with pytest.raises(ParameterError, match=message):
        make_cost_aware_scorer(**parameters)


def test_scorer_is_shown_as_it_is_made():
    scorer = make_cost_aware_scorer("iou", target=8, cost="time", exponent=-1)
    expected = f"make_cost_aware_scorer({get_scorer('iou')}, target=8, cost='time', "
    assert repr(scorer) == f"{expected}exponent=-1)"
