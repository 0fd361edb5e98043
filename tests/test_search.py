"""Searches over heads, layers and poolings, and what the report says of them."""

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna_integration import OptunaSearchCV
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from skface import (
    CelebALoader,
    DenseHeadRegressor,
    FeatureStore,
    VGG19Features,
    extract_once,
    make_attribute_pipeline,
    make_landmark_pipeline,
    search_report,
)
from skface.datasets import make_celeba
from skface.displays import SearchDisplay
from skface.exceptions import InputError, ParameterError
from skface.pipelines import FacePipeline
from skface.search import read_candidates
from skface.systems import LandmarkFreeAlignment

pytestmark = pytest.mark.filterwarnings(
    "ignore::optuna.exceptions.ExperimentalWarning",
    "ignore:Failed to report cross validation scores",
    "ignore:`optuna.terminator`:FutureWarning",
    "ignore:One or more of the test scores are non-finite",
    "ignore:Degrees of freedom",
)
optuna.logging.set_verbosity(optuna.logging.ERROR)


def grid(pipe, cv):
    return GridSearchCV(pipe, {"head__n_layers": [0, 1]}, cv=cv)


def halving(pipe, cv):
    return HalvingGridSearchCV(
        pipe,
        {"head__n_layers": [0, 1]},
        resource="head__epochs",
        min_resources=1,
        max_resources=2,
        factor=2,
        cv=cv,
        random_state=0,
    )


def randomized(pipe, cv):
    grid = {"head__n_layers": [0, 1]}
    return RandomizedSearchCV(pipe, grid, n_iter=2, cv=cv, random_state=0)


def optuna_search(pipe, cv):
    space = {"head__n_layers": CategoricalDistribution([0, 1])}
    return OptunaSearchCV(pipe, space, n_trials=3, cv=cv, random_state=0)


@pytest.fixture(scope="module")
def loader(tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn") / "celeba"
    return CelebALoader(make_celeba(root, 30, random_state=0), "attributes")


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    pipe = make_attribute_pipeline(
        weights="synthetic", cache_dir=store / "features", random_state=0
    )
    small = {"head__n_units": 4, "head__epochs": 1, "head__early_stopping": False}
    return pipe.set_params(features__pooling="avg", **small)


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    return X, X[:, 0] + X[:, 1] > 0


@pytest.fixture(scope="module")
def tree_search(points):
    tree = DecisionTreeClassifier(random_state=0)
    space = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 5]}
    return GridSearchCV(tree, space, cv=3, return_train_score=True).fit(*points)


@pytest.fixture
def study():
    """Three trials that end with 1, 2 and 0, one that is pruned, one that fails."""

    def objective(trial):
        x = trial.suggest_int("x", 0, 9)
        if x == 8:
            trial.report(5.0, step=0)
            raise optuna.TrialPruned
        return float("nan") if x == 9 else x

    study = optuna.create_study(direction="maximize")
    for x in (1, 9, 2, 8, 0):
        study.enqueue_trial({"x": x})
    study.optimize(objective, n_trials=5)
    return study


# The searches


@pytest.mark.parametrize("make", [grid, halving, randomized, optuna_search])
@pytest.mark.parametrize("by", ["official split", "identity"])
def test_each_search_reads_the_features_of_one_extraction(loader, pipe, make, by):
    bunch = loader.load_bunch("train+valid")
    cv = loader.predefined_split() if by == "official split" else GroupKFold(2)
    groups = bunch.groups if by == "identity" else None
    search = make(pipe, cv).fit(bunch.images, bunch.target, groups=groups)
    n_sides = 2  # the preset trains on mirror images too
    assert len(FeatureStore(pipe["features"].cache_dir)) == n_sides * len(bunch.images)

    report = search_report(search)
    best = report.iloc[0]
    assert not report["failed"].any()
    assert best["mean_test_score"] == search.best_score_ > 0.5
    assert best["n_layers"] == search.best_params_["head__n_layers"]
    assert set(report["n_layers"]) == {0, 1}
    assert read_candidates(search).n_folds == (1 if by == "official split" else 2)


