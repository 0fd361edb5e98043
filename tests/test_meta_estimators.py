"""scikit-learn's meta-estimators, metadata routing and output containers."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from skface import (
    DenseHeadClassifier,
    DenseHeadRegressor,
    ImageArray,
    VGG19Features,
    make_attribute_pipeline,
    make_bbox_pipeline,
)

FAST = {
    "n_layers": 0,
    "epochs": 30,
    "batch_size": 60,
    "learning_rate": 0.1,
    "early_stopping": False,
    "random_state": 0,
}
CLASSIFIER = DenseHeadClassifier(**FAST)
REGRESSOR = DenseHeadRegressor(**FAST)
FEATURES = VGG19Features(None, "block1_pool", "avg", input_size=32)


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def attributes(X):
    return (X[:, :3] > 0).astype(int)


@pytest.fixture(scope="module")
def boxes(X):
    return 0.5 + 0.1 * X[:, :4].clip(-2, 2)


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def paths(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for index, photo in enumerate(photos):
        Image.fromarray(photo).save(folder / f"{index:02}.png")
    return [str(path) for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def labels():
    return np.tile([[0, 1], [1, 0]], (6, 1))


@pytest.fixture
def pipe():
    small = {f"head__{name}": value for name, value in FAST.items()}
    pipe = make_attribute_pipeline(weights=None).set_params(
        **small | {"head__epochs": 1}
    )
    pipe.steps[0] = ("features", clone(FEATURES))
    return pipe


def weights_of(head):
    return [weight.tolist() for weight in head.model_.get_weights()]


ON_ONE_ATTRIBUTE = {
    "calibrated": CalibratedClassifierCV(CLASSIFIER, cv=2),
    "calibrated by steps": CalibratedClassifierCV(CLASSIFIER, cv=2, method="isotonic"),
    "bagging": BaggingClassifier(CLASSIFIER, 2, random_state=0),
    "stacking": StackingClassifier(
        [("head", CLASSIFIER), ("logistic", LogisticRegression())], cv=2
    ),
    "voting": VotingClassifier(
        [("head", CLASSIFIER), ("logistic", LogisticRegression())], voting="soft"
    ),
    "fixed threshold": FixedThresholdClassifier(CLASSIFIER, threshold=0.4),
    "tuned threshold": TunedThresholdClassifierCV(CLASSIFIER, cv=2),
    "randomized search": RandomizedSearchCV(
        CLASSIFIER, {"l2": [0, 1e-3]}, n_iter=2, cv=2
    ),
}


@pytest.mark.parametrize("meta", ON_ONE_ATTRIBUTE.values(), ids=ON_ONE_ATTRIBUTE.keys())
def test_meta_estimators_learn_one_attribute(X, attributes, meta):
    y = attributes[:, 0]
    meta = clone(meta).fit(X, y)
    assert meta.predict_proba(X).shape == (60, 2)
    assert meta.score(X, y) > max(y.mean(), 1 - y.mean()) + 0.15


ON_ALL_ATTRIBUTES = {
    "calibrated by column": MultiOutputClassifier(
        CalibratedClassifierCV(CLASSIFIER, cv=2)
    ),
    "by column": MultiOutputClassifier(CLASSIFIER),
    "one against the rest": OneVsRestClassifier(CLASSIFIER),
    "chain": ClassifierChain(CLASSIFIER),
}


@pytest.mark.parametrize(
    "meta", ON_ALL_ATTRIBUTES.values(), ids=ON_ALL_ATTRIBUTES.keys()
)
def test_meta_estimators_learn_all_attributes(X, attributes, meta):
    predictions = clone(meta).fit(X, attributes).predict(X)
    assert predictions.shape == (60, 3)
    assert np.mean(predictions == attributes) > 0.75


ON_BOXES = {
    "bagging": BaggingRegressor(REGRESSOR, 2, random_state=0),
    "by column": MultiOutputRegressor(REGRESSOR),
    "chain": RegressorChain(REGRESSOR),
    "scaled": make_pipeline(StandardScaler(), REGRESSOR),
    "scaled targets": TransformedTargetRegressor(
        clone(REGRESSOR).set_params(output_activation="linear"),
        transformer=StandardScaler(),
    ),
}


@pytest.mark.parametrize("meta", ON_BOXES.values(), ids=ON_BOXES.keys())
def test_meta_estimators_learn_boxes(X, boxes, meta):
    predictions = clone(meta).fit(X, boxes).predict(X)
    assert predictions.shape == (60, 4)
    assert np.abs(predictions - boxes).mean() < np.abs(boxes - boxes.mean(0)).mean()


ON_ONE_COORDINATE = {
    "stacking": StackingRegressor([("head", REGRESSOR), ("ridge", Ridge())], cv=2),
    "voting": VotingRegressor([("head", REGRESSOR), ("ridge", Ridge())]),
}


@pytest.mark.parametrize(
    "meta", ON_ONE_COORDINATE.values(), ids=ON_ONE_COORDINATE.keys()
)
def test_meta_estimators_learn_one_coordinate(X, boxes, meta):
    assert clone(meta).fit(X, boxes[:, 0]).score(X, boxes[:, 0]) > 0.3


def test_a_pipeline_on_photos_is_calibrated(pipe, paths, labels):
    X = ImageArray(paths, 32)
    calibrated = CalibratedClassifierCV(pipe, cv=2).fit(X, labels[:, 0])
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_a_pipeline_is_bagged_over_a_column_of_paths(pipe, paths, labels):
    column = np.array(paths, object)[:, np.newaxis]
    bagged = BaggingClassifier(pipe, 2, random_state=0).fit(column, labels[:, 0])
    assert bagged.predict_proba(column).shape == (12, 2)


def test_heads_are_bagged_behind_the_features(photos, labels):
    bagged = BaggingRegressor(REGRESSOR, 2, random_state=0)
    pipe = make_pipeline(FEATURES, bagged).fit(photos, labels.astype(float))
    assert pipe.predict(photos).shape == (12, 2)


def test_a_frozen_head_is_not_fitted_again(X, boxes):
    head = clone(REGRESSOR).fit(X, boxes)
    before = weights_of(head)
    pipe = make_pipeline(FrozenEstimator(head)).fit(X, 1 - boxes)
    assert weights_of(pipe[-1].estimator) == before
    assert np.array_equal(pipe.predict(X), head.predict(X))


def test_a_frozen_head_is_calibrated_without_folds(X, attributes):
    frozen = FrozenEstimator(clone(CLASSIFIER).fit(X, attributes[:, 0]))
    calibrated = CalibratedClassifierCV(frozen).fit(X, attributes[:, 0])
    assert calibrated.score(X, attributes[:, 0]) > 0.7


def test_the_features_that_matter_are_the_important_ones(X, boxes):
    head = clone(REGRESSOR).fit(X, boxes)
    importances = permutation_importance(head, X, boxes, n_repeats=3, random_state=0)
    assert importances.importances_mean[:4].min() > (
        importances.importances_mean[4:].max()
    )


@pytest.fixture
def frame(paths):
    age = np.random.default_rng(0).uniform(20, 60, len(paths))
    return pd.DataFrame({"photo": paths, "age": age}, index=list("abcdefghijkl"))


@pytest.mark.parametrize("column", ["photo", ["photo"]])
def test_photos_stand_beside_other_columns(frame, photos, column):
    columns = ColumnTransformer(
        [("vgg", FEATURES, column), ("numbers", StandardScaler(), ["age"])]
    )
    joined = columns.fit_transform(frame)
    assert joined.shape == (12, 65)
    np.testing.assert_array_equal(joined[:, :64], FEATURES.fit_transform(photos))
    assert columns.get_feature_names_out()[[0, -1]].tolist() == [
        "vgg__block1_pool_0_0_0",
        "numbers__age",
    ]


def test_columns_come_as_a_frame_where_that_is_set(frame):
    columns = ColumnTransformer(
        [("vgg", FEATURES, ["photo"]), ("numbers", StandardScaler(), ["age"])]
    ).set_output(transform="pandas")
    joined = columns.fit_transform(frame)
    assert list(joined.index) == list(frame.index)
    assert list(joined.columns[-2:]) == ["vgg__block1_pool_0_0_63", "numbers__age"]


def test_a_head_learns_from_photos_and_other_columns(frame):
    columns = ColumnTransformer(
        [("vgg", FEATURES, ["photo"]), ("numbers", StandardScaler(), ["age"])]
    )
    y = np.full((12, 4), 0.4)
    assert make_pipeline(columns, REGRESSOR).fit(frame, y).predict(frame).shape == (
        12,
        4,
    )


def test_features_are_united(photos):
    deeper = clone(FEATURES).set_params(layer="block2_pool")
    union = FeatureUnion([("a", FEATURES), ("b", deeper)])
    assert union.fit_transform(photos).shape == (12, 64 + 128)


def test_a_head_behind_pandas_output_knows_its_features(pipe, photos, labels):
    pipe.set_output(transform="pandas").fit(photos, labels)
    assert pipe["head"].feature_names_in_[0] == "block1_pool_0_0_0"
    assert pipe.predict(photos).shape == (12, 2)


@pytest.mark.parametrize("take", [pd.Series, lambda paths: pd.DataFrame({"p": paths})])
def test_a_pipeline_takes_pandas_paths(pipe, paths, photos, labels, take):
    column = take(paths)
    from_paths = clone(pipe).fit(column, labels).predict_proba(column)
    from_pixels = clone(pipe).fit(photos, labels).predict_proba(photos)
    np.testing.assert_array_equal(from_paths, from_pixels)


def test_probabilities_are_predicted_across_folds(X, attributes):
    probabilities = cross_val_predict(
        CLASSIFIER, X, attributes, cv=2, method="predict_proba"
    )
    assert np.mean((probabilities > 0.5) == attributes) > 0.75


def test_a_learning_curve_rises(X, boxes):
    _, _, scores = learning_curve(
        REGRESSOR, X, boxes, train_sizes=[8, 30], cv=2, scoring="r2"
    )
    assert scores[1].mean() > scores[0].mean()


def test_the_features_that_matter_are_selected(X, boxes):
    selector = SequentialFeatureSelector(
        REGRESSOR, n_features_to_select=1, cv=2, scoring="r2"
    ).fit(X[:, [0, 5]], boxes[:, 0])
    assert selector.get_support().tolist() == [True, False]


def test_a_clone_of_a_fitted_pipeline_is_not_fitted(pipe, photos, labels):
    cloned = clone(pipe.fit(photos, labels))
    assert not hasattr(cloned["head"], "model_")
    assert repr(cloned) == repr(pipe)


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def half():
    """Weights that leave the second half of 60 rows out."""
    return np.repeat([1.0, 0.0], 30)


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_to_fit_and_score(X, attributes, half):
    head = clone(CLASSIFIER)
    head.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    folds = [(np.arange(60), np.arange(60))]
    routed = cross_validate(
        head, X, attributes, params={"sample_weight": half}, cv=folds
    )
    expected = clone(CLASSIFIER).fit(X, attributes, half)
    score = expected.score(X[:30], attributes[:30])
    assert routed["test_score"].tolist() == pytest.approx([score])


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_a_pipeline(pipe, photos, labels):
    pipe["head"].set_fit_request(sample_weight=True)
    weight = np.repeat([1.0, 0.0], 6)
    routed = clone(pipe).fit(photos, labels, sample_weight=weight)
    halved = clone(pipe).fit(photos[:6], labels[:6])
    np.testing.assert_allclose(
        routed.predict_proba(photos), halved.predict_proba(photos), atol=1e-3
    )


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_a_bagging(X, boxes, half):
    bagging = BaggingRegressor(clone(REGRESSOR).set_fit_request(sample_weight=True), 2)
    assert bagging.fit(X, boxes, sample_weight=half).predict(X).shape == (60, 4)


@pytest.mark.usefixtures("routing")
def test_validation_photos_are_routed_without_a_request(pipe, photos, labels):
    pipe.fit(photos, labels, X_val=photos[:4], y_val=labels[:4])
    assert len(pipe["head"].history_["val_loss"]) == 1


@pytest.mark.usefixtures("routing")
def test_validation_photos_are_routed_through_a_search(pipe, photos, labels):
    search = GridSearchCV(pipe, {"head__l2": [0, 0.1]}, cv=2)
    search.fit(photos, labels, X_val=photos[:4], y_val=labels[:4])
    assert "val_loss" in search.best_estimator_["head"].history_


@pytest.mark.usefixtures("routing")
def test_validation_photos_are_routed_to_both_looks(photos):
    look = make_bbox_pipeline(weights=None, random_state=0)
    look.set_params(features__input_size=32, features__layer="block1_pool")
    look.set_params(head__epochs=1, n_frames=1, n_looks=2)
    boxes = np.full((12, 4), 0.4)
    search = GridSearchCV(look, {"head__l2": [0]}, cv=2)
    search.fit(photos, boxes, X_val=photos[:4], y_val=boxes[:4])
    for each in (search.best_estimator_.first_, search.best_estimator_.second_):
        assert "val_loss" in each["head"].history_


@pytest.mark.usefixtures("routing")
def test_mirror_images_are_routed_without_a_request(pipe, photos, labels):
    pipe = clone(pipe).set_params(head__input_scale=1e-3)
    plain = clone(pipe).set_params(mirror=False).fit(photos, labels)
    mirrored = clone(pipe).set_params(mirror="fit+predict").fit(photos, labels)
    assert weights_of(mirrored["head"]) != weights_of(plain["head"])
    both = mirrored.predict_proba(photos)
    one = mirrored.set_params(mirror="fit").predict_proba(photos)
    assert not np.array_equal(both, one)


@pytest.mark.parametrize("routed", [False, True])
def test_groups_reach_the_splitter(X, attributes, routed):
    groups = np.arange(60) // 5
    with config_context(enable_metadata_routing=routed):
        given = {"params": {"groups": groups}} if routed else {"groups": groups}
        scores = cross_validate(CLASSIFIER, X, attributes, cv=GroupKFold(3), **given)
    assert len(scores["test_score"]) == 3


def test_the_page_names_what_is_run_here_and_in_processes():
    page = (Path(__file__).parents[1] / "docs" / "scikit_learn.md").read_text()
    rows = re.findall(r"^\| (`.*?`) \|", page.partition("## Meta-estimators")[2], re.M)
    named = {re.match(r"\w+", name)[0] for row in rows for name in row.split("`")[1::2]}
    files = [Path(__file__), Path(__file__).with_name("test_processes.py")]
    source = "".join(each.read_text().partition("\nfrom skface")[2] for each in files)
    assert len(named) > 25
    assert {name for name in named if name not in source} == set()
