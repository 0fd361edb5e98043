"""Faces turned upright without landmarks."""

import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skface
from skface import (
    Frames,
    ImageArray,
    make_attribute_pipeline,
    make_landmark_pipeline,
)
from skface.exceptions import InputError, ParameterError, SavedFileError
from skface.systems import LandmarkFreeAlignment
from skface.targets import CORNERS

SIZE = (48, 60)  # of a photo: width, height
SMALL = {
    "features__layer": "block2_pool",
    "features__pooling": (4, 4),
    "features__input_size": 32,
    "head__epochs": 2,
    "head__n_layers": 0,
    "mirror": False,
}


class Tells:
    """Tells corners, look by look."""

    n_passes = 1

    def __init__(self, *looks):
        self.looks = list(looks)

    def predict(self, X):
        return self.looks.pop(0)


def small_regressor(**params):
    pipe = make_landmark_pipeline(weights="synthetic", looks=1, random_state=0)
    return pipe.set_params(**SMALL | params)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """12 files of smooth colours."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    paths = [folder / f"{number}.png" for number in range(12)]
    for path in paths:
        blocks = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize(SIZE).save(path)
    return ImageArray(paths, image_size=(60, 48))


@pytest.fixture(scope="module")
def align(photos):
    return LandmarkFreeAlignment(small_regressor()).fit(photos)


@pytest.fixture
def knowing(align):
    """An alignment whose regressor tells what it is given, look by look."""

    def with_looks(*looks):
        other = clone(align).set_params(n_looks=len(looks))
        other.aspect_, other.regressor_ = align.aspect_, Tells(*looks)
        return other

    return with_looks


@pytest.fixture
def whole():
    return Frames.whole(12, SIZE)


def test_what_is_told_to_be_off_is_undone(photos, whole, knowing):
    off = whole.turned(30).scaled(1.2).shifted(0.1, -0.1)
    upright = knowing(*2 * [whole.corners]).transform(photos.framed(off))
    np.testing.assert_allclose(upright.frames.matrices, whole.matrices, atol=1e-9)


def test_the_frame_that_is_off_by_least_is_kept(photos, whole, knowing):
    near, far = whole.turned(5).corners, whole.turned(5).turned(90).corners
    kept = knowing(near, far).transform(photos).frames
    np.testing.assert_array_equal(kept.matrices, whole.matrices)
    kept = knowing(far, whole.turned(91).turned(4).corners).transform(photos).frames
    np.testing.assert_allclose(kept.corners, far, atol=1e-9)


def test_one_look_leaves_photos_as_they_are(photos, whole, knowing):
    assert knowing(whole.turned(40).corners).transform(photos).frames.is_whole.all()


def test_mirrored_photos_stay_mirrored(photos, whole, knowing):
    off = whole.mirrored().turned(20)
    upright = knowing(*2 * [whole.corners]).transform(photos.framed(off))
    np.testing.assert_allclose(
        upright.frames.matrices, whole.mirrored().matrices, atol=1e-9
    )


def test_a_wide_photo_is_first_seen_in_the_shape_that_was_learnt(
    tmp_path, whole, knowing
):
    Image.new("RGB", (200, 100)).save(tmp_path / "wide.png")
    wide = ImageArray([tmp_path / "wide.png"])
    seen = knowing(np.tile([0.0, 0, 1, 0, 0, 1, 1, 1], (1, 1))).transform(wide).frames
    np.testing.assert_allclose(seen.corners, [[0, -0.75, 1, -0.75, 0, 1.75, 1, 1.75]])


def test_it_learns_from_frames_every_second_of_which_is_mirrored(align, photos):
    images, corners, rows = align.frames_of(photos)
    np.testing.assert_array_equal(rows, np.tile(np.arange(12), 2))
    np.testing.assert_array_equal(corners, Frames.whole(24).corners)
    assert images.frames.is_mirrored.reshape(2, 12).sum(axis=0).tolist() == [1] * 12


def test_frames_of_a_photo_are_the_same_among_other_photos(align, photos):
    images, _, rows = align.frames_of(photos)
    few, _, _ = align.frames_of(photos[[7]])
    np.testing.assert_array_equal(
        images[rows == 7].frames.matrices, few.frames.matrices
    )


def test_frames_are_as_far_off_as_asked(align, photos):
    still = clone(align).set_params(degrees=0, log_scale=0, shift=0, n_frames=1)
    images, _, _ = still.frames_of(photos)
    np.testing.assert_allclose(images.frames.corners, Frames.whole(12).corners)


def test_turned_photos_come_nearer_to_upright(tmp_path):
    height, width = np.mgrid[:60, :48] * np.array([[[4]], [[5]]])
    paths = [tmp_path / f"{number}.png" for number in range(24)]
    for number, path in enumerate(paths):  # bright below, and red on the right
        pixels = np.stack([width, height, np.full((60, 48), 9 * number)], axis=2)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    photos = ImageArray(paths, image_size=(60, 48))
    regressor = small_regressor(head__batch_size=8, head__learning_rate=1e-2)
    regressor.set_params(head__epochs=40)
    align = LandmarkFreeAlignment(regressor, n_frames=4).fit(photos)
    whole = Frames.whole(24, SIZE)
    off = whole.turned(np.tile([-40, 40], 12))
    found = align.transform(photos.framed(off)).frames
    before, after = (
        np.abs(frames.corners - whole.corners).mean() for frames in (off, found)
    )
    assert after < 0.6 * before


def test_arrays_are_aligned_like_files(align, photos):
    of_array = align.transform(np.asarray(photos[:3]))
    of_files = np.asarray(align.transform(photos[:3]))
    assert np.abs(of_array.astype(float) - of_files).mean() < 3


def test_aligned_files_keep_their_size(align, photos):
    assert align.transform(photos).shape == photos.shape


def test_it_is_used_only_when_fitted(photos):
    with pytest.raises(NotFittedError):
        LandmarkFreeAlignment(small_regressor()).transform(photos)


def test_a_head_that_tells_no_coordinates_is_refused(photos):
    align = LandmarkFreeAlignment(make_attribute_pipeline(weights="synthetic"))
    with pytest.raises(ParameterError, match="must end in a DenseHeadRegressor"):
        align.fit(photos)


def test_a_parameter_that_is_none_is_refused_by_name(photos):
    align = LandmarkFreeAlignment(small_regressor(), shift=-1)
    with pytest.raises(ParameterError, match="'shift' parameter"):
        align.fit(photos)


def test_each_look_takes_the_passes_of_the_regressor(align):
    assert align.n_passes == 3
    both_sides = clone(align).set_params(n_looks=2, regressor__mirror="predict")
    assert both_sides.n_passes == 4


def test_in_front_of_a_pipeline_it_learns_from_the_same_photos(align, photos):
    y = np.random.default_rng(1).integers(0, 2, (12, 3))
    pipe = make_attribute_pipeline(weights="synthetic", random_state=0)
    pipe.set_params(**SMALL)
    pipe = pipe.behind(clone(align))
    pipe.fit(photos, y, X_val=photos[:4], y_val=y[:4])
    upright = pipe["align"].transform(photos)
    np.testing.assert_array_equal(
        upright.frames.matrices, align.transform(photos).frames.matrices
    )
    np.testing.assert_array_equal(
        pipe.predict_proba(photos), pipe[1:].predict_proba(upright)
    )
    assert pipe.n_passes == 4


def test_it_aligns_the_same_when_pickled_or_saved_and_loaded(align, photos, tmp_path):
    skface.save(align, tmp_path / "align.skface")
    loaded = skface.load(tmp_path / "align.skface")
    assert not hasattr(loaded.regressor[-1], "model_")
    assert loaded.get_params()["degrees"] == 30.0
    for other in (loaded, pickle.loads(pickle.dumps(align))):
        np.testing.assert_array_equal(
            other.transform(photos).frames.matrices,
            align.transform(photos).frames.matrices,
        )


def test_a_pipeline_that_begins_with_it_is_saved(align, photos, tmp_path):
    y = np.random.default_rng(1).integers(0, 2, (12, 3))
    pipe = make_attribute_pipeline(weights="synthetic", random_state=0)
    pipe.set_params(**SMALL).fit(photos, y)
    pipe = pipe.behind(align)
    skface.save(pipe, tmp_path / "pipe.skface")
    loaded = skface.load(tmp_path / "pipe.skface")
    np.testing.assert_array_equal(
        loaded.predict_proba(photos), pipe.predict_proba(photos)
    )


def test_a_file_whose_regressor_finds_something_else_is_refused(
    align, photos, tmp_path
):
    other = clone(align)
    other.aspect_ = align.aspect_
    other.regressor_ = small_regressor(head__output_activation="sigmoid").fit(
        photos, np.full((12, 10), 0.5)
    )
    with pytest.raises(SavedFileError, match="not corners"):
        skface.save(other, tmp_path / "align.skface")


def test_corners_make_frames_of_an_aspect():
    frames = Frames.whole(3, (178, 218)).turned([0, 20, -70]).scaled(0.7)
    back = Frames.from_corners(frames.corners, (178, 218), aspect=218 / 178)
    np.testing.assert_allclose(back.matrices, frames.matrices, atol=1e-9)
    np.testing.assert_allclose(frames.aspects, 218 / 178)


def test_corners_that_coincide_are_refused():
    with pytest.raises(InputError, match="row 0 coincide"):
        Frames.from_corners(np.full((1, 8), 0.5), (178, 218))


def test_frames_of_the_aspect_asked_for_are_left_as_they_are():
    frames = Frames.whole(2, (178, 218))
    assert frames.with_aspect(218 / 178).is_whole.all()
    assert CORNERS.columns()[:2] == ["upper_left_x", "upper_left_y"]


def test_the_aspect_of_frames_needs_the_sizes_of_the_photos():
    with pytest.raises(InputError, match="give them the photos' sizes"):
        Frames.whole(2).with_aspect(1.0)
