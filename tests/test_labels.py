"""Missing and unequal labels, losses, thresholds and calibration, piece by piece."""

import math

import keras
import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.utils.class_weight import compute_class_weight

from skface.exceptions import ParameterError
from skface.heads._decisions import best_threshold, calibrated, platt_scaling
from skface.heads._labels import packed, weights_of_classes
from skface.heads._losses import LOSSES, BinaryAccuracy
from skface.heads._training import Settings

ONES = np.ones((3, 2))


@pytest.fixture
def labels():
    """40 rows of 3 attributes, a third of the labels missing, no row without any."""
    rng = np.random.default_rng(0)
    labels = (rng.uniform(size=(40, 3)) < [0.2, 0.5, 0.8]).astype(np.float32)
    labels[rng.uniform(size=labels.shape) < 1 / 3] = np.nan
    labels[np.isnan(labels).all(axis=1), 1] = 1
    return labels


@pytest.fixture
def probabilities():
    rng = np.random.default_rng(1)
    return rng.uniform(0.01, 0.99, (40, 3)).astype(np.float32)


def loss_of(name, y_true, y_pred):
    losses = LOSSES[name](keras.ops.array(y_true), keras.ops.array(y_pred))
    return keras.ops.convert_to_numpy(losses)


def cross_entropies(labels, probabilities):
    p = probabilities.astype(float)
    return np.where(labels == 1, -np.log(p), -np.log(1 - p))


# What labels weigh


def test_balanced_weights_by_hand():
    # 1 of 4 labels present, 2 of 3, and only absence
    nan = math.nan
    labels = np.array([[0, 1, 0], [0, 1, 0], [1, 0, nan], [0, nan, 0]])
    weights = weights_of_classes("balanced", labels, None)
    expected = [[4 / (2 * 3), 4 / (2 * 1)], [3 / (2 * 1), 3 / (2 * 2)], [1, 1]]
    np.testing.assert_allclose(weights, expected)


def test_balanced_weights_agree_with_scikit_learn(labels):
    weights = weights_of_classes("balanced", labels, None)
    for column, pair in zip(labels.T, weights, strict=True):
        known = column[~np.isnan(column)]
        expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=known)
        np.testing.assert_allclose(pair, expected)


def test_balanced_weights_count_a_weighted_row_as_often(labels):
    times = np.arange(40) % 3
    weighted = weights_of_classes("balanced", labels, None, times.astype(float))
    repeated = weights_of_classes("balanced", np.repeat(labels, times, axis=0), None)
    np.testing.assert_allclose(weighted, repeated)


@pytest.mark.parametrize(
    "class_weight",
    [{2: {0: 3, 1: 0.5}, 0: {1: 4}}, [{1: 4}, {}, {0: 3, 1: 0.5}]],
    ids=["by column", "list"],
)
def test_weights_of_columns(labels, class_weight):
    weights = weights_of_classes(class_weight, labels, None)
    assert weights.tolist() == [[1, 4], [1, 1], [3, 0.5]]


def test_weights_of_the_labels_of_one_dimension():
    classes = np.array(["serious", "smiling"])
    weights = weights_of_classes({"smiling": 5}, np.ones((2, 1)), classes)
    assert weights.tolist() == [[1, 5]]


@pytest.mark.parametrize(
    ("class_weight", "text"),
    [
        ({0: 1, 1: 2}, r"\{column: \{0: weight, 1: weight\}\}"),
        ({3: {1: 2}}, "for 3 attributes"),
        ([{1: 2}], "lists 1 dicts for 3 columns"),
        ({0: {-1: 2}}, "label -1 the weight 2"),
        ({0: {1: 0}}, "label 1 the weight 0"),
        ({0: {1: "2"}}, "label 1 the weight '2'"),
        ({0: {1: math.inf}}, "weights positive"),
    ],
)
def test_class_weights_that_fit_no_attributes_are_refused(labels, class_weight, text):
    with pytest.raises(ParameterError, match=text):
        weights_of_classes(class_weight, labels, None)


def test_class_weights_of_other_labels_are_refused():
    with pytest.raises(ParameterError, match=r"label 1 .* labels are \['a', 'b'\]"):
        weights_of_classes({1: 2}, np.ones((2, 1)), ["a", "b"])


# Losses


