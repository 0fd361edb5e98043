"""Extraction and searches on a real cluster of two processes."""

import numpy as np
import pytest
from joblib import parallel_config
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skface import FeatureStore, ImageArray, VGG19Features, make_attribute_pipeline

distributed = pytest.importorskip("distributed")

N = 24
GRID = {"head__n_layers": [0, 1], "head__learning_rate": [1e-4, 0.03]}


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def photos():
    """Bright ones and dark ones, in turn."""
    rng = np.random.default_rng(0)
    light = np.arange(N)[:, np.newaxis, np.newaxis, np.newaxis] % 2 * 100
    return (rng.integers(0, 156, (N, 32, 32, 3)) + light).astype(np.uint8)


@pytest.fixture(scope="module")
def images(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"{number}.png" for number in range(N)]
    for path, photo in zip(paths, photos, strict=True):
        Image.fromarray(photo).save(path)
    return ImageArray(paths, (32, 32))


@pytest.fixture(scope="module")
def features():
    return VGG19Features(
        weights="synthetic", layer="block2_pool", input_size=32, batch_size=4
    )


@pytest.fixture(scope="module")
def search(features):
    pipe = make_attribute_pipeline(weights="synthetic", random_state=0)
    pipe.set_params(
        **{f"features__{k}": v for k, v in features.get_params().items() if v},
        features__pooling=None,
        head__epochs=3,
        head__n_units=8,
    )
    return GridSearchCV(pipe, GRID, cv=2)


@pytest.fixture(scope="module")
def labels():
    return (np.arange(N)[:, np.newaxis] % [2, 4] < 1).astype(int)


@pytest.fixture(scope="module")
def local(search, images, labels):
    """The search, in this process alone."""
    return clone(search).fit(images, labels)


def test_the_cluster_gives_the_same_features(client, images, features, tmp_path):
    expected = features.fit_transform(images)
    stored = clone(features).set_params(cache_dir=tmp_path / "store", n_jobs=-1)
    with parallel_config(backend="dask"):
        np.testing.assert_array_equal(stored.fit_transform(images), expected)
    assert len(FeatureStore(tmp_path / "store")) == N


def test_photos_in_memory_travel(client, photos, features):
    expected = features.fit_transform(photos)
    with parallel_config(backend="dask"):
        np.testing.assert_array_equal(features.fit_transform(photos), expected)


@pytest.mark.parametrize("warm", [True, False])
def test_a_search_on_the_cluster_finds_the_same(
    client, images, labels, search, local, tmp_path, warm
):
    store = tmp_path / "store"
    search = clone(search).set_params(estimator__features__cache_dir=store)
    with parallel_config(backend="dask"):
        if warm:
            search.estimator["features"].transform(images)
        search.fit(images, labels)
    assert search.best_params_ == local.best_params_
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], local.cv_results_["mean_test_score"]
    )
    n_sides = 2  # the preset trains on mirror images too
    assert len(FeatureStore(store)) == n_sides * N
