"""Scores against hand-computed values and brute force."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    precision_recall_fscore_support,
)
from sklearn.model_selection import GridSearchCV, cross_validate

from skface import DenseHeadRegressor
from skface.exceptions import InputError, ParameterError
from skface.metrics import (
    attribute_accuracy,
    attribute_balanced_accuracy,
    attribute_report,
    failure_rate,
    get_scorer,
    get_scorer_names,
    iou_score,
    nme_score,
)
from skface.targets import BBOX, LANDMARKS, Joint, Landmarks

EYES = [0, 0, 10, 0]  # 10 apart


@pytest.fixture
def labels():
    """Truth and answer of 40 rows, 5 attributes; the last one never present."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (40, 5))
    truth[:, 4] = 0
    return truth, rng.integers(0, 2, (40, 5))


@pytest.fixture
def weight():
    return np.random.default_rng(1).uniform(0.5, 2, 40)


def _pixels_of(box):
    x, y, width, height = box
    return {(i, j) for i in range(x, x + width) for j in range(y, y + height)}


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0, 0, 4, 2], 1),
        ([2, 0, 4, 2], 4 / 12),
        ([1, 0, 2, 1], 2 / 8),
        ([4, 0, 4, 2], 0),
        ([9, 9, 4, 2], 0),
        ([0, 0, 0, 0], 0),
        ([0, 0, -4, -2], 0),
    ],
    ids=["same", "half", "inside", "touching", "apart", "empty", "negative"],
)
def test_iou_of_two_boxes(box, expected):
    assert iou_score([[0, 0, 4, 2]], [box]) == pytest.approx(expected)


def test_iou_of_two_boxes_without_area_is_zero():
    assert iou_score([[1, 1, 0, 0]], [[1, 1, 0, 0]]) == 0


def test_iou_agrees_with_counting_pixels():
    rng = np.random.default_rng(0)
    truth, answer = rng.integers(1, 9, (2, 50, 4))
    expected = [
        len(_pixels_of(a) & _pixels_of(b)) / len(_pixels_of(a) | _pixels_of(b))
        for a, b in zip(truth, answer, strict=True)
    ]
    scores = iou_score(truth, answer, average=False)
    np.testing.assert_allclose(scores, expected)
    assert np.count_nonzero(scores) > 10


def test_iou_weighs_its_samples():
    truth, answer = [[0, 0, 4, 2]] * 2, [[0, 0, 4, 2], [9, 9, 4, 2]]
    assert iou_score(truth, answer, sample_weight=[3, 1]) == 0.75


def test_nme_is_the_mean_distance_over_the_distance_of_the_eyes():
    # off by 3, 0 and the 3-4-5 triangle: (3 + 0 + 5) / 3 / 10
    score = nme_score([[*EYES, 5, 5]], [[0, 3, 10, 0, 8, 9]])
    assert score == pytest.approx(8 / 30)


def test_nme_agrees_with_a_loop_over_the_points():
    rng = np.random.default_rng(0)
    truth, answer = rng.uniform(0, 100, (2, 20, 10))
    expected = []
    for row, found in zip(truth, answer, strict=True):
        eyes = np.hypot(row[0] - row[2], row[1] - row[3])
        errors = [
            np.hypot(row[i] - found[i], row[i + 1] - found[i + 1])
            for i in range(0, 10, 2)
        ]
        expected.append(sum(errors) / 5 / eyes)
    np.testing.assert_allclose(nme_score(truth, answer, average=False), expected)


def test_nme_of_fractions_with_sizes_equals_that_of_pixels():
    rng = np.random.default_rng(0)
    truth, answer = rng.uniform(0, 100, (2, 20, 10))
    sizes = rng.integers(50, 300, (20, 2))
    scale = np.tile(sizes, 5)
    of_fractions = nme_score(truth / scale, answer / scale, image_sizes=sizes)
    assert of_fractions == pytest.approx(nme_score(truth, answer))


