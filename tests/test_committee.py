"""Segments of faces that tell attributes together."""

import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skface
from skface import Frames, ImageArray, VGG19Features, make_attribute_pipeline
from skface._naming import names_told_by
from skface.exceptions import InputError, ParameterError
from skface.heads._decisions import best_threshold
from skface.photos import framed
from skface.pipelines import FacePipeline
from skface.systems import CellVisibility, LandmarkFreeAlignment, SegmentCommittee
from skface.systems._committee import _weights, aucs
from skface.targets import BBOX, Attributes

SEGMENTS = {"top": (0, 0, 1, 0.5), "bottom": (0, 0.5, 1, 0.5)}
HALVES = [[1, 0, 0], [0, 0.5, 0]], [[1, 0, 0], [0, 0.5, 0.5]]
SMALL = {
    "features__layer": "block1_pool",
    "features__pooling": (2, 2),
    "features__input_size": 32,
    "head__epochs": 30,
    "head__learning_rate": 0.01,
    "mirror": False,
}


@pytest.fixture(scope="module")
def pipe():
    pipe = make_attribute_pipeline("fast", weights="synthetic", random_state=0)
    return pipe.set_params(**SMALL)


@pytest.fixture(scope="module")
def data():
    """The top is bright where the first attribute is there, the bottom the second."""
    y = np.random.default_rng(0).integers(0, 2, (60, 2))
    halves = np.repeat(60 + 120 * y, 16, axis=1)[:, :, None, None]
    halves[:, 13:19] = 120  # lest the seam tells of the other half
    return np.broadcast_to(halves, (60, 32, 32, 3)).astype(np.uint8), y


@pytest.fixture(scope="module")
def committee(pipe, data):
    return SegmentCommittee(pipe, SEGMENTS).fit(*data)


def test_segments_keep_the_attributes_that_they_tell(committee):
    assert (committee.weights_ > 0).tolist() == [[True, False], [False, True]]
    np.testing.assert_array_equal(np.diag(committee.scores_), [1, 1])


def test_the_committee_knows_both(committee, data):
    assert committee.score(*data) == 1.0


def test_thresholds_are_those_that_score_best_for_all_segments_together(pipe, data):
    X, y = data
    rng = np.random.default_rng(1)
    X = (X * rng.uniform(0.2, 1, (60, 1, 1, 1))).astype(np.uint8)
    y = y & rng.integers(0, 2, y.shape)  # rarer, and in doubt
    committee = SegmentCommittee(pipe, SEGMENTS, threshold="f1")
    committee.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    p = committee.predict_proba(X[40:])
    best = [best_threshold(y[40:, i], p[:, i], np.ones(20), "f1") for i in (0, 1)]
    np.testing.assert_allclose(committee.thresholds_, best, rtol=1e-4)
    assert (committee.thresholds_ != 0.5).all()


def test_what_is_above_the_threshold_is_present(committee, data):
    X, _ = data
    strict = pickle.loads(pickle.dumps(committee))
    strict.thresholds_ = np.array([1.0, 0.0])
    assert (strict.predict(X) == [0, 1]).all()


def test_what_no_visible_segment_tells_is_told_by_its_prevalence(committee, data):
    X, _ = data
    top = np.tile([[1.0], [0.0]], (60, 1, 1))
    found = committee.predict_proba(X, visible=top)
    np.testing.assert_array_equal(found[:, 1], committee.prevalence_[1])
    np.testing.assert_array_equal(found[:, 0], committee.predict_proba(X)[:, 0])


def test_the_answer_is_the_mean_weighted_by_score_and_visibility(committee, data):
    X, _ = data
    committee = pickle.loads(pickle.dumps(committee)).set_params(sharpness=2)
    committee.weights_ = np.array([[0.6, 1.0], [0.2, 1.0]])
    top, bottom = (
        pipe.predict_proba(framed(X[:5], Frames(np.tile(box, (5, 1, 1)))))[:, 0]
        for pipe, box in zip(committee.pipelines_, HALVES, strict=True)
    )
    found = committee.predict_proba(X[:5], visible=np.tile([[0.5], [1]], (5, 1, 1)))
    weights = 0.6 * 0.5**2, 0.2
    expected = (weights[0] * top + weights[1] * bottom) / sum(weights)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5)


