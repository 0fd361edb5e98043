"""Properties that hold for whatever hypothesis thinks of."""

import json
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from skface import FeatureStore, ImageArray, to_pixels
from skface.datasets import mirrored, to_fractions
from skface.datasets._lists import read_list
from skface.metrics import attribute_report, iou_score, nme_score
from skface.persistence._values import from_json, to_json
from skface.targets import BBOX, LANDMARKS

settings.register_profile(
    "skface", derandomize=True, max_examples=60, deadline=None, database=None
)
settings.load_profile("skface")

N_PHOTOS = 7
SIZE = (3, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("properties")


def text_of(alphabet, **options):
    return st.text(alphabet, min_size=1, **options)


plain_names = text_of(string.ascii_letters + string.digits + "._-+()ü", max_size=12)
file_names = plain_names.filter(lambda name: name.strip(".") != "")
column_names = text_of(string.ascii_letters + "_", max_size=8).filter(
    lambda name: name != "image_id"
)


@st.composite
def tables(draw):
    """Column names and rows by file name, as a list file holds them."""
    columns = draw(st.lists(column_names, min_size=1, max_size=5, unique=True))
    row = st.tuples(*[st.integers(-(2**31), 2**31)] * len(columns))
    return columns, draw(st.dictionaries(file_names, row, min_size=1, max_size=8))


def assert_reads_as(path, columns, rows):
    table = read_list(path)
    assert list(table.columns) == columns
    assert dict(zip(table.index, map(tuple, table.to_numpy()), strict=True)) == rows


@given(tables(), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_an_official_list_reads_as_it_was_written(folder, table, has_id, newline):
    columns, rows = table
    header = " ".join(["image_id"] * has_id + columns)
    lines = [str(len(rows)), header]
    lines += [" ".join(map(str, (name, *row))) for name, row in rows.items()]
    path = folder / "list_bbox_celeba.txt"
    path.write_text("".join(line + newline for line in lines), "utf-8", newline="")
    assert_reads_as(path, columns, rows)


@given(tables())
def test_a_csv_list_reads_as_it_was_written(folder, table):
    columns, rows = table
    lines = [("image_id", *columns), *((name, *row) for name, row in rows.items())]
    path = folder / "list_bbox_celeba.csv"
    path.write_text("".join(",".join(map(str, line)) + "\n" for line in lines), "utf-8")
    assert_reads_as(path, columns, rows)


fractions = st.floats(-2, 3, width=32)
sizes = st.integers(1, 20_000)


@st.composite
def coordinates(draw, widths=(2, 4, 10)):
    """Coordinates of some photos, and their sizes."""
    shape = draw(st.integers(1, 6)), draw(st.sampled_from(widths))
    y = draw(hnp.arrays(np.float32, shape, elements=fractions))
    return y, draw(hnp.arrays(np.int64, (shape[0], 2), elements=sizes))


@given(coordinates())
def test_fractions_of_pixels_are_the_fractions(y_and_sizes):
    y, image_sizes = y_and_sizes
    back = to_fractions(to_pixels(y, image_sizes), image_sizes)
    np.testing.assert_allclose(back, y, rtol=1e-6, atol=1e-30)


@given(coordinates())
def test_pixels_are_those_of_each_photo_alone(y_and_sizes):
    y, image_sizes = y_and_sizes
    alone = [
        [value * size[i % 2] for i, value in enumerate(row)]
        for row, size in zip(y.tolist(), image_sizes.tolist(), strict=True)
    ]
    np.testing.assert_allclose(to_pixels(y, image_sizes), alone, rtol=1e-12)


@given(coordinates(widths=(4, 10)))
def test_mirrored_twice_is_as_before(y_and_sizes):
    y, _ = y_and_sizes
    target = BBOX if y.shape[1] == 4 else LANDMARKS
    twice = mirrored(mirrored(y, target), target)
    np.testing.assert_allclose(twice, y, atol=1e-6)


@pytest.fixture(scope="module")
def photos(folder):
    """Photos as ImageArray, and their pixels."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (N_PHOTOS, *SIZE, 3), dtype=np.uint8)
    paths = [folder / f"{index}.png" for index in range(N_PHOTOS)]
    for path, photo in zip(paths, pixels, strict=True):
        Image.fromarray(photo).save(path)
    return ImageArray(paths, SIZE), pixels


indices = st.integers(-N_PHOTOS, N_PHOTOS - 1)
first_keys = st.one_of(
    indices,
    indices.map(np.int64),
    st.slices(N_PHOTOS),
    hnp.arrays(bool, N_PHOTOS),
    st.lists(indices, max_size=9),
    st.lists(indices, min_size=1, max_size=9).map(np.array),
)
rest_keys = st.one_of(st.integers(-2, 1), st.slices(2), st.just(Ellipsis))


@given(first_keys)
def test_photos_are_indexed_as_numpy_indexes_them(photos, key):
    X, pixels = photos
    taken = X[key]
    np.testing.assert_array_equal(np.asarray(taken), pixels[key])
    assert taken.shape == pixels[key].shape


@given(first_keys, rest_keys)
def test_pixels_are_indexed_as_numpy_indexes_them(photos, key, rest):
    X, pixels = photos
    np.testing.assert_array_equal(np.asarray(X[key, rest]), pixels[key, rest])


@given(st.lists(st.one_of(st.slices(N_PHOTOS), st.lists(st.integers(0, 99)))))
def test_photos_of_photos_are_as_numpys(photos, keys):
    X, pixels = photos
    for key in keys:
        if isinstance(key, list):
            key = np.array(key[: 99 * len(X)], dtype=int) % max(len(X), 1)
        X, pixels = X[key], pixels[key]
    np.testing.assert_array_equal(np.asarray(X), pixels)


@given(st.integers().filter(lambda index: not -N_PHOTOS <= index < N_PHOTOS))
def test_an_index_out_of_range_is_an_index_error(photos, index):
    with pytest.raises(IndexError):
        photos[0][index]


boxes = st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(0, 9)] * 2)


def cells(box):
    x, y, width, height = box
    return {(i, j) for i in range(x, x + width) for j in range(y, y + height)}


@given(st.lists(st.tuples(boxes, boxes), min_size=1, max_size=6))
def test_iou_counts_cells(pairs):
    expected = [
        len(cells(a) & cells(b)) / max(len(cells(a) | cells(b)), 1) for a, b in pairs
    ]
    truth, answer = zip(*pairs, strict=True)
    scores = iou_score(truth, answer, average=False)
    np.testing.assert_allclose(scores, expected)


@given(coordinates(widths=(4, 6, 10)), st.data())
def test_nme_is_the_mean_of_distances(y_and_sizes, data):
    y, image_sizes = y_and_sizes
    found = data.draw(hnp.arrays(np.float32, y.shape, elements=fractions))
    y[:, 2] = y[:, 0] + 1  # the eyes stand apart
    expected = []
    for row, answer, size in zip(
        y.tolist(), found.tolist(), image_sizes.tolist(), strict=True
    ):
        points = list(zip(row[::2], row[1::2], strict=True))
        answers = list(zip(answer[::2], answer[1::2], strict=True))

        def distance(a, b, size=size):
            return np.hypot((a[0] - b[0]) * size[0], (a[1] - b[1]) * size[1])

        errors = [distance(a, b) for a, b in zip(points, answers, strict=True)]
        expected.append(np.mean(errors) / distance(*points[:2]))
    scores = nme_score(y, found, image_sizes=image_sizes, average=False)
    np.testing.assert_allclose(scores, expected, rtol=1e-6, atol=1e-9)


@given(st.data(), st.integers(1, 9), st.integers(1, 3))
def test_the_report_counts_cells(data, n_samples, n_attributes):
    labels = hnp.arrays(np.int64, (n_samples, n_attributes), elements=st.integers(0, 1))
    truth, answer = data.draw(labels), data.draw(labels)
    report = attribute_report(truth, answer)
    for i, (y, found) in enumerate(zip(truth.T, answer.T, strict=True)):
        pairs = list(zip(y.tolist(), found.tolist(), strict=True))
        assert report.accuracy[i] == pytest.approx(
            sum(a == b for a, b in pairs) / n_samples
        )
        for name, side in (("recall", y), ("precision", found)):
            expected = pairs.count((1, 1)) / side.sum() if side.any() else np.nan
            assert report[name][i] == pytest.approx(expected, nan_ok=True)
        recalls = [
            np.mean([b == label for a, b in pairs if a == label])
            for label in (0, 1)
            if label in y
        ]
        expected = np.mean(recalls) if len(recalls) == 2 else np.nan
        assert report.balanced_accuracy[i] == pytest.approx(expected, nan_ok=True)


photo_numbers = st.integers(0, 30)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(photo_numbers, max_size=6)),
        st.tuples(st.just("read"), st.lists(photo_numbers, max_size=6)),
        st.tuples(st.just("verify"), st.booleans()),
        st.tuples(st.just("clear"), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=15)
@given(operations)
def test_the_store_is_a_dict_on_disk(folder, operations):
    store = FeatureStore(folder / "store")
    store.clear()
    rows, known = store.specification({"n_features": 2}), {}
    for step, (name, value) in enumerate(operations):
        if name == "write":
            new = {number: (number, step) for number in value if number not in known}
            values = np.array([(number, step) for number in value]).reshape(-1, 2)
            assert rows.write(digests_of(value), values) == len(new)
            known |= new
        elif name == "read":
            there = rows.contains(digests_of(value))
            assert there.tolist() == [number in known for number in value]
            present = [number for number in value if number in known]
            expected = np.array([known[number] for number in present]).reshape(-1, 2)
            np.testing.assert_array_equal(rows.read(digests_of(present)), expected)
        elif name == "verify":
            verification = store.verify(delete=value)
            assert (verification.n_checked, verification.bad) == (len(known), [])
        else:
            store.clear()
            known = {}
        assert len(store) == len(known)


def digests_of(numbers):
    return [b"%020d" % number for number in numbers]


data = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(), inner, max_size=4),
        st.dictionaries(st.integers(), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(data)
def test_parameters_come_back_from_json(value):
    text = json.dumps(to_json(value, "x"), allow_nan=False)
    assert from_json(json.loads(text), "x") == value


@given(
    hnp.arrays(
        st.sampled_from(
            [np.float16, np.float32, np.float64, np.int16, np.uint64, bool]
        ),
        hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
    )
)
def test_arrays_come_back_from_json(array):
    text = json.dumps(to_json(array, "x"), allow_nan=False)
    back = from_json(json.loads(text), "x")
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)