def test_nme_takes_one_size_for_all_photos():
    # in pixels the eyes are 20 apart and the first is 30 off: 30 / 2 / 20
    score = nme_score([[0, 0, 0.1, 0]], [[0, 0.3, 0.1, 0]], image_sizes=(200, 100))
    assert score == pytest.approx(0.75)


def test_nme_weighs_its_samples():
    score = nme_score([EYES] * 2, [EYES, [0, 4, 10, 0]], sample_weight=[3, 1])
    assert score == pytest.approx(0.05)


def test_nme_with_eyes_in_one_place_names_the_row():
    with pytest.raises(InputError, match="eyes of row 1 coincide"):
        nme_score([EYES, [5, 5, 5, 5]], [EYES, EYES])


def test_nme_with_sizes_for_other_photos_is_refused():
    with pytest.raises(InputError, match="image_sizes"):
        nme_score([EYES] * 3, [EYES] * 3, image_sizes=[(1, 1)] * 2)


@pytest.mark.parametrize("row", [[0, 0], [0, 0, 1, 1, 2]], ids=["one point", "odd"])
def test_nme_needs_points_in_pairs(row):
    with pytest.raises(InputError, match="even number of columns, 4 or more"):
        nme_score([row], [row])


def test_failure_rate_counts_errors_above_the_threshold():
    # errors of 0, 0.1, 0.15 and 0.5
    answers = [EYES, [0, 2, 10, 0], [0, 3, 10, 0], [0, 10, 10, 0]]
    assert failure_rate([EYES] * 4, answers) == 0.5
    assert failure_rate([EYES] * 4, answers, threshold=0.2) == 0.25
    assert failure_rate([EYES] * 4, answers, sample_weight=[1, 1, 3, 3]) == 0.75


def test_failure_rate_sees_the_sizes():
    truth, answer = [[0, 0, 0.1, 0]], [[0, 0.03, 0.1, 0]]
    assert failure_rate(truth, answer) == 1
    assert failure_rate(truth, answer, image_sizes=(300, 100)) == 0


def test_attribute_accuracy_is_the_share_of_right_cells(labels):
    truth, answer = labels
    right = sum(a == b for a, b in zip(truth.flat, answer.flat, strict=True))
    assert attribute_accuracy(truth, answer) == pytest.approx(right / 200)


def test_attribute_accuracy_takes_one_attribute():
    assert attribute_accuracy([1, 0, 1, 1], [1, 1, 1, 1]) == 0.75


def test_attribute_accuracy_does_not_take_celebas_minus_1_for_wrong():
    with pytest.raises(InputError, match="y_true holds -1, as CelebA's lists do"):
        attribute_accuracy([[-1, 1], [1, -1]], [[0, 1], [1, 0]])
    assert attribute_accuracy([[-1, 1]], [[-1, 1]]) == 1


def test_attribute_accuracy_weighs_its_samples():
    score = attribute_accuracy([[0, 1], [1, 1]], [[0, 1], [0, 1]], sample_weight=[1, 3])
    assert score == pytest.approx((1 * 1 + 3 * 0.5) / 4)


def test_balanced_accuracy_is_the_mean_of_both_recalls():
    # 2 of 3 absent and 1 of 1 present are found
    score = attribute_balanced_accuracy([[0], [0], [0], [1]], [[0], [1], [0], [1]])
    assert score == pytest.approx((2 / 3 + 1) / 2)


@pytest.mark.parametrize("constant", [0, 1])
def test_balanced_accuracy_leaves_out_what_is_always_or_never_there(constant):
    truth = np.array([[0, constant], [1, constant], [1, constant], [1, constant]])
    answer = np.array([[0, 0], [0, 1], [0, 1], [1, 1]])
    expected = (1 + 1 / 3) / 2
    assert attribute_balanced_accuracy(truth, answer) == pytest.approx(expected)
    assert np.isnan(attribute_balanced_accuracy(truth[:, 1], answer[:, 1]))


