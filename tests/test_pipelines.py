"""The three makers."""

import joblib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skface import (
    DenseHeadRegressor,
    Frames,
    ImageArray,
    make_attribute_pipeline,
    make_bbox_pipeline,
    make_landmark_pipeline,
)
from skface.datasets import mirrored
from skface.evaluation import Evaluation
from skface.exceptions import InputError, ParameterError, SkfaceWarning
from skface.features._network import get_network
from skface.metrics import iou_score
from skface.pipelines import FacePipeline
from skface.targets import BBOX, Attributes

SMALL = {
    "features__layer": "block2_pool",
    "features__pooling": None,
    "features__input_size": 32,
    "head__epochs": 3,
    "head__n_layers": 1,
    "head__n_units": 8,
}
MAKERS = [make_attribute_pipeline, make_bbox_pipeline, make_landmark_pipeline]


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def attributes():
    return np.random.default_rng(1).integers(0, 2, (24, 3))


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("preset", ["best", "fast", "paper"])
def test_makers_give_a_pipeline_of_features_and_head(maker, preset):
    looks = {} if maker is make_attribute_pipeline else {"looks": 1}
    pipe = maker(preset, weights=None, **looks)
    assert isinstance(pipe, Pipeline)
    assert list(pipe.named_steps) == ["features", "head"]


def test_paper_preset_is_the_papers_recipe():
    pipe = make_attribute_pipeline("paper", weights=None)
    features, head = pipe["features"], pipe["head"]
    assert (features.layer, features.pooling) == ("block5_pool", None)
    assert (features.preprocessing, features.input_size) == ("unit", None)
    assert (head.n_layers, head.n_units, head.batch_size) == (7, 512, 32)
    assert (head.epochs, head.patience, head.learning_rate) == (100, 3, 1e-3)
    assert make_landmark_pipeline("paper", weights=None)["head"].n_units == 4096
    assert make_bbox_pipeline("paper", weights=None)["head"].loss == (
        "mean_squared_error"
    )


@pytest.mark.parametrize(
    ("n_outputs", "n_parameters"), [(40, 34_466_408), (4, 34_447_940)]
)
def test_paper_preset_counts_as_many_parameters_as_the_paper(
    n_outputs, n_parameters, untraced
):
    pipe = make_attribute_pipeline("paper", weights=None)
    network = get_network(pipe["features"]._specification(), "float32")
    head = pipe["head"].set_params(epochs=1, early_stopping=False)
    head.fit(np.zeros((2, 25_088), np.float16), np.eye(2, n_outputs, dtype=int))
    assert network.count_params() + head.model_.count_params() == n_parameters


def test_unknown_preset_is_refused():
    with pytest.raises(ParameterError, match=r"preset must be in .*'quick'"):
        make_bbox_pipeline("quick")


def test_validation_photos_go_through_the_features(photos, attributes):
    pipe = make_attribute_pipeline(weights=None, random_state=0).set_params(**SMALL)
    pipe.fit(photos[:16], attributes[:16], X_val=photos[16:], y_val=attributes[16:])
    assert len(pipe["head"].history_["val_loss"]) == pipe["head"].n_epochs_
    assert pipe.predict(photos).shape == (24, 3)


def test_grid_over_the_head_runs_on_a_predefined_split(photos, attributes):
    pipe = make_attribute_pipeline(weights=None, random_state=0).set_params(**SMALL)
    pipe.set_params(features__layer="block1_pool", features__pooling="avg")
    split = PredefinedSplit([-1] * 16 + [0] * 8)
    search = GridSearchCV(
        pipe, {"head__n_layers": [0, 1], "head__n_units": [4, 8]}, cv=split
    )
    search.fit(photos, attributes)
    assert len(search.cv_results_["params"]) == 4


def test_same_seed_gives_the_same_predictions(photos, attributes):
    pipe = make_attribute_pipeline(weights=None, random_state=0).set_params(**SMALL)
    first = clone(pipe).fit(photos, attributes).predict_proba(photos)
    second = clone(pipe).fit(photos, attributes).predict_proba(photos)
    assert np.array_equal(first, second)


def test_repr_is_short():
    assert len(repr(make_landmark_pipeline(looks=1, weights=None))) < 700


def test_html_view_shows_both_steps():
    html = make_landmark_pipeline(looks=1, weights=None)._repr_html_()
    assert "VGG19Features" in html
    assert "DenseHeadRegressor" in html


