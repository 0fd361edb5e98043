"""What the columns of y mean: each target, and who asks for it."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline

from skface import DenseHeadClassifier, DenseHeadRegressor
from skface.exceptions import InputError, ParameterError, SkfaceWarning
from skface.metrics import iou_score, nme_score
from skface.targets import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    BBOX,
    LANDMARKS,
    Attributes,
    Boxes,
    Joint,
    Landmarks,
    as_target,
    target_of,
)

# 68 points as 34 pairs, the eyes' outer corners being 36 and 45.
NAMES_68 = tuple(f"p{number}" for number in range(68))
PAIRS_68 = tuple((f"p{number}", f"p{67 - number}") for number in range(34))
POINTS_68 = Landmarks(NAMES_68, PAIRS_68, ("p36", "p45"))
FEW = Attributes(("Smiling", "Young"))
JOINT = Joint((BBOX, LANDMARKS, FEW))
TARGETS = {
    "boxes": (BBOX, 4),
    "points": (LANDMARKS, 10),
    "68 points": (POINTS_68, 136),
    "attributes": (ATTRIBUTES, 40),
    "few": (FEW, 2),
    "joint": (JOINT, 16),
}
every_target = pytest.mark.parametrize(
    ("target", "n_columns"), TARGETS.values(), ids=TARGETS.keys()
)
SHIFT = np.array([[[1.0, 0, 0.25], [0, 1, -0.5]]])
HALF = np.array([[[0.5, 0, 0], [0, 0.25, 0]]])
# A quarter turn round the middle.
TURN = np.array([[[0.0, -1, 1], [1, 0, 0]]])


def some_y(n_columns, n_rows=6):
    """Multiples of 1/16, whose sums are exact."""
    return np.random.default_rng(0).integers(1, 16, (n_rows, n_columns)) / 16


@every_target
def test_columns_are_named_and_as_many_as_y_has(target, n_columns):
    names = target.columns(n_columns)
    assert len(names) == len(set(names)) == n_columns
    assert target.checked(some_y(n_columns)).shape == (6, n_columns)


def test_columns_have_the_names_of_what_they_hold():
    assert BBOX.columns() == ["x", "y", "width", "height"]
    assert LANDMARKS.columns()[:4] == [
        *("left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y"),
    ]
    assert POINTS_68.columns()[-2:] == ["p67_x", "p67_y"]
    assert ATTRIBUTES.columns(40) == list(ATTRIBUTE_NAMES)
    assert ATTRIBUTES.columns(3) == ["0", "1", "2"]
    assert JOINT.columns() == [*BBOX.columns(), *LANDMARKS.columns(), *FEW.columns()]


def test_attributes_without_names_and_number_have_no_columns():
    with pytest.raises(ParameterError, match="need names, so that their number"):
        ATTRIBUTES.columns()


@pytest.mark.parametrize("target", [BBOX, LANDMARKS, POINTS_68, FEW, JOINT])
@pytest.mark.parametrize("shape", [(3, 7), (4,), (0,), (2, 2, 2)])
def test_y_of_other_columns_is_refused(target, shape):
    n_columns = len(target.columns())
    text = rf"y must hold {target.plural}, of the shape \(n_samples, {n_columns}\)"
    with pytest.raises(InputError, match=text):
        target.mirrored(np.zeros(shape))


@every_target
def test_the_mirror_image_of_a_mirror_image_is_the_first(target, n_columns):
    y = some_y(n_columns)
    np.testing.assert_array_equal(target.mirrored(target.mirrored(y)), y)


@every_target
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mirroring_and_moving_keep_dtype_and_the_callers_array(
    target, n_columns, dtype
):
    y = some_y(n_columns).astype(dtype)
    before = y.copy()
    for found in (target.mirrored(y), target.moved(y, np.repeat(SHIFT, 6, axis=0))):
        assert found.dtype == dtype
        assert found.shape == y.shape
    np.testing.assert_array_equal(y, before)


def test_paired_points_change_places_in_a_mirror_and_others_stay():
    y = np.arange(136.0).reshape(1, -1) / 136
    mirrored = POINTS_68.mirrored(y).reshape(68, 2)
    points = y.reshape(68, 2)
    for left, right in ((0, 67), (12, 55), (33, 34)):
        np.testing.assert_allclose(
            mirrored[left], [1 - points[right, 0], points[right, 1]]
        )
    odd = Landmarks(("left", "right", "nose"), (("left", "right"),), ("left", "right"))
    np.testing.assert_array_equal(
        odd.mirrored([[0.25, 0.1, 0.5, 0.2, 0.375, 0.3]]),
        [[0.5, 0.2, 0.75, 0.1, 0.625, 0.3]],
    )


def test_each_part_of_a_joint_y_is_mirrored_as_it_is_alone():
    y = some_y(16)
    expected = [BBOX.mirrored(y[:, :4]), LANDMARKS.mirrored(y[:, 4:14]), y[:, 14:]]
    np.testing.assert_array_equal(JOINT.mirrored(y), np.hstack(expected))
    assert [target for target, _ in JOINT.parts(y)] == [BBOX, LANDMARKS, FEW]


@pytest.mark.parametrize(
    ("matrix", "box", "point"),
    [
        (SHIFT, [0.75, 0.0, 0.25, 0.125], [0.75, 0.0]),
        (HALF, [0.25, 0.125, 0.125, 0.03125], [0.25, 0.125]),
        (TURN, [0.375, 0.5, 0.125, 0.25], [0.5, 0.5]),
    ],
    ids=["shift", "shrink", "turn"],
)
def test_boxes_and_points_move_with_the_photo(matrix, box, point):
    start = [[0.5, 0.5, 0.25, 0.125]]
    np.testing.assert_allclose(BBOX.moved(start, matrix), [box])
    np.testing.assert_allclose(LANDMARKS.moved([[0.5] * 10], matrix), [point * 5])
    moved = JOINT.moved([[*start[0], *[0.5] * 10, 1, 0]], matrix)
    np.testing.assert_allclose(moved, [[*box, *point * 5, 1, 0]])


def test_integers_move_as_the_numbers_they_are():
    np.testing.assert_allclose(BBOX.moved([[0, 0, 1, 1]], HALF), [[0, 0, 0.5, 0.25]])


def test_attributes_stay_where_they_are_missing_ones_too():
    y = np.array([[0, 1], [np.nan, 1]])
    np.testing.assert_array_equal(FEW.moved(y, HALF), y)
    np.testing.assert_array_equal(FEW.mirrored(y), y)


def test_scores_are_those_of_the_field():
    y, found = some_y(16), some_y(16)[::-1]
    box, points = np.s_[:, :4], np.s_[:, 4:14]
    iou = iou_score(y[box], found[box])
    nme = nme_score(y[points], found[points])
    assert BBOX.score(y[box], found[box]) == iou
    assert LANDMARKS.score(y[points], found[points]) == -nme
    labels, told = y[:, 14:] > 0.5, found[:, 14:] > 0.5
    right = FEW.score(labels.astype(int), told.astype(int))
    assert right == pytest.approx((labels == told).mean())
    y[:, 14:], found[:, 14:] = labels, told
    assert JOINT.score(y, found) == pytest.approx(np.mean([iou, -nme, right]))


@pytest.mark.parametrize("target", [BBOX, LANDMARKS, (BBOX, LANDMARKS)])
def test_fractions_are_not_scored_against_pixels(target):
    target = as_target(target)
    found = np.linspace(0.1, 0.9, len(target.columns()))[np.newaxis]
    with pytest.raises(InputError, match=r"y reaches .*to_fractions turns"):
        target.score(100 * found, found)
    in_one_unit = target.score(100 * found, 100 * found)
    assert in_one_unit == pytest.approx(target.score(found, found))


def test_the_eyes_of_a_target_are_its_measure():
    y = np.zeros((1, 136))
    y[0, 2 * 45] = 0.5  # the eyes are 0.5 apart
    found = y + 0.05
    assert POINTS_68.score(y, found) == pytest.approx(-0.05 * np.sqrt(2) / 0.5)


def test_scores_of_photos_average_to_the_score():
    y, found = some_y(16), some_y(16)[::-1]
    for target, columns in ((BBOX, np.s_[:, :4]), (LANDMARKS, np.s_[:, 4:14])):
        scores = target.scores(y[columns], found[columns])
        assert scores.shape == (6,)
        assert scores.mean() == pytest.approx(target.score(y[columns], found[columns]))


def test_the_score_of_attributes_is_the_share_of_the_labels_that_there_are():
    y = np.array([[1, 0], [np.nan, 1], [np.nan, 1]])
    found = np.array([[0.9, 0.2], [0.8, 0.3], [0.8, 0.7]])
    assert FEW.scores(y, found).tolist() == [1, 0, 1]
    assert np.isnan(FEW.scores(np.full((1, 2), np.nan), found[:1])).all()
    assert FEW.told(0.5, 2) == "1/2 right"
    assert FEW.told(np.nan, 0) == "0/0 right"


def test_perfect_answers_of_several_targets_score_as_each():
    y = some_y(16)
    y[:, 14:] = y[:, 14:] > 0.5
    perfect = JOINT.scores(y, y)
    np.testing.assert_allclose(perfect, np.mean([1, 0, 1]))
    assert JOINT.score(y, y) == pytest.approx(perfect.mean())


def test_scores_are_told_in_words():
    assert BBOX.told(0.876, 4) == "IoU 0.88"
    assert LANDMARKS.told(-0.0456, 10) == "NME 4.6 %"
    assert FEW.told(1.0, 2) == "2/2 right"
    assert JOINT.told(0.5, 16) == "score 0.50"


@every_target
def test_figures_of_a_perfect_answer_are_the_best_there_are(target, n_columns):
    y = some_y(n_columns)
    for part, columns in target.parts(np.arange(n_columns)[np.newaxis]):
        if not part.is_coordinates:
            y[:, columns[0]] = y[:, columns[0]] > 0.5
    for figure in target.figures():
        best = 1.0 if figure.better == "higher" else 0.0
        assert figure.metric(y, y) == pytest.approx(best), figure.name


def test_figures_of_landmarks_count_both_axes_as_the_photos_sizes_say():
    y = np.array([[0.25, 0.5, 0.75, 0.5, *[0.5] * 6]])
    found = y + np.tile([0.0, 0.05], 5)
    first, failures = LANDMARKS.figures([(100, 200)])
    assert first.metric(y, found) == pytest.approx(0.05 * 200 / 50)
    assert failures.metric(y, found) == 1.0
    assert LANDMARKS.figures()[0].metric(y, found) == pytest.approx(0.1)


def test_the_constant_answer_is_the_mean_or_the_majority():
    y = np.array([[0.0, 0.2, 0.4, 0.6], [0.5, 0.4, 0.4, 0.2], [0.1, 0.0, 0.1, 0.1]])
    np.testing.assert_allclose(BBOX.constant(y), [0.2, 0.2, 0.3, 0.3])
    labels = np.array([[1, 0], [1, 1], [0, np.nan], [1, 0]])
    np.testing.assert_array_equal(FEW.constant(labels), [1, 0])
    both = Joint((BBOX, FEW)).constant(np.hstack([y, labels[:3]]))
    np.testing.assert_allclose(both, [0.2, 0.2, 0.3, 0.3, 1, 0])


@every_target
def test_a_target_comes_back_from_pickle_equal_and_with_its_hash(target, n_columns):
    back = pickle.loads(pickle.dumps(target))
    assert back == target
    assert hash(back) == hash(target)


def test_targets_are_equal_when_they_mean_the_same():
    assert Boxes() == BBOX
    assert Landmarks() == LANDMARKS
    assert Landmarks(
        list(NAMES_68), [list(pair) for pair in PAIRS_68], ("p36", "p45")
    ) == (POINTS_68)
    assert Joint(("bbox", "landmarks")) == Joint((BBOX, LANDMARKS))
    assert len({BBOX, LANDMARKS, POINTS_68, ATTRIBUTES, FEW, JOINT}) == 6


def test_a_joint_target_holds_coordinates_when_all_of_it_does():
    assert Joint((BBOX, LANDMARKS)).is_coordinates
    assert not JOINT.is_coordinates


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Landmarks(("a", "b"), (("a", "c"),), ("a", "b")), "two of the points"),
        (lambda: Landmarks(("a", "b"), (), ("a",)), "two of the points"),
        (lambda: Landmarks(("a", "a"), (), ("a", "a")), "points has 'a' twice"),
        (lambda: Attributes(("a", "a")), "names has 'a' twice"),
        (lambda: Attributes("Smiling"), "names must be a tuple of names"),
        (lambda: Joint((BBOX, BBOX)), "has 'x' twice"),
        (
            lambda: Joint((BBOX, ATTRIBUTES)),
            "attributes beside another target need names",
        ),
        (lambda: as_target("boxes"), r"target must be in \('bbox', .*got 'boxes'"),
        (lambda: as_target(()), r"got \(\)"),
        (lambda: as_target(4), "got 4"),
    ],
)
def test_a_target_that_cannot_be_is_told(make, text):
    with pytest.raises((InputError, ParameterError), match=text):
        make()


def test_as_target_takes_names_targets_and_several():
    assert as_target("bbox") is BBOX
    assert as_target(POINTS_68) is POINTS_68
    assert as_target(["bbox", FEW]) == Joint((BBOX, FEW))


def test_an_estimators_target_is_what_it_was_given_or_says():
    head = DenseHeadRegressor(target="bbox")
    assert target_of(head) == BBOX
    assert target_of(make_pipeline(Ridge(), head)) == BBOX
    assert target_of(head, "landmarks") == LANDMARKS
    assert target_of(DenseHeadClassifier()) == ATTRIBUTES


def test_the_number_of_columns_tells_a_target_only_for_now():
    with pytest.warns(
        FutureWarning, match="boxes, as it has 4 columns; say so by targ"
    ):
        assert target_of(Ridge(), y=np.zeros((2, 4))) == BBOX
    with pytest.warns(FutureWarning, match='target="landmarks"'):
        assert target_of(Ridge(), y=np.zeros((2, 10))) == LANDMARKS
    assert target_of(Ridge(), y=np.eye(4, dtype=int)) == ATTRIBUTES
    with pytest.raises(ParameterError, match=r"nothing tells .* shape \(2, 6\)"):
        target_of(Ridge(), y=np.full((2, 6), 3.5))


@pytest.fixture(scope="module")
def fitted():
    """Linear heads on 4 and 10 columns of coordinates, and their data."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32)
    y = {}
    for n_columns in (4, 10):
        weights = 0.02 * rng.normal(size=(3, n_columns))
        y[n_columns] = np.linspace(0.3, 0.6, n_columns) + X @ weights
    heads = {
        n_columns: DenseHeadRegressor(n_layers=0, epochs=3, random_state=0).fit(
            X, y[n_columns]
        )
        for n_columns in y
    }
    return X, y, heads