def test_balanced_accuracy_agrees_with_scikit_learn(labels, weight):
    truth, answer = (y[:, :4] for y in labels)
    expected = [
        balanced_accuracy_score(truth[:, i], answer[:, i], sample_weight=weight)
        for i in range(4)
    ]
    score = attribute_balanced_accuracy(truth, answer, sample_weight=weight)
    assert score == pytest.approx(np.mean(expected))


def test_report_by_hand():
    report = attribute_report(
        [[0, 1], [0, 1], [0, 0], [1, 1]],
        [[0, 1], [1, 1], [0, 1], [1, 0]],
        names=["Bald", "Young"],
    )
    assert list(report.index) == ["Bald", "Young"]
    assert report.index.name == "attribute"
    np.testing.assert_allclose(report["prevalence"], [0.25, 0.75])
    np.testing.assert_allclose(report["majority"], [0.75, 0.75])
    np.testing.assert_allclose(report["accuracy"], [0.75, 0.5])
    np.testing.assert_allclose(report["precision"], [1 / 2, 2 / 3])
    np.testing.assert_allclose(report["recall"], [1, 2 / 3])
    np.testing.assert_allclose(report["f1"], [2 / 3, 2 / 3])
    np.testing.assert_allclose(report["balanced_accuracy"], [5 / 6, 1 / 3])


def test_report_agrees_with_scikit_learn(labels, weight):
    truth, answer = (y[:, :4] for y in labels)
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, answer, sample_weight=weight
    )
    report = attribute_report(truth, answer, sample_weight=weight)
    np.testing.assert_allclose(report["precision"], precision)
    np.testing.assert_allclose(report["recall"], recall)
    np.testing.assert_allclose(report["f1"], f1)


def test_report_has_the_average_precision_of_scores(labels, weight):
    truth, _ = labels
    score = np.random.default_rng(2).uniform(size=truth.shape)
    report = attribute_report(truth, truth, y_score=score, sample_weight=weight)
    expected = [
        average_precision_score(truth[:, i], score[:, i], sample_weight=weight)
        for i in range(4)
    ]
    np.testing.assert_allclose(report["average_precision"], [*expected, np.nan])


def test_report_leaves_shares_of_nothing_open(labels):
    truth, _ = labels
    report = attribute_report(truth, np.zeros_like(truth))
    assert report["precision"].isna().all()
    assert report["recall"].isna().tolist() == [False] * 4 + [True]
    assert report["balanced_accuracy"].isna().tolist() == [False] * 4 + [True]


@pytest.fixture
def half_labelled(labels):
    """The truth without every third label, the answer, and the scores behind it."""
    truth, answer = labels
    truth = truth.astype(float)
    truth.flat[::3] = np.nan
    return truth, answer, np.random.default_rng(3).uniform(size=truth.shape)


def test_report_counts_the_labels_that_there_are(half_labelled, weight):
    truth, answer, score = half_labelled
    report = attribute_report(truth, answer, y_score=score, sample_weight=weight)
    for column in range(5):
        rows = ~np.isnan(truth[:, column])
        alone = attribute_report(
            truth[rows, column],
            answer[rows, column],
            y_score=score[rows, column],
            sample_weight=weight[rows],
        )
        np.testing.assert_allclose(report.loc[column], alone.loc[0])
    assert report["n_labels"].tolist() == (~np.isnan(truth)).sum(axis=0).tolist()


def test_means_over_attributes_leave_missing_labels_out(half_labelled, weight):
    truth, answer, _ = half_labelled
    report = attribute_report(truth, answer, sample_weight=weight)
    accuracy = attribute_accuracy(truth, answer, sample_weight=weight)
    balanced = attribute_balanced_accuracy(truth, answer, sample_weight=weight)
    assert accuracy == pytest.approx(report["accuracy"].mean())
    assert balanced == pytest.approx(report["balanced_accuracy"].mean())


