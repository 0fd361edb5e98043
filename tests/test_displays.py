"""The displays, by the data of what they draw."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skface import (
    DenseHeadClassifier,
    DenseHeadRegressor,
    Frames,
    ImageArray,
    SecondLook,
)
from skface.displays import (
    AttributesDisplay,
    ErrorsDisplay,
    FacesDisplay,
    HistoryDisplay,
    SearchDisplay,
)
from skface.exceptions import InputError, ParameterError
from skface.targets import BBOX, LANDMARKS, Landmarks

matplotlib.use("Agg")

HISTORY = {
    "loss": [0.7, 0.5, 0.4],
    "binary_accuracy": [0.5, 0.7, 0.8],
    "val_loss": [0.7, 0.6, 0.65],
    "val_binary_accuracy": [0.5, 0.65, 0.6],
}


@pytest.fixture(autouse=True)
def closed_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


class Guess(ClassifierMixin, BaseEstimator):
    """A classifier that says the same of every photo."""

    def __init__(self, probabilities):
        self.probabilities = probabilities
        self.classes_ = [np.array([0, 1])] * len(probabilities)
        self.n_seen = 0

    def predict_proba(self, X):
        self.n_seen += len(X)
        return np.tile(self.probabilities, (len(X), 1))

    def predict(self, X):
        return (self.predict_proba(X) > 0.5).astype(int)


@pytest.fixture
def photos():
    return np.arange(5, dtype=np.uint8)[:, None, None, None] + np.zeros(
        (1, 8, 8, 3), np.uint8
    )


@pytest.fixture
def boxes():
    """True boxes, and predictions that grow worse from row to row."""
    true = np.tile([0.2, 0.2, 0.4, 0.4], (5, 1))
    return true, true + np.arange(5)[:, None] * [0.05, 0, 0, 0]


@pytest.fixture
def landmarks():
    true = np.tile([0.3, 0.3, 0.7, 0.3, 0.5, 0.5, 0.35, 0.7, 0.65, 0.7], (5, 1))
    return true, true + np.arange(5)[:, None] * 0.01


def texts(lines):
    return [line.get_text() for line in lines]


def caption(probabilities, truth=None, **options):
    truth = truth if truth is None else np.array([truth])
    display = FacesDisplay.from_predictions(
        np.zeros((1, 8, 8, 3), np.uint8),
        np.array([probabilities]),
        truth,
        target="attributes",
        names=list("abcdef")[: len(probabilities)],
        **options,
    )
    return texts(display.captions_[0])


def search_over(grid, **options):
    X = np.random.default_rng(0).normal(size=(60, 3))
    tree = DecisionTreeClassifier(random_state=0)
    return GridSearchCV(tree, grid, **options).fit(X, X[:, 0] + X[:, 1] > 0)


@pytest.fixture(scope="module")
def search():
    return search_over({"max_depth": [2, 1], "min_samples_leaf": [1, 5, 20]}, cv=3)


# Faces


def test_predicted_and_true_boxes_lie_where_they_are(photos, boxes):
    true, found = boxes
    display = FacesDisplay.from_predictions(photos, found, true, target="bbox")
    predicted, truth = display.axes_[3].patches
    assert predicted.get_bbox().bounds == pytest.approx(tuple(found[3]))
    assert truth.get_bbox().bounds == pytest.approx(tuple(true[3]))


def test_points_lie_where_they_are(photos, landmarks):
    display = FacesDisplay.from_predictions(photos, landmarks[1], target="landmarks")
    (line,) = display.axes_[4].lines
    assert line.get_xydata().ravel() == pytest.approx(landmarks[1][4])


@pytest.mark.parametrize(
    ("order", "index"), [(None, [0, 1, 2]), ("worst", [4, 3, 2]), ("best", [0, 1, 2])]
)
@pytest.mark.parametrize("target", [BBOX, LANDMARKS])
def test_order_chooses_by_the_error(photos, target, order, index, request):
    true, found = request.getfixturevalue(target.plural)
    display = FacesDisplay.from_predictions(
        photos, found, true, target=target, order=order, n_faces=3
    )
    assert display.index.tolist() == index
    assert [ax.images[0].get_array()[0, 0, 0] for ax in display.axes_] == index


def test_worst_attributes_are_those_least_often_right(photos):
    true = np.ones((5, 3), int)
    found = np.tril(np.ones((5, 3), int))
    display = FacesDisplay.from_predictions(
        photos, found, true, target="attributes", order="worst"
    )
    assert display.index.tolist() == [0, 1, 2, 3, 4]
    assert display.titles[:2] == ["1/3 right", "2/3 right"]


def test_several_targets_stand_on_one_photo(photos, boxes, landmarks):
    probabilities = np.tile([0.9, 0.1], (5, 1))
    display = FacesDisplay.from_predictions(
        photos,
        [boxes[1], landmarks[1], probabilities],
        [boxes[0], landmarks[0], np.ones((5, 2), int)],
        target=["bbox", "landmarks", "attributes"],
        n_faces=1,
        names=["Smiling", "Bald"],
    )
    (ax,) = display.axes_
    assert (len(ax.patches), len(ax.lines)) == (2, 2)
    assert ax.get_title("left") == "IoU 1.00 · NME 0.0 % · 1/2"
    assert texts(display.captions_[0]) == ["Smiling 90 %", "✗ not Bald 90 %"]
    assert texts(display.legend_.texts) == ["predicted", "true"]


def test_three_pipelines_are_shown_together(photos, boxes, landmarks):
    display = FacesDisplay.from_estimator(
        [
            DummyRegressor().fit(photos, boxes[0]),
            DummyRegressor().fit(photos, landmarks[0]),
            Guess([0.9, 0.1, 0.3]),
        ],
        photos,
        [boxes[0], None, np.tile([1, 0, 0], (5, 1))],
        target=["bbox", "landmarks", None],
        order="worst",
    )
    assert display.boxes == pytest.approx(boxes[0])
    assert display.true_landmarks is None
    assert texts(display.captions_[0]) == ["0 90 %"]


def test_four_attributes_are_no_box(photos):
    display = FacesDisplay.from_estimator(
        Guess([0.9, 0.2, 0.8, 0.1]), photos, np.tile([1.0, 0, 0, 0], (5, 1)), n_faces=1
    )
    assert display.boxes is None
    assert display.titles == ["3/4 right"]
    assert texts(display.captions_[0]) == ["0 90 %", "✗ 2 80 %"]


def test_attributes_have_the_names_of_the_pipeline(photos):
    guess = Guess([0.9, 0.2])
    guess.target_names_ = ["Smiling", "Bald"]
    display = FacesDisplay.from_estimator(guess, photos, n_faces=1)
    assert texts(display.captions_[0]) == ["Smiling 90 %"]


def test_missing_labels_are_neither_right_nor_wrong(photos):
    true = np.array([[1, np.nan, np.nan]])
    display = FacesDisplay.from_predictions(
        photos[:1], [[1, 1, 0]], true, target="attributes", names=["a", "b", "c"]
    )
    assert display.titles == ["1/1 right"]
    assert texts(display.captions_[0]) == ["a", "b"]


def test_the_worst_photo_is_that_of_the_least_share_right(photos):
    true = np.array([[1, 1, 0, 0], [1, np.nan, np.nan, np.nan], [np.nan] * 4])
    found = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 1]])
    display = FacesDisplay.from_predictions(
        photos[:3], found, true, target="attributes", names=list("abcd"), order="worst"
    )
    assert display.titles == ["2/4 right", "1/1 right", "0/0 right"]


def test_joint_target_is_drawn_part_by_part(photos, boxes, landmarks):
    true, found = (np.hstack(both) for both in zip(boxes, landmarks, strict=True))
    display = FacesDisplay.from_predictions(
        photos, found, true, target=("bbox", "landmarks"), order="worst", n_faces=1
    )
    assert display.index.tolist() == [4]
    assert display.boxes == pytest.approx(boxes[1][4:])
    assert display.true_landmarks == pytest.approx(landmarks[0][4:])
    assert display.titles == ["IoU 0.33 · NME 14.1 %"]


def test_any_number_of_points_is_drawn(photos):
    points = np.linspace(0.1, 0.9, 8)[None]
    target = Landmarks(tuple("abcd"), (("a", "b"),), ("a", "b"))
    display = FacesDisplay.from_predictions(photos[:1], points, points, target=target)
    assert display.titles == ["NME 0.0 %"]
    assert display.axes_[0].lines[0].get_xydata().ravel() == pytest.approx(points[0])


@pytest.mark.parametrize("target", [BBOX, LANDMARKS])
def test_target_that_nobody_names_is_guessed_with_a_warning(photos, target, request):
    true, found = request.getfixturevalue(target.plural)
    with pytest.warns(FutureWarning, match=f'target="{target.name}"'):
        display = FacesDisplay.from_predictions(photos, found, true)
    assert getattr(display, target.plural) == pytest.approx(found)
    with pytest.warns(FutureWarning, match=f'target="{target.name}"'):
        ErrorsDisplay.from_predictions(true, found)


def test_surest_attributes_come_first():
    assert caption([0.6, 0.9, 0.2, 0.75, 0.1], n_attributes=2) == ["b 90 %", "d 75 %"]


def test_wrong_and_missed_attributes_are_marked():
    assert caption([0.6, 0.9, 0.02, 0.3, 0], truth=[0, 1, 1, 0, 0]) == [
        "✗ not c 98 %",
        "b 90 %",
        "✗ a 60 %",
    ]


def test_predictions_without_probability_show_none():
    assert caption([1, 0, 1], truth=[1, 1, 0]) == ["a", "✗ not b", "✗ c"]


def test_only_certainty_is_100_percent():
    assert caption([0.9999, 1.0]) == ["b 100 %", "a 99 %"]


def test_forty_attributes_have_celebas_names(photos):
    found = np.zeros((5, 40))
    found[:, 31] = 0.75
    display = FacesDisplay.from_predictions(photos, found, target="attributes")
    assert texts(display.captions_[0]) == ["Smiling 75 %"]


def drawn_texts(figure):
    """Every text of a figure as the reader sees it, formulas left out."""
    from matplotlib.cbook import is_math_text
    from matplotlib.text import Text

    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.findobj(Text)]
    return [text.replace(r"\$", "$") for text in found if not is_math_text(text)]


def test_names_with_dollar_signs_are_no_formulas(photos, answers):
    name = "a$_1$b.jpg"
    faces = FacesDisplay(
        photos[:1], titles=[name], attributes=np.ones((1, 1)), names=["$x_y$"]
    ).plot()
    assert {name, "$x y$"} <= set(drawn_texts(faces.figure_))
    bars = AttributesDisplay.from_predictions(
        *answers, names=["$x_y$", "a", "b"], groups=["$g$"] * 4
    )
    assert {"$x y$", "$g$"} <= set(drawn_texts(bars.figure_))
    curve = ErrorsDisplay([0.02], kind="nme", name=name).plot()
    assert any(text.startswith(name) for text in drawn_texts(curve.figure_))
    results = {
        "params": [{"w": "$a$", "n": 1}, {"w": "$b$", "n": 2}],
        "mean_test_score": [0.5, 0.6],
    }
    heat_map = SearchDisplay(results).plot()
    assert {"$a$", "$b$"} <= set(drawn_texts(heat_map.figure_))


def test_without_an_order_only_what_is_shown_is_predicted(photos):
    guess = Guess([0.9])
    FacesDisplay.from_estimator(guess, photos, n_faces=2)
    assert guess.n_seen == 2


def test_labels_of_one_dimension_are_one_attribute(photos):
    y = np.array(["no", "yes", "yes", "no", "yes"])
    X = photos.reshape(5, -1)
    tree = DecisionTreeClassifier().fit(X, y)

    class OnPhotos(DecisionTreeClassifier):
        def predict_proba(self, X):
            return tree.predict_proba(X.reshape(len(X), -1))

    pipe = OnPhotos().fit(X, y)
    display = FacesDisplay.from_estimator(pipe, photos, y, names=["it"], n_faces=3)
    assert display.titles == ["1/1 right"] * 3
    assert [texts(lines) for lines in display.captions_] == [[], ["it"], ["it"]]


def test_only_the_photos_shown_are_decoded(tmp_path, boxes):
    paths = [tmp_path / f"{i}.png" for i in range(5)]
    Image.new("RGB", (20, 10), (7, 7, 7)).save(paths[4])
    display = FacesDisplay.from_predictions(
        ImageArray(paths, 8),
        *(boxes[1], boxes[0]),
        target="bbox",
        order="worst",
        n_faces=1,
    )
    assert display.axes_[0].images[0].get_array()[0, 0, 0] == 7


def test_paths_are_photos_too(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (20, 10)).save(path)
    display = FacesDisplay.from_predictions(
        [path], [[0.1, 0.1, 0.5, 0.5]], target="bbox"
    )
    assert len(display.axes_) == 1


def test_image_sizes_give_back_the_aspect(photos, boxes):
    sizes = np.array([[100, 50]] * 4 + [[100, 200]])
    display = FacesDisplay.from_predictions(
        photos, *boxes, target="bbox", image_sizes=sizes, order="worst", n_faces=2
    )
    assert [ax.get_aspect() for ax in display.axes_] == [2, 0.5]


def test_rows_of_the_grid_are_even(photos):
    images = np.concatenate([photos, photos])[:8]
    display = FacesDisplay(images).plot()
    places = [ax.get_subplotspec().rowspan.start for ax in display.axes_]
    assert places == [0] * 4 + [1] * 4


def test_a_given_axes_is_filled(photos):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    display = FacesDisplay(photos).plot(right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert len(figure.axes) == 7
    assert all(ax.get_position().x0 > left.get_position().x1 for ax in display.axes_)


def test_long_texts_lose_their_middle_and_leave_the_next_photo_alone(photos):
    display = FacesDisplay(
        photos,
        attributes=np.ones((5, 1)),
        names=["a_name_that_goes_on_and_on_and_on_and_on"],
        titles=[f"holiday/a-name-that-goes-on-and-on-{i}.jpg" for i in range(5)],
    ).plot()
    title = display.axes_[3].get_title("left")
    assert title.startswith("holiday/")
    assert title.endswith("-3.jpg")
    assert "…" in title
    display.figure_.draw_without_rendering()
    for i, right in enumerate(display.axes_[1:]):
        title, caption = display.axes_[i]._left_title, display.captions_[i][0]
        for text in (title, caption):
            assert text.get_window_extent().x1 < right.get_window_extent().x0


def test_tall_photos_make_no_tall_figure(photos):
    sizes = [[100, 100], [100, 1000], [100, 100], [100, 100], [100, 100]]
    display = FacesDisplay(photos, image_sizes=sizes).plot()
    width, height = display.figure_.get_size_inches()
    assert height < width / 2


def test_captions_leave_the_next_row_alone(photos):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    display = FacesDisplay(
        photos[:4], attributes=np.ones((4, 5)), names=list("abcde"), titles=list("0123")
    ).plot(ax, n_columns=2, n_attributes=5)
    figure.draw_without_rendering()
    lowest = display.captions_[0][-1].get_window_extent().y0
    assert lowest >= display.axes_[2]._left_title.get_window_extent().y1
    assert display.captions_[2][-1].get_window_extent().y0 >= 0


def test_legend_covers_no_title(photos, boxes):
    import matplotlib.pyplot as plt

    _, (_, ax) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
    for place in (None, ax):
        display = FacesDisplay.from_predictions(
            photos, *boxes, target="bbox", n_faces=3, ax=place
        )
        display.figure_.draw_without_rendering()
        legend = display.legend_.get_window_extent()
        titles = [ax._left_title.get_window_extent() for ax in display.axes_]
        assert not legend.count_overlaps(titles)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"order": "odd"}, ParameterError, "order must be in"),
        ({"order": "best", "y_true": None}, ParameterError, "needs the truth"),
        ({"n_faces": 0}, ParameterError, "n_faces must be an integer of 1"),
        ({"n_columns": 0}, ParameterError, "n_columns must be an integer of 1"),
        ({"X": np.zeros((5, 8, 8))}, InputError, "X must be an ImageArray, an array"),
        ({"y_pred": np.zeros((4, 4)), "y_true": None}, InputError, "4 rows of boxes"),
        ({"y_pred": np.full((5, 4), 90)}, InputError, "fractions of the photo"),
        ({"y_pred": np.full((5, 4), 90.0)}, InputError, "to_fractions"),
        ({"y_true": np.zeros((5, 10))}, InputError, r"the truth \(5, 10\)"),
        (
            {
                "y_pred": [np.zeros((5, 4))] * 2,
                "y_true": None,
                "target": ["bbox", "bbox"],
            },
            InputError,
            "two targets",
        ),
        ({"target": "box"}, ParameterError, r"target must be in \('bbox',"),
        ({"target": "landmarks"}, InputError, r"must hold landmarks, .*n_samples, 10"),
        ({"target": "attributes", "y_pred": np.full((5, 4), 2)}, InputError, "0 to 1"),
        (
            {"y_pred": [np.zeros((5, 4))], "y_true": None, "target": ["bbox"] * 2},
            ParameterError,
            "a list of 1 targets",
        ),
        ({"image_sizes": np.ones((3, 2))}, InputError, r"\(5, 2\) or \(2,\)"),
        ({"image_sizes": (0, 1)}, InputError, "image_sizes must be"),
        (
            {"n_attributes": -1},
            ParameterError,
            "n_attributes must be an integer of 0 or more",
        ),
        (
            {"y_pred": [np.zeros((5, 4))], "y_true": [None, None]},
            InputError,
            "1 arrays in y_pred, but 2 y_true",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused(photos, boxes, arguments, error, message):
    call = {"X": photos, "y_pred": boxes[1], "y_true": boxes[0], "target": "bbox"}
    call |= arguments
    with pytest.raises(error, match=message):
        FacesDisplay.from_predictions(**call)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([None, None], "1 estimators, but 2 y"),
        ([np.zeros((4, 4))], "5 photos, but 4 rows of y"),
    ],
)
def test_a_truth_that_does_not_fit_the_estimators_is_refused(photos, boxes, y, message):
    mean_box = DummyRegressor().fit(photos, boxes[0])
    with pytest.raises(InputError, match=message):
        FacesDisplay.from_estimator([mean_box], photos, y, target=["bbox"])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"boxes": np.zeros((4, 4))}, r"boxes must have one row for each of the 5 ph"),
        ({"boxes": np.zeros((5, 10))}, r"boxes must hold boxes, .* \(5, 10\)"),
        ({"landmarks": np.zeros((5, 9))}, "x and y of each point"),
        (
            {"attributes": np.zeros((5, 2)), "true_attributes": np.zeros((5, 3))},
            r"attributes have the shape \(5, 2\), true_attributes \(5, 3\)",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(photos, parts, message):
    with pytest.raises(InputError, match=message):
        FacesDisplay(photos, **parts).plot()


def test_no_photo_at_all_is_refused(photos):
    with pytest.raises(InputError, match="there is no photo to show"):
        FacesDisplay(photos[:0]).plot()


def test_places_without_a_photo_are_left_empty(photos):
    display = FacesDisplay(photos).plot(n_columns=3)
    assert len(display.axes_) == 5
    assert len(display.figure_.axes) == 6  # and the one whose place is filled


# Search


def test_heat_map_holds_the_mean_scores(search):
    display = SearchDisplay.from_estimator(search)
    scores = search.cv_results_["mean_test_score"].reshape(2, 3)[::-1]
    assert display.im_.get_array().data == pytest.approx(scores)
    assert texts(display.ax_.get_yticklabels()) == ["1", "2"]
    assert texts(display.ax_.get_xticklabels()) == ["1", "5", "20"]
    deviation = search.cv_results_["std_test_score"][0]
    assert display.text_[1, 0].get_text() == f"{scores[1, 0]:.3f}\n± {deviation:.3f}"


def test_best_candidate_is_marked(search):
    display = SearchDisplay.from_estimator(search)
    row = [1, 2].index(search.best_params_["max_depth"])
    column = [1, 5, 20].index(search.best_params_["min_samples_leaf"])
    assert display.best_.get_xy() == (column - 0.5, row - 0.5)
    assert display.text_[row, column].get_fontweight() == "bold"


def test_one_fold_has_no_deviation():
    grid = {"max_depth": [1, 2], "min_samples_leaf": [1, 5]}
    search = search_over(grid, cv=PredefinedSplit([-1] * 40 + [0] * 20))
    display = SearchDisplay.from_estimator(search)
    assert "±" not in display.text_[0, 0].get_text()


def test_time_stands_against_score(search):
    display = SearchDisplay.from_estimator(search, kind="time")
    drawn = np.concatenate([line.get_xydata() for line in display.points_])
    results = search.cv_results_
    expected = np.c_[results["mean_fit_time"], results["mean_test_score"]]
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, expected))
    assert texts(display.labels_) == ["1", "5", "20"] * 2
    assert display.best_.get_ydata() == [search.best_score_]


def test_labels_of_near_points_do_not_overlap():
    widths = [128, 256, 512]
    results = {
        "params": [{"l": i, "w": w} for i in (1, 2) for w in widths],
        "mean_test_score": [0.8, 0.8005, 0.801, 0.9, 0.9005, 0.901],
        "std_test_score": [0.0] * 6,
        "mean_fit_time": [1, 1.01, 1.02, 2, 2.01, 9],
    }
    display = SearchDisplay(results).plot(kind="time")
    boxes = [label.get_window_extent() for label in display.labels_]
    assert not any(box.count_overlaps(boxes[i + 1 :]) for i, box in enumerate(boxes))


def test_labels_at_the_border_stay_within_the_axes():
    wide = "224 pixels, from both sides"
    results = {
        "params": [{"l": i, "w": wide} for i in range(3)],
        "mean_test_score": [0.8, 0.9, 0.85],
        "mean_fit_time": [1, 2, 4],
    }
    display = SearchDisplay(results, rows="l", columns="w").plot(kind="time")
    frame = display.ax_.get_window_extent()
    for label in display.labels_:
        extent = label.get_window_extent()
        assert frame.x0 <= extent.x0 < extent.x1 <= frame.x1


def test_each_row_has_a_style_of_its_own():
    results = {
        "params": [{"depth": depth, "w": w} for depth in range(12) for w in (1, 2)],
        "mean_test_score": np.linspace(0.5, 0.6, 24),
        "mean_fit_time": np.linspace(1, 2, 24),
    }
    display = SearchDisplay(results).plot(kind="time")
    styles = {(line.get_color(), line.get_marker()) for line in display.points_}
    assert len(styles) == 12


def test_long_labels_leave_room_for_the_cells():
    paths = [f"/home/someone/models/vgg19_weights_{i}.h5" for i in range(3)]
    results = {
        "params": [{"w": path, "n": n} for path in paths for n in (1, 2)],
        "mean_test_score": np.linspace(0.5, 0.6, 6),
    }
    display = SearchDisplay(results, rows="n", columns="w").plot()
    display.figure_.draw_without_rendering()
    labels = display.ax_.get_xticklabels()
    assert [label.get_text()[-5:] for label in labels] == ["_0.h5", "_1.h5", "_2.h5"]
    left, middle, right = (label.get_window_extent() for label in labels)
    assert left.x1 < middle.x0 < middle.x1 < right.x0


def test_third_parameter_shows_its_best():
    grid = {"max_depth": [1, 3], "min_samples_leaf": [1, 5], "splitter": ["best"]}
    grid["splitter"] += ["random"]
    search = search_over(grid, cv=3)
    display = SearchDisplay.from_estimator(
        search, rows="max_depth", columns="min_samples_leaf"
    )
    scores = search.cv_results_["mean_test_score"].reshape(2, 2, 2).max(axis=2)
    assert display.im_.get_array().data == pytest.approx(scores)


def test_untried_pairs_stay_empty_and_failed_ones_say_so():
    results = {
        "params": [{"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}],
        "mean_test_score": [0.5, 0.7, np.nan],
        "std_test_score": [0.1, 0.1, np.nan],
        "mean_fit_time": [1.0, 1.0, 0.0],
    }
    display = SearchDisplay(results).plot()
    assert display.text_[1, 0] is None
    assert display.text_[0, 1].get_text() == "failed"
    display = SearchDisplay(results).plot(kind="time")
    assert display.labels_[0].get_text() == "1"
    assert texts(display.ax_.get_legend().texts)[-1] == "1 failed"


def test_metric_of_refit_is_shown():
    grid = {"max_depth": [1, 2], "min_samples_leaf": [1, 5]}
    search = search_over(grid, scoring=["accuracy", "f1"], refit="f1")
    display = SearchDisplay.from_estimator(search)
    assert display.im_.get_array().data.ravel() == pytest.approx(
        search.cv_results_["mean_test_f1"]
    )
    with pytest.raises(ParameterError, match="no metric 'iou'; it has"):
        SearchDisplay.from_estimator(search, metric="iou")


def test_parameters_must_be_two():
    grid = {"max_depth": [1, 2], "splitter": ["best", "random"], "ccp_alpha": [0, 1]}
    search = search_over(grid, cv=2)
    with pytest.raises(ParameterError, match="3 parameters vary"):
        SearchDisplay.from_estimator(search)
    with pytest.raises(ParameterError, match="no parameter 'depth'"):
        SearchDisplay.from_estimator(search, rows="depth", columns="splitter")


def test_search_must_be_fitted():
    with pytest.raises(NotFittedError):
        SearchDisplay.from_estimator(GridSearchCV(DecisionTreeClassifier(), {}))


# History


def test_curves_and_best_epoch_are_drawn():
    display = HistoryDisplay(HISTORY, best_epoch=1).plot()
    for name, line in display.lines_.items():
        assert line.get_ydata().tolist() == HISTORY[name]
        assert line.get_xdata().tolist() == [1, 2, 3]
    for ax, value in zip(display.axes_, [0.6, 0.65], strict=True):
        assert ax.lines[-1].get_xydata().tolist() == [[2, value]]
        assert texts(ax.get_legend().texts)[-1] == "best epoch: 2"


def test_loss_comes_first():
    display = HistoryDisplay({"accuracy": [0.5], "loss": [0.7]}).plot()
    assert [panel.get_ylabel() for panel in display.axes_] == ["loss", "accuracy"]


def test_training_without_validation_marks_no_epoch():
    display = HistoryDisplay({"loss": [0.5, 0.4]}, best_epoch=1).plot()
    assert len(display.axes_) == 1
    assert texts(display.axes_[0].get_legend().texts) == ["train"]


def test_losses_far_apart_are_drawn_on_a_log_scale():
    history = {"loss": [40.0, 0.5, 0.4], "accuracy": [0.5, 0.6, 0.7]}
    loss, accuracy = HistoryDisplay(history).plot().axes_
    assert loss.get_yscale() == "log"
    assert accuracy.get_yscale() == "linear"


def test_history_of_a_pipelines_head_is_found(untraced):
    X = np.random.default_rng(0).normal(size=(40, 3))
    head = DenseHeadClassifier(0, epochs=2, random_state=0)
    pipe = make_pipeline(StandardScaler(), head)
    with pytest.raises(NotFittedError):
        HistoryDisplay.from_estimator(pipe)
    display = HistoryDisplay.from_estimator(pipe.fit(X, (X > 0).astype(int)))
    assert display.history == head.history_
    assert display.best_epoch == head.best_epoch_


def test_estimator_without_history_is_refused():
    with pytest.raises(ParameterError, match="DummyRegressor keeps no history_"):
        HistoryDisplay.from_estimator(DummyRegressor().fit([[0]], [0]))


# Attributes


@pytest.fixture
def answers():
    y_true = np.array([[0, 0, 1], [0, 1, 1], [0, 1, 1], [1, 0, 1]])
    y_pred = np.array([[1, 0, 1], [0, 1, 1], [0, 1, 1], [0, 0, 1]])
    return y_true, y_pred


def test_bars_are_sorted_and_carry_the_majority(answers):
    display = AttributesDisplay.from_predictions(*answers, names=["a_a", "b", "c"])
    assert [bar.get_width() for bar in display.bars_] == [1, 1, 0.5]
    assert texts(display.ax_.get_yticklabels()) == ["b", "c", "a a"]
    assert display.baselines_.get_xdata().tolist() == [0.5, 1, 0.75]
    assert texts(display.ax_.texts) == ["1.000", "1.000", "0.500"]


def test_bars_not_above_their_baseline_have_another_colour(answers):
    display = AttributesDisplay.from_predictions(*answers)
    better, equal, worse = (bar.get_facecolor() for bar in display.bars_)
    assert better != equal == worse


def test_baseline_of_balanced_accuracy_is_a_constant_answer(answers):
    display = AttributesDisplay.from_predictions(*answers, column="balanced_accuracy")
    assert texts(display.ax_.get_yticklabels()) == ["1", "0"]  # 2 is always there
    assert display.baselines_.get_xdata().tolist() == [0.5, 0.5]
    assert display.ax_.get_xlim() == (0, 1)


def test_average_precision_is_had_from_an_estimator(answers):
    y_true, _ = answers
    display = AttributesDisplay.from_estimator(
        Guess([0.9, 0.1, 0.6]), np.zeros((4, 1)), y_true, column="average_precision"
    )
    assert [bar.get_width() for bar in display.bars_] == [1, 0.5, 0.25]


@pytest.mark.parametrize("column", ["auc", "n_labels"])
def test_column_that_is_no_score_is_refused(answers, column):
    with pytest.raises(ParameterError, match=f"no column '{column}'; there are"):
        AttributesDisplay.from_predictions(*answers, column=column)


def test_groups_are_dots_on_the_bars(answers):
    display = AttributesDisplay.from_predictions(
        *answers, names=["a", "b", "c"], groups={"Male": [0, 0, 1, 1]}
    )
    assert texts(display.ax_.get_yticklabels()) == ["b", "c", "a"]
    found = {group: dots.get_xdata().tolist() for group, dots in display.dots_.items()}
    y_true, y_pred = answers
    right = (y_true == y_pred)[:, [1, 2, 0]]
    assert found == {
        "Male=0": right[:2].mean(axis=0).tolist(),
        "Male=1": right[2:].mean(axis=0).tolist(),
    }
    legend = texts(display.ax_.get_legend().get_texts())
    assert [text for text in legend if "Male" in text] == ["Male=0", "Male=1"]


def test_many_groups_have_rows_of_their_own_in_the_legend(answers):
    groups = {f"a group with a rather long name {i}": [0, 0, 1, 1] for i in range(4)}
    display = AttributesDisplay.from_predictions(*answers, groups=groups)
    display.figure_.draw_without_rendering()
    legend = display.ax_.get_legend()
    places = {text.get_text(): text.get_window_extent() for text in legend.get_texts()}
    assert legend.get_window_extent().x0 >= 0
    lowest = min(
        places[name].y0 for name in ("baseline: majority", "better", "not better")
    )
    dots = [places[line.get_label()] for line in display.dots_.values()]
    assert max(place.y1 for place in dots) <= lowest
    markers = {(line.get_color(), line.get_marker()) for line in display.dots_.values()}
    assert len(markers) == 8


def test_groups_have_a_legend_without_a_baseline_too(answers):
    display = AttributesDisplay.from_predictions(
        *answers, groups=list("aabb"), column="f1"
    )
    assert texts(display.ax_.get_legend().get_texts()) == ["a", "b"]


def test_missing_labels_leave_the_bars_of_the_others(answers):
    y_true, y_pred = answers
    y_true = y_true.astype(float)
    y_true[1, 0] = np.nan
    display = AttributesDisplay.from_predictions(y_true, y_pred)
    assert display.report["n_labels"].tolist() == [3, 4, 4]


# Errors


def test_curve_counts_photos_up_to_each_error(landmarks):
    true, found = landmarks
    display = ErrorsDisplay.from_predictions(true, found, target="landmarks")
    x, y = display.line_.get_data()
    errors = np.hypot(0.01, 0.01) / 0.4 * np.arange(5)
    assert display.values == pytest.approx(errors)
    assert x[:-1] == pytest.approx([0, *errors])
    assert y == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 1])
    assert display.line_.get_label() == "model: mean 7.1 %, 40.0 % above 10 %"


def test_ticks_between_whole_percents_are_not_rounded(landmarks):
    display = ErrorsDisplay.from_predictions(*landmarks, target="landmarks")
    display.ax_.set_xticks([0, 0.025, 0.05])
    assert texts(display.ax_.get_xticklabels()) == ["0 %", "2.5 %", "5 %"]


def test_histogram_counts_boxes_by_overlap(boxes):
    display = ErrorsDisplay.from_estimator(
        DummyRegressor().fit(boxes[0], boxes[0]), boxes[0], boxes[0], target="bbox"
    )
    counts, edges, _ = display.line_.get_data()
    assert counts.tolist() == [0] * 19 + [1]
    assert (edges[0], edges[-1]) == (0, 1)
    assert display.line_.get_label().startswith("DummyRegressor: mean 1.000, 0.0 %")


def test_one_row_is_baseline_for_all(boxes):
    true, found = boxes
    display = ErrorsDisplay.from_predictions(
        true, found, target="bbox", y_baseline=true[0]
    )
    assert display.baseline == pytest.approx(np.ones(5))
    assert display.baseline_.get_label().startswith("baseline")


def test_two_models_share_one_axes(landmarks):
    true, found = landmarks
    first = ErrorsDisplay.from_predictions(
        true, found, target="landmarks", name="first"
    )
    second = ErrorsDisplay.from_predictions(
        true, true, target="landmarks", name="second", ax=first.ax_
    )
    assert second.ax_ is first.ax_
    assert len(texts(first.ax_.get_legend().texts)) == 2
    assert len(first.figure_.axes) == 1


def test_each_model_on_shared_axes_has_its_colour():
    first = ErrorsDisplay([0.02, 0.04], kind="nme", baseline=[0.1, 0.2]).plot()
    second = ErrorsDisplay([0.03, 0.05], kind="nme").plot(first.ax_)
    third = ErrorsDisplay([0.04, 0.06], kind="nme").plot(first.ax_)
    lines = [first.line_, first.baseline_, second.line_, third.line_]
    assert len({line.get_color() for line in lines}) == 4


def test_attributes_have_no_error_curve():
    with pytest.raises(InputError, match="must be boxes"):
        ErrorsDisplay.from_predictions(np.zeros((3, 40)), np.zeros((3, 40)))
    with pytest.raises(InputError, match=r"must be boxes.*, got attributes"):
        ErrorsDisplay.from_predictions(*np.zeros((2, 3, 4)), target="attributes")


def test_classifier_of_four_attributes_has_no_error_curve():
    X, y = np.zeros((5, 1)), np.tile([0.0, 1, 0, 1], (5, 1))
    with pytest.raises(InputError, match=r"must be boxes.*, got attributes"):
        ErrorsDisplay.from_estimator(Guess([0.1, 0.9, 0.1, 0.9]), X, y)


def test_errors_are_measured_between_the_eyes_of_the_target():
    points = Landmarks(
        ("nose", "left", "right"), (("left", "right"),), ("left", "right")
    )
    true = np.array([[0.5, 0.5, 0.25, 0.25, 0.75, 0.25]])
    display = ErrorsDisplay.from_predictions(true, true + [0.15, 0] * 3, target=points)
    assert display.values == pytest.approx([0.3])  # of the half between the eyes


def test_values_must_be_one_a_photo():
    with pytest.raises(InputError, match="one finite number a photo"):
        ErrorsDisplay([[0.1]], kind="nme").plot()
    with pytest.raises(ParameterError, match="kind must be in"):
        ErrorsDisplay([0.1], kind="mse").plot()


# All


def test_import_needs_no_matplotlib_and_its_lack_names_the_cure():
    code = """
