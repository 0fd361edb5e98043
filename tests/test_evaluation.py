"""What is measured of fitted models, and by which names."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

import skface
from skface import DenseHeadClassifier, DenseHeadRegressor
from skface.displays import AttributesDisplay, ErrorsDisplay
from skface.evaluation import Evaluation
from skface.exceptions import InputError
from skface.metrics import attribute_report
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