def test_missing_labels_may_be_pandas_own():
    truth = pd.DataFrame({"a": pd.array([1, None, 0], "Int64"), "b": [1, 0, 1]})
    assert attribute_accuracy(truth, [[1, 1], [1, 1], [0, 1]]) == (1 + 2 / 3) / 2


def test_attribute_without_labels_is_open_and_leaves_the_mean():
    truth, answer = [[1, np.nan], [0, np.nan]], [[1, 0], [1, 0]]
    report = attribute_report(truth, answer)
    assert report.loc[1, "n_labels"] == 0
    assert report.loc[1].drop("n_labels").isna().all()
    assert attribute_accuracy(truth, answer) == 0.5


@pytest.mark.parametrize("score", [attribute_accuracy, attribute_balanced_accuracy])
def test_no_label_at_all_is_refused(score):
    with pytest.raises(InputError, match="y_true holds no label"):
        score([[np.nan]], [[1]])


def test_report_by_group_is_a_report_of_each_groups_samples(half_labelled, weight):
    truth, answer, score = half_labelled
    groups = np.random.default_rng(4).choice(["old", "young", "child"], 40)
    report = attribute_report(
        truth,
        answer,
        y_score=score,
        names=list("abcde"),
        sample_weight=weight,
        groups=groups,
    )
    assert report.index.names == ["group", "attribute"]
    assert list(report.index.unique("group")) == ["child", "old", "young"]
    rows = groups == "old"
    alone = attribute_report(
        truth[rows],
        answer[rows],
        y_score=score[rows],
        names=list("abcde"),
        sample_weight=weight[rows],
    )
    pd.testing.assert_frame_equal(report.loc["old"], alone)


def test_shares_of_a_group_without_weight_are_nan():
    groups, weight = [0, 0, 1, 1], [1, 1, 0, 0]
    labels = [[0], [1], [0], [1]]
    report = attribute_report(labels, labels, groups=groups, sample_weight=weight)
    assert report["accuracy"].tolist() == [1, pytest.approx(np.nan, nan_ok=True)]


@pytest.mark.parametrize("kind", [dict, pd.DataFrame])
def test_report_by_named_groups_tells_name_and_value(labels, kind):
    truth, answer = (y[:4] for y in labels)
    groups = kind({"Male": [0, 1, 1, 0], "Young": [1.0, np.nan, 1.0, 0.0]})
    report = attribute_report(truth, answer, groups=groups)
    sizes = report["n_labels"].groupby("group").first()
    assert sizes.to_dict() == {"Male=0": 2, "Male=1": 2, "Young=0": 1, "Young=1": 2}


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ([0, 1, 1], r"groups must have the shape \(2,\), got \(3,\)"),
        ({"Male": [0]}, r"groups\['Male'\] must have the shape \(2,\), got \(1,\)"),
        ([np.nan, np.nan], "groups holds no group"),
    ],
)
def test_groups_of_other_samples_or_of_none_are_refused(groups, text):
    with pytest.raises(InputError, match=text):
        attribute_report([[0], [1]], [[0], [1]], groups=groups)


def test_report_with_names_for_other_columns_is_refused():
    with pytest.raises(InputError, match="3 names for 2 attributes"):
        attribute_report([[0, 1]], [[0, 1]], names=["a", "b", "c"])


@pytest.mark.parametrize("score", [attribute_report, attribute_balanced_accuracy])
@pytest.mark.parametrize("side", ["y_true", "y_pred"])
def test_labels_other_than_0_and_1_are_refused(score, side):
    labels = {"y_true": [[0, 1]], "y_pred": [[0, 1]], side: [[-1, 1]]}
    with pytest.raises(InputError, match=rf"{side} must hold attributes in \{{0, 1\}}"):
        score(**labels)


