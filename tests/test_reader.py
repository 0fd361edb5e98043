"""Every face of photos as a table."""

import contextlib
import hashlib
import json
import pickle
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from skface import (
    AlignedFaces,
    FaceDetector,
    FaceReader,
    Frames,
    ImageArray,
    load,
    make_attribute_pipeline,
    make_bbox_pipeline,
    make_face_reader,
    make_landmark_pipeline,
    save,
)
from skface.exceptions import (
    InputError,
    ParameterError,
    SavedFileError,
    SkfaceWarning,
)
from skface.pipelines import FacePipeline
from skface.targets import LANDMARKS, Attributes

# Most of these tests do not ask what the attributes have learnt from.
pytestmark = pytest.mark.filterwarnings("ignore:the photos that attributes has learnt")

TINY = {
    "features__layer": "block1_pool",
    "features__pooling": (3, 3),
    "features__input_size": 32,
    "head__epochs": 1,
    "head__n_layers": 0,
}
NAMES = ["Smiling", "Young"]
FACE = np.array([27, 26, 73, 26, 50, 54, 30, 77, 70, 77]) / 100  # of a box


def points_in(boxes):
    """Five points as they lie in boxes as a rule, (k, 10)."""
    corner, size = np.tile(boxes[:, :2], 5), np.tile(boxes[:, 2:4], 5)
    return corner + FACE * size


def smooth(path, size, seed=0, **options):
    """A photo file of smooth colours."""
    blocks = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize(size).save(path, **options)
    return str(path)


class Boxes:
    """A detector that finds the same boxes in every photo, in fractions of it."""

    def __init__(self, *boxes):
        self.boxes = np.reshape(boxes, (len(boxes), -1))

    def __call__(self, photo):
        height, width = photo.shape[:2]
        return self.boxes * [width, height, width, height, 1][: self.boxes.shape[1]]


