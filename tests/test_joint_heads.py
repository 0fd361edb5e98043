"""Dynamic weights, adaptive thresholds, branches, and landmarks beside attributes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import skface
from skface import DenseHeadClassifier
from skface.exceptions import InputError, ParameterError
from skface.heads._adaptation import Adaptation
from skface.heads._branches import branch_of_each
from skface.heads._labels import packed
from skface.heads._training import Samples
from skface.metrics import nme_score
from skface.targets import BBOX, LANDMARK_NAMES, LANDMARKS, Attributes

NAMES = ("Bald", "Smiling", "Young")
TARGET = (LANDMARKS, Attributes(NAMES))
POINTS, LABELS = slice(0, 10), slice(10, 13)


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(0).normal(size=(300, 12)).astype(np.float32)


@pytest.fixture(scope="module")
def attributes(features):
    return (features[:, :3] > [1, 0, -0.5]).astype(int)


@pytest.fixture(scope="module")
def y(features, attributes):
    """Points whose ten coordinates follow the features, beside attributes."""
    means = [0.3, 0.4, 0.7, 0.4, 0.5, 0.6, 0.4, 0.8, 0.6, 0.8]
    points = means + 0.02 * features[:, 2:].clip(-2, 2)
    return np.hstack([points, attributes])


@pytest.fixture(scope="module")
def head(features, y):
    """A head with all that this file is about."""
    head = DenseHeadClassifier(
        n_layers=2,
        n_units=16,
        learning_rate=0.02,
        epochs=30,
        patience=30,
        attribute_weight="dynamic",
        branches=[["Bald", "Young"], list(range(10))],
        target=TARGET,
        threshold="adaptive",
        random_state=0,
    )
    return head.fit(features, y)


# Dynamic weights and adaptive thresholds


def validation_of(labels, weight=None):
    y = packed(np.array(labels, np.float32), np.ones((len(labels[0]), 2)))
    return Samples(np.zeros((len(y), 1)), y, weight)


def test_weights_are_those_of_the_formula():
    adaptation = Adaptation("binary_crossentropy", 2, weighs=True)
    validation = validation_of([[1, 0], [1, 0]])
    epochs = np.array([[0.5, 0.4], [0.6, 0.2]])
    adaptation.observe(np.tile(epochs[0], (2, 1)).astype(np.float32), validation)
    assert adaptation.factors.tolist() == [1, 1, 1, 1, 1, 1]
    adaptation.observe(np.tile(epochs[1], (2, 1)).astype(np.float32), validation)
    before, last = -np.log([[0.5, 0.6], [0.6, 0.8]])
    trend = np.abs(last - before) / last
    weights = trend / trend.mean() * last / last.mean()
    expected = [1, 1, *weights / weights.mean(), 1, 1]
    np.testing.assert_allclose(adaptation.factors, expected, rtol=1e-5)


def test_thresholds_move_by_false_positives_less_false_negatives():
    adaptation = Adaptation("binary_crossentropy", 2, weighs=False)
    validation = validation_of([[0, 1], [0, 1], [1, 1], [1, np.nan]])
    p = np.array([[0.9, 0.1], [0.9, 0.9], [0.1, 0.1], [0.9, 0.9]], np.float32)
    adaptation.observe(p, validation)
    # By 2 - 1 of 4 labels; by 0 - 2 of the 3 that are known, but not below 0
    np.testing.assert_allclose(adaptation.state[0], [0.5 + 1 / 4, 0])


def test_a_row_of_weight_two_counts_twice():
    weighted, repeated = (
        Adaptation("binary_crossentropy", 1, weighs=True) for _ in range(2)
    )
    p = np.array([[0.9], [0.8], [0.3], [0.3]], np.float32)
    repeated.observe(p, validation_of([[0], [1], [0], [0]]))
    weight = np.array([0.75, 0.75, 1.5], np.float32)
    weighted.observe(p[:3], validation_of([[0], [1], [0]], weight))
    np.testing.assert_allclose(weighted.state, repeated.state, rtol=1e-6)


def test_coordinates_keep_their_weight():
    weights = np.array([[1, 1], [0, 0], [1, 1]]), np.array([0, 9, 0])
    y = packed(np.array([[1, 0.5, 0]], np.float32), *weights)
    adaptation = Adaptation("binary_crossentropy", 3, weighs=True)
    for p in ([0.5, 0.1, 0.5], [0.6, 0.2, 0.1]):
        adaptation.observe(np.array([p], np.float32), Samples(np.zeros((1, 1)), y))
    assert adaptation.state[0][1] == 0.5
    assert adaptation.factors[4] == 1
    assert adaptation.factors[3] + adaptation.factors[5] == pytest.approx(2)


def small(**params):
    return DenseHeadClassifier(
        n_layers=0, learning_rate=0.02, epochs=6, random_state=0, **params
    )


def test_dynamic_weights_change_what_is_learnt(features, attributes):
    heads = [
        small(attribute_weight=each).fit(features, attributes)
        for each in (None, "dynamic", "dynamic")
    ]
    plain, one, same = (head.outputs(features) for head in heads)
    assert np.array_equal(one, same)
    assert np.abs(one - plain).max() > 1e-3


def test_adaptive_thresholds_even_out_false_answers(features, attributes):
    plain = small(class_weight="balanced")
    adaptive = clone(plain).set_params(threshold="adaptive")
    excess = []
    for head in (plain, adaptive):
        head.fit(features, attributes, X_val=features, y_val=attributes)
        excess.append(np.abs((head.predict(features) - attributes).mean(axis=0)).max())
    assert np.array_equal(plain.outputs(features), adaptive.outputs(features))
    assert excess[1] < excess[0] / 2


def test_calibration_moves_adaptive_thresholds_along(features, attributes):
    raw = small(threshold="adaptive").fit(features, attributes)
    moved = clone(raw).set_params(calibration="sigmoid").fit(features, attributes)
    assert np.abs(moved.thresholds_ - raw.thresholds_).max() > 0.01
    assert (moved.predict(features) == raw.predict(features)).mean() > 0.99


# Branches


def test_kernels_are_zero_between_branches(head):
    kernels = head.model_.get_weights()[::2]
    assert [each.shape for each in kernels] == [(12, 48), (48, 48), (48, 13)]
    within = np.kron(np.eye(3), np.ones((16, 16))) != 0
    assert np.array_equal(kernels[1] != 0, within)
    of_outputs = [*[1] * 10, 0, 2, 0]
    assert np.array_equal(kernels[2] != 0, within[:, ::16][:, of_outputs])


def test_columns_in_no_branch_share_the_last():
    assert branch_of_each([["c"], [0]], ["a", "b", "c", "d"]) == (1, 2, 0, 2)
    assert branch_of_each([["b"], ["a"]], ["a", "b"]) == (1, 0)
    assert branch_of_each(None, ["a"]) == ()


@pytest.mark.parametrize(
    ("branches", "text"),
    [
        ([["Young"], ["Old"]], "lists 'Old', which is no column of y: those are Bald"),
        ([[3]], "lists 3, which is no column"),
        ([["Young"], [2]], "lists the column 2 twice"),
        ([[]], r"lists of columns of y, got \[\] among them"),
        (["Young"], "lists of columns of y, got 'Young' among them"),
    ],
)
def test_branches_of_other_columns_are_refused(features, attributes, branches, text):
    y = pd.DataFrame(attributes, columns=NAMES)
    with pytest.raises(ParameterError, match=text):
        DenseHeadClassifier(branches=branches).fit(features, y)


def test_branches_without_hidden_layers_are_refused(features, attributes):
    with pytest.raises(ParameterError, match="n_layers=0 has none: raise n_layers"):
        small(branches=[[0]]).fit(features, attributes)


# Landmarks beside attributes


def test_both_targets_are_learnt(head, features, y):
    predicted = head.predict(features)
    assert set(np.unique(predicted[:, LABELS])) == {0, 1}
    assert (predicted[:, LABELS] == y[:, LABELS]).mean() > 0.9
    error = nme_score(y[:, POINTS], predicted[:, POINTS])
    means = np.tile(y[:, POINTS].mean(axis=0), (len(y), 1))
    assert error < 0.8 * nme_score(y[:, POINTS], means)


def test_points_begin_with_the_mean_answer(features, y):
    slow = {"learning_rate": 1e-9, "epochs": 1, "early_stopping": False}
    head = small(target=TARGET).set_params(**slow).fit(features, y)
    means = y[:, POINTS].mean(axis=0)
    points = head.predict(features)[:, POINTS]
    np.testing.assert_allclose(points, np.tile(means, (300, 1)), atol=1e-4)


def test_probabilities_hold_the_points_as_they_are(head, features):
    p = head.predict_proba(features)
    np.testing.assert_allclose(p[:, POINTS], head.predict(features)[:, POINTS])


def test_score_is_that_of_the_targets(head, features, y):
    accuracy = (head.predict(features)[:, LABELS] == y[:, LABELS]).mean()
    error = nme_score(y[:, POINTS], head.predict(features)[:, POINTS])
    assert head.score(features, y) == pytest.approx((accuracy - error) / 2)


def test_unknown_points_and_labels_are_learnt_around(features, y):
    y = y.copy()
    y[:100, POINTS] = np.nan
    y[200:, LABELS] = np.nan
    head = small(target=TARGET).fit(features, y)
    assert np.isfinite(head.outputs(features)).all()


def test_columns_are_put_in_the_order_of_the_target(features, y):
    names = [f"{name}_{axis}" for name in LANDMARK_NAMES for axis in "xy"]
    named = pd.DataFrame(y, columns=[*names, *NAMES])
    head = small(target=TARGET)
    plain = head.fit(features, y).predict(features)
    other = head.fit(features, named[named.columns[::-1]]).predict(features)
    assert np.array_equal(plain, other)


@pytest.mark.parametrize(
    ("target", "factor", "text"),
    [
        (TARGET, 100, "a sigmoid reaches only 0 to 1"),
        ((LANDMARKS, Attributes(NAMES[:2])), 1, r"\(n_samples, 12\), got the shape"),
        (LANDMARKS, 1, r"of the shape \(n_samples, 10\)"),
    ],
)
def test_a_y_that_is_not_the_targets_is_refused(features, y, target, factor, text):
    with pytest.raises(InputError, match=text):
        small(target=target).fit(features, y * ([factor] * 10 + [1] * 3))


def test_a_target_without_attributes_is_refused(features, y):
    with pytest.raises(ParameterError, match="DenseHeadRegressor learns coordinates"):
        small(target=LANDMARKS).fit(features, y[:, POINTS])


def test_a_loaded_head_is_the_one_that_was_saved(head, features, tmp_path):
    skface.save(head, tmp_path / "head.skface")
    loaded = skface.load(tmp_path / "head.skface")
    assert np.array_equal(loaded.predict(features), head.predict(features))
    assert loaded.get_params() == head.get_params()


def test_coordinates_stay_coordinates_whatever_target_is_set_later():
    X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    y = np.hstack([X[:, :1] > 0, 0.5 + 0.1 * X.clip(-2, 2)])
    target = Attributes(("a",)), BBOX
    head = DenseHeadClassifier(0, epochs=2, target=target, random_state=0).fit(X, y)
    expected = head.predict(X)
    np.testing.assert_array_equal(head.set_params(target=None).predict(X), expected)