@pytest.mark.parametrize(
    "score", [iou_score, nme_score, failure_rate, attribute_accuracy, attribute_report]
)
def test_shapes_that_differ_are_refused(score):
    with pytest.raises(InputError, match=r"one shape .* \(2, 4\) and \(1, 4\)"):
        score([[0, 0, 1, 1]] * 2, [[0, 0, 1, 1]])


@pytest.mark.parametrize("score", [iou_score, nme_score, attribute_accuracy])
def test_no_rows_are_refused(score):
    with pytest.raises(InputError, match=r"\(0, 4\)"):
        score(np.empty((0, 4)), np.empty((0, 4)))


def test_boxes_of_five_numbers_are_refused():
    with pytest.raises(InputError, match=r"expected 4 columns .* got 5"):
        iou_score([[0] * 5], [[0] * 5])


@pytest.mark.parametrize("score", [iou_score, nme_score])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_predictions_that_are_not_finite_are_refused(score, value):
    with pytest.raises(InputError, match="must be finite"):
        score([EYES], [[0, 0, 10, value]])


@pytest.mark.parametrize("weight", [[1], [1, 1, 1], [0, 0], [[1], [1]]])
@pytest.mark.parametrize("score", [iou_score, failure_rate, attribute_accuracy])
def test_weights_for_other_samples_or_of_no_sum_are_refused(score, weight):
    y = [[0, 0, 1, 1]] * 2
    with pytest.raises(InputError, match=r"sample_weight must have the shape \(2,\)"):
        score(y, y, sample_weight=weight)


def test_scorer_names_are_sorted_and_known():
    names = get_scorer_names()
    assert names == sorted(names)
    assert {"iou", "neg_nme", "attribute_accuracy"} <= set(names)


class Parrot(BaseEstimator):
    """A head of one layer that says what it was given, whatever it sees."""

    model_ = SimpleNamespace(get_weights=lambda: [np.zeros((1, 4))])

    def __init__(self, answer):
        self.answer = answer

    def predict(self, X):
        return self.answer

    def score(self, X, y):
        return iou_score(y, self.predict(X))


@pytest.mark.parametrize("name", get_scorer_names())
def test_every_scorer_prefers_the_truth(name):
    X, y = [[0], [0]], [[0, 0, 1, 1], [1, 0, 1, 1]]
    right, wrong = Parrot(y), Parrot([[1, 1, 0, 1], [0, 1, 0, 1]])
    scorer = get_scorer(name)
    assert scorer(right, X, y) > scorer(wrong, X, y)


def test_a_scorer_works_in_a_search():
    boxes = np.array([[0, 0, 4, 2]] * 4)
    grid = {"constant": [[2, 0, 4, 2], [0, 0, 4, 2]]}
    head = DummyRegressor(strategy="constant")
    search = GridSearchCV(head, grid, scoring=get_scorer("iou"), cv=2)
    search.fit(np.zeros((4, 1)), boxes)
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], [1 / 3, 1])


def test_an_unknown_scorer_is_refused_with_those_there_are():
    with pytest.raises(ParameterError, match=r"no scorer 'r2'; there are .*'iou'"):
        get_scorer("r2")


@pytest.mark.parametrize("metric", [iou_score, nme_score])
def test_coordinates_of_two_dataframes_are_compared_by_name(metric):
    y = pd.DataFrame([[0.1, 0.2, 0.5, 0.6], [0.3, 0.2, 0.4, 0.7]], columns=list("abcd"))
    assert metric(y, y[list("dcba")]) == metric(y, y)


def test_attributes_of_two_dataframes_are_compared_by_name():
    y = pd.DataFrame([[0, 1], [0, 1], [1, 1]], columns=["Male", "Young"])
    other = y[["Young", "Male"]]
    assert attribute_accuracy(y, other) == 1
    report = attribute_report(y, other, y_score=other)
    assert report["accuracy"].to_dict() == {"Male": 1, "Young": 1}
    assert report.loc["Male", "average_precision"] == 1
    with pytest.raises(InputError, match="y_pred lacks the column 'Young'"):
        attribute_accuracy(y, y.rename(columns={"Young": "Old"}))