def test_a_mirror_pipeline_learns_what_mirrored_photos_would_teach(photos):
    """Photos and their mirror images as one X give the same training samples."""
    boxes = np.random.default_rng(2).uniform(0.25, 0.5, (24, 4)).astype(np.float32)
    settings = SMALL | {"head__early_stopping": False, "head__batch_size": 48}
    pipe = make_bbox_pipeline(looks=1, weights=None, random_state=0).set_params(
        **settings
    )
    expected = clone(pipe.set_params(mirror=False)).fit(
        np.concatenate([photos, photos[:, :, ::-1]]),
        np.concatenate([boxes, mirrored(boxes, "bbox")]),
    )
    pipe.set_params(mirror="fit").fit(photos, boxes)
    np.testing.assert_allclose(
        pipe.predict(photos), expected.predict(photos), atol=1e-6
    )


def test_mirror_needs_a_step_that_sees_photos():
    head = DenseHeadRegressor(n_layers=0, epochs=1)
    pipe = FacePipeline([("scale", StandardScaler()), ("head", head)], mirror="fit")
    with pytest.raises(ParameterError, match="a step that sees photos"):
        pipe.fit(np.zeros((4, 3)), np.full((4, 4), 0.5))


def test_targets_that_are_no_coordinates_cannot_be_mirrored(photos):
    pipe = make_bbox_pipeline(looks=1, weights=None).set_params(**SMALL, mirror="fit")
    with pytest.raises(InputError, match="y must hold boxes"):
        pipe.fit(photos, np.full((24, 2), 0.5))


def test_attributes_of_one_dimension_have_no_sides(photos, attributes):
    pipe = make_attribute_pipeline(weights=None, random_state=0).set_params(**SMALL)
    pipe.set_params(mirror="fit+predict").fit(photos, attributes[:, 0])
    assert pipe.predict(photos).shape == (24,)


def test_boxes_beside_attributes_are_mirrored(photos, attributes, monkeypatch):
    target = (BBOX, Attributes(("a", "b", "c")))
    boxes = np.random.default_rng(2).uniform(0.25, 0.5, (24, 4))
    taught = []
    fit = DenseHeadRegressor.fit
    monkeypatch.setattr(
        DenseHeadRegressor,
        "fit",
        lambda self, X, y, **params: taught.append(y) or fit(self, X, y, **params),
    )
    pipe = make_bbox_pipeline(looks=1, weights=None).set_params(**SMALL, mirror="fit")
    pipe.set_params(head__target=target, head__epochs=1)
    pipe.fit(photos, np.hstack([boxes, attributes]))
    expected = np.hstack([mirrored(boxes, "bbox"), attributes])
    np.testing.assert_array_equal(taught[0][24:], expected)


def test_boxes_of_a_frame_are_mirrored_by_their_names(photos):
    boxes = np.random.default_rng(2).uniform(0.25, 0.5, (24, 4))
    frame = pd.DataFrame(boxes, columns=BBOX.columns())
    pipe = make_bbox_pipeline(looks=1, weights=None, random_state=0).set_params(**SMALL)
    pipe.set_params(head__epochs=1, mirror="fit")
    expected = clone(pipe).fit(photos, boxes)
    found = clone(pipe).fit(photos, frame[["height", "y", "width", "x"]])
    np.testing.assert_array_equal(found.predict(photos), expected.predict(photos))
    assert found["head"].target_names_in_.tolist() == BBOX.columns()


def test_a_fit_that_fails_keeps_the_names_of_the_one_before(photos, monkeypatch):
    pipe = make_bbox_pipeline("fast", weights=None).set_params(**SMALL)
    pipe.fit(photos, np.full((24, 4), 0.4)).target_names_ = list("abcd")

    def fail(*args, **kwargs):
        raise RuntimeError("amid the training")

    monkeypatch.setattr(type(pipe["head"]), "fit", fail)
    with pytest.raises(RuntimeError, match="amid the training"):
        pipe.fit(photos, np.full((24, 4), 0.4))
    assert pipe.target_names_ == list("abcd")


def test_a_memory_does_not_take_other_photos_for_those_before(photos, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(24)]

    def save(pixels):
        for path, photo in zip(paths, pixels, strict=True):
            Image.fromarray(photo).save(path)

    boxes = np.random.default_rng(2).uniform(0.25, 0.5, (24, 4))
    pipe = make_bbox_pipeline(looks=1, weights=None, random_state=0).set_params(**SMALL)
    pipe.set_params(mirror=False, head__epochs=1, memory=str(tmp_path / "memory"))
    taught = []
    for pixels in (photos, photos[::-1]):
        save(pixels)
        X = ImageArray(paths, 32)
        taught.append(clone(pipe).fit(X, boxes).predict(X))
        assert joblib.hash(X) == joblib.hash(X[:])
    plain = clone(pipe).set_params(memory=None).fit(X, boxes)
    np.testing.assert_array_equal(taught[1], plain.predict(X))
    assert not np.array_equal(*taught)