def test_loss_is_the_mean_over_the_labels_that_there_are(labels, probabilities):
    losses = loss_of("binary_crossentropy", packed(labels, ONES), probabilities)
    known = ~np.isnan(labels)
    expected = cross_entropies(labels, probabilities)[known].mean()
    assert losses.mean() == pytest.approx(expected, rel=1e-5)


def test_rows_without_labels_do_not_change_the_others(labels, probabilities):
    more = np.vstack([labels, np.full((7, 3), np.nan, np.float32)])
    np.testing.assert_array_equal(packed(more, ONES)[:40], packed(labels, ONES))
    assert not packed(more, ONES)[40:].any()


def test_batch_without_a_label_has_a_loss_of_zero(labels, probabilities):
    targets = packed(np.vstack([labels, np.full((2, 3), np.nan)]), ONES)[40:]
    losses = loss_of("binary_crossentropy", targets, probabilities[:2])
    assert losses.tolist() == [0, 0]


def test_class_weights_multiply_the_losses(probabilities):
    labels = np.random.default_rng(2).integers(0, 2, (40, 3)).astype(np.float32)
    weights = np.array([[1, 3], [0.5, 2], [1, 1]])
    losses = loss_of("binary_crossentropy", packed(labels, weights), probabilities)
    factors = np.where(labels == 1, weights[:, 1], weights[:, 0])
    expected = (factors * cross_entropies(labels, probabilities)).mean(axis=1)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["binary_crossentropy", "binary_focal_crossentropy"])
def test_losses_of_full_labels_are_those_of_keras(name, probabilities):
    labels = np.random.default_rng(2).integers(0, 2, (40, 3)).astype(np.float32)
    expected = keras.ops.convert_to_numpy(
        getattr(keras.losses, name)(labels, probabilities)
    )
    ours = loss_of(name, packed(labels, ONES), probabilities)
    assert np.array_equal(ours, expected)


def test_binary_accuracy_counts_the_labels_that_there_are(labels, probabilities):
    metric = BinaryAccuracy()
    for rows in (slice(0, 30), slice(30, 40)):
        targets = packed(labels, ONES * [1, 4])[rows]
        metric.update_state(
            keras.ops.array(targets), keras.ops.array(probabilities[rows])
        )
    known = ~np.isnan(labels)
    right = (probabilities > 0.5) == (labels == 1)
    assert float(metric.result()) == pytest.approx(right[known].mean())


def test_wing_loss_is_its_formula():
    w, epsilon = 10 / 64, 2 / 64
    errors = np.array([[0, 0.01, -0.1], [w - 1e-4, w + 1e-4, -0.6]], np.float32)
    expected = [
        [
            w * math.log(1 + abs(x) / epsilon)
            if abs(x) < w
            else abs(x) - (w - w * math.log(1 + w / epsilon))
            for x in row
        ]
        for row in errors.tolist()
    ]
    losses = loss_of("wing", np.full((2, 3), 0.3, np.float32), 0.3 + errors)
    np.testing.assert_allclose(losses, np.mean(expected, axis=1), rtol=1e-5)


def test_huber_loss_is_its_formula():
    errors = np.array([[0, 0.01, -0.019, 0.021, -0.5]], np.float32)
    expected = [
        x**2 / 2 if abs(x) <= 0.02 else 0.02 * abs(x) - 0.02**2 / 2
        for x in errors[0].tolist()
    ]
    losses = loss_of("huber", np.full((1, 5), 0.5, np.float32), 0.5 + errors)
    np.testing.assert_allclose(losses, [np.mean(expected)], rtol=1e-4)


# Learning rate


@pytest.fixture
def settings():
    return Settings("huber", "mean_absolute_error", 0.5, "cosine", 4, 32, None, 0)


def test_cosine_falls_from_the_learning_rate_towards_zero(settings):
    rates = [settings.rate(epoch) for epoch in range(5)]
    half = math.sqrt(0.5)
    expected = [0.5, (1 + half) / 4, 0.25, (1 - half) / 4, 0]
    assert rates == pytest.approx(expected)


def test_without_a_schedule_the_learning_rate_stays(settings):
    settings = settings._replace(learning_rate_schedule=None)
    assert {settings.rate(epoch) for epoch in range(4)} == {0.5}


# Thresholds

