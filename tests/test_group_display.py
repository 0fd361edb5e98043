"""Displays of photos with several faces, and of detectors."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skface.displays import DetectionDisplay, GroupDisplay
from skface.exceptions import ImageError, InputError, ParameterError
from skface.metrics import detection_average_precision

matplotlib.use("Agg")

FOUND = [
    [[0.1, 0.2, 0.2, 0.3, 0.9], [0.5, 0.2, 0.2, 0.3, 0.456]],
    [],
    [[0.4, 0.75, 0.3, 0.25, 0.7]],
]
TRUE = [[[0.1, 0.2, 0.2, 0.3]], [[0.3, 0.3, 0.2, 0.2]], [[0.4, 0.7, 0.3, 0.3]]]


@pytest.fixture(autouse=True)
def closed_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    paths = [str(folder / f"{k}.png") for k in range(3)]
    for k, path in enumerate(paths):
        Image.new("RGB", (200, 100 + 50 * k), (60 * k, 90, 90)).save(path)
    return paths


@pytest.fixture
def reading(photos):
    """Two faces in the third photo, one in the first."""
    boxes = [[20, 20, 50, 60], [100, 30, 40, 50], [10, 10, 60, 70]]
    reading = pd.DataFrame(boxes, columns=["x", "y", "width", "height"])
    reading.insert(0, "photo", [photos[2], photos[2], photos[0]])
    reading.insert(1, "face", [0, 1, 0])
    reading["score"] = [0.9, 0.8, 0.7]
    reading["nose_x"], reading["nose_y"] = [50, 120, 40], [50, 60, 50]
    reading["Smiling"] = [0.9, 0.2, 0.6]
    reading["Wearing_Hat"] = [0.95, 0.1, 0.3]
    return reading


def boxes_of(ax, dashed=False):
    style = "--" if dashed else "-"
    boxes = [p for p in ax.patches if p.get_linestyle() == style]
    return [[*p.get_xy(), p.get_width(), p.get_height()] for p in boxes]


def texts(words):
    return [[text and text.get_text() for text in each] for each in words]


def test_every_face_of_every_photo_has_its_box_and_score(photos):
    display = GroupDisplay.from_predictions(photos, FOUND)
    assert [len(boxes_of(ax)) for ax in display.axes_] == [2, 0, 1]
    np.testing.assert_allclose(boxes_of(display.axes_[0]), np.array(FOUND[0])[:, :4])
    assert texts(display.words_) == [["90 %", "46 %"], [], ["70 %"]]
    assert display.legend_ is None


def test_true_boxes_are_dashed_and_told_in_the_legend(photos):
    display = GroupDisplay.from_predictions(photos, FOUND, TRUE)
    assert [boxes_of(ax, dashed=True) for ax in display.axes_] == TRUE
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert labels == ["predicted", "true"]


def test_photos_keep_their_aspect(photos):
    display = GroupDisplay.from_predictions(photos, FOUND)
    display.figure_.draw_without_rendering()
    windows = [ax.get_window_extent() for ax in display.axes_]
    aspects = [window.height / window.width for window in windows]
    np.testing.assert_allclose(aspects, [0.5, 0.75, 1], atol=0.01)


def test_words_end_within_the_photo(photos):
    found = [[[0.9, 0.9, 0.1, 0.1, 0.5]], [[0, 0.1, 0.05, 0.1, 0.5]], []]
    display = GroupDisplay.from_predictions(photos, found)
    display.figure_.draw_without_rendering()
    for ax, (words, *_) in zip(display.axes_[:2], display.words_[:2], strict=True):
        inner, outer = words.get_window_extent(), ax.get_window_extent()
        assert outer.x0 - 1 < inner.x0
        assert inner.x1 < outer.x1 + 1
        assert outer.y0 - 1 < inner.y0


@pytest.mark.parametrize(
    ("box", "place"), [((0.4, 0.2), 0.6), ((0.6, 0.4), 0.6), ((0.05, 0.95), 1)]
)
def test_words_hide_no_face_that_leaves_them_room(photos, box, place):
    found = [[[0.3, box[0], 0.3, box[1], 0.5]], [], []]
    display = GroupDisplay.from_predictions(photos, found)
    assert display.words_[0][0].get_position()[1] == pytest.approx(place)


def test_only_the_photos_that_are_shown_are_predicted(photos):
    class Detector:
        def predict(self, X):
            self.n_seen = len(X)
            return FOUND[: len(X)]

    detector = Detector()
    display = GroupDisplay.from_estimator(detector, photos, TRUE, n_photos=2)
    assert detector.n_seen == len(display.axes_) == 2


def test_a_reading_is_drawn_in_fractions_of_its_photos(reading):
    display = GroupDisplay.from_reading(reading)
    first, second = display.axes_
    np.testing.assert_allclose(
        boxes_of(first), [[0.1, 0.1, 0.25, 0.3], [0.5, 0.15, 0.2, 0.25]]
    )
    points = [line.get_xydata().tolist() for line in second.lines]
    assert points == [[[0.2, 0.5]]]


def test_the_strongest_attributes_are_words_at_their_face(reading):
    display = GroupDisplay.from_reading(reading)
    assert texts(display.words_) == [["Wearing Hat\nSmiling", None], ["Smiling"]]
    display = GroupDisplay.from_reading(reading, n_attributes=1)
    assert texts(display.words_) == [["Wearing Hat", None], ["Smiling"]]


def test_a_reading_without_attributes_tells_its_scores(reading):
    boxes = reading.drop(columns=["nose_x", "nose_y", "Smiling", "Wearing_Hat"])
    display = GroupDisplay.from_reading(boxes)
    assert texts(display.words_) == [["90 %", "80 %"], ["70 %"]]
    assert not display.axes_[0].lines


def test_a_grid_fits_the_place_of_other_axes(photos):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    display = GroupDisplay.from_predictions(photos, FOUND, ax=right, n_columns=1)
    assert display.figure_ is figure
    edge = left.get_position().x1
    assert all(ax.get_position().x0 > edge for ax in display.axes_)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda table: table.to_numpy(), "must be a DataFrame with a row a face"),
        (lambda table: table[:0], "holds no face: there is nothing to draw"),
        (lambda table: table.drop(columns=["x", "photo"]), "no column photo, x"),
        (lambda table: table.assign(age=30), "the column age of reading must hold pro"),
        (lambda table: table.assign(note="?"), "the column note of reading must hold"),
        (lambda table: table.assign(x=np.nan), r"boxes\[0\] must be finite"),
    ],
)
def test_a_table_that_is_no_reading_is_refused(reading, change, match):
    with pytest.raises(InputError, match=match):
        GroupDisplay.from_reading(change(reading))


def test_a_photo_that_is_gone_is_named(reading):
    with pytest.raises(ImageError, match=r"gone\.jpg"):
        GroupDisplay.from_reading(reading.assign(photo="gone.jpg"))


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ({"boxes": TRUE[:2]}, "boxes is of 2 photos, photos of 3"),
        ({"boxes": [[[20, 20, 50, 60]], [], []]}, r"boxes\[0\] must hold fractions"),
        ({"scores": [[0.5], [], [0.2]]}, r"scores\[1\] is of 0 faces, boxes\[1\] of 1"),
        ({"landmarks": [[[0.1, 0.2]] * 2, [], []]}, r"landmarks\[0\] is of 2 faces"),
    ],
)
def test_parts_that_do_not_fit_are_refused(photos, parts, match):
    with pytest.raises(InputError, match=match):
        GroupDisplay(photos, **({"boxes": TRUE} | parts)).plot()


@pytest.mark.parametrize("params", [{"n_columns": 0}, {"n_attributes": -1}])
def test_a_number_that_cannot_be_is_refused(photos, params):
    with pytest.raises(ParameterError, match=f"^{next(iter(params))} must be"):
        GroupDisplay(photos, TRUE).plot(**params)


def test_the_curve_of_a_detector_has_its_average_precision():
    display = DetectionDisplay.from_predictions(TRUE, FOUND, name="mine")
    expected = detection_average_precision(TRUE, FOUND)
    assert display.average_precision == expected
    label = f"mine: average precision {expected:.3f}, recall 66.7 %"
    assert display.line_.get_label() == label
    assert display.line_.get_xdata().tolist() == display.recall.tolist()


def test_detectors_on_one_axes_differ_in_colour():
    one = DetectionDisplay.from_predictions(TRUE, FOUND)
    two = DetectionDisplay.from_predictions(TRUE, [[], [], []], ax=one.ax_)
    assert two.ax_ is one.ax_
    assert two.line_.get_color() != one.line_.get_color()
    assert len(two.ax_.get_legend().get_texts()) == 2


def test_an_estimator_is_named_by_its_class():
    class Haar:
        def predict(self, X):
            return FOUND

    display = DetectionDisplay.from_estimator(Haar(), None, TRUE, min_size=0.25)
    assert display.line_.get_label().startswith("Haar: average precision 1.000")


def test_a_curve_of_two_lengths_is_refused():
    with pytest.raises(InputError, match=r"one length, got the shapes \(2,\) and \(1,"):
        DetectionDisplay([1, 1], [0]).plot()