class Steady(BaseEstimator):
    """A second look that finds the points where they lie in the frame "face"."""

    n_passes, target = 1, "landmarks"

    def fit(self, X, y):
        return self

    def predict(self, X):
        self.seen_ = X
        template = np.tile(
            [0.34, 0.38, 0.66, 0.38, 0.5, 0.56, 0.37, 0.73, 0.63, 0.73], (len(X), 1)
        )
        return X.frames.to_photo(template, LANDMARKS)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Three photos of 120 x 90 pixels."""
    folder = tmp_path_factory.mktemp("photos")
    return [smooth(folder / f"{i}.png", (120, 90), seed=i) for i in range(3)]


@pytest.fixture(scope="module")
def parts(photos):
    """A second look and an attribute pipeline, fitted on next to nothing."""
    X, y = ImageArray(photos * 4), np.tile(FACE * 0.5 + 0.25, (12, 1))
    landmarks = make_landmark_pipeline(weights=None, random_state=0).set_params(**TINY)
    attributes = make_attribute_pipeline(weights=None, random_state=0)
    attributes.set_params(**TINY)
    labels = pd.DataFrame(np.arange(24).reshape(12, 2) % 3 % 2, columns=NAMES)
    return landmarks.fit(X, y), attributes.fit(X, labels)


@pytest.fixture
def reader(parts):
    """Finds two faces in every photo, the second one being the better."""
    landmarks, attributes = pickle.loads(pickle.dumps(parts))
    attributes.target_names_ = NAMES
    boxes = Boxes([0.1, 0.1, 0.3, 0.5, 0.6], [0.5, 0.2, 0.4, 0.6, 0.9])
    return FaceReader(boxes, landmarks, attributes)


def test_one_row_a_face_the_best_of_a_photo_first(reader, photos):
    table = reader.read(photos)
    assert table["photo"].tolist() == np.repeat(photos, 2).tolist()
    assert table["face"].tolist() == [0, 1] * 3
    assert table["score"].tolist() == [0.9, 0.6] * 3
    assert list(table) == [
        *("photo", "face", "score", "x", "y", "width", "height"),
        *LANDMARKS.columns(),
        *NAMES,
    ]


def test_boxes_are_pixels_of_the_photo(reader, photos):
    boxes = reader.read(photos[:1])[["x", "y", "width", "height"]]
    np.testing.assert_allclose(boxes, [[60, 18, 48, 54], [12, 9, 36, 45]])


def test_face_lies_in_its_first_frame_as_in_those_learnt_from(reader, photos):
    reader.landmarks.second_ = Steady()
    reader.set_params(landmarks__n_looks=2)
    table = reader.read(photos[:1])
    boxes = table[["x", "y", "width", "height"]].to_numpy()
    sizes = np.tile([120, 90], (2, 1))
    start = Frames.from_landmarks(
        points_in(boxes) / np.tile([120, 90], 5), sizes, template="face"
    )
    seen = reader.landmarks.second_.seen_.frames
    np.testing.assert_allclose(seen.matrices, start.matrices, atol=1e-12)


def test_each_further_look_starts_where_the_last_one_ended(reader, photos):
    two, three = (
        reader.set_params(landmarks__n_looks=n).read(photos[:1])[LANDMARKS.columns()]
        for n in (2, 3)
    )
    sizes = np.tile([120, 90], (2, 1))
    frames = Frames.from_landmarks(two / np.tile([120, 90], 5), sizes, template="face")
    X = ImageArray(photos[:1] * 2).framed(frames)
    again = reader.landmarks.second_.predict(X) * np.tile([120, 90], 5)
    np.testing.assert_allclose(three, again, atol=1e-3)


def test_attributes_are_read_from_upright_faces(reader, photos):
    table = reader.read(photos[:1])
    points = table[LANDMARKS.columns()] / np.tile([120, 90], 5)
    frames = Frames.from_landmarks(points, (120, 90))
    X = ImageArray(photos[:1] * 2, (218, 178), frames)
    expected = reader.attributes.predict_proba(X)
    np.testing.assert_allclose(table[NAMES], expected, atol=1e-5)


def test_step_that_aligns_is_passed_over(reader, photos):
    expected = reader.read(photos[:1])
    aligning = reader.attributes.behind(AlignedFaces(reader.landmarks))
    reader.set_params(attributes=aligning)
    pd.testing.assert_frame_equal(reader.read(photos[:1]), expected)


def test_photos_of_an_array_are_named_by_their_rows(reader, photos):
    X = np.stack([np.asarray(Image.open(photo)) for photo in photos])
    of_array, of_files = reader.read(X), reader.read(photos)
    assert of_array["photo"].tolist() == [0, 0, 1, 1, 2, 2]
    # Frames of files are read at the size that the features see, not at a face's.
    points = LANDMARKS.columns()
    np.testing.assert_allclose(of_array[points], of_files[points], atol=2)


def test_a_photo_of_many_faces_is_not_copied_for_each(reader):
    photo = np.full((1, 1500, 2000, 3), 200, np.uint8)
    boxes = [[60 * k, 50, 50, 50] for k in range(30)]
    reader.set_params(detector=lambda photo: boxes)
    tracemalloc.start()
    n_faces = len(reader.read(photo))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_faces == 30
    assert peak < 4 * photo.nbytes


def test_photos_without_a_face_have_no_row_and_are_listed(reader, photos):
    reader.set_params(detector=lambda photo: [] if photo[0, 0, 0] < 128 else [[9] * 4])
    first = [int(np.asarray(Image.open(photo))[0, 0, 0]) for photo in photos]
    without = [photo for photo, red in zip(photos, first, strict=True) if red < 128]
    table = reader.read(photos)
    assert 0 < len(without) < 3
    assert table.attrs["without_face"] == without
    assert sorted({*table["photo"], *without}) == photos


def test_no_face_at_all_is_a_table_with_columns_and_without_rows(reader, photos):
    table = reader.set_params(detector=lambda photo: ()).read(photos)
    assert table.shape == (0, 19)
    assert table.attrs == {"without_face": photos, "unreadable": {}}


def test_unreadable_photo_is_named_and_passed_by(reader, photos, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    with pytest.warns(SkfaceWarning, match=f"passed by: {bad}"):
        table = reader.read([photos[0], str(bad), photos[1]])
    assert table["photo"].tolist() == [photos[0]] * 2 + [photos[1]] * 2
    assert list(table.attrs["unreadable"]) == [str(bad)]


def test_photo_that_goes_away_after_it_was_found_is_passed_by(reader, tmp_path):
    paths = [smooth(tmp_path / f"{i}.png", (120, 90), seed=i) for i in range(2)]
    detector = reader.detector

    def taking_away(photo):
        if not (photo - np.asarray(Image.open(paths[1]))).any():
            (tmp_path / "0.png").unlink()
        return detector(photo)

    reader.set_params(detector=taking_away)
    with pytest.warns(SkfaceWarning, match="passed by: .*0.png"):
        table = reader.read(paths)
    assert table["photo"].tolist() == [paths[1]] * 2


def test_one_attribute_is_a_column(reader, photos):
    attributes = make_attribute_pipeline(weights=None).set_params(**TINY)
    attributes.fit(ImageArray(photos * 4), np.arange(12) % 2)
    attributes.target_names_ = NAMES[:1]
    table = reader.set_params(attributes=attributes).read(photos)
    assert list(table)[-1] == NAMES[0]
    assert table.shape == (6, 18)
    assert table[NAMES[0]].between(0, 1).all()


def test_photos_before_an_error_are_read(reader, photos):
    boxes = reader.detector
    found = iter([boxes, boxes, lambda photo: "no boxes"])
    reader.set_params(detector=lambda photo: next(found)(photo))
    parts = reader.read_in_parts(photos)
    assert next(parts)["photo"].tolist() == np.repeat(photos[:2], 2).tolist()
    with pytest.raises(InputError, match="the detector must give boxes"):
        next(parts)


def test_columns_have_the_same_types_whatever_the_last_photo_holds(reader, photos):
    boxes = Boxes(*64 * [[0.1, 0.1, 0.5, 0.5]])
    found = iter([boxes, boxes, lambda photo: []])
    expected = reader.set_params(detector=boxes).read(photos[:2])
    table = reader.set_params(detector=lambda photo: next(found)(photo)).read(photos)
    pd.testing.assert_frame_equal(table, expected)
    assert table.attrs["without_face"] == photos[2:]
    assert table["face"].dtype == int


def test_box_of_less_than_a_pixel_is_no_face(reader, photos):
    reader.set_params(detector=lambda photo: [[9, 9, 30, 30], [9, 9, 30, 1e-7]])
    assert len(reader.read(photos[:1])) == 1


def test_box_that_is_far_larger_than_the_photo_is_refused(reader, photos):
    reader.set_params(detector=lambda photo: [[-1e200, 0, 2e200, 40]])
    with pytest.raises(InputError, match=f"{photos[0]}.*100 times as large as the pho"):
        reader.read(photos)


def test_no_rows_of_a_reading_are_no_aligned_faces(reader, photos):
    assert reader.aligned(reader.read(photos)[:0]).shape == (0, 218, 178, 3)


def test_what_is_no_reading_of_files_is_not_aligned(reader, photos):
    table = reader.read(photos)
    with pytest.raises(InputError, match="no column 'nose_x'"):
        reader.aligned(table.drop(columns="nose_x"))
    with pytest.raises(InputError, match="not of files"):
        reader.aligned(table.assign(photo=0))


def test_photos_through_frames_are_refused_before_the_detector_learns(parts, photos):
    reader = make_face_reader(weights=None).set_params(attributes=parts[1])
    X = ImageArray(photos)
    with pytest.raises(InputError, match="photos are seen through frames"):
        reader.fit(
            boxes=(X, [np.array([[0.2, 0.2, 0.5, 0.5]])] * 3),
            landmarks=(X.framed(Frames.whole(3)), np.tile(FACE, (3, 1))),
        )
    assert not hasattr(reader.detector, "score_head_")


def test_parts_hold_64_faces_or_more_and_the_whole_in_order(reader, photos):
    reader.set_params(detector=Boxes(*40 * [[0.1, 0.1, 0.5, 0.5]]))
    parts = list(reader.read_in_parts(photos))
    assert [len(part) for part in parts] == [80, 40]
    assert parts[0]["photo"].unique().tolist() == photos[:2]


def test_score_is_missing_where_the_detector_tells_none(reader, photos):
    reader.set_params(detector=Boxes([0.1, 0.1, 0.5, 0.5]))
    assert reader.read(photos[:1])["score"].isna().all()


@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        (None, r"\[\] where there is no face; got NoneType"),
        ([[1, 2, 3]], "must give boxes, an array of shape"),
        ("face", "must give boxes, an array of shape"),
        ([[10, 10, 0, 20]], "gave the box 10, 10, 0, 20: .* in the photo of 120 x 90"),
        ([[10, 10, 5, np.nan]], "gave the box 10, 10, 5, nan"),
        ([[500, 10, 50, 50]], "gave the box 500, 10, 50, 50"),
        ([[0.1, 0.1, 0.5, 0.5]], "multiply fractions by the photo's width and height"),
    ],
)
def test_boxes_that_are_none_are_refused_with_the_photo(reader, photos, boxes, told):
    reader.set_params(detector=lambda photo: boxes)
    with pytest.raises(InputError, match=f"^{photos[0]}: .*{told}"):
        reader.read(photos)


def test_detector_with_predict_tells_fractions(reader, photos):
    class Whole(BaseEstimator):
        def predict(self, X):
            return [[[0, 0, 1, 1, 0.5]] for _ in X]

    reader.set_params(detector=Whole())
    boxes = reader.read(photos[:1])[["x", "y", "width", "height"]]
    np.testing.assert_allclose(boxes, [[0, 0, 120, 90]])


def test_predict_that_gives_pixels_is_refused(reader, photos):
    class Pixels(BaseEstimator):
        def predict(self, X):
            return [[[10, 10, 50, 50, 0.5]] for _ in X]

    reader.set_params(detector=Pixels())
    with pytest.raises(InputError, match=r"in the photo of 1 x 1 \(fractions\)"):
        reader.read(photos)


def test_sideways_photo_is_read_upright(reader, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = smooth(tmp_path / "sideways.jpg", (90, 120), exif=exif, quality=95)
    shapes = []

    def detector(photo):
        shapes.append(photo.shape)
        return [[60, 10, 50, 60]]

    table = reader.set_params(detector=detector).read([path])
    assert shapes == [(90, 120, 3)]
    assert table.loc[0, ["x", "width"]].tolist() == [60, 50]
    assert table.loc[0, LANDMARKS.columns()].between(-120, 240).all()


@pytest.mark.parametrize("size", [(40, 40), (4000, 3000)])
def test_photos_of_40_pixels_and_of_12_million_are_read(reader, tmp_path, size):
    path = smooth(tmp_path / "photo.jpg", size, quality=50)
    reader.landmarks.second_ = Steady()
    table = reader.read([path])
    expected = np.array([0.5, 0.2, 0.4, 0.6]) * np.tile(size, 2)
    np.testing.assert_allclose(
        table.loc[0, ["x", "y", "width", "height"]].tolist(), expected
    )
    assert table.loc[0, NAMES].between(0, 1).all()


def test_face_cut_by_the_border_is_read_with_black_beyond(reader, photos):
    reader.landmarks.second_ = Steady()
    reader.set_params(detector=Boxes([0.8, -0.3, 0.5, 0.6]))
    table = reader.read(photos[:1])
    assert table.loc[0, "right_eye_x"] > 120
    assert table.loc[0, NAMES].between(0, 1).all()


def test_points_that_collapse_do_not_take_the_face_away(reader, photos):
    class Collapsed(BaseEstimator):
        n_passes, target = 1, "landmarks"

        def predict(self, X):
            return np.full((len(X), 10), 0.5)

    reader.landmarks.second_ = Collapsed()
    assert reader.read(photos[:1])[NAMES].notna().all(axis=None)


def test_bar_is_one_of_photos(reader, photos, capsys):
    reader.set_params(verbose=1, landmarks__second__features__verbose=1)
    reader.landmarks.second_.set_params(features__verbose=1)
    reader.attributes.set_params(features__verbose=1)
    reader.read(photos)
    said = capsys.readouterr().err
    assert "3/3" in said
    assert "VGG19" not in said


def test_passes_of_a_face_are_those_of_the_looks_and_of_the_attributes():
    assert make_face_reader().n_passes == 5
    assert make_face_reader("fast").n_passes == 2


def test_maker_hands_its_options_to_all_parts():
    reader = make_face_reader(weights="synthetic", cache_dir="rows", random_state=3)
    params = reader.get_params()
    assert params["detector__weights"] == "synthetic"
    assert params["landmarks__second__features__weights"] == "synthetic"
    assert params["attributes__features__cache_dir"] == "rows"
    assert params["detector__random_state"] == params["attributes__head__random_state"]


def test_clone_has_the_parameters_and_is_not_fitted(reader):
    reader.set_params(verbose=1)
    again = clone(reader)
    assert again.verbose == 1
    with pytest.raises(NotFittedError):
        again.read(["photo.jpg"])


def test_pickled_reader_reads_the_same(reader, photos):
    again = pickle.loads(pickle.dumps(reader))
    pd.testing.assert_frame_equal(again.read(photos), reader.read(photos))


def test_fit_learns_where_the_points_lie_in_the_boxes(reader, photos):
    box = np.array([[0.2, 0.2, 0.4, 0.5]])
    places = np.tile(FACE + 0.03, (12, 1))
    y = box[:, [0, 1] * 5] + places * box[:, [2, 3] * 5]
    reader.set_params(detector=Boxes([0.7, 0.7, 0.2, 0.2, 0.9], [*box[0], 0.6]))
    reader.fit(landmarks=(ImageArray(photos * 4), y))
    np.testing.assert_allclose(reader.points_in_box_, FACE + 0.03, atol=1e-6)


def test_place_that_cannot_be_learnt_is_told(reader, photos):
    reader.set_params(detector=lambda photo: [])
    y = np.tile(FACE, (12, 1))
    with pytest.warns(SkfaceWarning, match="the face of none of 12 photos"):
        reader.fit(landmarks=(ImageArray(photos * 4), y))
    assert not hasattr(reader, "points_in_box_")


def test_place_in_the_boxes_of_another_detector_is_forgotten(reader, photos):
    boxes = [np.array([[0.3, 0.3, 0.3, 0.3]])] * 3
    reader.points_in_box_ = FACE
    reader.set_params(detector=FaceDetector("synthetic", longest_side=112, steps=1))
    reader.fit(boxes=(photos, boxes))
    assert not hasattr(reader, "points_in_box_")


def test_place_in_the_boxes_of_one_detector_is_not_that_of_another(reader, photos):
    reader.points_in_box_ = FACE
    reader.set_params(detector=lambda photo: [])
    assert not hasattr(reader, "points_in_box_")


def test_place_learnt_from_a_few_of_many_photos_is_not_kept(reader, photos):
    y = np.tile(FACE, (30, 1))
    boxes, found = Boxes([0.35, 0.35, 0.3, 0.3]), iter([True, *[False] * 29])
    reader.set_params(detector=lambda photo: boxes(photo) if next(found) else [])
    with pytest.warns(SkfaceWarning, match="the face of 1 of 30 photos"):
        reader.fit(landmarks=(ImageArray(photos * 10), y))
    assert not hasattr(reader, "points_in_box_")


def test_a_function_that_draws_on_the_photo_changes_a_copy(reader, photos):
    def draws(photo):
        photo[:] = 0
        return [[10, 10, 30, 30]]

    X = np.stack([np.asarray(Image.open(photos[0]))])
    before = X.copy()
    reader.set_params(detector=draws).read(X)
    np.testing.assert_array_equal(X, before)


def test_an_attribute_is_not_named_as_another_column(reader, photos):
    labels = pd.DataFrame(np.arange(12)[:, None] % 2, columns=["photo"])
    with pytest.raises(InputError, match="an attribute is named 'photo', as a column"):
        reader.fit(attributes=(ImageArray(photos * 4), labels))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [(178, 218), (120, 90)])
def test_attributes_that_have_not_learnt_from_aligned_photos_are_told(
    reader, tmp_path, size
):
    X = [smooth(tmp_path / f"{seed}.png", size, seed) for seed in range(12)]
    labels = np.arange(12)[:, None] % 2
    told = contextlib.nullcontext()
    if size == (120, 90):
        match = r"all 0\.75 times as high as wide, .* 1\.22 times: let it learn from al"
        told = pytest.warns(SkfaceWarning, match=match)
    with told:
        reader.fit(attributes=(X, labels))


def test_attributes_of_another_library_are_refused(reader, photos):
    head = LogisticRegression().fit(np.eye(2), [0, 1])
    reader.set_params(attributes=FacePipeline([("head", head)]))
    with pytest.raises(ParameterError, match="a head of skface, such as a Dense"):
        reader.read(photos)


def test_fit_takes_the_names_of_attributes(reader, photos):
    labels = pd.DataFrame(np.arange(12)[:, None] % 2, columns=["Bald"])
    reader.fit(attributes=(ImageArray(photos * 4), labels))
    assert list(reader.read(photos))[-1] == "Bald"


def test_part_without_data_must_be_fitted(reader, photos):
    reader.set_params(detector=FaceDetector(weights=None))
    with pytest.raises(NotFittedError):
        reader.fit(attributes=(photos, [[0], [1], [1]]))


def test_bad_targets_are_refused_before_photos_are_looked_at(
    reader, photos, no_network
):
    reader.set_params(detector=FaceDetector(weights=None))
    data = {
        "boxes": (photos, [FACE[None, :4]] * 3),
        "landmarks": (photos, [[0.5] * 9] * 3),
    }
    with pytest.raises(InputError, match="landmarks"):
        reader.fit(**data)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"detector": 3}, "'detector' parameter of FaceReader must be"),
        ({"landmarks": make_landmark_pipeline(looks=1)}, "'landmarks' parameter"),
        ({"landmarks": make_bbox_pipeline()}, "must find the five points, not boxes"),
        ({"landmarks__n_looks": 1}, "set its n_looks to 2 or more"),
        ({"attributes": make_bbox_pipeline(looks=1)}, "must tell probabilities"),
    ],
)
def test_parts_that_cannot_read_are_refused(reader, photos, params, told):
    with pytest.raises(ParameterError, match=told):
        reader.set_params(**params).read(photos)


def test_boxes_for_a_function_are_refused(reader, photos):
    with pytest.raises(InputError, match="leave boxes out"):
        reader.fit(boxes=(photos, [np.full((1, 4), 0.5)] * 3))


def test_data_that_are_no_pair_are_refused(reader, photos):
    with pytest.raises(InputError, match=r"boxes must be photos and y"):
        reader.fit(boxes=photos)


def test_framed_photos_are_refused(reader, photos):
    X = ImageArray(photos).framed(Frames.whole(3).mirrored())
    with pytest.raises(InputError, match="looked for in whole photos"):
        reader.read(X)


def test_images_of_several_sizes_are_refused(reader):
    images = [Image.new("RGB", (40, 40)), Image.new("RGB", (50, 40))]
    with pytest.raises(InputError, match="give paths"):
        reader.read(images)


@pytest.fixture(scope="module")
def saved(parts, photos, tmp_path_factory):
    """A reader with a detector, and its file."""
    landmarks, attributes = pickle.loads(pickle.dumps(parts))
    attributes.target_names_ = NAMES
    detector = FaceDetector(
        "synthetic", longest_side=112, threshold=0, steps=20, random_state=0
    )
    detector.fit(photos, [np.array([[0.2, 0.2, 0.4, 0.6]])] * 3)
    reader = FaceReader(detector, landmarks, attributes)
    reader.points_in_box_ = FACE + 0.01
    path = tmp_path_factory.mktemp("saved") / "reader.skface"
    save(reader, path)
    return reader, path


def test_loaded_reader_reads_the_same(saved, photos):
    reader, path = saved
    again, expected = load(path), reader.read(photos)
    assert len(expected) > 0
    pd.testing.assert_frame_equal(again.read(photos), expected)
    np.testing.assert_array_equal(again.points_in_box_, reader.points_in_box_)


def test_a_reader_of_attributes_that_are_named_by_its_target_is_saved(
    saved, photos, tmp_path
):
    reader, path = saved[0], tmp_path / "reader.skface"
    attributes = clone(reader.attributes).set_params(head__target=Attributes(NAMES))
    attributes.fit(ImageArray(photos * 4), np.arange(24).reshape(12, 2) % 3 % 2)
    save(FaceReader(reader.detector, reader.landmarks, attributes), path)
    assert list(load(path).read(photos[:1]))[-2:] == NAMES


def test_detector_gives_no_box_beyond_the_photo(saved, photos):
    found = np.concatenate(saved[0].detector.predict(photos))
    assert len(found) > 0
    assert (found[:, 2:4] > 0).all()


def test_loaded_detector_finds_the_same(saved, photos, tmp_path):
    detector = saved[0].detector
    save(detector, tmp_path / "detector.skface")
    again = load(tmp_path / "detector.skface", cache_dir=tmp_path / "maps")
    for found, expected in zip(
        again.predict(photos), detector.predict(photos), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_reader_with_another_detector_is_not_written(reader, tmp_path):
    with pytest.raises(
        ParameterError, match=r"a FaceReader with one, .* or a ShapePrior, not FaceRea"
    ):
        save(reader, tmp_path / "reader.skface")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("points_in_box", [1, 2]), "its points_in_box cannot be read"),
        (("parts", {"detector": {}}), "'landmarks' is missing"),
    ],
)
def test_file_of_a_reader_that_was_tampered_with_is_refused(
    saved, tmp_path, change, told
):
    refuses(saved[1], tmp_path, lambda record: record.update([change]), told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"longest_side": 4000}, "'longest_side' parameter of FaceDetector must be"),
        ({"longest_side": "far"}, "'longest_side' parameter of FaceDetector"),
        ({"no_such": 1}, "sets the parameter 'no_such'"),
    ],
)
def test_parameters_of_a_stranger_s_detector_are_looked_at(
    saved, tmp_path, change, told
):
    def tamper(record):
        record["parts"]["detector"]["params"].update(change)

    refuses(saved[1], tmp_path, tamper, told)


def test_heads_of_a_stranger_s_detector_must_go_together(saved, tmp_path):
    def tamper(record):
        parts = record["parts"]["detector"]["parts"]
        parts["score_head"] = parts["second_score_head"]

    refuses(saved[1], tmp_path, tamper, "its heads make .* of numbers and outputs, not")


def test_weights_of_a_stranger_s_detector_must_be_told(saved, tmp_path):
    def tamper(record):
        del record["parts"]["detector"]["params"]["weights"]

    refuses(saved[1], tmp_path, tamper, "does not say which VGG19 weights its maps")


def refuses(path, folder, tamper, told):
    """Load a file whose record was changed, all its hashes being right."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["pipeline.json"])
    tamper(manifest["estimator"])
    members["pipeline.json"] = json.dumps(manifest).encode()
    sums = next(name for name in members if name.startswith("SHA"))
    lines = [
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in members.items()
        if name != sums
    ]
    members[sums] = "".join(lines).encode()
    with zipfile.ZipFile(folder / "bad.skface", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(SavedFileError, match=told):
        load(folder / "bad.skface")