CRITERIA = {"balanced_accuracy": balanced_accuracy_score, "f1": f1_score}


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("n_values", [5, 1000], ids=["ties", "no ties"])
@pytest.mark.parametrize("prevalence", [0.05, 0.5, 0.9])
def test_threshold_is_that_of_a_search_through_all(criterion, n_values, prevalence):
    rng = np.random.default_rng(0)
    labels = (rng.uniform(size=200) < prevalence).astype(float)
    scores = rng.normal(1.5 * labels - 2, 1)
    values = np.round(n_values / (1 + np.exp(-scores))) / n_values
    probabilities = (0.001 + 0.998 * values).astype(np.float32)
    found = best_threshold(labels, probabilities, np.ones(200), criterion)

    edges = np.unique([0, *probabilities.astype(float), 1])
    every = [*(edges[1:] + edges[:-1]) / 2, 0.5]
    by_threshold = {t: CRITERIA[criterion](labels, probabilities > t) for t in every}
    top = max(by_threshold.values())
    best = [t for t, score in by_threshold.items() if score > top - 1e-12]
    assert found in best
    assert abs(found - 0.5) == min(abs(t - 0.5) for t in best)


def test_threshold_weighs_its_samples():
    labels = np.array([0, 1, 0, 1, 0, 1])
    probabilities = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
    weight = np.array([1.0, 5, 1, 1, 1, 1])
    # All but one of the present lie above 0.45; the weighty one lies below.
    assert best_threshold(labels, probabilities, np.ones(6), "f1") != 0.15
    assert best_threshold(labels, probabilities, weight, "f1") == pytest.approx(0.15)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_half_stays_the_threshold_where_it_does_as_well(criterion):
    threshold = best_threshold(
        np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9]), np.ones(4), criterion
    )
    assert threshold == 0.5


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1]])
def test_threshold_for_labels_of_one_class_is_half(labels, criterion):
    n = len(labels)
    args = np.array(labels, float), np.linspace(0.1, 0.4, n), np.ones(n)
    assert best_threshold(*args, criterion) == 0.5


# Calibration


@pytest.fixture
def overconfident():
    """Labels, their true probabilities, and a head that doubles the logits."""
    rng = np.random.default_rng(0)
    logits = rng.normal(-1, 1.5, 20_000)
    truth = 1 / (1 + np.exp(-logits))
    labels = (rng.uniform(size=truth.shape) < truth).astype(float)
    return labels, truth, (1 / (1 + np.exp(-2 * logits - 1))).astype(np.float32)


def test_platt_scaling_undoes_what_was_done_to_the_logits(overconfident):
    labels, truth, probabilities = overconfident
    slope, intercept = platt_scaling(labels, probabilities, np.ones(len(labels)))
    assert slope == pytest.approx(0.5, abs=0.02)
    assert intercept == pytest.approx(-0.5, abs=0.04)
    again = calibrated(probabilities[:, None], np.array([[slope, intercept]]))
    assert again.dtype == np.float32
    assert np.abs(again[:, 0] - truth).max() < 0.02


def test_platt_scaling_is_the_optimum_on_smoothed_targets():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 30).astype(float)
    probabilities = rng.uniform(0.05, 0.95, 30)
    weight = rng.uniform(0.5, 2, 30)
    slope, intercept = platt_scaling(labels, probabilities, weight)
    present, absent = weight @ labels, weight @ (1 - labels)
    targets = np.where(labels, (present + 1) / (present + 2), 1 / (absent + 2))
    logits = np.log(probabilities / (1 - probabilities))
    errors = weight * (1 / (1 + np.exp(-slope * logits - intercept)) - targets)
    assert errors.sum() == pytest.approx(0, abs=1e-6)
    assert errors @ logits == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("labels", "probabilities"),
    [([], []), ([0, 0], [0.1, 0.2]), ([1, 1], [0.1, 0.2]), ([0, 1], [0.3, 0.3])],
)
def test_platt_scaling_of_too_little_changes_nothing(labels, probabilities):
    weight = np.ones(len(labels))
    scaling = platt_scaling(np.array(labels), np.array(probabilities), weight)
    assert scaling == (1, 0)


def test_saturated_probabilities_stay_probabilities():
    saturated = np.array([[0], [1e-38], [1 - 2**-24], [1]], np.float32)
    scaled = calibrated(saturated, np.array([[20.0, 1.0]]))
    assert scaled.min() >= 0
    assert scaled.max() <= 1
    np.testing.assert_allclose(
        calibrated(saturated, np.array([[1.0, 0.0]])), saturated, atol=1e-7
    )
