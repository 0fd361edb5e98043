import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skface import FaceDetector, Frames, ImageArray, VGG19Features
from skface._boxes import ious
from skface.datasets import WiderFaceLoader, make_wider
from skface.detection._boxes import deltas_to, moved, suppressed
from skface.detection._cells import anchors, faces_of_cells, windows
from skface.detection._learning import Samples, add_cells, add_looks
from skface.detection._looks import GRID, looks
from skface.detection._scenes import Scenes
from skface.displays import DetectionDisplay
from skface.exceptions import ImageError, InputError, ParameterError
from skface.features import Pyramid

N_PHOTOS = 16


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn") / "wider"
    make_wider(root, N_PHOTOS, random_state=0)
    return WiderFaceLoader(root).load("train")


def make_detector(**options):
    return FaceDetector(
        "synthetic", longest_side=224, steps=30, random_state=0, **options
    )


@pytest.fixture(scope="module")
def detector(drawn):
    return make_detector().fit(*drawn)


@pytest.fixture(scope="module")
def large_face(drawn, tmp_path_factory):
    """A file that shows the largest drawn face, cut out with what is round it."""
    X, boxes = drawn
    photo = max(range(len(X)), key=lambda i: boxes[i][:, 3].max(initial=0))
    box = boxes[photo][boxes[photo][:, 3].argmax()]
    path = tmp_path_factory.mktemp("large") / "face.png"
    with Image.open(X.paths[photo]) as image:
        x, y, w, h = box * np.tile(image.size, 2)
        image.crop((x - w, y - h, x + 2 * w, y + 2 * h)).resize((240, 320)).save(path)
    return path


THIRD = np.array([[1 / 3, 1 / 3, 1 / 3, 1 / 3]])


def best_overlap(found):
    return ious(THIRD[:, None], found).max(initial=0)


@pytest.mark.parametrize(
    ("box", "text"),
    [
        ([0.2, 0.2, 0.04, 0.05], "no face as large as 0.11 of the photo's longer side"),
        ([1.5, 0.2, 0.4, 0.5], r"boxes\[0\] holds a box outside the photo"),
    ],
)
def test_faces_that_cannot_be_learnt_from_are_found_before_work(drawn, box, text):
    detector = make_detector()
    with pytest.raises(InputError, match=text):
        detector.fit(drawn[0], [np.array([box])] * len(drawn[0]))
    assert not hasattr(detector, "mean_")


