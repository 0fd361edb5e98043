"""What is sent through VGG19, and from where, with and without a store."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from joblib import parallel_backend, parallel_config, register_parallel_backend
from joblib._parallel_backends import ThreadingBackend
from PIL import Image, ImageFile
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skface import FeatureStore, VGG19Features, make_attribute_pipeline
from skface.exceptions import ImageError, SkfaceWarning, StoreError, WeightsError
from skface.features import _extraction, _vgg19
from skface.photos import _reading, known_keys

N = 12


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (N, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def stored(tmp_path):
    return VGG19Features(
        weights=None,
        layer="block1_pool",
        input_size=32,
        batch_size=2,
        cache_dir=tmp_path / "store",
    )


@pytest.fixture
def expected(stored, photos):
    return clone(stored).set_params(cache_dir=None).fit_transform(photos)


@pytest.fixture
def n_sent(monkeypatch):
    """How many photos have gone through a network since."""
    counts = []
    compute = _extraction.compute

    def counting(network, photos):
        counts.append(len(photos))
        return compute(network, photos)

    monkeypatch.setattr(_extraction, "compute", counting)
    monkeypatch.setattr(_vgg19, "compute", counting)
    return lambda: sum(counts)


class Rounds(ThreadingBackend):
    """Gives results only when all tasks are done, as ray's backend does."""

    supports_return_generator = False


register_parallel_backend("rounds", Rounds)


@pytest.mark.parametrize(("mirror", "n_sides"), [(False, 1), ("fit", 2)])
def test_a_search_sends_each_photo_once(photos, tmp_path, n_sent, mirror, n_sides):
    pipe = make_attribute_pipeline(
        weights="synthetic", cache_dir=tmp_path / "store", random_state=0
    )
    pipe.set_params(
        mirror=mirror,
        features__input_size=32,
        features__pooling=None,
        head__epochs=1,
        head__n_units=4,
    )
    search = GridSearchCV(
        pipe, {"head__n_layers": [0, 1], "head__learning_rate": [0.1, 0.01]}, cv=3
    )
    y = np.arange(2 * N).reshape(N, 2) % 3 % 2
    search.fit(photos, y)
    assert n_sent() == n_sides * N
    search.predict(photos)
    clone(search).set_params(param_grid={"head__n_layers": [2]}).fit(photos, y)
    assert n_sent() == n_sides * N


