import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_predict, train_test_split

from skface.exceptions import InputError
from skface.store import FeatureArray, FeatureStore


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(0).normal(size=(60, 12)).astype(np.float16)


@pytest.fixture(scope="module")
def digests():
    return np.random.default_rng(1).integers(0, 256, (60, 32), dtype=np.uint8)


@pytest.fixture(scope="module")
def store_rows(tmp_path_factory, values, digests):
    store = FeatureStore(tmp_path_factory.mktemp("store"))
    rows = store.specification({"n_features": 12})
    rows.write(digests, values)
    return rows


@pytest.fixture
def features(store_rows, digests):
    return FeatureArray(store_rows, digests)


def test_looks_like_an_array(features):
    assert features.shape == (60, 12)
    assert features.ndim == 2
    assert features.dtype == np.float16
    assert len(features) == 60
    assert features.size == 720
    assert features.nbytes == 1440


def test_digests_may_be_bytes(store_rows, digests, values):
    features = FeatureArray(store_rows, map(bytes, digests))
    assert_array_equal(np.asarray(features), values)


def test_digests_of_two_lengths_are_refused(store_rows):
    with pytest.raises(InputError, match=r"one length, not \[16, 20\] bytes"):
        FeatureArray(store_rows, [bytes(16), bytes(20)])


def test_may_be_empty(store_rows):
    features = FeatureArray(store_rows, [])
    assert np.asarray(features).shape == features.shape == (0, 12)


@pytest.mark.parametrize("index", [0, 59, -1, np.int64(3)])
def test_an_integer_gives_the_row(features, values, index):
    row = features[index]
    assert isinstance(row, np.ndarray)
    assert_array_equal(row, values[index])


@pytest.mark.parametrize(
    "key",
    [
        slice(5, 20, 3),
        slice(None, None, -1),
        [3, 1, 3],
        np.array([-1, 0]),
        np.arange(60) % 2 == 0,
        (np.array([4, 2]), Ellipsis),
        (slice(0, 4), slice(None)),
        Ellipsis,
        [],
    ],
)
def test_many_indices_give_a_feature_array(features, values, key):
    if isinstance(key, list):
        key = np.array(key, int)
    picked = features[key]
    assert isinstance(picked, FeatureArray)
    assert_array_equal(np.asarray(picked), values[key])


def test_indexing_reads_nothing(features, monkeypatch):
    monkeypatch.setattr(type(features.store_rows), "read", None)
    assert features[10:20][[1, 2]].shape == (2, 12)


@pytest.mark.parametrize("key", [(0, 1), (slice(None), [1, 2]), (slice(None), 0)])
def test_columns_are_refused(features, key):
    with pytest.raises(IndexError, match="indexed by rows"):
        features[key]


@pytest.mark.parametrize("key", [None, np.zeros((2, 2), int)])
def test_another_dimension_is_refused(features, key):
    with pytest.raises(IndexError, match="two dimensions"):
        features[key]


@pytest.mark.parametrize("key", [60, [60], np.ones(59, bool)])
def test_an_index_out_of_range_is_refused(features, key):
    with pytest.raises(IndexError):
        features[key]


def test_iteration_ends(features, values):
    assert_array_equal(list(features), values)


def test_array_takes_a_dtype(features, values):
    array = np.asarray(features, dtype=np.float32)
    assert array.dtype == np.float32
    assert_array_equal(array, values)


def test_array_cannot_be_had_without_a_copy(features):
    with pytest.raises(ValueError, match="read from disk"):
        features.__array__(copy=False)


def test_a_batch_is_read_into_an_array(features, values):
    out = np.empty((3, 12), np.float32)
    assert features.store_rows.read(features.digests[[5, 1, 5]], out) is out
    assert_array_equal(out, values[[5, 1, 5]])


def test_pickles_as_digests(features, values):
    data = pickle.dumps(features)
    assert len(data) < 60 * 32 + 500
    assert_array_equal(np.asarray(pickle.loads(data)), values)


def test_repr_is_short(features):
    assert repr(features).startswith("FeatureArray(shape=(60, 12), store=")


def test_train_test_split_reads_nothing(features, values, monkeypatch):
    monkeypatch.setattr(type(features.store_rows), "read", None)
    train, test = train_test_split(features, random_state=0)
    monkeypatch.undo()
    expected = train_test_split(values, random_state=0)
    assert_array_equal(np.asarray(train), expected[0])
    assert_array_equal(np.asarray(test), expected[1])


def test_cross_validation_agrees_with_an_array(features, values):
    y = values[:, :2].astype(float)
    predictions = cross_val_predict(Ridge(), features, y)
    assert_array_equal(predictions, cross_val_predict(Ridge(), values, y))
