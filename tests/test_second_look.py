"""A second look at coordinates, and faces turned upright before they are read."""

import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from skface import (
    AlignedFaces,
    DenseHeadRegressor,
    Frames,
    ImageArray,
    SecondLook,
    make_attribute_pipeline,
    make_bbox_pipeline,
    make_landmark_pipeline,
)
from skface.exceptions import InputError, ParameterError
from skface.pipelines import FacePipeline, frames_around
from skface.targets import BBOX, LANDMARKS, Attributes

SMALL = {
    "features__layer": "block2_pool",
    "features__pooling": None,
    "features__input_size": 32,
    "head__epochs": 2,
    "head__n_layers": 0,
}
FACE = np.array([0.4, 0.4, 0.6, 0.4, 0.5, 0.5, 0.42, 0.6, 0.58, 0.6])


class Known(BaseEstimator):
    """Knows where the points lie."""

    def __init__(self, points):
        self.points = points

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        return self.points[: len(X)]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """20 files of smooth colours."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    paths = [folder / f"{number}.png" for number in range(20)]
    for path in paths:
        blocks = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize((48, 40)).save(path)
    return ImageArray(paths)


@pytest.fixture(scope="module")
def points():
    return FACE + np.random.default_rng(1).normal(0, 0.02, (20, 10))


@pytest.fixture(scope="module")
def look(photos, points):
    look = make_landmark_pipeline(weights=None, random_state=0).set_params(**SMALL)
    return look.fit(photos, points)


@pytest.fixture(scope="module")
def boxes(points):
    return np.hstack([points[:, :2] - 0.1, np.full((20, 2), 0.4)])


def test_best_preset_takes_a_second_look_at_boxes_and_landmarks():
    boxes, points = make_bbox_pipeline(), make_landmark_pipeline()
    assert (boxes.n_looks, boxes.average) == (3, True)
    assert (points.n_looks, points.average) == (3, False)
    assert make_landmark_pipeline(looks=5).n_looks == 5


@pytest.mark.parametrize("preset", ["paper", "fast"])
def test_other_presets_look_once_unless_they_are_asked(preset):
    assert isinstance(make_bbox_pipeline(preset), FacePipeline)
    assert make_bbox_pipeline(preset, looks=2).n_looks == 2


def test_one_look_is_a_pipeline_of_features_and_head():
    assert list(make_landmark_pipeline(looks=1).named_steps) == ["features", "head"]


def test_looks_that_are_none_are_refused():
    with pytest.raises(ParameterError, match="looks must be 1 or more, or None, got 0"):
        make_bbox_pipeline(looks=0)


def test_one_look_of_several_is_the_answer_of_the_first(look, photos):
    one = pickle.loads(pickle.dumps(look)).set_params(n_looks=1)
    np.testing.assert_array_equal(one.predict(photos), look.first_.predict(photos))


def test_each_further_look_reads_the_frame_round_the_answer_before(look, photos):
    sizes = np.tile([48, 40], (20, 1))
    y = look.first_.predict(photos)
    for _ in range(2):
        frames = frames_around(y, LANDMARKS, sizes)
        y = look.second_.predict(photos.framed(frames))
    np.testing.assert_array_equal(look.predict(photos), y)


def test_the_mean_of_all_looks_is_told_where_that_is_asked(look, photos):
    looks = pickle.loads(pickle.dumps(look))
    said = [looks.set_params(n_looks=n).predict(photos) for n in (1, 2, 3)]
    mean = looks.set_params(average=True).predict(photos)
    np.testing.assert_allclose(mean, np.mean(said, axis=0), rtol=1e-12)


def test_photos_of_an_array_are_looked_at_like_those_of_files(look, photos):
    of_array = look.predict(np.asarray(photos.resized((40, 48))))
    # Frames of an array are cut from its pixels, and resized once more.
    np.testing.assert_allclose(of_array, look.predict(photos), atol=0.05)


@pytest.mark.parametrize("container", [list, lambda X: pd.Series(X, dtype=object)])
def test_images_of_several_sizes_are_not_squashed(look, container):
    tall, wide = Image.new("RGB", (40, 60)), Image.new("RGB", (60, 40))
    turned = Image.new("RGB", (40, 60))
    turned.getexif()[274] = 6  # lies on its side
    for reader in (look.predict, AlignedFaces(look).transform):
        for other in (wide, turned):
            with pytest.raises(InputError, match="give paths, or one image"):
                reader(container([tall, other]))
        assert len(reader(container([wide, turned]))) == 2


def test_score_is_that_of_the_target(look, photos, points):
    assert look.score(photos, points) == LANDMARKS.score(points, look.predict(photos))


def test_score_takes_columns_by_name(look, photos, points):
    table = pd.DataFrame(points, columns=LANDMARKS.columns())
    assert look.score(photos, table[table.columns[::-1]]) == look.score(photos, points)


def test_parameters_are_set_in_both_looks_or_in_one(look):
    look = clone(look).set_params(head__n_layers=3, second__head__n_units=7, n_looks=2)
    assert (look.first["head"].n_layers, look.second["head"].n_layers) == (3, 3)
    assert (look.first["head"].n_units, look.second["head"].n_units) == (256, 7)
    assert look.n_looks == 2


def test_a_step_that_is_set_in_both_looks_is_not_shared(look):
    look = clone(look).set_params(head=DenseHeadRegressor(3, target="landmarks"))
    look.set_params(first__head__n_layers=1)
    assert [each["head"].n_layers for each in (look.first, look.second)] == [1, 3]


def test_a_fit_that_fails_leaves_the_one_before(look, photos, points, monkeypatch):
    look = pickle.loads(pickle.dumps(look))
    before = look.first_, look.second_
    fit = FacePipeline.fit

    def failing(pipe, X, y, **params):
        return fit(pipe, X, y, **params) if len(y) == len(photos) else 1 / 0

    monkeypatch.setattr(FacePipeline, "fit", failing)
    with pytest.raises(ZeroDivisionError):
        look.fit(photos, points)
    assert (look.first_, look.second_) == before


def test_a_number_of_looks_set_after_the_fit_is_checked(look, photos):
    look = pickle.loads(pickle.dumps(look)).set_params(n_looks=0)
    with pytest.raises(ParameterError, match="'n_looks' parameter of SecondLook"):
        look.predict(photos)


def test_a_parameter_that_no_look_has_is_refused(look):
    with pytest.raises(ValueError, match="Invalid parameter 'heads'"):
        clone(look).set_params(heads=2)


def test_frames_of_a_photo_are_the_same_among_other_photos(look, photos, points):
    def frames(rows):
        images, _, of_row = look.frames_of(photos[rows], points[rows], 2)
        own = images.frames.matrices[of_row == list(rows).index(7)]
        return own.round(12).tolist()

    assert frames(np.arange(20)) == frames(np.array([9, 7, 3]))


def test_frames_lie_round_the_truth_and_half_of_them_are_mirrored(look, photos, points):
    images, y, rows = look.frames_of(photos, points, 2)
    np.testing.assert_array_equal(rows, np.tile(np.arange(20), 2))
    np.testing.assert_array_equal(y, points[rows])
    assert images.frames.is_mirrored.reshape(2, 20).sum(axis=0).tolist() == [1] * 20
    middle = images.frames.to_frame(y, "landmarks").reshape(40, 5, 2).mean(axis=(0, 1))
    np.testing.assert_allclose(middle, [0.5, 0.532], atol=0.03)


def test_frames_of_another_random_state_are_others(look, photos, points):
    other = clone(look).set_params(random_state=1)
    one, two = (
        each.frames_of(photos, points, 1)[0].frames.matrices for each in (look, other)
    )
    assert (one != two).all(axis=(1, 2)).all()


def test_frames_of_one_photo_are_validated_on_together(photos, points, monkeypatch):
    seen = {}
    look = make_landmark_pipeline(weights=None).set_params(**SMALL)
    fit = FacePipeline.fit
    monkeypatch.setattr(
        FacePipeline,
        "fit",
        lambda pipe, *args, **params: seen.update(params) or fit(pipe, *args, **params),
    )
    look.fit(photos, points)
    np.testing.assert_array_equal(seen["head__groups"], np.tile(np.arange(20), 4))


def test_bad_validation_data_is_found_before_work(photos, points, no_network):
    look = make_landmark_pipeline(weights=None).set_params(**SMALL)
    with pytest.raises(InputError, match="X_val has 5 rows, y_val 4"):
        look.fit(photos, points, X_val=photos[:5], y_val=points[:4])


def test_parameters_of_the_second_look_are_checked_before_the_first(
    photos, points, no_network
):
    look = make_landmark_pipeline(weights=None).set_params(second__mirror="both")
    with pytest.raises(ParameterError, match="mirror must be in"):
        look.fit(photos, points)


def test_attributes_take_no_second_look(photos):
    look = SecondLook(make_attribute_pipeline(), make_attribute_pipeline())
    with pytest.raises(ParameterError, match="boxes or the five landmarks"):
        look.fit(photos, np.tile([0, 1], (20, 1)))


def test_boxes_are_looked_at_in_upright_frames(photos, boxes):
    look = make_bbox_pipeline(weights=None).set_params(**SMALL)
    images, _, _ = look.frames_of(photos, boxes, 2)
    across = images.frames.matrices[:, [0, 1], [1, 0]]
    np.testing.assert_allclose(across, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("target", "speck"), [(BBOX, [0.5, 0.5, 0.3, 0.0]), (LANDMARKS, [0.5] * 10)]
)
def test_round_a_speck_the_whole_photo_is_seen(target, speck):
    y = np.array([speck, [0.2, 0.3, 0.4, 0.5, *[0.6] * 6][: len(speck)]])
    frames = frames_around(y, target, np.tile([100, 80], (2, 1)))
    assert frames.is_whole.tolist() == [True, False]


def test_jitter_by_seeds_does_not_depend_on_other_frames():
    frames = Frames.whole(3, (100, 80))
    together = frames.jittered([5, 6, 7]).matrices
    np.testing.assert_array_equal(frames[1:2].jittered([6]).matrices, together[1:2])


def test_aligned_faces_have_the_points_where_the_template_has_them(photos, points):
    landmarks = Known(points).fit(photos)
    aligned = AlignedFaces(landmarks).fit_transform(photos[:3])
    assert aligned.shape == (3, 218, 178, 3)
    found = aligned.frames.to_frame(points[:3], "landmarks").reshape(3, 5, 2)
    eyes = found[:, :2].mean(axis=0) * [178, 218]
    np.testing.assert_allclose(eyes, [(69, 111), (108, 111)], atol=8)


def test_aligned_faces_of_mirror_images_are_mirror_images(look, photos):
    mirrored = photos.framed(photos.frames.mirrored())
    aligned = AlignedFaces(look).fit_transform(mirrored)
    assert aligned.frames.is_mirrored.all()


def test_aligned_faces_keep_their_landmarks_through_clone(look):
    aligned = clone(AlignedFaces(look, template="face"))
    assert (aligned.landmarks, aligned.template) == (look, "face")


def test_a_parameter_of_landmarks_is_set_in_a_copy_of_them(look, photos):
    aligned = clone(AlignedFaces(look)).set_params(landmarks__n_looks=1)
    assert look.n_looks == 3
    first = look.first_.predict(photos)
    np.testing.assert_array_equal(aligned.landmarks.predict(photos), first)


def test_one_photo_whose_points_coincide_is_seen_whole(photos):
    aligned = AlignedFaces(Known(np.full((1, 10), 0.5)).fit(photos))
    assert aligned.fit_transform(photos[:1]).frames.is_whole.all()


@pytest.mark.parametrize(
    ("points", "fault"),
    [
        (np.full((2, 10), 50.0), "rows of up to 50 for 2 photos: they must be fractio"),
        (np.full((1, 10), 0.5), "landmarks predict 1 rows of up to 0.5 for 2 photos"),
        (np.full((2, 10), np.nan), "landmarks' prediction must be finite"),
        (np.full((2, 4), 0.5), "landmarks' prediction must hold landmarks"),
    ],
)
def test_points_that_are_no_fractions_of_the_photos_align_nothing(
    photos, points, fault
):
    with pytest.raises(InputError, match=fault):
        AlignedFaces(Known(points).fit(photos)).transform(photos[:2])


def test_a_pipeline_that_aligns_can_give_tables(look, photos):
    pipe = make_attribute_pipeline(weights=None, align=look)
    assert pipe.set_output(transform="pandas") is pipe


def test_aligned_faces_need_landmarks_that_are_fitted(photos):
    with pytest.raises(NotFittedError, match="A search clones the values of its grid"):
        AlignedFaces(make_landmark_pipeline()).fit(photos)


def test_an_aligned_pipeline_reads_what_its_frames_show(look, photos):
    y = np.random.default_rng(2).integers(0, 2, (20, 3))
    pipe = make_attribute_pipeline(weights=None, align=look, random_state=0)
    pipe.set_params(**SMALL).fit(photos, y)
    plain = FacePipeline(pipe.steps[1:], mirror=pipe.mirror)
    aligned = AlignedFaces(look).fit_transform(photos)
    learnt = clone(plain).fit(aligned, y)
    for each in (plain, learnt):
        np.testing.assert_array_equal(
            pipe.predict_proba(photos), each.predict_proba(aligned)
        )


def test_faces_are_not_aligned_by_boxes(photos):
    boxes = make_bbox_pipeline(looks=1, weights=None).set_params(**SMALL)
    boxes = boxes.fit(photos, np.full((20, 4), 0.4))
    with pytest.raises(ParameterError, match="the five points, not boxes"):
        AlignedFaces(boxes).fit(photos)


def test_new_landmarks_are_copied_before_their_parameters_are_set(look):
    aligned = AlignedFaces(look.first_).set_params(landmarks=look, landmarks__n_looks=1)
    assert (aligned.landmarks.n_looks, look.n_looks) == (1, 3)


def test_a_step_that_aligns_can_be_passed_over(look, photos):
    y = np.random.default_rng(2).integers(0, 2, (20, 3))
    pipe = make_attribute_pipeline(weights=None, align=look, random_state=0)
    pipe.set_params(**SMALL, align="passthrough").fit(photos, y)
    plain = clone(FacePipeline(pipe.steps[1:], mirror=pipe.mirror)).fit(photos, y)
    np.testing.assert_array_equal(
        pipe.predict_proba(photos), plain.predict_proba(photos)
    )
    assert not pipe.is_aligning
    assert pipe.n_passes == 1


def test_a_fitted_pipeline_goes_behind_a_step_that_aligns(look, photos):
    y = np.random.default_rng(2).integers(0, 2, (20, 3))
    pipe = make_attribute_pipeline(weights=None, random_state=0)
    pipe.set_params(**SMALL, mirror="fit+predict").fit(photos, y)
    pipe.target_names_ = ["A", "B", "C"]
    align = AlignedFaces(look)
    aligned, behind = align.transform(photos), pipe.behind(align)
    np.testing.assert_array_equal(
        behind.predict_proba(photos), pipe.predict_proba(aligned)
    )
    assert behind.target_names_ == ["A", "B", "C"]
    assert list(pipe.named_steps) == ["features", "head"]
    with pytest.raises(ParameterError, match="aligns photos already, by its step"):
        behind.behind(align)


def test_a_grid_over_landmarks_is_one_over_the_step(look, photos):
    y = np.random.default_rng(2).integers(0, 2, (20, 3))
    pipe = make_attribute_pipeline(weights=None, align=look, random_state=0)
    pipe.set_params(**SMALL)
    grid = {"align": [AlignedFaces(look), AlignedFaces(look.first_)]}
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(photos, y)
    assert search.best_estimator_["align"].landmarks in (look, look.first_)


def test_named_attributes_are_read_in_aligned_faces(look, photos):
    pipe = make_attribute_pipeline(weights=None, align=look)
    pipe.set_params(head__target=Attributes(("Smiling", "Young")))
    pipe.check_fit(photos, np.tile([[0, 1], [1, 0]], (10, 1)))


def test_coordinates_are_not_read_in_aligned_faces(look, photos, points):
    pipe = make_landmark_pipeline(weights=None, looks=1)
    pipe = FacePipeline([("align", AlignedFaces(look)), *pipe.steps])
    with pytest.raises(ParameterError, match="read twice by SecondLook"):
        pipe.fit(photos, points)
