"""What careless users give to estimators and functions, where no other module tests it.

``docs/bad_input.md`` is the table of it all.
"""

import re
import threading
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skface import (
    DenseHeadClassifier,
    FeatureStore,
    VGG19Features,
    make_attribute_pipeline,
    make_bbox_pipeline,
    to_pixels,
)
from skface.datasets import to_fractions
from skface.exceptions import (
    CheckpointError,
    InputError,
    ParameterError,
    StoreError,
)
from skface.metrics import (
    attribute_accuracy,
    attribute_report,
    iou_score,
    nme_score,
)

TABLE = Path(__file__).parents[1] / "docs" / "bad_input.md"
SMALL = {
    "features__layer": "block1_pool",
    "features__pooling": "avg",
    "features__input_size": 32,
    "head__epochs": 1,
    "head__n_layers": 0,
}


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def attributes():
    return np.tile([[0, 1], [1, 0]], (6, 1))


@pytest.fixture
def boxes():
    return np.full((12, 4), 0.4)


def pipeline(maker, **params):
    return maker(weights=None, random_state=0).set_params(**SMALL, **params)


BAD_ATTRIBUTES = {
    "longer": (lambda y: np.tile(y, (2, 1)), r"samples: \[12, 24\]"),
    "shorter": (lambda y: y[:5], r"samples: \[12, 5\]"),
    "missing": (lambda y: None, "requires y to be passed"),
    "minus one": (lambda y: 2 * y - 1, r"y holds -1 in row 0, column 0: .*y == 1"),
    "infinite": (lambda y: np.where(y, np.inf, 0.0), "infinity"),
    "strings": (lambda y: y.astype(str), "y holds '0' in row 0"),
    "probabilities": (lambda y: y * 0.5, r"y holds 0\.5 in row 0, column 1"),
    "three dimensions": (lambda y: y[:, :, None], "dim 3"),
    "no columns": (lambda y: y[:, :0], r"0 feature\(s\)"),
    "many classes": (lambda y: np.arange(12), "Only binary classification"),
    "one class": (lambda y: np.zeros(12), r"only one class, 0\.0; two are needed"),
}


@pytest.mark.parametrize(
    ("spoil", "message"), BAD_ATTRIBUTES.values(), ids=BAD_ATTRIBUTES.keys()
)
def test_bad_attributes_are_found_before_work_starts(
    pixels, attributes, no_network, spoil, message
):
    with pytest.raises(ValueError, match=message):
        pipeline(make_attribute_pipeline).fit(pixels, spoil(attributes))


BAD_BOXES = {
    "pixels": (lambda y: 300 * y, "fractions of the photo's width and height"),
    "NaN": (lambda y: y * np.nan, "NaN"),
    "infinite": (lambda y: y * np.inf, "infinity"),
    "words": (lambda y: np.full((12, 4), "x"), "could not convert string"),
}


@pytest.mark.parametrize(("spoil", "message"), BAD_BOXES.values(), ids=BAD_BOXES.keys())
def test_bad_boxes_are_found_before_work_starts(
    pixels, boxes, no_network, spoil, message
):
    with pytest.raises(ValueError, match=message):
        pipeline(make_bbox_pipeline).fit(pixels, spoil(boxes))


BAD_VALIDATION = {
    "no y_val": (lambda X, y: {"X_val": X}, "give both or none"),
    "no X_val": (lambda X, y: {"y_val": y}, "give both or none"),
    "shorter": (lambda X, y: {"X_val": X, "y_val": y[:3]}, "12 rows, y_val 3"),
    "minus one": (lambda X, y: {"X_val": X, "y_val": 2 * y - 1}, "y holds -1"),
    "a column": (lambda X, y: {"X_val": X, "y_val": y[:, :1]}, "expected 2 attributes"),
    "no photos": (lambda X, y: {"X_val": 3, "y_val": y}, "X must be an ImageArray"),
}


@pytest.mark.parametrize(
    ("given", "message"), BAD_VALIDATION.values(), ids=BAD_VALIDATION.keys()
)
def test_bad_validation_data_are_found_before_work_starts(
    pixels, attributes, no_network, given, message
):
    with pytest.raises(InputError, match=message):
        pipeline(make_attribute_pipeline).fit(
            pixels, attributes, **given(pixels, attributes)
        )


