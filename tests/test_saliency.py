"""The occlusion map, by the data of what it draws."""

import numpy as np
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyRegressor

from skface import ImageArray, make_attribute_pipeline, make_bbox_pipeline
from skface.displays import SaliencyDisplay
from skface.exceptions import InputError, ParameterError


class Corner(ClassifierMixin, BaseEstimator):
    """Two attributes, told by the green of one corner each: (0, 0) and (-1, -1)."""

    classes_ = [np.array([0, 1])] * 2

    def __init__(self):
        self.n_at_once = []

    def predict_proba(self, X):
        self.n_at_once.append(len(X))
        return np.asarray(X)[:, [0, -1], [0, -1], 1] / 255


@pytest.fixture(autouse=True)
def closed_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture
def photo():
    """Black, 40 high and 60 wide, the two corners told by as green."""
    image = np.zeros((40, 60, 3), np.uint8)
    image[0, 0, 1] = image[-1, -1, 1] = 204
    return image


def shown(photo, attribute="first", **options):
    options = {"names": ["first", "second"], "patch": 10, "stride": 10, **options}
    return SaliencyDisplay.from_estimator(Corner(), photo, attribute, **options)


@pytest.mark.parametrize(
    ("attribute", "corner"), [("first", (0, 0)), ("second", (3, 5)), (1, (3, 5))]
)
def test_probability_falls_where_its_corner_is_hidden(photo, attribute, corner):
    display = shown(photo, attribute)
    expected = np.zeros((4, 6))
    expected[corner] = 0.8
    assert display.drops == pytest.approx(expected)
    assert display.im_.get_array().data == pytest.approx(expected)


def test_patch_is_outlined_where_it_counts_most(photo):
    display = shown(photo, "second")
    assert display.patch_.get_bbox().bounds == (50, 30, 10, 10)


def test_patch_beyond_the_edge_hides_less(photo):
    display = shown(photo, "first", patch=(30, 10))
    assert display.drops[:, 0] == pytest.approx([0.8, 0.8, 0, 0])
    assert display.patch_.get_bbox().bounds == (0, 0, 10, 20)


def test_patch_has_the_photos_mean_colour(photo):
    photo[:, :, 1] = 102
    photo[0, 0, 1] = 204
    assert shown(photo).drops[0, 0] == pytest.approx(0.4)


def test_probability_that_rises_is_kept_and_outlines_nothing(photo):
    photo[:, :, 1] = 102
    photo[0, 0, 1] = 0
    display = shown(photo)
    assert display.drops[0, 0] == pytest.approx(-0.4)
    assert display.patch_ is None
    assert display.colorbar_.ax.get_ylim() == pytest.approx((-0.4, 0))


def test_small_differences_do_not_fill_the_scale(photo):
    display = SaliencyDisplay(photo, np.array([[0.01, -0.02]]), 0.5).plot()
    assert display.im_.get_clim() == (-0.1, 0.1)


def test_title_tells_the_probability_of_the_whole_photo(photo):
    assert shown(photo).ax_.get_title("left") == "first 80 %"
    unnamed = SaliencyDisplay(photo, np.zeros((2, 2)), 0.9999).plot()
    assert unnamed.ax_.get_title("left") == "99 %"


def test_photos_are_predicted_in_small_batches(photo):
    corner = Corner()
    display = SaliencyDisplay.from_estimator(corner, photo, 0, names=["a", "b"])
    assert sum(corner.n_at_once) == 1 + display.drops.size
    assert max(corner.n_at_once) == 64


def test_a_photo_may_be_a_path_or_a_row(photo, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path)
    rows = ImageArray([path], (40, 60)), photo[np.newaxis]
    for X in rows:
        assert shown(X).drops[0, 0] == pytest.approx(0.8)
    for X in (path, str(path), [path], np.array([str(path)])):
        assert shown(X).image.shape == (224, 224, 3)


def test_image_sizes_give_back_the_aspect(photo):
    display = shown(photo, image_sizes=[[178, 218]])
    height, width = photo.shape[:2]
    assert display.ax_.get_aspect() * height / width == pytest.approx(218 / 178)


def test_a_given_axes_is_drawn_in(photo):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    display = shown(photo, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"attribute": "third"}, ParameterError, r"no attribute 'third'; there are \["),
        ({"attribute": 2}, ParameterError, "no attribute 2"),
        ({"attribute": 0.5}, ParameterError, "no attribute 0.5"),
        ({"names": ["one"]}, InputError, "1 names for 2 attributes"),
        ({"patch": 41}, ParameterError, r"patch=\(41, 41\) is larger than the photo"),
        ({"stride": 0}, ParameterError, "stride must be a number of pixels"),
        ({"image_sizes": (3, 4, 5)}, InputError, r"of the shape \(1, 2\) or"),
        ({"photo": np.zeros((2, 9, 9, 3), np.uint8)}, InputError, r"\(2, 9, 9, 3\)"),
        ({"photo": np.zeros((40, 60, 3))}, InputError, "got float64 of shape"),
    ],
)
def test_what_cannot_be_shown_is_refused(photo, arguments, error, message):
    with pytest.raises(error, match=message):
        shown(**{"photo": photo, **arguments})


def test_map_must_be_finite(photo):
    with pytest.raises(InputError, match="drops must be finite"):
        SaliencyDisplay(photo, [[np.nan]], 0.5).plot()


def test_an_estimator_without_probabilities_is_refused(photo):
    mean = DummyRegressor().fit([[0]], [0])
    with pytest.raises(ParameterError, match="DummyRegressor gives no probabilities"):
        SaliencyDisplay.from_estimator(mean, photo, 0)


class Middle(BaseEstimator):
    """Finds one face in the middle of every photo, and counts them."""

    def __init__(self):
        self.n_seen_ = 0

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        self.n_seen_ += len(X)
        return np.tile(
            [0.4, 0.4, 0.6, 0.4, 0.5, 0.5, 0.42, 0.6, 0.58, 0.6], (len(X), 1)
        )


def test_a_pipeline_that_aligns_has_the_map_of_the_aligned_face(tmp_path):
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    landmarks = Middle()
    pipe = make_attribute_pipeline(weights=None, align=landmarks, random_state=0)
    pipe.set_params(
        features__layer="block1_pool",
        features__pooling="avg",
        features__input_size=32,
        head__epochs=1,
        head__early_stopping=False,
    )
    pipe.fit([path] * 4, np.tile([[0, 1], [1, 0]], (2, 1)))
    pipe.target_names_ = ["a", "b"]
    landmarks.n_seen_ = 0
    display = SaliencyDisplay.from_estimator(pipe, path, "b", patch=80, stride=100)
    assert landmarks.n_seen_ == 1
    np.testing.assert_array_equal(display.image, pipe.aligned([path])[0])
    assert display.image.shape == (218, 178, 3)
    reader = pipe.after_aligning
    expected = reader.predict_proba(display.image[np.newaxis])[0, 1]
    assert display.probability == pytest.approx(expected)
    assert display.name == "b"
    assert display.drops.shape == (2, 2)


def test_a_second_look_has_no_probabilities_to_fall(photo):
    with pytest.raises(ParameterError, match="SecondLook gives no probabilities"):
        SaliencyDisplay.from_estimator(make_bbox_pipeline(), photo, 0)