import sys
sys.modules["matplotlib"] = None
from skface.displays import HistoryDisplay
assert not {"keras", "tensorflow"} & set(sys.modules)
try:
    HistoryDisplay({"loss": [1.0]}).plot()
except ImportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "HistoryDisplay.plot needs matplotlib, which is not installed: "
        "pip install skface[plots]\n"
    )


def outline(ax):
    from matplotlib.patches import Polygon

    (frame,) = [patch for patch in ax.patches if isinstance(patch, Polygon)]
    return frame.get_xy()[:4]


@pytest.fixture
def files(tmp_path):
    """Three files of 60 x 40 pixels."""
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path in paths:
        Image.new("RGB", (60, 40), "grey").save(path)
    return ImageArray(paths, (40, 60))


def test_frames_are_outlined_and_turned_where_they_are_turned(files, boxes):
    frames = Frames.from_boxes([[0.2, 0.2, 0.2, 0.3]] * 3, (60, 40)).turned([0, 45, 0])
    display = FacesDisplay.from_predictions(
        files, boxes[1][:3], target="bbox", frames=frames
    )
    upright, turned, _ = map(outline, display.axes_)
    expected = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.5], [0.2, 0.5]]
    assert upright == pytest.approx(np.array(expected))
    middle = turned.mean(axis=0)
    assert middle == pytest.approx([0.3, 0.35])
    corner = (turned[0] - middle) * [60, 40]
    assert corner == pytest.approx([0, -6 * np.sqrt(2)], abs=1e-9)