def test_a_later_session_needs_no_network(photos, stored, expected, tmp_path):
    paths = [str(tmp_path / f"{number}.png") for number in range(N)]
    for path, photo in zip(paths, photos, strict=True):
        Image.fromarray(photo).save(path)
    stored.fit_transform(paths)
    code = f"""
import sys
from skface import VGG19Features
features = VGG19Features(**{stored.get_params() | {"cache_dir": str(stored.cache_dir)}})
print(features.fit_transform({paths}).sum(dtype="float64"))
assert not {{"keras", "tensorflow"}} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) == expected.sum(dtype=np.float64)


def file_in_its_place(path):
    path.write_text("")


def newer_format(path):
    path.mkdir()
    (path / "skface-store.json").write_text(json.dumps({"format": 99}))


def damaged_marker(path):
    path.mkdir()
    (path / "skface-store.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (file_in_its_place, "this is a file. Choose a folder"),
        (newer_format, "format 99.*Upgrade skface"),
        (damaged_marker, "is damaged. Delete the folder"),
    ],
)
def test_a_store_that_cannot_be_opened_is_an_error_or_a_warning(
    photos, stored, expected, spoil, match
):
    spoil(stored.cache_dir)
    with pytest.raises(StoreError, match=match):
        stored.transform(photos)
    stored.set_params(on_cache_error="warn")
    with pytest.warns(SkfaceWarning, match=match) as caught:
        features = stored.transform(photos)
    np.testing.assert_array_equal(features, expected)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_a_disk_that_fills_up_is_a_warning_and_its_rows_are_used(
    photos, stored, expected, n_sent, request
):
    stored.set_params(on_cache_error="warn").transform(photos[:4])
    request.getfixturevalue("full_disk")
    with pytest.warns(SkfaceWarning, match=r"disk is full.*goes on without the store"):
        features = stored.transform(photos)
    np.testing.assert_array_equal(features, expected)
    assert 4 <= len(FeatureStore(stored.cache_dir)) < N
    # The batch that did not fit is computed twice.
    assert n_sent() == N + stored.batch_size


def test_a_damaged_row_is_a_warning_and_is_computed_again(photos, stored, expected):
    stored.set_params(on_cache_error="warn").transform(photos)
    data = stored.cache_dir / "rows-1" / "data.mdb"
    content = bytearray(data.read_bytes())
    content[content.index(expected[3].tobytes())] ^= 1
    data.write_bytes(content)
    with pytest.warns(SkfaceWarning, match="1 of 12 rows are damaged"):
        features = stored.transform(photos)
    np.testing.assert_array_equal(features, expected)


@pytest.mark.parametrize("backend", ["threading", "rounds"])
def test_each_backend_of_joblib_gives_the_same_features(
    photos, stored, expected, n_sent, backend
):
    with parallel_config(backend=backend, n_jobs=2):
        np.testing.assert_array_equal(stored.fit_transform(photos), expected)
    assert n_sent() == N
    assert len(FeatureStore(stored.cache_dir)) == N


def test_workers_are_not_needed_where_the_store_knows_every_photo(
    photos, stored, expected, tmp_path, monkeypatch
):
    paths = [str(tmp_path / f"{number}.png") for number in range(N)]
    for path, photo in zip(paths, photos, strict=True):
        Image.fromarray(photo).save(path)
    stored.transform(paths)
    monkeypatch.setattr(_reading, "_known", {})  # as in another process
    monkeypatch.setattr(_vgg19, "extract_in_workers", None)
    with parallel_config(backend="threading", n_jobs=2):
        np.testing.assert_array_equal(stored.transform(paths), expected)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_rows_of_truncated_photos_serve_only_those_who_take_them(
    photos, stored, tmp_path, monkeypatch, n_jobs
):
    paths = [str(tmp_path / f"{number}.jpg") for number in range(N)]
    for path, photo in zip(paths, photos, strict=True):
        Image.fromarray(photo).save(path)
    os.truncate(paths[3], os.path.getsize(paths[3]) - 200)
    with parallel_config(backend="threading", n_jobs=n_jobs):
        with pytest.raises(ImageError, match=r"3\.jpg: cannot be decoded"):
            stored.transform(paths)
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        assert len(stored.transform(paths)) == N
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
        with pytest.raises(ImageError, match=r"3\.jpg: cannot be decoded"):
            stored.transform(paths)


def test_the_old_way_to_choose_a_backend_works_too(photos, stored, expected):
    with parallel_backend("threading", n_jobs=2):
        np.testing.assert_array_equal(stored.fit_transform(photos), expected)


def test_n_jobs_goes_before_the_context(photos, stored, monkeypatch):
    monkeypatch.setattr(_vgg19, "extract_in_workers", None)
    with parallel_config(backend="threading", n_jobs=2):
        assert len(stored.set_params(n_jobs=1).fit_transform(photos)) == N


@pytest.mark.filterwarnings("ignore:.*tasks have been successfully executed")
def test_what_came_back_before_an_interrupt_is_kept(photos, stored, monkeypatch):
    in_workers = _extraction.extract_in_workers

    def interrupted(*arguments):
        chunks = in_workers(*arguments)
        yield from (next(chunks) for _ in range(3))
        raise KeyboardInterrupt

    monkeypatch.setattr(_vgg19, "extract_in_workers", interrupted)
    with (
        pytest.raises(KeyboardInterrupt),
        parallel_config(backend="threading", n_jobs=2),
    ):
        stored.fit_transform(photos)
    assert len(FeatureStore(stored.cache_dir)) == 3 * stored.batch_size


@pytest.mark.parametrize(
    ("n_images", "n_jobs", "lengths"),
    [
        (12, 2, [2, 2, 2, 2, 2, 2]),
        (5, 2, [2, 2, 1]),
        (33, 2, [4, 4, 4, 4, 4, 4, 4, 4, 1]),
        (1000, 2, [8] * 125),
    ],
)
def test_chunks_are_whole_batches_and_enough_for_all(n_images, n_jobs, lengths):
    chunks = _extraction._chunks(n_images, 2, n_jobs)
    assert [chunk.stop - chunk.start for chunk in chunks] == lengths


def test_workers_name_every_unreadable_photo(photos, stored, tmp_path):
    paths = [str(tmp_path / f"{number}.png") for number in range(N)]
    for path in paths:
        Image.fromarray(photos[0]).save(path)
    for bad in (1, 5, 11):
        os.truncate(paths[bad], 60)
    with (
        pytest.raises(ImageError, match="3 of 12 photos cannot be read") as caught,
        parallel_config(backend="threading", n_jobs=2),
    ):
        stored.set_params(cache_dir=None).transform(paths)
    assert caught.value.paths == [paths[1], paths[5], paths[11]]


def test_a_worker_with_other_weights_is_refused(photos, stored):
    specification = stored._specification()
    with pytest.raises(WeightsError, match=r"holds other weights on .* copy its file"):
        _extraction._extract_chunk(
            specification,
            "float32",
            photos,
            known_keys(photos)[0],
            2,
            "float16",
            "sha256:0",
            False,
            slice(0, N),
        )


def test_float32_features_come_from_workers_unrounded(photos, stored):
    stored.set_params(cache_dir=None, dtype="float32", compute_dtype="float32")
    expected = stored.transform(photos)
    with parallel_config(backend="threading", n_jobs=2):
        np.testing.assert_array_equal(stored.transform(photos), expected)
    assert (expected != expected.astype(np.float16)).any()