@pytest.mark.parametrize(
    ("weight", "message"),
    [(np.ones(3), "sample_weight"), (-np.ones(12), "not be negative")],
)
def test_bad_weights_of_samples_are_found_before_work_starts(
    pixels, attributes, no_network, weight, message
):
    with pytest.raises(ValueError, match=message):
        pipeline(make_attribute_pipeline).fit(
            pixels, attributes, head__sample_weight=weight
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_units", 0), ("dropout", 2), ("loss", "hinge"), ("random_state", "x")],
)
def test_bad_parameters_of_the_head_are_found_before_work_starts(
    pixels, attributes, no_network, name, value
):
    pipe = pipeline(make_attribute_pipeline, **{f"head__{name}": value})
    with pytest.raises(ParameterError, match=f"The '{name}' parameter of DenseHead"):
        pipe.fit(pixels, attributes)


def test_a_checkpoint_that_cannot_be_written_is_found_before_work_starts(
    pixels, attributes, no_network, tmp_path
):
    (tmp_path / "file").touch()
    pipe = pipeline(
        make_attribute_pipeline, head__checkpoint_path=tmp_path / "file" / "best.npz"
    )
    with pytest.raises(CheckpointError, match=r"best.npz: .*cannot be written"):
        pipe.fit(pixels, attributes)


def test_the_check_before_work_fits_nothing(attributes):
    head = DenseHeadClassifier()
    head.check_fit(12, attributes, np.ones(12), 12, attributes)
    assert not hasattr(head, "classes_")


def test_predict_before_fit_is_refused(pixels):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        pipeline(make_attribute_pipeline).predict(pixels)


def test_photos_of_another_size_at_predict_are_resized(pixels, attributes):
    pipe = pipeline(make_attribute_pipeline).fit(pixels, attributes)
    large = pixels.repeat(2, axis=1).repeat(2, axis=2)
    assert np.abs(pipe.predict_proba(large) - pipe.predict_proba(pixels)).max() < 0.1


def test_other_features_at_predict_are_refused(pixels, attributes):
    pipe = pipeline(make_attribute_pipeline).fit(pixels, attributes)
    pipe.set_params(features__pooling=(2, 2))
    with pytest.raises(ValueError, match=r"X has 256 features, but .* expecting 64"):
        pipe.predict(pixels)


def test_a_score_against_minus_one_is_refused(pixels, attributes):
    pipe = pipeline(make_attribute_pipeline).fit(pixels, attributes)
    with pytest.raises(InputError, match="y holds -1 in row 0"):
        pipe.score(pixels, 2 * attributes - 1)


@pytest.mark.parametrize("convert", [to_pixels, to_fractions])
@pytest.mark.parametrize(
    ("y", "sizes", "message"),
    [
        ([["a", "b"]], (1, 1), "y must hold numbers"),
        ([[1], [1, 2]], (1, 1), "y must hold numbers, in rows of one length"),
        ([[1, 0], [np.nan, 0]], (1, 1), "y must be finite: row 1 holds NaN or inf"),
        ([[np.inf, 0]], (1, 1), "y must be finite"),
        ([[1, 1]], ("a", "b"), "image_sizes must hold numbers"),
        ([[1, 1]], (0, 1), "image_sizes must be positive"),
        ([[1, 1]], (-1, 1), "image_sizes must be positive"),
        ([[1, 1]], (np.nan, 1), "image_sizes must be finite"),
    ],
)
def test_coordinates_that_are_no_finite_numbers_are_refused(convert, y, sizes, message):
    with pytest.raises(InputError, match=message):
        convert(y, sizes)