def test_shares_of_segments_are_those_of_the_cells_in_them(committee):
    seen = np.array([[0.0, 1.0, 0.5, 0.5]])
    assert committee._shares(seen, 1).tolist() == [[0.5, 0.5]]
    assert committee._shares(seen.reshape(1, 4, 1), 1).tolist() == [[0.5, 0.5]]
    three = committee._shares(np.array([[[1.0], [0.0], [0.0]]]), 1)
    np.testing.assert_allclose(three, [[2 / 3, 0]])


def test_hidden_segments_cost_no_pass(committee, data, no_network):
    found = committee.predict_proba(data[0], visible=np.zeros((60, 2, 2)))
    np.testing.assert_array_equal(found, np.tile(committee.prevalence_, (60, 1)))


def test_segments_of_framed_files_are_parts_of_what_is_seen(
    committee, data, tmp_path_factory
):
    folder, (X, _) = tmp_path_factory.mktemp("files"), data
    paths = [folder / f"{i}.png" for i in range(6)]
    for path, photo in zip(paths, X, strict=False):
        Image.fromarray(np.hstack([photo, 255 - photo])).save(path)
    left = Frames(np.tile([[0.5, 0, 0], [0, 1, 0]], (6, 1, 1)))
    files = ImageArray(paths, 32).framed(left)
    # the seam of the two halves is smoothed
    np.testing.assert_allclose(
        committee.predict_proba(files), committee.predict_proba(X[:6]), atol=0.05
    )


def test_an_attribute_that_no_segment_tells_is_told_by_all():
    y = np.repeat([[0.0], [1.0]], 50, axis=0)
    assert _weights(np.array([[0.6], [0.55]]), y).tolist() == [[1], [1]]
    # two standard errors of chance are 0.116
    np.testing.assert_allclose(_weights(np.array([[0.61], [0.62]]), y), [[0], [0.24]])


def test_scores_are_of_the_labels_that_there_are():
    y = np.array([[0, 1], [1, 1], [np.nan, 1]])
    p = np.array([[0.2, 0.1], [0.8, 0.2], [0.9, 0.3]])
    assert aucs(y, p).tolist() == [1, 0.5]


def test_visibility_is_asked_where_nobody_tells(committee, data):
    class TopIsSeen:
        n_passes = 1

        def predict(self, X):
            return np.tile([1.0, 1.0, 0.0, 0.0], (len(X), 1))

    asking = pickle.loads(pickle.dumps(committee)).set_params(visibility=TopIsSeen())
    seen = np.tile([[1.0], [0.0]], (60, 1, 1))
    np.testing.assert_array_equal(
        asking.predict_proba(data[0]), committee.predict_proba(data[0], seen)
    )
    assert (asking.n_passes, clone(asking).n_passes) == (3, 3)


def test_segments_of_a_pipeline_that_aligns_are_refused(pipe, data):
    aligning = FacePipeline([("align", LandmarkFreeAlignment(pipe)), *pipe.steps])
    with pytest.raises(ParameterError, match="pipeline aligns the photos that it sees"):
        SegmentCommittee(aligning, SEGMENTS).fit(*data)


def test_a_fit_does_not_wait_for_visibility_that_is_not_fitted(pipe, data):
    committee = SegmentCommittee(pipe, SEGMENTS, visibility=CellVisibility())
    with pytest.raises(NotFittedError, match="visibility, a CellVisibility, is not f"):
        committee.fit(*data)


def test_a_clone_is_not_fitted(committee):
    assert not [name for name in vars(clone(committee)) if name.endswith("_")]


@pytest.fixture(scope="module")
def with_visibility(committee, data):
    features = VGG19Features(
        weights="synthetic", layer="block1_pool", pooling=(2, 2), input_size=32
    )
    cells = FacePipeline([("features", features), ("cells", CellVisibility())])
    seen = np.random.default_rng(0).integers(0, 2, (60, 4))
    cells.fit(data[0], seen)
    return pickle.loads(pickle.dumps(committee)).set_params(visibility=cells)