@pytest.mark.parametrize("n_columns", [4, 10])
def test_a_head_without_a_target_scores_by_r2_whatever_its_columns(fitted, n_columns):
    X, y, heads = fitted
    head, y = heads[n_columns], y[n_columns]
    assert head.score(X, y) == pytest.approx(r2_score(y, head.predict(X)))


@pytest.mark.parametrize(
    ("n_columns", "target", "metric"),
    [
        (4, "bbox", iou_score),
        (10, "landmarks", lambda y, found: -nme_score(y, found)),
        (4, Landmarks(("a", "b"), (), ("a", "b")), None),
    ],
)
def test_a_head_with_a_target_scores_by_it(fitted, n_columns, target, metric):
    X, y, heads = fitted
    head, y = pickle.loads(pickle.dumps(heads[n_columns])), y[n_columns]
    head.set_params(target=target)
    metric = metric or (lambda y, found: -nme_score(y, found, eyes=(0, 1)))
    assert head.score(X, y) == pytest.approx(metric(y, head.predict(X)))


def test_a_head_refuses_a_y_that_is_not_its_target():
    with pytest.raises(
        InputError, match=r"y must hold boxes, .* got the shape \(9, 10"
    ):
        DenseHeadRegressor(target="bbox").fit(np.zeros((9, 3)), np.full((9, 10), 0.5))


