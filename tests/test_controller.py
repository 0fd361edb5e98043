"""The controller of searches: what it draws, and what it learns from."""

import pickle
import sys

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna_integration import OptunaSearchCV
from sklearn.tree import DecisionTreeClassifier

from skface.exceptions import ParameterError
from skface.systems import PolicyGradientSampler

optuna.logging.set_verbosity(optuna.logging.ERROR)
pytestmark = pytest.mark.filterwarnings(
    "ignore::optuna.exceptions.ExperimentalWarning",
    "ignore:`optuna.terminator`:FutureWarning",
)


def distance(trial):
    n = trial.suggest_int("n", 2, 20, step=2)
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    trial.suggest_float("rate", 0, 1)
    return abs(n - 8) / 2 + (kind != "b")


def studied(n_trials, direction="minimize", objective=distance, **parameters):
    sampler = PolicyGradientSampler(**{"seed": 0, **parameters})
    study = optuna.create_study(direction=direction, sampler=sampler)
    study.optimize(objective, n_trials)
    return study


@pytest.fixture(scope="module")
def study():
    return studied(80)


def values_of(study):
    return np.array([trial.value for trial in study.trials])


def test_later_trials_are_better_than_those_drawn_at_random(study):
    chance = np.mean([abs(n - 8) / 2 for n in range(2, 21, 2)]) + 2 / 3
    assert values_of(study)[-20:].mean() < chance / 2


def test_maximizing_the_negative_draws_the_same(study):
    other = studied(80, "maximize", lambda trial: -distance(trial))
    np.testing.assert_array_equal(values_of(other), -values_of(study))


def test_the_scale_of_the_rewards_is_of_no_matter(study):
    other = studied(80, objective=lambda trial: 1024 * distance(trial))
    np.testing.assert_array_equal(values_of(other), 1024 * values_of(study))


def test_another_seed_draws_others(study):
    assert not np.array_equal(values_of(studied(80, seed=1)), values_of(study))


def test_one_step_is_that_of_reinforce():
    distribution = CategoricalDistribution(["a", "b"])
    study = optuna.create_study(direction="maximize")
    for kind, reward in (("a", 1.0), ("b", 3.0)):
        study.add_trial(
            optuna.create_trial(
                params={"kind": kind},
                distributions={"kind": distribution},
                value=reward,
            )
        )
    study.sampler = PolicyGradientSampler(learning_rate=0.5, seed=0)
    draws = []
    for _ in range(400):
        trial = study.ask()
        draws.append(trial.suggest_categorical("kind", ["a", "b"]))
    # The first reward is the baseline, the second is 2 above it: its spread is
    # sqrt(0.1 * 2 ** 2), and half of each logit's step is its own.
    step = 0.5 * 2 / np.sqrt(0.1 * 4) / 2
    expected = 1 / (1 + np.exp(-2 * step))
    assert abs(np.mean(np.array(draws) == "b") - expected) < 0.05


def test_failed_trials_and_infinite_rewards_teach_nothing():
    def objective(trial):
        trial.suggest_int("n", 0, 1)
        if trial.number % 2:
            raise ValueError
        return float("inf")

    study = optuna.create_study(sampler=PolicyGradientSampler(seed=0))
    study.optimize(objective, 60, catch=ValueError)
    assert 20 < sum(trial.params["n"] for trial in study.trials) < 40


def test_a_decision_of_one_choice_and_too_many_are_drawn():
    def objective(trial):
        return trial.suggest_int("one", 3, 3) + trial.suggest_int("many", 1, 10**9)

    assert {
        trial.params["one"] for trial in studied(3, objective=objective).trials
    } == {3}


def test_a_new_sampler_goes_on_with_what_the_study_knows(study):
    goes_on = optuna.create_study(sampler=PolicyGradientSampler(seed=5))
    goes_on.add_trials(study.trials)
    goes_on.optimize(distance, 20)
    assert values_of(goes_on)[80:].mean() < 1


def test_it_pickles_with_its_random_numbers():
    sampler = PolicyGradientSampler(seed=0)
    other = pickle.loads(pickle.dumps(sampler))
    studies = [optuna.create_study(sampler=each) for each in (sampler, other)]
    for each in studies:
        each.optimize(distance, 5)
    np.testing.assert_array_equal(*map(values_of, studies))


def test_workers_of_their_own_draw_others():
    sampler = PolicyGradientSampler(seed=0)
    sampler.reseed_rng()
    other = optuna.create_study(sampler=sampler)
    other.optimize(distance, 20)
    assert not np.array_equal(values_of(other), values_of(studied(20)))


def test_it_serves_optunas_search():
    X = np.random.default_rng(0).normal(size=(60, 2))
    search = OptunaSearchCV(
        DecisionTreeClassifier(random_state=0),
        {
            "max_depth": IntDistribution(1, 3),
            "criterion": CategoricalDistribution(["gini", "entropy"]),
        },
        n_trials=5,
        cv=2,
        study=optuna.create_study(
            direction="maximize", sampler=PolicyGradientSampler(seed=0)
        ),
    )
    search.fit(X, X[:, 0] > 0)
    assert search.best_score_ > 0.9


def test_several_objectives_are_refused():
    study = optuna.create_study(
        directions=["maximize", "minimize"], sampler=PolicyGradientSampler()
    )
    with pytest.raises(ParameterError, match=r"follows one reward.*instead of 2"):
        study.optimize(lambda trial: (1, 2), 1)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("learning_rate", 0), ("learning_rate", "fast"), ("seed", -1), ("seed", 0.5)],
)
def test_bad_parameters_are_named(parameter, value):
    with pytest.raises(ParameterError, match=f"{parameter} must be"):
        PolicyGradientSampler(**{parameter: value})


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna.distributions", None)
    monkeypatch.delitem(sys.modules, "skface.systems._controller")
    with pytest.raises(ImportError, match=r'pip install "skface\[optuna\]"'):
        import skface.systems._controller  # noqa: F401