@pytest.mark.parametrize("is_told", [False, True])
def test_a_committee_predicts_the_same_after_it_was_saved(
    committee, with_visibility, data, tmp_path, is_told
):
    saved, path = (committee, with_visibility)[is_told], tmp_path / "c.skface"
    saved = pickle.loads(pickle.dumps(saved))
    saved.thresholds_ = np.array([0.2, 0.9])
    skface.save(saved, path, target_names=["Top", "Bottom"])
    loaded = skface.load(path)
    np.testing.assert_array_equal(
        loaded.predict_proba(data[0]), saved.predict_proba(data[0])
    )
    np.testing.assert_array_equal(loaded.predict(data[0]), saved.predict(data[0]))
    assert loaded.target_names_ == ["Top", "Bottom"]
    assert loaded.segments_ == SEGMENTS


@pytest.mark.parametrize(
    ("segments", "text"),
    [
        ({}, "segments holds none"),
        ({"eyes": (0, 0, 1)}, r"segments\['eyes'\] must be \(x, y, width, height\)"),
        ({"eyes": (0, 0, 0, 1)}, r"segments\['eyes'\] must have an area"),
        ({3: (0, 0, 1, 1)}, "segments must hold boxes by name, got 3"),
        ([1], "'segments' parameter of SegmentCommittee must be"),
    ],
)
def test_segments_that_are_no_boxes_are_refused(pipe, data, no_network, segments, text):
    with pytest.raises(ParameterError, match=text):
        SegmentCommittee(pipe, segments).fit(*data)


def test_a_pipeline_that_sees_a_part_by_itself_is_refused(pipe, data, no_network):
    cropping = clone(pipe).set_params(features__crop=(0, 0, 1, 0.5))
    with pytest.raises(ParameterError, match=r"set_params\(features__crop=None\)"):
        SegmentCommittee(cropping, SEGMENTS).fit(*data)


def test_maps_of_other_photos_are_refused(committee, data):
    with pytest.raises(InputError, match="visible must be maps of 60 photos"):
        committee.predict(data[0], visible=np.ones((2, 4)))


def test_too_few_photos_to_take_scores_on_are_refused(pipe, data, no_network):
    with pytest.raises(InputError, match="n_samples=1 is too few"):
        SegmentCommittee(pipe, SEGMENTS).fit(data[0][:1], data[1][:1])


def test_labels_are_read_by_their_names(pipe, data):
    X, y = data
    table = pd.DataFrame(y, columns=["Top", "Bottom"])
    swapped = table[["Bottom", "Top"]]
    named = SegmentCommittee(pipe, SEGMENTS).fit(X, table, X_val=X, y_val=swapped)
    assert (named.weights_ > 0).tolist() == [[True, False], [False, True]]
    assert named.score(X, swapped) == 1.0


def test_labels_are_read_in_the_order_of_the_heads_target(pipe, data):
    X, y = data
    table = pd.DataFrame(y, columns=["Top", "Bottom"])
    pipe = clone(pipe).set_params(head__target=Attributes(("Top", "Bottom")))
    named = SegmentCommittee(pipe, SEGMENTS).fit(X, table[["Bottom", "Top"]])
    assert (named.weights_ > 0).tolist() == [[True, False], [False, True]]
    np.testing.assert_allclose(named.prevalence_, y.mean(axis=0), atol=0.1)


def test_heads_that_learn_coordinates_are_refused(pipe, data, no_network):
    pipe = clone(pipe).set_params(head__target=(Attributes(("Top",)), BBOX))
    with pytest.raises(ParameterError, match="tells attributes; the head's target has"):
        SegmentCommittee(pipe, SEGMENTS).fit(*data)


def test_a_fit_forgets_the_names_of_its_file(committee, data):
    X, y = data
    again = pickle.loads(pickle.dumps(committee))
    again.target_names_ = ["a", "b"]
    again.fit(X, pd.DataFrame(y, columns=["b", "a"]))
    assert names_told_by(again) == ["b", "a"]
