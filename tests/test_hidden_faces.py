"""Which cells are hidden, what they lack, and where the points beside them lie."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

import skface
from skface import DenseHeadRegressor, VGG19Features
from skface.exceptions import InputError
from skface.pipelines import FacePipeline
from skface.systems import (
    CellVisibility,
    RecoveredFeatures,
    ShapePrior,
    hidden_cells,
    hide,
    random_parts,
)
from skface.systems._shape_prior import visible_beside

N_CELLS, N_CHANNELS = 9, 6


@pytest.fixture(scope="module")
def maps():
    """Seen maps of three factors, the same with hidden cells, and what is seen."""
    rng = np.random.default_rng(0)
    factors = rng.uniform(0, 1, (300, 3))
    clean = (factors @ rng.uniform(0.5, 1, (3, N_CELLS * N_CHANNELS))) ** 2
    seen = np.ones((300, N_CELLS))
    seen[np.arange(300), rng.integers(N_CELLS, size=300)] = 0
    seen[:, 0] = rng.integers(0, 2, 300)
    hidden = clean.reshape(300, N_CELLS, N_CHANNELS).copy()
    hidden[seen == 0] = rng.uniform(6, 9, ((seen == 0).sum(), N_CHANNELS))
    return clean, hidden.reshape(300, -1), seen


@pytest.fixture(scope="module")
def visibility(maps):
    clean, hidden, seen = maps
    X = np.concatenate([clean, hidden])
    return CellVisibility().fit(X, np.concatenate([np.ones_like(seen), seen]))


@pytest.fixture(scope="module")
def recovery(maps, visibility):
    return RecoveredFeatures(visibility, 3, random_state=0).fit(maps[0])


def lengths_of_one(X):
    rows = np.sqrt(X)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_visibility_tells_hidden_cells(maps, visibility):
    found = visibility.predict(maps[1])
    assert ((found > 0.5) == (maps[2] > 0.5)).mean() > 0.99
    assert 0 <= found.min() <= found.max() <= 1


def test_visibility_is_one_model_for_all_cells(visibility):
    assert visibility.mean_.shape == (N_CELLS, N_CHANNELS)
    assert visibility.coef_.shape == (2 * N_CHANNELS,)


def test_cells_that_do_not_divide_the_features_are_refused():
    with pytest.raises(InputError, match="54 features, which are no multiple of the 4"):
        CellVisibility().fit(np.ones((5, 54)), np.ones((5, 4)))


def test_what_is_seen_comes_out_as_it_is(maps, recovery):
    seen = np.ones((300, N_CELLS))
    found = recovery.transform(maps[0], visible=seen)
    np.testing.assert_allclose(found, lengths_of_one(maps[0]), atol=1e-6)


@pytest.mark.parametrize("is_known", [True, False])
def test_hidden_cells_are_recovered_from_the_others(maps, recovery, is_known):
    clean, hidden, seen = maps
    found = recovery.transform(hidden, visible=seen if is_known else None)
    error = np.linalg.norm(found - lengths_of_one(clean), axis=1)
    damage = np.linalg.norm(lengths_of_one(hidden) - lengths_of_one(clean), axis=1)
    assert error.mean() < (0.1 if is_known else 0.4) * damage.mean()


def test_no_components_give_hidden_cells_their_mean(maps):
    clean, hidden, _ = maps
    recovery = RecoveredFeatures(n_components=0).fit(clean)
    found = recovery.transform(hidden[:2], visible=np.zeros((2, N_CELLS)))
    mean = np.sqrt(clean).mean(axis=0)
    np.testing.assert_allclose(
        found, np.tile(mean / np.linalg.norm(mean), (2, 1)), 1e-4
    )


def test_recovery_is_that_of_the_formula(maps, recovery):
    _, hidden, seen = maps
    U, variances = recovery.components_.T, recovery.explained_variance_
    V = np.diag(np.repeat(seen[0], N_CHANNELS))
    distance = np.sqrt(hidden[0]) - recovery.mean_
    inverse = np.linalg.inv(
        U.T @ V @ U / recovery.noise_variance_ + np.diag(1 / variances)
    )
    expected = U @ inverse @ U.T @ V @ distance / recovery.noise_variance_
    row = recovery.mean_ + V @ distance + (np.eye(len(V)) - V) @ expected
    found = recovery.transform(hidden[:1], visible=seen[:1])[0]
    np.testing.assert_allclose(found, row / np.linalg.norm(row), rtol=1e-3)


def test_maps_of_other_photos_are_refused(maps, recovery):
    with pytest.raises(InputError, match="visible must be of 300 photos"):
        recovery.transform(maps[0], visible=np.ones((2, N_CELLS)))


@pytest.mark.parametrize(
    "made",
    [
        lambda visibility: RecoveredFeatures(visibility),
        lambda visibility: ShapePrior(LinearRegression(), visibility),
    ],
)
def test_a_clone_keeps_the_fitted_visibility_and_forgets_the_rest(
    maps, visibility, made
):
    estimator = made(visibility).fit(maps[0], np.tile(maps[0][:, :4], 1))
    unfitted = clone(estimator)
    assert unfitted.visibility is visibility
    assert not [name for name in vars(unfitted) if name.endswith("_")]


def test_visibility_that_is_not_fitted_is_refused(maps):
    with pytest.raises(NotFittedError):
        RecoveredFeatures(CellVisibility()).fit(maps[0])


def test_visibility_beside_points_is_interpolated():
    seen = np.array([[0.0, 1.0, 0.0, 1.0]])  # the left half is hidden
    points = np.array([[0.25, 0.5, 0.75, 0.5, 0.5, 0.25, 0.0, 0.0, 1.0, 1.0]])
    assert visible_beside(seen, points).tolist() == [[0, 1, 0.5, 0, 1]]
    assert visible_beside(seen, points, (1, 4))[0, 0] == 0.5


def test_maps_that_are_not_square_need_their_shape():
    with pytest.raises(InputError, match="6 cells, which are not 2 x 2"):
        visible_beside(np.ones((1, 6)), np.ones((1, 2)))


@pytest.fixture(scope="module")
def shape():
    """Three points that move together, and a prior that has learnt them."""
    rng = np.random.default_rng(0)
    y = np.tile(rng.uniform(0.3, 0.6, (200, 2)), 3)
    y += np.array([0, 0, 0.1, 0, 0, 0.1])
    y += rng.normal(0, 0.005, y.shape)
    return y, ShapePrior(LinearRegression()).fit(y, y)


def test_a_hidden_point_is_where_the_seen_ones_let_expect_it(shape):
    y, prior = shape
    wrong = y + np.array([0, 0, 0, 0, 0.2, 0.2])
    found = prior.adjusted(wrong, np.tile([1, 1, 0], (200, 1)))
    assert abs(found - y)[:, 4:].mean() < 0.02
    np.testing.assert_array_equal(found[:, :4], y[:, :4])


def test_without_visibility_the_regressor_is_believed(shape):
    y, prior = shape
    np.testing.assert_array_equal(prior.predict(y), prior.regressor_.predict(y))


class Middle(BaseEstimator):
    """Says 0.5 of everything."""

    def fit(self, X, y, X_val=None, y_val=None):
        self.n_columns_ = y.shape[1]
        return self

    def predict(self, X):
        return np.full((len(X), self.n_columns_), 0.5)


def test_noise_is_measured_on_validation_photos(maps, visibility):
    _, hidden, seen = maps
    y = np.full((300, 2), 0.5)
    y_val = np.where(seen[:, [4]] > 0, y + 0.1, y + 0.4)  # the middle cell
    prior = ShapePrior(Middle(), visibility)
    own = prior.fit(hidden, y).noise_variance_
    np.testing.assert_allclose(own, 0, atol=1e-7)
    other = prior.fit(hidden, y, X_val=hidden, y_val=y_val).noise_variance_
    np.testing.assert_allclose(other, [0.1**2, 0.4**2], rtol=0.5)


def test_visibility_of_other_points_is_refused(shape):
    y, prior = shape
    with pytest.raises(InputError, match=r"visible must have the shape \(200, 3\)"):
        prior.adjusted(y, np.ones((200, 2)))


@pytest.fixture(scope="module")
def photos():
    """40 photos of a gradient, some hidden by noise, and what is seen of them."""
    rng = np.random.default_rng(0)
    colours = rng.uniform(60, 180, (40, 1, 1, 3))
    photos = (colours + np.linspace(0, 60, 32)[:, None, None]).astype(np.uint8)
    photos = np.broadcast_to(photos, (40, 32, 32, 3))
    parts = random_parts(40, 0.4, face=(0, 0, 1, 1), random_state=0)
    hidden = hide(photos, parts, "noise", random_state=0)
    return photos, hidden, 1 - hidden_cells(parts, (4, 4)).reshape(40, -1)


@pytest.fixture(scope="module")
def pipelines(photos):
    """Fitted on photos: visibility, and points of recovered features."""
    clean, hidden, seen = photos
    features = VGG19Features(
        weights="synthetic", layer="block2_pool", pooling=(4, 4), input_size=32
    )
    X = np.concatenate([clean, hidden])
    seen = np.concatenate([np.ones_like(seen), seen])
    visible = FacePipeline([("features", features), ("cells", CellVisibility())])
    visible.fit(X, seen)
    recovery = RecoveredFeatures(visible["cells"], 4, random_state=0)
    head = DenseHeadRegressor(1, 8, epochs=2, target="landmarks", random_state=0)
    y = np.random.default_rng(1).uniform(0.2, 0.8, (40, 10))
    pipe = FacePipeline(
        [("features", features), ("recovery", recovery), ("head", head)]
    ).fit(clean, y)
    prior = ShapePrior(
        FacePipeline([("recovery", recovery), ("head", head)]), visible["cells"]
    )
    prior = FacePipeline([("features", features), ("prior", prior)]).fit(clean, y)
    return {"visibility": visible, "recovery": pipe, "prior": prior}


def test_visibility_of_photos_is_told_by_a_pipeline(photos, pipelines):
    _, hidden, seen = photos
    found = pipelines["visibility"].predict(hidden)
    assert np.corrcoef(found.ravel(), seen.ravel())[0, 1] > 0.8


@pytest.mark.parametrize("name", ["visibility", "recovery", "prior"])
def test_pipelines_predict_the_same_after_they_were_saved(
    photos, pipelines, tmp_path, name
):
    path = tmp_path / "hidden.skface"
    skface.save(pipelines[name], path)
    expected = pipelines[name].predict(photos[1])
    np.testing.assert_array_equal(skface.load(path).predict(photos[1]), expected)
    again = pickle.loads(pickle.dumps(pipelines[name]))
    np.testing.assert_array_equal(again.predict(photos[1]), expected)


def test_estimators_alone_are_saved(maps, visibility, recovery, tmp_path):
    path = tmp_path / "alone.skface"
    for estimator, method in ((visibility, "predict"), (recovery, "transform")):
        skface.save(estimator, path)
        loaded, X = skface.load(path), maps[1]
        np.testing.assert_array_equal(
            getattr(loaded, method)(X), getattr(estimator, method)(X)
        )


def test_display_shows_what_is_hidden(photos, pipelines):
    plt = pytest.importorskip("matplotlib.pyplot")
    _, hidden, _ = photos
    display = skface.VisibilityDisplay.from_estimator(
        pipelines["visibility"], hidden[:3]
    )
    found = pipelines["visibility"].predict(hidden[:3]).reshape(3, 4, 4)
    assert len(display.axes_) == 3
    for shown, seen in zip(display.maps_, found, strict=True):
        np.testing.assert_allclose(shown.get_array()[..., 3], 0.75 * (1 - seen))
    plt.close(display.figure_)


@pytest.mark.parametrize(
    ("visible", "text"),
    [
        (np.ones((2, 5)), r"of 3 photos, of the shape \(n, rows, columns\)"),
        (np.ones((2, 4)), "of 3 photos"),
        (np.full((3, 4), 2.0), "must lie in 0 to 1"),
    ],
)
def test_display_refuses_other_maps(photos, visible, text):
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match=text):
        skface.VisibilityDisplay(photos[1][:3], visible).plot()


class Told(BaseEstimator):
    """A visibility that is known."""

    def __init__(self, seen):
        self.seen = seen

    def fit(self, X=None, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.tile(self.seen, (len(X), 1))


def test_a_prior_whose_fit_fails_keeps_the_one_before():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(30, 4))
    prior = ShapePrior(LinearRegression(), Told(np.ones(4)).fit()).fit(X, X)
    before, known = prior.mean_.copy(), prior.noise_variance_.copy()
    with pytest.raises(InputError):
        prior.set_params(visibility=Told(np.ones(5)).fit()).fit(X + 1, X + 1)
    np.testing.assert_array_equal(prior.mean_, before)
    np.testing.assert_array_equal(prior.noise_variance_, known)


def test_where_nothing_is_seen_a_prior_learns_all_the_same():
    X = np.random.default_rng(0).uniform(size=(30, 4))
    prior = ShapePrior(LinearRegression(), Told(np.zeros(4)).fit()).fit(X, X)
    assert np.isfinite(prior.predict(X)).all()


def test_validation_points_go_with_their_photos():
    X = np.random.default_rng(0).uniform(size=(30, 4))
    with pytest.raises(InputError, match="go together"):
        ShapePrior(LinearRegression()).fit(X, X, y_val=X)


def test_a_fit_of_visibility_that_fails_leaves_the_one_before(maps):
    clean, _, seen = maps
    visibility = CellVisibility().fit(clean, seen)
    expected = visibility.predict(clean[:5])
    with pytest.raises(InputError, match="no multiple"):
        visibility.fit(clean[:, :50], seen[:, :3])
    np.testing.assert_array_equal(visibility.predict(clean[:5]), expected)


@pytest.mark.parametrize(
    "made",
    [
        lambda visibility: RecoveredFeatures(visibility),
        lambda visibility: ShapePrior(LinearRegression(), visibility),
    ],
)
def test_parameters_of_visibility_are_set_in_a_copy(visibility, made):
    one = made(visibility)
    clone(one).set_params(visibility__alpha=99)
    assert one.visibility is visibility
    assert visibility.alpha == 10


def test_points_are_read_by_the_names_that_the_regressor_was_told():
    X = np.random.default_rng(0).uniform(size=(60, 4))
    y = pd.DataFrame(X, columns=[*"abcd"])
    head = DenseHeadRegressor(0, epochs=60, learning_rate=0.05, random_state=0)
    prior = ShapePrior(head).fit(X, y)
    assert prior.score(X, y[[*"dcba"]]) == prior.score(X, y) > 0.5
    noise = ShapePrior(head).fit(X, y, X_val=X, y_val=y[[*"dcba"]]).noise_variance_
    same = ShapePrior(head).fit(X, y, X_val=X, y_val=y).noise_variance_
    np.testing.assert_array_equal(noise, same)
