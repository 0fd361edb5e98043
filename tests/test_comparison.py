"""Models of attributes on the same photos, and how sure their differences are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

from skface.exceptions import InputError, ParameterError
from skface.metrics import attribute_report
from skface.metrics._attributes import average_precisions, shares
from skface.systems import ATTRIBUTE_PARTS, compare_attributes
from skface.systems._parts import parts_of
from skface.targets import ATTRIBUTE_NAMES

NAMES = ["Smiling", "Bald", "Young"]
N = 200


@pytest.fixture(scope="module")
def y():
    y = np.random.default_rng(0).integers(0, 2, (N, 3)).astype(float)
    y[:20, 1] = np.nan
    return y


@pytest.fixture(scope="module")
def models(y):
    """One that is right nine times of ten, and one that is right six times of ten."""
    rng = np.random.default_rng(1)
    truth = np.nan_to_num(y)
    found = {}
    for name, share in (("good", 0.9), ("bad", 0.6)):
        y_pred = np.where(rng.uniform(size=y.shape) < share, truth, 1 - truth)
        y_score = (y_pred + rng.uniform(size=y.shape)) / 2
        found[name] = y_pred, y_score
    return found


@pytest.fixture(scope="module")
def table(models, y):
    groups = {"Old": np.arange(N) % 2}
    return compare_attributes(models, y, names=NAMES, groups=groups, n_resamples=200)


def of(table, **wanted):
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


@pytest.mark.parametrize(
    "figure", ["accuracy", "balanced_accuracy", "average_precision"]
)
def test_values_are_those_of_the_report(table, models, y, figure):
    report = attribute_report(y, models["bad"][0], y_score=models["bad"][1])[figure]
    found = of(table, scope="attribute", figure=figure, model="bad")
    assert found["name"].tolist() == NAMES
    np.testing.assert_allclose(found["value"], report)
    whole = of(table, scope="all", figure=figure, model="bad")["value"].item()
    assert whole == pytest.approx(report.mean())


def test_groups_are_those_of_the_report(table, models, y):
    report = (
        attribute_report(y, models["bad"][0], groups={"Old": np.arange(N) % 2})[
            "accuracy"
        ]
        .groupby("group")
        .mean()
    )
    found = of(table, scope="group", figure="accuracy", model="bad")
    assert found["name"].tolist() == ["Old=0", "Old=1"]
    np.testing.assert_allclose(found["value"], report)


def test_parts_are_means_over_their_attributes(table):
    by_name = of(table, figure="accuracy", model="good").set_index("name")["value"]
    assert by_name["mouth"] == by_name["Smiling"]
    assert by_name["whole face"] == by_name["Young"]
    assert "nose" not in by_name


def test_the_commoner_answer_stands_beside_the_models(table, y):
    majority = np.fmax(np.nanmean(y, axis=0), 1 - np.nanmean(y, axis=0)).mean()
    found = of(table, scope="all", model="majority").set_index("figure")["value"]
    assert found["accuracy"] == pytest.approx(majority)
    assert found["balanced_accuracy"] == 0.5


def test_the_commoner_answer_is_that_of_the_training(models, y):
    rare = np.zeros((5, 3))
    table = compare_attributes(models, y, names=NAMES, y_train=rare, n_resamples=0)
    found = of(table, scope="all", figure="accuracy", model="majority")["value"].item()
    assert found == pytest.approx(1 - np.nanmean(y, axis=0).mean())


def test_differences_are_those_to_the_first_model(table):
    good, bad = (
        of(table, scope="all", figure="accuracy", model=name).iloc[0]
        for name in ("good", "bad")
    )
    assert (good["difference"], good["low"], good["high"]) == (0, 0, 0)
    assert bad["difference"] == pytest.approx(bad["value"] - good["value"])
    assert bad["low"] < bad["difference"] < bad["high"] < 0


@pytest.mark.parametrize("random_state", [0, None, np.random.RandomState(0)])
def test_the_bootstrap_is_paired(y, random_state):
    """Both are wrong on the same photos but for one: the interval is narrow."""
    truth = np.nan_to_num(y)
    one = np.where(np.arange(N)[:, None] < 80, 1 - truth, truth)
    other = np.where(np.arange(N)[:, None] < 79, 1 - truth, truth)
    models = {"one": (one, None), "other": (other, None)}
    table = compare_attributes(models, y, random_state=random_state)
    row = of(table, scope="all", figure="accuracy", model="other").iloc[0]
    assert 0 <= row["low"] < row["high"] < 0.03


def test_a_generator_moves_on_from_call_to_call(y):
    truth, generator = np.nan_to_num(y), np.random.RandomState(0)
    models = {"right": (truth, None), "wrong": (1 - truth[::-1], None)}
    first, second = (
        compare_attributes(models, y, n_resamples=20, random_state=generator)
        for _ in range(2)
    )
    assert not first["low"].equals(second["low"])


def test_the_interval_is_as_wide_as_the_standard_error_says(y):
    truth = np.nan_to_num(y)[:, [0]]
    rng = np.random.default_rng(2)
    wrong = np.where(rng.uniform(size=truth.shape) < 0.3, 1 - truth, truth)
    models = {"right": (truth, None), "wrong": (wrong, None)}
    table = compare_attributes(models, truth, n_resamples=2000)
    row = of(table, scope="all", figure="accuracy", model="wrong").iloc[0]
    share = -row["difference"]
    expected = 2 * 1.96 * np.sqrt(share * (1 - share) / N)
    assert row["high"] - row["low"] == pytest.approx(expected, rel=0.1)


def test_resamples_come_from_the_seed(models, y, table):
    groups = {"Old": np.arange(N) % 2}
    again = compare_attributes(models, y, names=NAMES, groups=groups, n_resamples=200)
    pd.testing.assert_frame_equal(again, table)
    other = compare_attributes(models, y, n_resamples=200, random_state=1)
    low = of(other, scope="all", figure="accuracy", model="bad")["low"].item()
    assert low != of(table, scope="all", figure="accuracy", model="bad")["low"].item()


def test_without_probabilities_there_is_no_average_precision(y, models):
    table = compare_attributes({"one": (models["good"][0], None)}, y, n_resamples=0)
    assert of(table, figure="average_precision", model="one")["value"].isna().all()
    assert table["low"].isna().all()


def test_estimators_are_asked(y):
    X = np.nan_to_num(y)
    tree = DecisionTreeClassifier(max_depth=8).fit(X, X)
    table = compare_attributes({"tree": tree}, X, X, names=NAMES, n_resamples=0)
    values = of(table, scope="all", model="tree")["value"]
    assert values.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("models", "error", "match"),
    [
        ({}, ParameterError, "models must be a dict"),
        ({"majority": (1, 2)}, ParameterError, "other than 'majority'"),
        ({"one": np.zeros((N, 3))}, ParameterError, "the model 'one' must be a fitted"),
        ({"one": (np.zeros((N, 2)), None)}, InputError, r"\(200, 2\), got \(200, 3\)"),
        ({"one": (np.full((N, 3), 0.4), None)}, InputError, r"attributes in \{0, 1\}"),
        (
            {"one": DecisionTreeClassifier()},
            InputError,
            "'one' is an estimator: give X",
        ),
    ],
)
def test_models_that_are_none_are_refused(y, models, error, match):
    with pytest.raises(error, match=match):
        compare_attributes(models, y)


def test_each_attribute_of_celeba_is_of_one_part():
    listed = [name for names in ATTRIBUTE_PARTS.values() for name in names]
    assert len(listed) == len(set(listed)) == 25
    assert set(listed) < set(ATTRIBUTE_NAMES)
    assert parts_of(["Bald", "Male"]) == ["hair", "whole face"]


def test_average_precision_is_scikit_learns_in_every_weighting():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, (60, 2))
    score = rng.integers(0, 8, (60, 2)) / 8  # many alike
    labelled = rng.uniform(size=truth.shape) < 0.8
    weights = rng.integers(0, 3, (5, 60)).astype(float)
    found = average_precisions(truth, score, labelled, weights)
    for row, weight in zip(found, weights, strict=True):
        for i, there in enumerate(labelled.T):
            expected = average_precision_score(
                truth[there, i], score[there, i], sample_weight=weight[there]
            )
            assert row[i] == pytest.approx(expected)


def test_shares_of_many_weightings_are_those_of_each(models, y):
    weights = np.random.default_rng(4).integers(0, 3, (4, N)).astype(float)
    labelled, truth = ~np.isnan(y), np.nan_to_num(y)
    found = shares(truth, models["bad"][0], labelled, weights)
    for i, weight in enumerate(weights):
        report = attribute_report(y, models["bad"][0], sample_weight=weight)
        np.testing.assert_allclose(found["f1"][i], report["f1"])