@pytest.fixture
def two_sided(photos):
    boxes = np.random.default_rng(2).uniform(0.25, 0.5, (24, 4)).astype(np.float32)
    pipe = make_bbox_pipeline(looks=1, weights=None, random_state=0).set_params(**SMALL)
    return pipe.set_params(mirror="fit+predict").fit(photos, boxes)


def test_what_both_sides_say_is_averaged(two_sided, photos):
    both = two_sided.predict(photos)
    one_sided = two_sided.set_params(mirror="fit")
    front, back = (one_sided.predict(side) for side in (photos, photos[:, :, ::-1]))
    np.testing.assert_allclose(both, (front + mirrored(back, "bbox")) / 2, atol=1e-6)
    assert np.abs(both - front).max() > 1e-4


def test_probabilities_of_both_sides_are_averaged(photos, attributes):
    pipe = make_attribute_pipeline(weights=None, random_state=0).set_params(**SMALL)
    pipe.set_params(mirror="fit+predict").fit(photos, attributes)
    both, labels = pipe.predict_proba(photos), pipe.predict(photos)
    pipe.set_params(mirror="fit")
    sides = [pipe.predict_proba(side) for side in (photos, photos[:, :, ::-1])]
    np.testing.assert_allclose(both, np.mean(sides, axis=0), atol=1e-6)
    np.testing.assert_array_equal(labels, both > 0.5)


def test_the_score_is_that_of_the_prediction_from_both_sides(two_sided, photos):
    boxes = np.full((24, 4), 0.4)
    weight = np.arange(24.0)
    expected = iou_score(boxes, two_sided.predict(photos), sample_weight=weight)
    assert two_sided.score(photos, boxes, sample_weight=weight) == expected


def test_an_evaluation_reads_both_sides_too(two_sided, photos):
    evaluation = Evaluation.from_estimator(two_sided, photos, np.full((24, 4), 0.4))
    np.testing.assert_array_equal(evaluation.y_pred, two_sided.predict(photos))


def test_an_evaluation_reads_columns_by_name(two_sided, photos):
    boxes = np.random.default_rng(2).uniform(0.25, 0.5, (24, 4))
    frame = pd.DataFrame(boxes, columns=["x", "y", "width", "height"])
    expected, found = (
        Evaluation.from_estimator(two_sided, photos, y, y_train=y).figures()
        for y in (boxes, frame[["height", "x", "width", "y"]])
    )
    pd.testing.assert_frame_equal(found, expected)


def test_a_head_of_another_library_reads_no_mirror_images(photos, no_network):
    pipe = make_bbox_pipeline(looks=1, weights=None).set_params(head=Ridge())
    with pytest.raises(ParameterError, match=r"mirror='fit\+predict' needs a head of"):
        pipe.set_params(mirror="fit+predict").fit(photos, np.full((24, 4), 0.4))
    with pytest.raises(ParameterError, match="mirror='fit' needs a head of skface"):
        pipe.set_params(mirror="fit").fit(photos, np.full((24, 4), 0.4))


def test_groups_of_other_photos_are_refused_before_work(photos, no_network):
    pipe = make_bbox_pipeline(looks=1, weights=None)
    with pytest.raises(InputError, match=r"groups must have the shape \(24,\)"):
        pipe.fit(photos, np.full((24, 4), 0.4), head__groups=np.arange(30))


def test_an_unknown_way_to_mirror_is_refused(photos):
    pipe = make_bbox_pipeline(looks=1, weights=None).set_params(mirror="both")
    with pytest.raises(ParameterError, match=r"mirror must be in .*, got 'both'"):
        pipe.fit(photos, np.full((24, 4), 0.4))


def test_a_step_between_is_fitted_on_the_photos_and_serves_both_sides(photos):
    boxes = np.random.default_rng(2).uniform(0.25, 0.5, (24, 4))
    features, head = make_bbox_pipeline(
        looks=1, weights=None, random_state=0
    ).named_steps.values()
    head.set_params(epochs=1)
    pipe = FacePipeline(
        [("features", features), ("scale", StandardScaler()), ("head", head)],
        mirror="fit+predict",
    ).set_params(
        features__layer="block1_pool",
        features__input_size=32,
        features__pooling="avg",
    )
    pipe.fit(photos, boxes)
    back = pipe["features"].transform(photos[:, :, ::-1])
    expected = (
        pipe["head"].predict(pipe[:-1].transform(photos))
        + mirrored(pipe["head"].predict(pipe["scale"].transform(back)), "bbox")
    ) / 2
    np.testing.assert_allclose(pipe.predict(photos), expected, atol=1e-6)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
def test_steps_without_a_head_have_no_predictions(method):
    assert not hasattr(make_bbox_pipeline(looks=1, weights=None)[:-1], method)