def test_a_fit_that_fails_leaves_the_one_before(detector, drawn, monkeypatch):
    before = vars(detector).copy()
    monkeypatch.setattr(FaceDetector, "_fit_first", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        detector.fit(drawn[0][:3], drawn[1][:3])
    assert vars(detector) == before


def test_each_photo_goes_through_vgg19_once(drawn, monkeypatch):
    levels, rows = Pyramid.levels, []

    def counted(pyramid, images, row):
        rows.append(row)
        return levels(pyramid, images, row)

    monkeypatch.setattr(Pyramid, "levels", counted)
    for heads in ("_fit_first", "_fit_second"):
        monkeypatch.setattr(FaceDetector, heads, lambda *args: None)
    make_detector().fit(drawn[0][:3], drawn[1][:3])
    assert sorted(rows) == [0, 1, 2]


def test_candidates_are_what_score_and_curve_are_of(detector, drawn):
    X, boxes = drawn[0][:4], drawn[1][:4]
    display = DetectionDisplay.from_estimator(detector, X, boxes)
    assert display.average_precision == detector.score(X, boxes)
    assert min(found[:, 4].min(initial=1) for found in detector.candidates(X)) < 0.5


def test_faces_of_training_photos_are_found(detector, drawn):
    assert detector.score(*drawn) > 0.5


def test_each_photo_has_its_faces_best_first_within_the_photo(detector, drawn):
    found = clone_of(detector, threshold=0.1).predict(drawn[0][:4])
    assert [each.shape[1] for each in found] == [5] * 4
    for faces in found:
        assert (np.diff(faces[:, 4]) <= 0).all()
        assert faces[:, 4].min(initial=1) >= 0.1
        assert faces.min(initial=0) >= 0
        assert (faces[:, :2] + faces[:, 2:4]).max(initial=0) <= 1 + 1e-12


def clone_of(detector, **options):
    """The same fitted detector with other parameters."""
    return pickle.loads(pickle.dumps(detector)).set_params(**options)


def test_a_threshold_leaves_out_faces_of_lower_scores(detector, drawn):
    few = clone_of(detector, threshold=0.9).predict(drawn[0][:3])
    many = clone_of(detector, threshold=0.1).predict(drawn[0][:3])
    for some, more in zip(few, many, strict=True):
        assert len(some) <= len(more)
        assert some[:, 4].min(initial=1) >= 0.9


def test_a_photo_of_one_colour_has_no_face(detector, tmp_path):
    Image.new("RGB", (300, 200), (120, 130, 90)).save(tmp_path / "empty.png")
    (faces,) = detector.predict([tmp_path / "empty.png"])
    assert faces.shape == (0, 5)


def test_a_photo_of_forty_pixels_is_read(detector, large_face, tmp_path):
    with Image.open(large_face) as image:
        image.resize((40, 40)).save(tmp_path / "small.png")
    (faces,) = detector.predict([tmp_path / "small.png"])
    assert faces.shape[1] == 5


def test_twelve_megapixels_show_the_same_face(detector, large_face, tmp_path):
    with Image.open(large_face) as image:
        image.resize((3000, 4000)).save(tmp_path / "large.jpg")
    small, large = detector.predict([large_face, tmp_path / "large.jpg"])
    assert best_overlap(small) > 0.4
    np.testing.assert_allclose(large[0], small[0], atol=0.1)


def test_a_sideways_photo_is_turned_upright_first(detector, large_face, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned clockwise by a quarter
    with Image.open(large_face) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(
            tmp_path / "side.png", exif=exif
        )
    upright, sideways = detector.predict([large_face, tmp_path / "side.png"])
    np.testing.assert_allclose(sideways, upright, atol=1e-6)


def test_a_face_cut_by_the_border_has_a_box_that_ends_there(
    detector, large_face, tmp_path
):
    with Image.open(large_face) as image:  # the face begins at 80 of 240
        image.crop((100, 0, 240, 320)).save(tmp_path / "cut.png")
    (faces,) = clone_of(detector, threshold=0.05).predict([tmp_path / "cut.png"])
    truth = np.array([[0, 1 / 3, 60 / 140, 1 / 3]])
    assert ious(truth[:, None], faces).max() > 0.3
    assert faces[:, 0].min() >= 0


def test_arrays_and_files_give_the_same_faces(detector, large_face):
    with Image.open(large_face) as image:
        array = np.asarray(image)[None]
    (of_array,), (of_file,) = detector.predict(array), detector.predict([large_face])
    np.testing.assert_allclose(of_array, of_file, atol=1e-6)


def test_a_pickled_detector_finds_the_same(detector, drawn):
    again = pickle.loads(pickle.dumps(detector))
    for one, other in zip(
        detector.predict(drawn[0][:2]), again.predict(drawn[0][:2]), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_maps_are_read_from_the_store(large_face, tmp_path, monkeypatch):
    X = ImageArray([large_face])
    kept = Pyramid("synthetic", "block4_conv4", 112, tmp_path / "store")
    computed = kept.levels(X, 0)
    monkeypatch.delattr("skface.features._pyramid.get_map_network")
    for one, other in zip(computed, kept.levels(X, 0), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_clone_is_not_fitted(detector, drawn):
    copy = clone(detector)
    assert copy.get_params() == detector.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(drawn[0][:1])


def test_one_box_a_photo_is_learnt_from(drawn, tmp_path):
    X, boxes = drawn
    some = [i for i, own in enumerate(boxes) if len(own)][:6]
    first = np.array([boxes[i][0] for i in some])
    one_each = make_detector().set_params(steps=1, longest_side=112, cache_dir=tmp_path)
    faces = one_each.fit(X[some], first).predict(X[:1])
    assert faces[0].shape[1] == 5


class Sure:
    """A head that is sure of a face in every second place."""

    def predict_proba(self, rows):
        return np.arange(len(rows))[:, None] % 2 * 1.0


class Recorder(Samples):
    """Keeps what is learnt from as background."""

    def __init__(self):
        self.background = []

    def add(self, see, faces, is_sure, deltas, background, n_background):
        self.background.append(background)


def test_where_others_may_be_only_the_box_itself_is_background_at_first():
    samples, level = Recorder(), np.zeros((20, 20, 2), np.float16)
    boxes = np.array([[0.1, 0.1, 0.8, 0.7]])  # too large for the first level
    add_cells(samples, [level, level], boxes, is_complete=False)
    rows, columns = np.divmod(samples.background[0], 20)
    assert (rows.min(), rows.max()) == (2, 15)
    assert (columns.min(), columns.max()) == (2, 17)


def test_where_others_may_be_what_looks_like_a_face_is_no_background():
    samples, level = Recorder(), np.zeros((20, 20, 2), np.float16)
    boxes = np.array([[0.2, 0.2, 0.3, 0.3]])
    add_cells(samples, [level], boxes, Sure(), is_complete=False)
    outside = [cell for cell in samples.background[0] if cell >= 200]
    assert outside
    assert all(cell % 2 == 0 for cell in outside)


def test_where_others_may_be_sure_candidates_are_no_background():
    samples, level = Recorder(), np.zeros((20, 20, 2), np.float16)
    boxes = np.array([[0.2, 0.2, 0.3, 0.3]])
    found = np.array([[0.7, 0.7, 0.2, 0.2], [0.6, 0.1, 0.2, 0.2]])
    rng = np.random.default_rng(0)
    add_looks(samples, [level], boxes, found, np.array([0.9, 0.05]), rng, False)
    assert 0 not in samples.background[0]
    assert 1 in samples.background[0]


def test_a_photo_with_all_its_faces_told_is_background_everywhere_else():
    samples, level = Recorder(), np.zeros((20, 20, 2), np.float16)
    add_cells(samples, [level], np.empty((0, 4)))
    assert len(samples.background[0]) == 400


def test_cells_in_the_middle_stand_for_a_face_and_those_near_it_for_nothing():
    found = faces_of_cells(np.array([[4.0, 4.0, 6.0, 6.0]]), (12, 14)).reshape(12, 14)
    assert (found[6:8, 6:8] == 0).all()
    assert found[6, 9] == -2
    assert found[0, 0] == -1
    assert (found == 0).sum() == 4


@pytest.mark.parametrize(("side", "here"), [(1.0, -2), (12.0, -2), (40.0, -1)])
def test_faces_of_other_sizes_are_left_to_other_levels(side, here):
    box = np.array([[20 - side / 2, 20 - side / 2, side, side]])
    found = faces_of_cells(box, (40, 40))
    assert found.max() < 0
    assert found.reshape(40, 40)[20, 20] == here


def test_a_mirrored_cell_sees_its_neighbours_the_other_way_round():
    level = np.random.default_rng(0).normal(size=(4, 5, 3))
    cells = np.array([7, 12])
    of_mirror_image = windows(level[:, ::-1], np.array([7, 12]))  # the middle column
    np.testing.assert_array_equal(windows(level, cells, True), of_mirror_image)


def test_a_mirrored_look_is_the_look_at_the_mirror_image():
    level = np.random.default_rng(0).normal(size=(12, 16, 3)).astype(np.float32)
    box = np.array([[0.2, 0.3, 0.3, 0.2]])
    mirrored = np.array([[0.5, 0.3, 0.3, 0.2]])
    np.testing.assert_allclose(
        looks([level], box, True), looks([level[:, ::-1]], mirrored), atol=1e-5
    )


def test_a_look_goes_to_the_level_where_its_grid_is_as_fine_as_the_cells():
    fine, coarse = np.ones((40, 40, 1)), np.full((10, 10, 1), 2.0)
    boxes = np.array([[0.45, 0.45, 0.1, 0.1], [0.3, 0.3, 0.4, 0.4]])
    seen = looks([fine, coarse], boxes)
    assert seen.shape == (2, GRID**2)
    assert (seen[0] == 1).all()
    assert (seen[1] == 2).all()


def test_deltas_lead_from_boxes_to_targets():
    boxes = anchors((3, 4))
    targets = boxes + np.array([0.5, -0.25, 1.0, 0.5])
    np.testing.assert_allclose(moved(boxes, deltas_to(boxes, targets)), targets)


def test_boxes_of_one_face_become_their_mean_by_score():
    boxes = np.array([[0.0, 0, 10, 10], [1.0, 0, 10, 10], [50.0, 0, 10, 10]])
    found, scores = suppressed(boxes, np.array([0.75, 0.25, 0.5]), 0.35, 10)
    np.testing.assert_allclose(found, [[0.25, 0, 10, 10], [50, 0, 10, 10]])
    assert scores.tolist() == [0.75, 0.5]


def test_no_more_faces_than_asked_for_come_out():
    boxes = np.array([[20.0 * i, 0, 10, 10] for i in range(5)])
    _, scores = suppressed(boxes, np.arange(5) / 5, 0.35, 2)
    assert scores.tolist() == [0.8, 0.6]


def test_a_level_is_what_vgg19_makes_of_the_photo_at_that_size():
    X = np.random.default_rng(0).integers(0, 256, (2, 96, 112, 3), dtype=np.uint8)
    (level,) = Pyramid("synthetic", "block4_conv4", 112).levels(X, 1)
    features = VGG19Features("synthetic", "block4_conv4", input_size=(96, 112))
    np.testing.assert_allclose(
        level.ravel(), features.fit_transform(X)[1], atol=2e-3, rtol=2e-3
    )


def test_maps_in_8_bits_are_close_to_exact_ones_at_any_size():
    X = np.random.default_rng(0).integers(0, 256, (1, 96, 112, 3), dtype=np.uint8)
    options = {"layer": "block4_conv4", "longest_side": 224}
    exact = Pyramid("synthetic", **options).levels(X, 0)
    fast = Pyramid("synthetic", **options, compute_dtype="int8").levels(X, 0)
    assert len(exact) == 2
    for one, other in zip(exact, fast, strict=True):
        one, other = (each.astype(float).ravel() for each in (one, other))
        assert one @ other > 0.99 * np.linalg.norm(one) * np.linalg.norm(other)


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((1024, 768), [(336, 448), (160, 224), (80, 112)]),
        ((300, 400), [(448, 336), (224, 176), (112, 80)]),
        ((40, 40), [(112, 112)]),
        ((5000, 100), [(32, 448), (32, 224), (32, 112)]),
    ],
)
def test_levels_keep_the_aspect_and_enlarge_no_photo_beyond_need(size, sizes):
    assert Pyramid("synthetic", "block4_conv4", 448).sizes(size) == sizes


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[[0.1, 0.1, 0.2, 0.2]]], "boxes are of 1 photos, X holds 2"),
        (
            [[[0.1, 0.1, 0.2, 0.2]], [[0.1, 0.1, 0, 0.2]]],
            r"boxes\[1\] holds a box with",
        ),
        ([[[0.1, 0.1, 0.2]], []], r"boxes\[0\] must have the shape"),
        ([[[10, 10, 60, 60]], []], r"boxes\[0\] must hold fractions"),
        ([[], []], "boxes hold no face"),
        (np.full((2, 4), np.nan), r"boxes\[0\] must be finite"),
        (None, "boxes must be a sequence"),
    ],
)
def test_boxes_that_cannot_be_used_are_told(boxes, message):
    X = np.full((2, 64, 64, 3), 100, np.uint8)
    with pytest.raises(InputError, match=message):
        FaceDetector("synthetic").fit(X, boxes)


