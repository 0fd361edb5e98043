"""What is measured of fitted models, and by which names."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

import skface
from skface import (
    DenseHeadClassifier,
    DenseHeadRegressor,
    Frames,
    ImageArray,
    VGG19Features,
)
from skface.displays import AttributesDisplay, ErrorsDisplay, FacesDisplay
from skface.evaluation import Evaluation
from skface.exceptions import InputError
from skface.metrics import attribute_report
from skface.pipelines import FacePipeline
from skface.systems import compare_attributes
from skface.targets import ATTRIBUTE_NAMES, ATTRIBUTES, BBOX, Attributes

NAMES = ["Rare", "Common", "Half"]
FAST = {"n_layers": 0, "learning_rate": 0.03, "epochs": 30, "random_state": 0}


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def y(X):
    labels = (X[:, :3] > [1, -1, 0]).astype(int)
    return pd.DataFrame(labels, columns=NAMES)


@pytest.fixture(scope="module")
def head(X, y):
    return DenseHeadClassifier(**FAST).fit(X, y)


@pytest.fixture(scope="module")
def joint(X, y):
    both = np.hstack([y, 0.5 + 0.1 * X[:, :4].clip(-2, 2)])
    head = DenseHeadClassifier(**FAST, target=(Attributes(tuple(NAMES)), BBOX))
    return head.fit(X, both), both


def test_attributes_have_the_names_of_the_fit(head, X, y):
    evaluation = Evaluation.from_estimator(head, X, y.to_numpy())
    assert evaluation.names == NAMES
    rates = evaluation.attributes()["prevalence"]
    pd.testing.assert_series_equal(rates, y.mean(), check_names=False)


def test_names_of_the_fit_are_saved(head, tmp_path):
    skface.save(head, tmp_path / "head.skface")
    assert skface.load(tmp_path / "head.skface").target_names_ == NAMES


def test_columns_without_texts_for_names_stay_where_they_are(X):
    y = pd.DataFrame((X[:, [0] * 40] > 0).astype(int))
    head = DenseHeadClassifier(**FAST, target=ATTRIBUTES).fit(X, y)
    evaluation = Evaluation.from_estimator(head, X, y)
    assert evaluation.names == list(ATTRIBUTE_NAMES)
    assert head.score(X, y) > 0.9


@pytest.mark.parametrize("order", [["Half", "Rare", "Common"], NAMES])
def test_every_measure_reads_columns_by_name(head, X, y, order):
    other, expected = y[order], head.score(X, y)
    assert head.score(X, other) == expected
    display = AttributesDisplay.from_estimator(head, X, other)
    assert display.report["accuracy"].mean() == pytest.approx(expected)
    assert display.report.index.tolist() == NAMES
    table = compare_attributes({"head": head}, other, X, n_resamples=0)
    table = table.set_index(["name", "figure", "model"])["value"]
    assert table["all", "accuracy", "head"] == pytest.approx(expected)
    for name in NAMES:
        report = attribute_report(y, head.predict(X), names=NAMES)
        found = table[name, "accuracy", "head"]
        assert found == pytest.approx(report.loc[name, "accuracy"])


def test_models_of_other_orders_are_compared_by_name(head, X, y):
    again = DenseHeadClassifier(**FAST).fit(X, y[NAMES[::-1]])
    table = compare_attributes({"one": head, "other": again}, y, X, n_resamples=0)
    values = table.query("name == 'Rare' and figure == 'accuracy'")
    assert values.set_index("model")["value"][["one", "other"]].min() > 0.9
    stranger = DenseHeadClassifier(**FAST).fit(X, y.set_axis([*"abc"], axis=1))
    with pytest.raises(InputError, match="what 'other' predicts lacks the column"):
        compare_attributes({"one": head, "other": stranger}, y, X)


def test_errors_are_of_columns_by_name(X):
    boxes = pd.DataFrame(0.5 + 0.1 * X[:, :4].clip(-2, 2), columns=BBOX.columns())
    head = DenseHeadRegressor(**FAST, target="bbox").fit(X, boxes)
    display = ErrorsDisplay.from_estimator(head, X, boxes[[*"yx", "height", "width"]])
    assert display.values.mean() == pytest.approx(head.score(X, boxes))


def test_pixels_are_not_drawn_against_fractions():
    boxes = np.array([[0.1, 0.2, 0.3, 0.4]])
    with pytest.raises(InputError, match="to_fractions turns pixels"):
        ErrorsDisplay.from_predictions(100 * boxes, boxes, target="bbox")


def test_attributes_beside_coordinates_are_measured(joint, X, y):
    head, both = joint
    figures = Evaluation.from_estimator(head, X, both).figures().set_index("figure")
    assert figures.loc["attribute accuracy", "skface"] > 0.85
    assert figures.loc["box IoU", "skface"] > 0.5
    report = attribute_report(y, y, y_score=head.predict_proba(X)[:, :3])
    assert figures.loc["attribute average precision", "skface"] == pytest.approx(
        report["average_precision"].mean()
    )


def test_a_group_without_labels_costs_no_other_group(head, X, y):
    labels = y.to_numpy(float, copy=True)
    labels[150:] = np.nan
    groups = np.arange(200) // 50
    tables = Evaluation.from_estimator(head, X, labels).by_group(groups)
    is_nan = tables.groupby("group")["skface"].apply(lambda values: values.isna().all())
    assert is_nan.tolist() == [False, False, False, True]


def test_groups_of_long_numbers_are_not_taken_for_one():
    labels = np.ones((3, 1), int)
    groups = {"id": [1000001, 1000002, 1000003], "share": [0.5, 0.25, 0.25]}
    report = attribute_report(labels, labels, groups=groups)
    assert report.index.get_level_values("group").tolist() == [
        *("id=1000001", "id=1000002", "id=1000003", "share=0.25", "share=0.5")
    ]


def test_a_pipeline_of_one_step_and_a_search_are_asked(X, y):
    tree = Pipeline([("tree", DecisionTreeClassifier(random_state=0))]).fit(X, y)
    search = GridSearchCV(tree, {"tree__max_depth": [None]}, cv=2).fit(X, y)
    for model in (tree, search):
        figures = Evaluation.from_estimator(model, X, y.to_numpy()).figures()
        assert figures["skface"].tolist() == [1, 1, 1]


def test_columns_are_found_by_the_names_that_a_file_tells(X, y, tmp_path):
    head, other = DenseHeadClassifier(**FAST), y[NAMES[::-1]]
    expected = head.fit(X, y.to_numpy()).score(X, y.to_numpy())
    skface.save(head, tmp_path / "head.skface", target_names=NAMES)
    pipe = FacePipeline([("head", head)])
    pipe.target_names_ = NAMES  # as load sets them
    for model in (skface.load(tmp_path / "head.skface"), pipe):
        assert model.score(X, other) == expected
        figures = Evaluation.from_estimator(model, X, other).figures()
        assert figures["skface"][0] == pytest.approx(expected)
        assert not hasattr(model.fit(X, other.to_numpy()), "target_names_")


def test_columns_that_no_fit_has_named_stay_where_they_are(X):
    labels = (X[:, [0, 1] * 20] > np.linspace(-1, 1, 40)).astype(int)
    y = pd.DataFrame(labels, columns=ATTRIBUTE_NAMES[::-1])
    head = DenseHeadClassifier(**FAST).fit(X, labels)
    evaluation = Evaluation.from_estimator(head, X, y)
    assert evaluation.names == list(ATTRIBUTE_NAMES[::-1])
    assert evaluation.figures()["skface"][0] == pytest.approx(head.score(X, y))


def test_names_in_another_order_are_refused(head, X, y):
    for measure in (Evaluation, AttributesDisplay):
        with pytest.raises(InputError, match="is read by the names of its columns"):
            measure.from_estimator(head, X, y.to_numpy(), names=NAMES[::-1])
    with pytest.raises(InputError, match="is read by the names of its columns"):
        compare_attributes({"head": head}, y.to_numpy(), X, names=NAMES[::-1])


def test_predictions_with_names_are_compared_by_them(head, X, y):
    p = pd.DataFrame(head.predict(X), columns=NAMES)[NAMES[::-1]]
    for truth in (y, y[NAMES[::-1]], y.to_numpy()[:, ::-1]):
        table = compare_attributes({"p": (p, None)}, truth, n_resamples=0)
        rows = table.query("scope == 'all' and figure == 'accuracy' and model == 'p'")
        assert rows["value"].tolist() == [pytest.approx(head.score(X, y))]


def test_names_are_those_of_the_first_model_that_tells_any(head, X, y):
    models = {"old": (head.predict(X), None), "new": head}
    table = compare_attributes(models, y.to_numpy(), X, n_resamples=0)
    assert set(table.query("scope == 'attribute'")["name"]) == set(NAMES)


def test_a_group_without_labels_of_one_part_has_the_figures_of_the_other(joint, X):
    head, both = joint
    both = both.copy()
    both[:100, :3] = np.nan
    table = Evaluation.from_estimator(head, X, both).by_group(np.arange(200) // 100)
    is_nan = table["skface"].isna()
    is_attribute = table["figure"].str.startswith("attribute")
    assert (is_nan == (is_attribute & (table["group"] == 0))).all()


def test_what_another_head_finds_in_frames_is_measured_in_the_photo(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(6)]
    for path in paths:
        Image.new("RGB", (40, 30)).save(path)
    y = np.tile([0.25, 0.25, 0.5, 0.5], (6, 1))
    boxes = Frames.from_boxes(y, [(40, 30)] * 6)
    features = VGG19Features(None, "block1_pool", pooling="avg", input_size=32)
    head = DummyRegressor()
    head.target = "bbox"
    X = ImageArray(paths).framed(boxes)
    pipe = FacePipeline([("features", features), ("head", head)]).fit(X, y)
    figures = Evaluation.from_estimator(pipe, X, y).figures()
    assert figures["skface"][0] == pytest.approx(pipe.score(X, y)) == 1


def test_what_was_found_before_is_drawn_by_the_names_of_its_columns(y):
    p, backwards = y.copy(), NAMES[::-1]
    p["Rare"] = 1 - p["Rare"]
    for found in (p, p[backwards]):
        report = AttributesDisplay.from_predictions(y, found).report
        assert report["accuracy"].to_dict() == {"Rare": 0, "Common": 1, "Half": 1}
    X = np.zeros((200, 8, 8, 3), np.uint8)
    display = FacesDisplay.from_predictions(
        X, p[backwards], y, target="attributes", n_faces=1
    )
    texts = [line.get_text() for line in display.captions_[0]]
    assert [text for text in texts if text.startswith("✗")] == [
        text for text in texts if "Rare" in text
    ]


def test_errors_found_before_are_of_columns_by_name():
    boxes = pd.DataFrame([[0.1, 0.2, 0.3, 0.4]] * 3, columns=BBOX.columns())
    other = boxes[["width", "height", "x", "y"]]
    display = ErrorsDisplay.from_predictions(
        other, boxes, target="bbox", y_baseline=other.mean()
    )
    assert display.values.tolist() == pytest.approx([1, 1, 1])
    assert display.baseline.tolist() == pytest.approx([1, 1, 1])
    assert ErrorsDisplay.from_predictions(
        boxes, other, target="bbox", y_baseline=other
    ).baseline.tolist() == pytest.approx([1, 1, 1])


def test_names_in_another_order_are_not_drawn(head, X, y):
    photos = np.zeros((200, 8, 8, 3), np.uint8)
    model = Pipeline([("read", FunctionTransformer(lambda _: X)), ("head", head)])
    with pytest.raises(InputError, match="is read by the names of its columns"):
        FacesDisplay.from_estimator(model, photos, order="best", y=y, names=NAMES[::-1])