class Finder(Parrot):
    """A Parrot whose columns mean what its target says."""

    def __init__(self, answer, target):
        super().__init__(answer)
        self.target = target


POINTS = np.array([[0.5, 0.6, 0.2, 0.4, 0.8, 0.4]])  # nose, left eye, right eye
THREE = Landmarks(
    ("nose", "left_eye", "right_eye"),
    (("left_eye", "right_eye"),),
    ("left_eye", "right_eye"),
)


@pytest.mark.parametrize(("name", "score"), [("nme", -0.05 / 0.6), ("failure_rate", 0)])
def test_errors_of_landmarks_are_measured_in_the_eyes_of_the_target(name, score):
    finder = Finder(POINTS + np.tile([0, 0.05], 3), THREE)
    assert get_scorer(f"neg_{name}")(finder, [[0]], POINTS) == pytest.approx(score)


@pytest.mark.parametrize("target", [("bbox", "landmarks"), Joint((BBOX, LANDMARKS))])
def test_several_targets_are_not_scored_as_if_they_were_landmarks(target):
    finder = Finder(np.zeros((1, 14)), target)
    with pytest.raises(ParameterError, match=r"get_scorer\('neg_nme'\) is of landmar"):
        get_scorer("neg_nme")(finder, [[0]], np.ones((1, 14)))


@pytest.mark.parametrize(
    "eyes", [(0, 2), (0, 0), ("a", "b"), (0, 1, 1), (0.0, 1.0), None, 0]
)
@pytest.mark.parametrize("metric", [nme_score, failure_rate])
def test_eyes_that_are_no_points_are_refused(metric, eyes):
    y = [[0, 0, 1, 0]]
    with pytest.raises(ParameterError, match="eyes must be the numbers of two of 2 po"):
        metric(y, y, eyes=eyes)


@pytest.mark.parametrize("names_are_of", ["the fit", "the target"])
def test_a_scorer_finds_the_columns_by_their_names(names_are_of):
    y = pd.DataFrame(
        np.random.default_rng(0).uniform(0.1, 0.4, (20, 4)), columns=BBOX.columns()
    )
    X, turned = np.zeros((20, 2)), y[y.columns[::-1]]
    head = DenseHeadRegressor(1, 4, target="bbox", epochs=1, random_state=0)
    head.fit(X, y if names_are_of == "the fit" else y.to_numpy())
    scorer = get_scorer("iou")
    assert scorer(head, X, turned) == scorer(head, X, y) == head.score(X, turned)


def test_weights_are_routed_to_a_scorer():
    X, y = np.zeros((4, 1)), np.array([[0.0, 0, 4, 2]] * 4)
    y[2:, 2] = 1
    head = DummyRegressor(strategy="constant", constant=[0, 0, 4, 2])
    weights, folds = {"sample_weight": [1, 1, 0, 0]}, [(np.arange(4), np.arange(4))]
    with config_context(enable_metadata_routing=True):
        scorer = get_scorer("iou").set_score_request(sample_weight=True)
        head.set_fit_request(sample_weight=False)
        routed = cross_validate(head, X, y, scoring=scorer, params=weights, cv=folds)
    assert routed["test_score"].tolist() == [1]


def test_a_scorer_is_its_users_own():
    assert get_scorer("iou") is not get_scorer("iou")


def test_several_scorers_share_one_prediction():
    class Counting(DummyRegressor):
        n_calls = 0

        def predict(self, X):
            Counting.n_calls += 1
            return super().predict(X)

    boxes = np.array([[0, 0, 4, 2]] * 4)
    scoring = {name: get_scorer(name) for name in ("iou", "neg_nme")}
    cross_validate(Counting(), np.zeros((4, 1)), boxes, scoring=scoring, cv=2)
    assert Counting.n_calls == 2