def test_photos_seen_through_frames_are_refused(large_face):
    X = ImageArray([large_face], frames=Frames.whole(1))
    with pytest.raises(InputError, match=r"ImageArray\(X\.paths\)"):
        FaceDetector("synthetic").fit(X, [THIRD])


def test_a_missing_photo_is_named(detector):
    with pytest.raises(ImageError, match="nowhere"):
        detector.predict(["nowhere.jpg"])


@pytest.mark.parametrize(
    "options",
    [{"longest_side": 64}, {"threshold": 2}, {"overlap": 0}, {"steps": 0}],
)
def test_parameters_that_cannot_work_are_named(options):
    X = np.full((1, 64, 64, 3), 100, np.uint8)
    with pytest.raises(ParameterError, match=next(iter(options))):
        FaceDetector("synthetic", **options).fit(X, [THIRD])


def test_samples_of_many_photos_are_no_more_than_those_asked_for():
    samples = Samples(4000, 500, np.random.default_rng(0))
    for _ in range(4000):
        samples.add(
            lambda places, is_mirrored: np.zeros((len(places), 3)),
            np.arange(3),
            np.ones(3, bool),
            np.zeros((3, 4)),
            np.arange(5),
            5,
        )
    n_rows = sum(map(len, samples._rows))
    assert 350 < n_rows <= 600


def test_boxes_of_a_table_are_refused():
    photos = np.zeros((1, 32, 32, 3), np.uint8)
    with pytest.raises(InputError, match="boxes must be a sequence of arrays"):
        FaceDetector("synthetic").fit(photos, pd.DataFrame({"x": [0.1], "y": [0.1]}))


def test_samples_of_photos_of_many_levels_are_no_more_than_those_asked_for():
    with Scenes() as scenes:
        for n_levels in (1, 4):
            scenes.append([np.zeros((2, 2, 1), np.float16)] * n_levels)
        assert scenes.n_levels == 5