SHAPES = {
    "aligned": (178, 218),
    "wild": (60, 40),
    "upright": (60, 80),
    "square": (64, 64),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Eight files of each shape, by its name."""
    folder, rng = tmp_path_factory.mktemp("shapes"), np.random.default_rng(0)
    paths = {name: [folder / f"{name}-{i}.png" for i in range(8)] for name in SHAPES}
    for name, size in SHAPES.items():
        for path in paths[name]:
            blocks = rng.integers(0, 256, (4, 3, 3), dtype=np.uint8)
            Image.fromarray(blocks).resize(size).save(path)
    return {name: list(map(str, each)) for name, each in paths.items()}


@pytest.fixture(scope="module")
def of_aligned(files):
    pipe = make_attribute_pipeline(weights=None, random_state=0).set_params(**SMALL)
    return pipe.fit(files["aligned"], np.tile([[0, 1], [1, 0]], (4, 1)))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "outputs"])
@pytest.mark.parametrize("name", ["wild", "upright"])
def test_photos_that_are_plainly_not_aligned_are_told_with_the_cure(
    of_aligned, files, method, name
):
    with pytest.warns(SkfaceWarning, match=r"AlignedFaces\(landmarks\)") as caught:
        getattr(of_aligned, method)(files[name] + files["aligned"][:3])
    assert [warning.filename for warning in caught] == [__file__]
    width, height = SHAPES[name]
    said = f"such as {height / width:.2f} times as high as wide, than those"
    assert said in str(caught[0].message)
    assert "all 1.22 times" in str(caught[0].message)


@pytest.mark.filterwarnings("error")
def test_photos_that_may_be_aligned_are_read_without_a_word(of_aligned, files):
    few = files["wild"][:3]
    for photos in (
        files["aligned"],
        files["square"],  # crops of faces are
        files["aligned"] + few,
        ImageArray(few).framed(Frames.from_boxes([[0, 0, 1, 1]] * 3, (60, 40))),
        np.asarray(ImageArray(few)),
        [Image.open(path) for path in few],
    ):
        of_aligned.predict(photos)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["mixed", "arrays", "boxes"])
def test_a_pipeline_of_photos_of_any_shape_says_no_word(files, name):
    X = files["aligned"][:4] + files["wild"][:4]
    if name == "arrays":
        X = np.asarray(ImageArray(files["aligned"], 32))
    pipe, y = make_attribute_pipeline(weights=None), np.tile([[0, 1], [1, 0]], (4, 1))
    if name == "boxes":
        X, pipe = files["aligned"], make_bbox_pipeline(looks=1, weights=None)
        y = np.full((8, 4), 0.4)
    pipe.set_params(**SMALL).fit(X, y)
    assert pipe.aspect_ is None
    pipe.predict(files["wild"])


def test_the_shape_of_the_last_fits_photos_counts(of_aligned, files):
    again = clone(of_aligned).fit(files["wild"], np.tile([[0, 1], [1, 0]], (4, 1)))
    assert again.aspect_ == pytest.approx(2 / 3)
    assert of_aligned.aspect_ == pytest.approx(218 / 178)
    with pytest.warns(SkfaceWarning, match="such as 1.22 times"):
        again.predict(files["aligned"][:1])


class Middle(BaseEstimator):
    """Finds one face in the middle of every photo."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.tile(
            [0.4, 0.4, 0.6, 0.4, 0.5, 0.5, 0.42, 0.6, 0.58, 0.6], (len(X), 1)
        )


@pytest.mark.filterwarnings("error")
def test_photos_that_a_step_aligns_may_have_any_shape(files):
    pipe = make_attribute_pipeline(weights=None, align=Middle().fit(None))
    pipe.set_params(**SMALL).fit(files["wild"], np.tile([[0, 1], [1, 0]], (4, 1)))
    assert pipe.is_aligning
    found = pipe.predict_proba(files["upright"])
    faces = pipe.aligned(files["upright"])
    assert faces.shape == (8, 218, 178, 3)
    reader = pipe.after_aligning
    assert reader.mirror == pipe.mirror == "fit"
    np.testing.assert_array_equal(reader.predict_proba(faces), found)


def test_passes_of_a_photo_are_counted():
    best, three = make_attribute_pipeline(), make_landmark_pipeline()
    assert best.n_passes == make_landmark_pipeline("fast").n_passes == 1
    assert make_landmark_pipeline(looks=1).n_passes == 2
    assert (three.n_passes, make_bbox_pipeline().n_passes) == (5, 5)
    assert make_attribute_pipeline(align=three).n_passes == 6
    assert three.set_params(second__mirror=False).n_passes == 3
