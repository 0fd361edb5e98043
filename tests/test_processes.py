"""Work in joblib's own processes, which import Keras once for all that stands here."""

import numpy as np
import pytest
from joblib import Parallel, delayed
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score

from skface import DenseHeadRegressor, FeatureStore, ImageArray, VGG19Features
from skface.datasets import make_celeba
from skface.features import FeatureArray


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(0).normal(size=(60, 12)).astype(np.float16)


@pytest.fixture
def features(values, tmp_path):
    """The values, in a store."""
    rows = FeatureStore(tmp_path / "store").specification({"n_features": 12})
    digests = np.random.default_rng(1).integers(0, 256, (60, 32), dtype=np.uint8)
    rows.write(digests, values)
    return FeatureArray(rows, digests)


def in_workers(arrays):
    return Parallel(n_jobs=2)(delayed(np.asarray)(each) for each in arrays)


def test_workers_decode_photos(photos, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(len(photos))]
    for path, photo in zip(paths, photos, strict=True):
        Image.fromarray(photo).save(path)
    X = ImageArray(paths, (32, 32))
    np.testing.assert_array_equal(np.concatenate(in_workers([X[:2], X[2:]])), photos)


def test_workers_read_their_rows(features, values):
    halves = in_workers([features[:30], features[30:]])
    np.testing.assert_array_equal(np.concatenate(halves), values)


def test_a_search_on_stored_features_agrees_with_an_array(features, values):
    y = values[:, 0].astype(float)
    grid = {"alpha": [0.1, 1.0, 10.0]}
    stored, in_memory = (
        GridSearchCV(Ridge(), grid, n_jobs=n_jobs).fit(X, y).cv_results_
        for X, n_jobs in ((features, 2), (values, 1))
    )
    np.testing.assert_array_equal(
        stored["mean_test_score"], in_memory["mean_test_score"]
    )


def test_workers_draw_the_same_photos(tmp_path):
    n_photos = 20  # of more than one task
    folders = [
        make_celeba(tmp_path / str(n_jobs), n_photos, random_state=0, n_jobs=n_jobs)
        for n_jobs in (1, 2)
    ]
    alone, spread = (
        {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in folders
    )
    assert spread == alone


def test_workers_give_the_same_features(photos):
    alone = VGG19Features(None, "block1_pool", input_size=32, batch_size=1)
    spread = clone(alone).set_params(n_jobs=2)
    assert np.array_equal(alone.fit_transform(photos), spread.fit_transform(photos))


def test_workers_score_the_same():
    X = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    boxes = 0.5 + 0.1 * X[:, :4].clip(-2, 2)
    head = DenseHeadRegressor(1, 4, dropout=0.3, epochs=2, random_state=0)
    alone = cross_val_score(head, X, boxes, cv=2)
    spread = cross_val_score(head, X, boxes, cv=2, n_jobs=2)
    assert spread.tolist() == alone.tolist()
