"""Average precision of detectors, and the curve below which it is the area."""

import numpy as np
import pandas as pd
import pytest

from skface.exceptions import InputError, ParameterError
from skface.metrics import detection_average_precision, detection_curve

FACES = [[[0.1, 0.1, 0.2, 0.2], [0.6, 0.1, 0.2, 0.2]], [[0.3, 0.3, 0.4, 0.4]], []]


def with_scores(boxes, *scores):
    return np.column_stack([boxes, scores])


@pytest.fixture
def found():
    """Each face of FACES by its own box."""
    return [with_scores(FACES[0], 0.9, 0.5), with_scores(FACES[1], 0.7), []]


def test_perfect_boxes_score_1(found):
    assert detection_average_precision(FACES, found) == 1


def test_nothing_found_scores_0():
    assert detection_average_precision(FACES, [[], [], []]) == 0


def test_a_face_that_is_not_found_costs_recall(found):
    found[1] = []
    assert detection_average_precision(FACES, found) == pytest.approx(2 / 3)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_boxes_that_score_alike_count_together(order):
    faces, found = [FACES[1], []], [with_scores(FACES[1], 0.5), [[0, 0, 0.1, 0.1, 0.5]]]
    precision, recall, thresholds = detection_curve(
        [faces[i] for i in order], [found[i] for i in order]
    )
    assert precision.tolist() == [0.5, 1.0]
    assert recall.tolist() == [1.0, 0.0]
    assert thresholds.tolist() == [0.5]


@pytest.mark.parametrize(("score", "expected"), [(0.95, 3 / 4), (0.1, 1)])
def test_a_false_find_costs_as_much_as_it_is_sure(found, score, expected):
    found[2] = [[0.5, 0.5, 0.2, 0.2, score]]
    assert detection_average_precision(FACES, found) == pytest.approx(expected)


def test_a_second_box_on_a_face_is_false(found):
    found[1] = with_scores(FACES[1] * 2, 0.7, 0.6)
    precision, recall, thresholds = detection_curve(FACES, found)
    assert thresholds.tolist() == [0.5, 0.6, 0.7, 0.9]
    np.testing.assert_allclose(precision, [3 / 4, 2 / 3, 1, 1, 1])
    np.testing.assert_allclose(recall, [1, 2 / 3, 2 / 3, 1 / 3, 0])


def test_the_surer_box_takes_the_face_whatever_the_order(found):
    found[1] = [[0.34, 0.3, 0.4, 0.4, 0.2], [0.3, 0.3, 0.4, 0.4, 0.7]]
    assert detection_average_precision(FACES, found) == 1


@pytest.mark.parametrize(("iou", "expected"), [(0.5, 1), (0.7, 2 / 3)])
def test_a_face_is_found_by_the_overlap_asked_for(found, iou, expected):
    found[1] = [[0.3, 0.3, 0.4, 0.26, 0.2]]
    ap = detection_average_precision(FACES, found, iou=iou)
    assert ap == pytest.approx(expected)


def test_small_faces_are_neither_asked_for_nor_counted_against(found):
    both = detection_average_precision(FACES, found, min_size=0.3)
    found[0] = []
    neither = detection_average_precision(FACES, found, min_size=0.3)
    assert both == neither == 1


@pytest.mark.parametrize(("height", "expected"), [(0.23, 1), (0.25, 1 / 2)])
def test_a_false_find_that_is_small_is_not_counted(found, height, expected):
    found[2] = [[0.5, 0.5, 0.2, height, 0.99]]
    ap = detection_average_precision(FACES, found, min_size=0.3)
    assert ap == pytest.approx(expected)


def reference(faces, found, least, iou):
    """Box by box, in pixels of a photo of 1000 x 1000, without anything clever."""
    rows, n_faces = [], 0
    for truth, boxes in zip(faces, found, strict=True):
        n_faces += sum(1000 * h >= 1000 * least for _, _, _, h in truth)
        taken = set()
        for x, y, w, h, score in sorted(boxes, key=lambda box: -box[4]):
            shared = []
            for a, b, c, d in truth:
                across = max(0, min(x + w, a + c) - max(x, a))
                down = max(0, min(y + h, b + d) - max(y, b))
                shared.append(across * down / (w * h + c * d - across * down))
            free = [k for k in range(len(truth)) if k not in taken]
            best = max(free, key=lambda k: shared[k], default=None)
            if best is not None and shared[best] >= iou:
                taken.add(best)
                if truth[best][3] >= least:
                    rows.append((score, True))
            elif max(shared, default=0) >= iou or h >= 0.8 * least:
                rows.append((score, False))
    rows.sort(key=lambda row: -row[0])
    area, hits, points = 0, 0, []
    for n, (_, is_hit) in enumerate(rows, start=1):
        hits += is_hit
        points.append((hits / n_faces, hits / n))
    before = 0
    for k, (recall, _) in enumerate(points):
        area += (recall - before) * max(precision for _, precision in points[k:])
        before = recall
    return area


@pytest.mark.parametrize("least", [0, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_random_finds_score_as_counted_box_by_box(seed, least):
    rng = np.random.default_rng(seed)
    faces, found = [], []
    for _ in range(30):
        near = rng.uniform(0, 0.8, (rng.integers(0, 6), 2))
        boxes = np.hstack([near, rng.uniform(0.04, 0.2, near.shape)])
        around = np.repeat(boxes, 2, axis=0)
        around = around[rng.random(len(around)) < 0.6]
        around = around + rng.normal(0, 0.015, around.shape)
        near = rng.uniform(0, 0.8, (rng.integers(0, 3), 2))
        others = np.hstack([near, rng.uniform(0.04, 0.2, near.shape)])
        around = np.vstack([around, others])
        around[:, 2:] = np.maximum(around[:, 2:], 0.01)
        faces.append(boxes)
        found.append(np.column_stack([around, rng.random(len(around))]))
    ap = detection_average_precision(faces, found, min_size=least)
    assert 0.1 < ap < 0.9
    assert ap == pytest.approx(reference(faces, found, least, 0.5), abs=1e-12)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "match"),
    [
        (FACES, [[], []], "y_true is of 3 photos, y_pred of 2"),
        (FACES, FACES, r"y_pred\[0\] must have the shape \(n_faces, 5\).*, score; got"),
        ([[0.1, 0.1, 0.2, 0.2]], [[]], r"y_true\[0\] must have the shape \(n_faces, 4"),
        ([[[10, 10, 30, 30]]], [[]], r"y_true\[0\] must hold fractions .* up to 30;"),
        ([[[np.nan, 0, 1, 1]]], [[]], r"y_true\[0\] must be finite"),
        ([[]], [[[0.1, 0.1, 0.2, 0.2, 0.9]]], "holds no face that could be found"),
        ("faces", [[]], "y_true must be a sequence of arrays, one a photo"),
    ],
)
def test_what_is_no_boxes_is_refused(y_true, y_pred, match):
    with pytest.raises(InputError, match=match):
        detection_average_precision(y_true, y_pred)


def test_boxes_of_dataframes_are_found_by_name(found):
    names, order = ["x", "y", "width", "height"], ["y", "x", "height", "width"]
    tables = [pd.DataFrame(each, columns=names)[order] for each in FACES]
    expected = detection_average_precision(FACES, found)
    assert detection_average_precision(tables, found) == expected


@pytest.mark.parametrize("params", [{"iou": 0}, {"iou": "high"}, {"min_size": 20}])
def test_a_bound_that_cannot_be_is_refused(found, params):
    (name,) = params
    with pytest.raises(ParameterError, match=f"^{name} must be"):
        detection_curve(FACES, found, **params)