def test_targets_within_targets_are_told_apart():
    inner = Joint((BBOX, Attributes(("a", "b"))))
    assert Joint((inner, LANDMARKS)) == Joint((BBOX, Attributes(("a", "b")), LANDMARKS))


@pytest.mark.parametrize(
    ("target", "names", "fault"),
    [
        ("bbox", ["width", "height", "x_1", "y_1"], "y of boxes lacks the column 'x'"),
        ("bbox", ["x", "x", "width", "height"], "y of boxes lacks the column 'y'"),
        (Attributes(("Male", "Young")), ["Male", "Old"], "lacks the column 'Young'"),
    ],
)
def test_columns_of_other_names_are_not_read_by_their_place(target, names, fault):
    y = pd.DataFrame(np.zeros((2, len(names))), columns=names)
    with pytest.raises(InputError, match=fault):
        as_target(target).arranged(y)


@pytest.mark.parametrize("row", [[0.2, 0.2, -0.1, 0.3], [0.2, 0.2, 0.1, 0]])
def test_a_box_without_area_is_not_learnt(row):
    y = np.array([[0.1, 0.1, 0.5, 0.5], row])
    with pytest.raises(InputError, match=r"row 1 of y is a box without area, \[ ?0.2 "):
        DenseHeadRegressor(target="bbox").check_fit(2, y)