BAD_SCORES = {
    "strings": (iou_score, {"y_pred": [["a"] * 4]}, "y_pred must hold numbers"),
    "NaN": (iou_score, {"y_true": [[np.nan] * 4]}, "y_true must be finite"),
    "complex": (nme_score, {"y_pred": [[1j] * 4]}, "y_pred must hold numbers"),
    "no number": (iou_score, {"sample_weight": "a"}, "sample_weight must hold numb"),
    "infinite": (iou_score, {"sample_weight": [np.inf]}, "sample_weight must be fin"),
    "no size": (nme_score, {"image_sizes": (0, 1)}, "image_sizes must be positive"),
    "NaN size": (nme_score, {"image_sizes": (np.nan, 1)}, "image_sizes must be fin"),
    "probabilities": (
        attribute_accuracy,
        {"y_pred": [[0.2, 0.1, 0.8, 0.9]]},
        "y_pred holds numbers that are no labels, such as probabilities",
    ),
    "score of NaN": (
        attribute_report,
        {"y_score": [[np.nan] * 4]},
        "y_score must be finite",
    ),
}


@pytest.mark.parametrize(
    ("score", "given", "message"), BAD_SCORES.values(), ids=BAD_SCORES.keys()
)
def test_scores_of_no_numbers_are_refused(score, given, message):
    labels = [[0, 0, 1, 1]]
    with pytest.raises(InputError, match=message):
        score(**{"y_true": labels, "y_pred": labels} | given)


def test_negative_weights_are_refused():
    labels = [[0, 0, 1, 1]] * 2
    with pytest.raises(InputError, match="nothing negative"):
        iou_score(labels, labels, sample_weight=[3, -1])


def test_two_fits_share_one_cache(pixels, attributes, tmp_path):
    pipe = pipeline(make_attribute_pipeline, features__cache_dir=tmp_path / "store")
    fitted = [clone(pipe), clone(pipe)]
    threads = [
        threading.Thread(target=each.fit, args=(pixels, attributes)) for each in fitted
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = (each.predict_proba(pixels) for each in fitted)
    assert np.array_equal(first, second)
    n_sides = 2  # the preset trains on mirror images too
    assert len(FeatureStore(tmp_path / "store")) == n_sides * len(pixels)


@pytest.mark.parametrize("path", ["", "a\0b", None, 3])
def test_a_store_without_a_folder_is_refused(path):
    with pytest.raises(ParameterError, match="needs the path of a folder"):
        FeatureStore(path)


@pytest.mark.parametrize("digest", [b"", b"a" * 15, b"a" * 33])
@pytest.mark.parametrize("act", ["contains", "read", "write"])
def test_digests_of_another_length_are_refused(tmp_path, digest, act):
    rows = FeatureStore(tmp_path / "store").specification({"n_features": 1})
    arguments = [[digest], np.zeros((1, 1))][: 2 if act == "write" else 1]
    with pytest.raises(InputError, match="digests must have 16 to 32 bytes each"):
        getattr(rows, act)(*arguments)


def test_pruning_nothing_by_name_removes_nothing(tmp_path):
    store = FeatureStore(tmp_path / "store")
    store.specification({"n_features": 1}).write([b"a" * 16], np.zeros((1, 1)))
    with pytest.raises(ParameterError, match="'' fits 0 specifications"):
        store.prune("")
    assert len(store) == 1


def test_a_cache_dir_that_is_a_file_is_refused_before_work(
    pixels, no_network, tmp_path
):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="this is a file"):
        VGG19Features(None, cache_dir=tmp_path / "file").fit_transform(pixels)


def rows_of_table():
    lines = TABLE.read_text().splitlines()
    return [
        line
        for line in lines
        if line.startswith("| ") and not line.startswith("| input ")
    ]


@pytest.mark.parametrize("row", rows_of_table(), ids=lambda row: row[2:40])
def test_every_row_of_the_table_names_a_test(row):
    named = re.findall(r"`(test_\w+)\.py::(test_\w+)`", row)
    assert named
    for module, name in named:
        source = (Path(__file__).parent / f"{module}.py").read_text()
        assert re.search(rf"^def {name}\(", source, re.M), f"{module}.py has no {name}"


def test_the_page_says_how_long_its_table_is():
    (said,) = re.findall(r"These are (\d+) classes of input", TABLE.read_text())
    assert int(said) == len(rows_of_table()) >= 60