def test_photos_seen_through_frames_are_shown_whole_with_the_frames(files, boxes):
    frames = Frames.from_boxes([[0.1, 0.2, 0.2, 0.3], *[[0, 0, 1, 1]] * 2], (60, 40))
    display = FacesDisplay.from_predictions(
        files.framed(frames), boxes[1][:3], boxes[0][:3], target="bbox", order="worst"
    )
    assert display.index.tolist() == [2, 1, 0]
    assert not display.images.is_framed
    assert outline(display.axes_[2])[0] == pytest.approx([0.1, 0.2])
    np.testing.assert_array_equal(display.boxes, boxes[1][[2, 1, 0]])


def test_whole_photos_have_no_outline(files, boxes):
    display = FacesDisplay.from_predictions(files, boxes[1][:3], target="bbox")
    assert display.frames is None
    assert [len(ax.patches) for ax in display.axes_] == [1, 1, 1]


def test_frames_of_other_photos_are_refused(files, boxes):
    with pytest.raises(InputError, match="one for each of 3 photos, got Frames"):
        FacesDisplay.from_predictions(
            files, boxes[1][:3], target="bbox", frames=Frames.whole(2)
        )


def test_history_of_a_second_look_is_that_of_its_second():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.uniform(size=(20, 4))
    heads = [DenseHeadRegressor(0, epochs=n, random_state=0).fit(X, y) for n in (1, 2)]
    look = SecondLook(*heads)
    look.first_, look.second_ = heads
    display = HistoryDisplay.from_estimator(look)
    assert len(display.lines_["loss"].get_ydata()) == 2