def test_halving_gives_the_better_candidates_more_epochs(loader, pipe):
    search = halving(pipe, loader.predefined_split())
    search.fit(*loader.load("train+valid"))
    report = search_report(search)
    assert report["iteration"].tolist() == [1, 0]
    assert report["n_resources"].tolist() == [2, 1]
    assert search.best_estimator_["head"].n_epochs_ == 2
    assert list(report.columns[:2]) == ["n_layers", "mean_test_score"]
    fits = search.cv_results_["mean_fit_time"]
    assert report["total_fit_time"].sum() == pytest.approx(fits.sum())


# Failed candidates


@pytest.fixture(scope="module")
def failing():
    """Grid and Optuna over a head that fails in two ways, on two folds."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    y = 0.5 + 0.1 * X[:, [0, 1, 2, 0]].clip(-2, 2)
    head = DenseHeadRegressor(
        n_units=4,
        epochs=2,
        batch_size=4,
        output_activation="linear",
        target="bbox",
        random_state=0,
    )
    pipe = FacePipeline([("head", head)])
    space = {"head__learning_rate": [1e30, 0.1], "head__n_layers": [-1, 1]}
    choices = {name: CategoricalDistribution(each) for name, each in space.items()}
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.GridSampler(space)
    )
    grid = GridSearchCV(pipe, space, cv=2)
    trials = OptunaSearchCV(pipe, choices, cv=2, study=study, n_trials=4)
    with pytest.warns(FitFailedWarning, match="6 fits failed out of a total of 8"):
        grid.fit(X, y)
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        trials.fit(X, y)
    alone = clone(pipe).set_params(head__learning_rate=0.1, head__n_layers=1)
    return grid, trials, GridSearchCV(alone, {}, cv=2).fit(X, y).best_score_


@pytest.mark.parametrize("which", [0, 1])
def test_failed_candidates_are_reported_and_harm_no_other(failing, which):
    report = search_report(failing[which])
    assert report["failed"].tolist() == [False, True, True, True]
    assert report["n_failed_folds"].tolist() == [0, 2, 2, 2]
    assert report["rank"].tolist() == [1, 2, 2, 2]
    assert report["mean_test_score"].isna().tolist() == [False, True, True, True]
    assert report["mean_test_score"].iloc[0] == failing[2] > 0


@pytest.mark.parametrize("which", [0, 1])
def test_failed_candidates_are_drawn(failing, which):
    display = SearchDisplay.from_estimator(
        failing[which], rows="head__learning_rate", columns="head__n_layers"
    )
    texts = [text.get_text() for text in display.text_.ravel()]
    assert texts[:1] + texts[2:] == ["failed"] * 3
    assert texts[1].startswith(f"{failing[2]:.3f}")


def test_a_fold_that_fails_alone_is_counted(points):
    class Touchy(DecisionTreeClassifier):
        def fit(self, X, y, sample_weight=None, check_input=True):
            if self.max_depth == 2 and X[0, 0] == points[0][0, 0]:
                raise ValueError("not this fold")
            return super().fit(X, y, sample_weight, check_input)

    search = GridSearchCV(Touchy(random_state=0), {"max_depth": [1, 2]}, cv=3)
    with pytest.warns(FitFailedWarning):
        search.fit(*points)
    report = search_report(search)
    assert report["n_failed_folds"].tolist() == [0, 2]
    assert report["failed"].tolist() == [False, True]


# The report


def test_report_says_what_the_search_measured(tree_search):
    report = search_report(tree_search)
    results = pd.DataFrame(tree_search.cv_results_).loc[report.index]
    assert list(report.columns) == [
        "max_depth",
        "min_samples_leaf",
        "mean_test_score",
        "std_test_score",
        "mean_train_score",
        "std_train_score",
        "rank",
        "mean_fit_time",
        "total_fit_time",
        "mean_score_time",
        "total_score_time",
        "failed",
        "n_failed_folds",
    ]
    for name in report.columns[2:6]:
        assert report[name].tolist() == results[name].tolist()
    assert report["max_depth"].tolist() == results["param_max_depth"].tolist()
    assert report["max_depth"].dtype == int
    assert report["rank"].tolist() == results["rank_test_score"].tolist()
    assert report["total_fit_time"].tolist() == pytest.approx(
        (3 * results["mean_fit_time"]).tolist()
    )
    assert report.index[0] == tree_search.best_index_


def test_a_dict_of_results_is_reported_alike(tree_search):
    pd.testing.assert_frame_equal(
        search_report(tree_search.cv_results_), search_report(tree_search)
    )


def test_several_scorers_have_a_column_each_and_refit_ranks(points):
    tree = DecisionTreeClassifier(random_state=0)
    search = GridSearchCV(
        tree, {"max_depth": [1, 2]}, scoring=["recall", "accuracy"], refit="accuracy"
    ).fit(*points)
    report = search_report(search)
    assert report["rank"].tolist() == sorted(search.cv_results_["rank_test_accuracy"])
    assert report["mean_test_accuracy"].is_monotonic_decreasing
    assert search_report(search, metric="recall")[
        "mean_test_recall"
    ].is_monotonic_decreasing
    with pytest.raises(ParameterError, match="no metric 'iou'; it has"):
        search_report(search, metric="iou")


def results_of(params):
    """cv_results_ of candidates that score alike."""
    zeros = [0.0] * len(params)
    return {"params": params, "mean_test_score": zeros, "mean_fit_time": zeros}


def test_names_are_short_where_that_is_clear():
    report = search_report(
        results_of([{"a__x": 1, "b__x": 2, "c__d__y": 3, "c__rank": 4}])
    )
    assert list(report.columns[:4]) == ["a__x", "b__x", "y", "c__rank"]


def test_a_parameter_that_a_candidate_lacks_is_missing():
    report = search_report(results_of([{"a": 1}, {"b": (7, 7)}]))
    assert report["a"].iloc[0] == 1
    assert report.isna()[["a", "b"]].to_numpy().tolist() == [
        [False, True],
        [True, False],
    ]
    assert report["b"].iloc[1] == (7, 7)


def test_a_study_of_ones_own_is_reported(study):
    report = search_report(study)
    assert report["x"].tolist() == [2, 1, 0, 8, 9]
    assert report["mean_test_score"].tolist()[:4] == [2, 1, 0, 5]
    assert report["failed"].tolist() == [False] * 4 + [True]
    seconds = [trial.duration.total_seconds() for trial in study.trials]
    assert report["total_fit_time"].sum() == pytest.approx(sum(seconds))


def test_the_least_is_best_in_a_study_that_minimizes():
    study = optuna.create_study(direction="minimize")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    report = search_report(study)
    assert report["mean_test_score"].is_monotonic_increasing
    assert report.index[0] == study.best_trial.number


def test_a_study_of_two_objectives_cannot_be_ranked():
    study = optuna.create_study(directions=["maximize", "minimize"])
    with pytest.raises(InputError, match="2 objectives"):
        search_report(study)


def test_a_study_without_trials_has_no_report():
    with pytest.raises(InputError, match="no finished trial"):
        search_report(optuna.create_study())


@pytest.mark.parametrize("make", [grid, halving, randomized, optuna_search])
def test_a_search_must_be_fitted(pipe, make):
    with pytest.raises(NotFittedError):
        search_report(make(pipe, 2))


def test_a_halving_search_is_drawn_as_it_ended(points):
    tree = DecisionTreeClassifier(random_state=0)
    space = {"max_depth": [1, 2], "min_samples_leaf": [1, 5]}
    search = HalvingGridSearchCV(tree, space, cv=2, random_state=0, factor=2)
    search.fit(*points)
    display = SearchDisplay.from_estimator(search)
    drawn = display.im_.get_array().data
    report = search_report(search).sort_index()
    by_cell = report.sort_values(["max_depth", "min_samples_leaf"])
    assert drawn.ravel() == pytest.approx(by_cell["mean_test_score"].to_numpy())
    row = [1, 2].index(search.best_params_["max_depth"])
    column = [1, 5].index(search.best_params_["min_samples_leaf"])
    assert display.best_.get_xy() == (column - 0.5, row - 0.5)


def test_optunas_search_and_study_are_drawn_alike(failing):
    of_search, of_study = (
        SearchDisplay.from_estimator(each).text_
        for each in (failing[1], failing[1].study_)
    )
    assert [text.get_text() for text in of_search.ravel()] == [
        text.get_text() for text in of_study.ravel()
    ]


# Layers and poolings


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def stored(tmp_path):
    features = VGG19Features(
        weights=None, layer="block1_pool", pooling="max", input_size=32
    )
    features.set_params(cache_dir=tmp_path / "store")
    return Pipeline([("features", features), ("head", Ridge())])


LAYERS = {
    "features__layer": ["block1_pool", ["block1_pool", "block2_pool"]],
    "features__pooling": ["avg", (2, 2)],
}


def test_layers_and_poolings_cost_one_pass(photos, stored, tmp_path, monkeypatch):
    y = np.random.default_rng(1).normal(size=12)
    elsewhere = clone(stored).set_params(features__cache_dir=tmp_path / "other")
    expected = GridSearchCV(elsewhere, LAYERS, cv=2).fit(photos, y)

    search = GridSearchCV(stored, LAYERS, cv=2)
    assert extract_once(search, photos) == len(photos)
    monkeypatch.setattr("skface.features._vgg19.get_network", None)
    search.fit(photos, y)
    assert np.array_equal(
        search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )
    assert search_report(search)["layer"].map(str).nunique() == 2


def optuna_space():
    layers = {name: CategoricalDistribution(each) for name, each in LAYERS.items()}
    return {**layers, "head__alpha": FloatDistribution(1, 4)}


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
@pytest.mark.parametrize(
    ("search_class", "space", "n_rows"),
    [
        (GridSearchCV, {**LAYERS, "head__alpha": [1, 2]}, 4),
        (GridSearchCV, [LAYERS, {"features__normalize": ["l2"]}], 5),
        (GridSearchCV, {"head__alpha": [1, 2]}, 1),
        (HalvingGridSearchCV, LAYERS, 4),
        (RandomizedSearchCV, {**LAYERS, "head__alpha": uniform(1, 2)}, 4),
        (OptunaSearchCV, optuna_space, 4),
    ],
)
def test_what_a_search_lists_is_extracted(photos, stored, search_class, space, n_rows):
    search = search_class(stored, space() if callable(space) else space)
    assert extract_once(search, photos) == len(photos)
    store = FeatureStore(stored["features"].cache_dir)
    assert len(store) == n_rows * len(photos)


def test_combinations_that_cannot_be_are_left_to_the_search(photos, stored):
    space = {"features__pooling": [(2, 2), (99, 99)]}
    assert extract_once(GridSearchCV(stored, space), photos) == len(photos)
    assert len(FeatureStore(stored["features"].cache_dir)) == len(photos)


@pytest.mark.parametrize(
    ("mirror", "space", "n_rows"),
    [
        ("fit", {"head__alpha": [1, 2]}, 2),
        (False, {"mirror": [False, "fit"], **LAYERS}, 8),
    ],
)
def test_mirror_images_are_extracted_too(photos, stored, mirror, space, n_rows):
    pipe = FacePipeline(stored.steps, mirror=mirror)
    assert extract_once(GridSearchCV(pipe, space), photos) == 2 * len(photos)
    store = FeatureStore(stored["features"].cache_dir)
    assert len(store) == n_rows * len(photos)


@pytest.fixture(scope="module")
def faces(loader):
    """Photos in the wild and their landmarks, of train and valid."""
    other = CelebALoader(loader.root, "landmarks", aligned=False)
    return [other.load(split) for split in ("train", "valid")]


@pytest.fixture
def look(tmp_path):
    look = make_landmark_pipeline(
        looks=2, weights="synthetic", cache_dir=tmp_path / "store", random_state=0
    )
    return look.set_params(
        features__pooling="avg", head__epochs=1, head__early_stopping=False
    )


def test_both_looks_of_a_search_are_extracted_once(look, faces, monkeypatch):
    (X, y), _ = faces
    search = GridSearchCV(look, {"head__n_layers": [0, 1]}, cv=2, refit=False)
    assert extract_once(search, X, y) == 5 * len(X)  # and four frames
    assert extract_once(search, X[::-1], y[::-1]) == 0
    fitted = clone(look)
    monkeypatch.setattr("skface.features._vgg19.get_network", None)
    fitted.fit(X[:10], y[:10])
    assert fitted.second_["head"].n_epochs_ == 1


def test_poolings_of_both_looks_share_their_passes(look, faces):
    (X, y), _ = faces
    search = GridSearchCV(look, {"features__pooling": ["avg", (2, 2)]}, cv=2)
    assert extract_once(search, X, y) == 5 * len(X)
    store = FeatureStore(look.first["features"].cache_dir)
    assert len(store) == 10 * len(X)
    search = GridSearchCV(look, {"n_frames": [4, 5]}, cv=2)
    assert extract_once(search, X, y) == len(X)


def test_frames_of_a_second_look_need_y(look, faces):
    (X, _), _ = faces
    with pytest.raises(ParameterError, match="y is needed for the frames"):
        extract_once(GridSearchCV(look, {"head__n_layers": [0]}), X)


def test_faces_that_a_pipeline_aligns_are_extracted_as_it_sees_them(
    look, faces, tmp_path, monkeypatch
):
    (X, y), _ = faces
    pipe = make_attribute_pipeline(
        align=look.first.fit(X, y),
        weights="synthetic",
        cache_dir=tmp_path / "aligned",
        random_state=0,
    ).set_params(features__pooling="avg", head__epochs=1)
    search = GridSearchCV(pipe, {"head__n_layers": [0, 1]}, cv=2)
    assert extract_once(search, X) == 2 * len(X)
    monkeypatch.setattr("skface.features._vgg19.get_network", None)
    pipe.fit(X, np.tile([[0, 1], [1, 0]], (len(X) // 2, 1)))


def test_frames_that_an_alignment_learns_from_are_extracted(
    photos, stored, tmp_path, monkeypatch
):
    regressor = make_landmark_pipeline(
        looks=1, weights="synthetic", cache_dir=tmp_path / "looks", random_state=0
    ).set_params(mirror=False, head__epochs=1, features__pooling="avg")
    pipe = FacePipeline(stored.steps).behind(LandmarkFreeAlignment(regressor))
    poolings = {"align__regressor__features__pooling": ["avg", (2, 2)]}
    search = GridSearchCV(pipe, poolings, cv=2)
    assert extract_once(search, photos) == 3 * len(photos)  # and two frames
    assert len(FeatureStore(tmp_path / "looks")) == 6 * len(photos)
    assert not (tmp_path / "store").exists()  # where faces are found is not known yet
    search = GridSearchCV(pipe, {"align__n_frames": [2, 3]}, cv=2)
    assert extract_once(search, photos) == len(photos)
    monkeypatch.setattr("skface.features._vgg19.get_network", None)
    assert clone(pipe["align"]).fit(photos).regressor_["head"].n_epochs_ == 1


def test_extraction_needs_a_store(photos, stored):
    stored.set_params(features__cache_dir=None)
    with pytest.raises(ParameterError, match="cache_dir"):
        extract_once(GridSearchCV(stored, LAYERS), photos)


def test_extraction_needs_a_network(photos):
    with pytest.raises(ParameterError, match="no VGG19Features in the search's Ridge"):
        extract_once(GridSearchCV(Ridge(), {"alpha": [1]}), photos)