def test_boxes_that_are_two_corners_are_not_learnt_without_a_word():
    boxes = np.random.default_rng(0).uniform(0.2, 0.5, (50, 4))
    corners = np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    DenseHeadRegressor(target="bbox").check_fit(50, boxes)
    with pytest.warns(SkfaceWarning, match="of y the box reaches beyond the photo: b"):
        DenseHeadRegressor(target="bbox").check_fit(50, corners)


def test_attributes_beside_another_target_are_asked_for_their_names():
    with pytest.raises(ParameterError, match=r"need names, .*target=\(Attributes\(nam"):
        as_target(("attributes", "landmarks"))


def test_a_box_without_area_is_not_learnt_beside_attributes():
    head = DenseHeadClassifier(target=("bbox", Attributes(("Male",))))
    with pytest.raises(InputError, match="row 1 of y is a box without area, "):
        head.check_fit(2, [[0.1, 0.1, 0.5, 0.5, 1], [0.1, 0.1, 0, 0.5, 0]])


@pytest.mark.parametrize("order", [[1, 0, 2, 4, 3], "yx"])
def test_points_that_lie_as_in_a_mirror_are_not_learnt(order):
    face = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    points = np.tile(face[:, ::-1] if order == "yx" else face[order], (20, 1, 1))
    with pytest.raises(InputError, match="in 100% of the rows of y the points lie as"):
        DenseHeadRegressor(target="landmarks").check_fit(20, points.reshape(20, 10))


def test_points_of_faces_on_their_heads_are_learnt():
    points = np.tile([0.7, 0.8, 0.3, 0.8, 0.5, 0.6, 0.65, 0.4, 0.35, 0.4], (20, 1))
    DenseHeadRegressor(target="landmarks").check_fit(20, points)
