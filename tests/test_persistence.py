"""skface.save and skface.load: what comes back, and that it is the same."""

import copy
import hashlib
import json
import os
import stat
import subprocess
import sys
import time
import warnings
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import skface
from skface import (
    AlignedFaces,
    DenseHeadClassifier,
    DenseHeadRegressor,
    SecondLook,
    VGG19Features,
)
from skface.exceptions import (
    InputError,
    ParameterError,
    SavedFileError,
    WeightsError,
)
from skface.features import _weights
from skface.persistence import _archive
from skface.persistence._values import from_json, to_json
from skface.pipelines import FacePipeline
from skface.targets import BBOX, LANDMARKS, Attributes, Joint, Landmarks

DATA = Path(__file__).parent / "data"
NAMES = ["Bald", "Smiling", "Young"]
SMALL = {
    "features__layer": "block1_pool",
    "features__pooling": (2, 2),
    "features__input_size": 32,
    "head__epochs": 2,
    "head__n_layers": 1,
    "head__n_units": 8,
}
MAKERS = {
    "bbox": (partial(skface.make_bbox_pipeline, looks=1), 4),
    "landmarks": (partial(skface.make_landmark_pipeline, looks=1), 10),
    "attributes": (skface.make_attribute_pipeline, 3),
}


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def fitted(photos):
    """A fitted pipeline a target, on the packaged weights."""
    rng = np.random.default_rng(1)
    pipelines = {}
    for target, (maker, n_targets) in MAKERS.items():
        y = rng.uniform(0.2, 0.8, (24, n_targets))
        if target == "attributes":
            y = (y > 0.5).astype(int)
        pipe = maker(weights="synthetic", random_state=0).set_params(**SMALL)
        pipelines[target] = pipe.fit(photos, y)
    return pipelines


@pytest.fixture(scope="module")
def pipe(fitted):
    return fitted["attributes"]


@pytest.fixture(scope="module")
def look(photos):
    """A second look at landmarks, no two of whose parameters are the defaults."""
    y = np.random.default_rng(2).uniform(0.2, 0.8, (24, 10))
    look = skface.make_landmark_pipeline(weights="synthetic", random_state=0)
    look.set_params(**SMALL, n_looks=2, n_frames=1, degrees=9.0, log_scale=0.2)
    look.set_params(shift=0.01, random_state=3, second__head__n_units=4)
    return look.fit(photos, y)


def aligned(pipe, landmarks, cls=FacePipeline, **options):
    """A fitted pipeline of attributes after the faces are turned upright."""
    return cls([("align", AlignedFaces(landmarks, **options)), *pipe.steps])


@pytest.fixture(scope="module")
def trees(fitted, look):
    """Estimators that hold others, by what they are."""
    pipe, landmarks = fitted["attributes"], fitted["landmarks"]
    return {
        "a second look": look,
        "aligned by a pipeline": aligned(pipe, landmarks, template="face"),
        "aligned by a second look": aligned(pipe, look),
        "aligned in a plain pipeline": aligned(pipe, landmarks, Pipeline),
    }


@pytest.fixture(scope="module")
def head():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 6)), rng.integers(0, 2, (30, 3))
    return DenseHeadClassifier(1, 4, epochs=3, random_state=0).fit(X, y)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "faces.skface"


def manifest_of(path):
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read("pipeline.json"))


@pytest.mark.parametrize("target", MAKERS)
def test_a_loaded_pipeline_predicts_bit_for_bit(fitted, photos, path, target):
    skface.save(fitted[target], path)
    loaded = skface.load(path)
    assert np.array_equal(loaded.predict(photos), fitted[target].predict(photos))


def test_probabilities_are_the_same_bit_for_bit(pipe, photos, path):
    skface.save(pipe, path)
    assert np.array_equal(
        skface.load(path).predict_proba(photos), pipe.predict_proba(photos)
    )


def test_another_process_predicts_bit_for_bit_and_says_nothing(
    pipe, photos, path, tmp_path
):
    skface.save(pipe, path)
    np.save(tmp_path / "photos.npy", photos)
    code = (
        "import sys, numpy as np, skface\n"
        "file, photos, out = sys.argv[1:]\n"
        "np.save(out, skface.load(file).predict_proba(np.load(photos)))"
    )
    files = [path, tmp_path / "photos.npy", tmp_path / "out.npy"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == done.stdout == ""
    assert np.array_equal(np.load(files[2]), pipe.predict_proba(photos))


def test_parameters_come_back(pipe, path):
    skface.save(pipe, path)
    loaded = skface.load(path)
    assert type(loaded) is type(pipe)
    assert loaded.get_params()["features__pooling"] == (2, 2)
    for name, value in pipe.get_params().items():
        if name not in ("steps", "features", "head"):
            assert loaded.get_params()[name] == value, name


def test_a_loaded_pipeline_can_be_fitted_again(pipe, photos, path):
    skface.save(pipe, path)
    y = np.random.default_rng(2).integers(0, 2, (24, 3))
    again = skface.load(path).fit(photos, y)
    fresh = clone(pipe).fit(photos, y)
    assert np.array_equal(again.predict_proba(photos), fresh.predict_proba(photos))


def test_the_shape_of_the_photos_that_it_learnt_from_comes_back(pipe, path):
    skface.save(pipe, path)
    assert skface.load(path).aspect_ is None
    of_aligned = copy.copy(pipe)
    of_aligned.aspect_ = 218 / 178
    skface.save(of_aligned, path)
    assert skface.load(path).aspect_ == 218 / 178


def test_training_figures_come_back(pipe, path):
    skface.save(pipe, path)
    head = skface.load(path)["head"]
    assert head.history_ == pipe["head"].history_
    assert head.n_epochs_ == 2


def test_a_training_that_diverged_late_keeps_its_figures(head, path):
    diverged = clone(head)
    diverged.__setstate__(head.__getstate__())
    diverged.history_ = {"loss": [0.5, float("nan"), float("inf")]}
    skface.save(diverged, path)
    loss = skface.load(path).history_["loss"]
    np.testing.assert_array_equal(loss, [0.5, np.nan, np.inf])


def test_versions_are_written(pipe, path):
    skface.save(pipe, path)
    manifest = manifest_of(path)
    assert manifest["versions"]["skface"] == skface.__version__
    assert manifest["versions"]["numpy"] == np.__version__


def test_target_names_come_back_and_stay(pipe, path, tmp_path):
    skface.save(pipe, path, target_names=NAMES)
    loaded = skface.load(path)
    assert loaded.target_names_ == NAMES
    skface.save(loaded, tmp_path / "again.skface")
    assert skface.load(tmp_path / "again.skface").target_names_ == NAMES


def test_a_new_fit_forgets_the_names_of_its_file(pipe, photos, path):
    skface.save(pipe, path, target_names=NAMES)
    again = skface.load(path).fit(photos, np.tile([[0, 1, 0], [1, 0, 1]], (12, 1)))
    assert not hasattr(again, "target_names_")


def test_names_for_another_number_of_targets_are_refused(pipe, path):
    with pytest.raises(InputError, match="2 names for 3 targets"):
        skface.save(pipe, path, target_names=["Bald", "Young"])


def test_one_name_instead_of_many_is_refused(pipe, path):
    with pytest.raises(InputError, match=r"a sequence of names: \['abc'\]"):
        skface.save(pipe, path, target_names="abc")


def test_a_plain_pipeline_and_its_step_names_come_back(pipe, photos, path):
    plain = Pipeline([("vgg", pipe["features"]), ("dense", pipe["head"])])
    skface.save(plain, path)
    loaded = skface.load(path)
    assert type(loaded) is Pipeline
    assert list(loaded.named_steps) == ["vgg", "dense"]
    assert np.array_equal(loaded.predict(photos), plain.predict(photos))


def test_a_head_alone_comes_back(head, path):
    skface.save(head, path, target_names=NAMES)
    loaded = skface.load(path)
    X = np.random.default_rng(3).normal(size=(9, 6))
    assert np.array_equal(loaded.predict_proba(X), head.predict_proba(X))
    assert loaded.target_names_ == NAMES


def test_names_of_the_columns_of_y_come_back(path):
    rng = np.random.default_rng(0)
    y = pd.DataFrame(rng.integers(0, 2, (30, 3)), columns=NAMES)
    head = DenseHeadClassifier(0, epochs=1, random_state=0)
    skface.save(head.fit(rng.normal(size=(30, 6)), y), path)
    assert skface.load(path).target_names_in_.tolist() == NAMES


def test_labels_of_one_dimension_come_back(path):
    X = np.random.default_rng(0).normal(size=(30, 4))
    y = np.where(X[:, 0] > 0, "smiling", "serious")
    head = DenseHeadClassifier(0, epochs=2, random_state=0).fit(X, y)
    skface.save(head, path)
    assert skface.load(path).predict(X).tolist() == head.predict(X).tolist()


def test_one_target_of_a_regressor_keeps_its_shape(path):
    X = np.random.default_rng(0).normal(size=(30, 4))
    head = DenseHeadRegressor(0, epochs=2, random_state=0).fit(X, X[:, 0].clip(0, 1))
    skface.save(head, path)
    assert np.array_equal(skface.load(path).predict(X), head.predict(X))


@pytest.fixture
def changed(head):
    """A copy of a fitted head, to be changed."""
    changed = clone(head)
    changed.__setstate__(head.__getstate__())
    return changed


def test_every_fitted_attribute_is_carried(changed, path):
    changed.thresholds_ = np.array([0.1, 1 / 3, 0.9])
    changed.calibration_ = np.array([[1 / 3, -7e-300], [2, 0], [1, 1]])
    skface.save(changed, path)
    loaded = skface.load(path)
    np.testing.assert_array_equal(loaded.thresholds_, changed.thresholds_)
    np.testing.assert_array_equal(loaded.calibration_, changed.calibration_)
    assert vars(loaded).keys() == vars(changed).keys()


def test_what_load_would_refuse_is_not_written(changed, path):
    changed.rates_ = {"Bald": 0.1}
    with pytest.raises(
        SavedFileError,
        match=r"faces.skface: is not written, .* again: names a fitted attribute 'r",
    ):
        skface.save(changed, path)
    assert not path.exists()


def test_pandas_output_comes_back(pipe, photos, path):
    framed = clone(pipe).set_output(transform="pandas")
    framed.fit(photos, np.tile([[0, 1, 0], [1, 0, 1]], (12, 1)))
    skface.save(framed, path)
    loaded = skface.load(path)
    assert loaded[:-1].transform(photos[:2]).columns[0] == "block1_pool_0_0_0"
    assert np.array_equal(
        loaded["head"].feature_names_in_, framed["head"].feature_names_in_
    )


def test_the_file_is_as_large_as_the_weights_of_its_head(path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 3000)), rng.integers(0, 2, (8, 40))
    head = DenseHeadClassifier(0, epochs=1, early_stopping=False).fit(X, y)
    skface.save(head, path)
    n_bytes = sum(weight.nbytes for weight in head.model_.get_weights())
    assert path.stat().st_size < 1.1 * n_bytes


def test_the_same_pipeline_gives_the_same_bytes(pipe, tmp_path):
    for name in ("a", "b"):
        skface.save(pipe, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_weights_are_plain_arrays(pipe, path):
    skface.save(pipe, path)
    with zipfile.ZipFile(path) as file, file.open("weights_0.npy") as member:
        array = np.load(member, allow_pickle=False)
    assert np.array_equal(array, pipe["head"].model_.get_weights()[0])
    assert array.dtype == np.float32


def test_a_file_of_the_first_format_is_read():
    known = np.load(DATA / "saved-1-predictions.npz")
    loaded = skface.load(DATA / "saved-1.skface")
    assert loaded.target_names_ == NAMES
    probabilities = loaded.predict_proba(known["photos"])
    np.testing.assert_allclose(probabilities, known["probabilities"], atol=1e-4)
    assert np.array_equal(loaded.predict(known["photos"]), known["labels"])


def test_folders_of_the_writer_are_not_in_the_file(pipe, photos, path, tmp_path):
    cached = clone(pipe).set_params(
        features__cache_dir=tmp_path / "store",
        head__checkpoint_path=tmp_path / "best.npz",
    )
    cached.fit(photos, np.tile([[0, 1, 0], [1, 0, 1]], (12, 1)))
    skface.save(cached, path)
    assert str(tmp_path) not in json.dumps(manifest_of(path))
    loaded = skface.load(path)
    assert loaded["features"].cache_dir is None
    assert loaded["head"].checkpoint_path is None


def test_the_reader_says_where_features_are_kept(pipe, photos, path, tmp_path):
    skface.save(pipe, path)
    loaded = skface.load(path, cache_dir=tmp_path / "store")
    assert np.array_equal(loaded.predict(photos), pipe.predict(photos))
    assert len(skface.FeatureStore(tmp_path / "store")) == len(photos)


def test_folders_for_a_head_alone_are_refused(head, path, tmp_path):
    skface.save(head, path)
    with pytest.raises(ParameterError, match="holds a head alone"):
        skface.load(path, cache_dir=tmp_path)


@pytest.fixture
def weights_file(tmp_path, monkeypatch):
    """A file that counts as VGG19 weights, as only its hash is looked at."""
    file = tmp_path / "vgg19.h5"
    file.write_bytes(b"the bytes of a network")
    monkeypatch.setattr("skface.features._vgg19.get_network", None)
    return file


def reading_with(weights, pipe):
    """The head of a pipeline behind other weights, with as many features."""
    features = VGG19Features(weights, "block1_pool", "avg", input_size=32)
    return Pipeline([("features", features), ("head", pipe["head"])])


@pytest.fixture
def with_file(pipe, path, weights_file):
    """A pipeline saved with weights from a file."""
    skface.save(reading_with(weights_file, pipe), path)
    return path


def test_a_weights_file_is_referred_to_by_path_and_hash(with_file, weights_file):
    assert skface.load(with_file)["features"].weights == str(weights_file)
    assert weights_file.read_bytes() not in with_file.read_bytes()


def test_weights_that_moved_are_asked_for(with_file, weights_file, tmp_path):
    moved = weights_file.rename(tmp_path / "moved.h5")
    with pytest.raises(
        WeightsError, match=r"faces.skface: .*vgg19.h5: no such .*weights=\.\.\."
    ):
        skface.load(with_file)
    assert skface.load(with_file, weights=moved)["features"].weights == moved


def test_weights_that_changed_are_refused(with_file, weights_file):
    weights_file.write_bytes(b"others")
    with pytest.raises(WeightsError, match="holds other weights, whose sha256 is"):
        skface.load(with_file)


def test_weights_of_another_kind_are_refused(pipe, path, weights_file):
    skface.save(pipe, path)
    with pytest.raises(WeightsError, match="holds other weights"):
        skface.load(path, weights=weights_file)


def test_packaged_weights_of_another_version_are_refused(pipe, path, monkeypatch):
    skface.save(pipe, path)
    monkeypatch.setattr(_weights, "synthetic_digest", lambda: "0" * 64)
    with pytest.raises(WeightsError, match="synthetic: holds other weights"):
        skface.load(path)


@pytest.fixture
def with_imagenet(pipe, path):
    skface.save(reading_with("imagenet", pipe), path)
    return path


@pytest.fixture
def get_file(monkeypatch):
    """What stands in for Keras' download."""

    def stand_in(function):
        monkeypatch.setattr("keras.utils.get_file", function)

    _weights._imagenet_file.cache_clear()
    yield stand_in
    _weights._imagenet_file.cache_clear()


def test_imagenet_weights_that_cannot_be_downloaded_are_told(with_imagenet, get_file):
    def fail(**options):
        raise OSError("no network")

    get_file(fail)
    with pytest.raises(WeightsError, match=r"cannot be downloaded \(no network\)"):
        skface.load(with_imagenet)


def test_a_copy_of_the_imagenet_file_is_known_by_its_hash(
    pipe, path, weights_file, monkeypatch
):
    md5 = hashlib.md5(weights_file.read_bytes()).hexdigest()
    monkeypatch.setattr(_weights, "_IMAGENET", f"md5:{md5}")
    skface.save(reading_with("imagenet", pipe), path)
    loaded = skface.load(path, weights=weights_file)
    assert loaded["features"].weights == weights_file


def test_another_file_than_that_of_imagenet_is_refused(with_imagenet, weights_file):
    with pytest.raises(WeightsError, match="holds other weights, whose md5 is"):
        skface.load(with_imagenet, weights=weights_file)


def test_what_is_no_pipeline_of_skface_is_refused(pipe, head, path):
    others = [
        StandardScaler(),
        make_pipeline(StandardScaler(), head),
        make_pipeline(pipe["features"], StandardScaler(), head),
        GridSearchCV(head, {}),
        pipe["features"],
        type("Mine", (DenseHeadClassifier,), {})(),
        None,
    ]
    for other in others:
        with pytest.raises(ParameterError, match="takes a head of skface, or a Pipel"):
            skface.save(other, path)
    assert not path.exists()


def test_an_unfitted_pipeline_is_refused(pipe, path):
    with pytest.raises(NotFittedError):
        skface.save(clone(pipe), path)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("head__random_state", np.random.RandomState(0)),
        ("features__layer", {"block1_pool"}),
        ("head__l2", 1j),
    ],
)
def test_a_parameter_that_is_no_data_is_named(fitted, path, parameter, value):
    saved = clone(fitted["bbox"])
    saved.steps[1] = ("head", clone(fitted["bbox"]["head"]))
    saved["head"].__setstate__(fitted["bbox"]["head"].__getstate__())
    saved.set_params(**{parameter: value})
    name = parameter.replace("__", r"\.")
    with pytest.raises(ParameterError, match=f"^{name} is a .* cannot be written"):
        skface.save(saved, path)


def test_a_folder_that_is_missing_is_named(pipe, tmp_path):
    with pytest.raises(SavedFileError, match=r"nowhere/faces.skface: cannot be wri"):
        skface.save(pipe, tmp_path / "nowhere" / "faces.skface")


@pytest.mark.parametrize("name", [".", "folder"])
def test_a_path_that_cannot_be_a_file_is_refused(pipe, tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(SavedFileError, match="cannot be written"):
        skface.save(pipe, tmp_path / name)


def test_a_path_with_a_nul_is_refused(pipe, tmp_path):
    with pytest.raises(ParameterError, match="path must be the path of a file, got"):
        skface.save(pipe, tmp_path / "a\0b")


def test_a_failed_save_leaves_the_file_that_was_there(
    pipe, head, path, tmp_path, monkeypatch
):
    skface.save(head, path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SavedFileError, match=r"No space left.*free some space"):
        skface.save(pipe, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_save_leaves_the_file_that_was_there(
    pipe, head, path, tmp_path, monkeypatch
):
    skface.save(head, path)
    before = path.read_bytes()

    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "write_array", interrupt)
    with pytest.raises(KeyboardInterrupt):
        skface.save(pipe, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_more_text_than_is_read_again_is_not_written(head, path, monkeypatch):
    monkeypatch.setattr(_archive, "_MOST_TEXT_BYTES", 100)
    with pytest.raises(
        SavedFileError, match=r"pipeline.json has .* bytes, more than 100"
    ):
        skface.save(head, path)
    assert not path.exists()


VALUES = {
    "none": None,
    "bool": True,
    "int": -(2**70),
    "float": 1 / 3,
    "text": "Größe \udcff \0",
    "list": [1, [2.5]],
    "tuple": ((1, 2), "x"),
    "dict": {"a": {"b": 1}},
    "dict of other keys": {0: 1.5, "x": None, (1, 2): "y", "$tuple": 3},
    "empty": [(), [], {}],
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_plain_data_goes_through_json_and_back(value):
    back = from_json(json.loads(json.dumps(to_json(value, "x"))), "x")
    assert back == value
    assert type(back) is type(value)


ARRAYS = [
    np.array([0.1, np.nan, -np.inf], np.float32),
    np.array([[1, 2**63]], np.uint64),
    np.array([True, False]),
    np.array(["a", "bc"]),
    np.array(["a", "bc"], object),
    np.zeros((0, 3), np.float16),
    np.array(2.5),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype))
def test_arrays_go_through_json_and_back(array):
    back = from_json(json.loads(json.dumps(to_json(array, "x"), allow_nan=False)), "x")
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize(
    ("scalar", "expected"),
    [(np.float64(0.1), 0.1), (np.int32(7), 7), (np.bool_(True), True)],
)
def test_scalars_of_numpy_become_pythons(scalar, expected):
    back = to_json(scalar, "x")
    assert back == expected
    assert type(back) is type(expected)


@pytest.mark.parametrize(
    "value", [object(), b"x", {1, 2}, np.array([object()]), np.array([1j]), len]
)
def test_what_is_no_data_is_refused(value):
    with pytest.raises(ParameterError, match=r"x is a .*cannot be written as plain"):
        to_json([{"deep": (value,)}], "x")


@pytest.mark.parametrize(
    "value",
    [
        {"$object": "os.system"},
        {"$float": "1e400"},
        {"$tuple": 3},
        {"$array": {"dtype": "object", "shape": [1], "values": [1]}},
        {"$array": {"dtype": "<U1000000000", "shape": [1], "values": ["x"]}},
        {"$array": {"dtype": "float64", "shape": [1], "values": ["x"]}},
    ],
    ids=str,
)
def test_what_to_json_does_not_write_is_refused(value):
    with pytest.raises(SavedFileError):
        from_json(value, "x")


TARGETS = {
    "none": (None, 4),
    "name": ("landmarks", 10),
    "boxes": (BBOX, 4),
    "points": (Landmarks(("a", "b", "c"), (("a", "b"),), ("b", "c")), 6),
    "attributes": (Attributes(("Smiling", "Young")), 2),
    "open attributes": (Attributes(), 3),
    "tuple": (("bbox", Attributes(("Smiling",))), 5),
    "joint": (Joint((BBOX, Joint((LANDMARKS, Attributes(("Young",)))))), 15),
}


@pytest.mark.parametrize(("target", "n_outputs"), TARGETS.values(), ids=TARGETS.keys())
def test_the_target_comes_back(path, untraced, target, n_outputs):
    X = np.random.default_rng(0).normal(size=(12, 3))
    y = np.random.default_rng(1).uniform(0.1, 1, (12, n_outputs))
    head = DenseHeadRegressor(
        0, epochs=1, early_stopping=False, target=target, random_state=0
    ).fit(X, y)
    skface.save(head, path)
    loaded = skface.load(path)
    assert loaded.target == target
    assert type(loaded.target) is type(target)
    assert np.array_equal(loaded.predict(X), head.predict(X))


def test_a_target_is_plain_data_in_the_file():
    points = Landmarks(("a", "b"), (("a", "b"),), ("a", "b"))
    assert to_json(points, "target") == {
        "$target": {
            "name": "landmarks",
            "points": {"$tuple": ["a", "b"]},
            "pairs": {"$tuple": [{"$tuple": ["a", "b"]}]},
            "eyes": {"$tuple": ["a", "b"]},
        }
    }


class Points(Landmarks):
    """A target of somebody else's."""


def test_a_target_of_another_class_is_refused():
    with pytest.raises(ParameterError, match="target is a Points, which cannot be wr"):
        to_json(Points(), "target")


def test_landmarks_of_skface_0_1_are_read():
    known = np.load(DATA / "saved-1-landmarks-predictions.npz")
    loaded = skface.load(DATA / "saved-1-landmarks.skface")
    assert loaded["head"].target == "landmarks"
    assert loaded.mirror == "fit+predict"
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)  # nothing is guessed
        points = loaded.predict(known["photos"])
    np.testing.assert_allclose(points, known["points"], atol=1e-5)
    score = loaded.score(known["photos"], known["points"] + 0.01)
    assert score == pytest.approx(known["score"], abs=1e-4)


def test_what_belongs_to_the_machine_stays_there(pipe, path):
    features = clone(pipe["features"]).set_params(n_jobs=2, verbose=1)
    skface.save(Pipeline([("vgg", features), ("head", pipe["head"])]), path)
    assert not {"n_jobs", "verbose", "cache_dir"} & {
        *manifest_of(path)["estimator"]["steps"][0][1]["params"]
    }
    loaded = skface.load(path)["vgg"]
    assert (loaded.n_jobs, loaded.verbose) == (None, 0)


def test_loading_builds_no_vgg19_for_imagenet(with_imagenet, get_file, monkeypatch):
    asked = []
    get_file(lambda **options: asked.append(options["origin"].rpartition("/")[2]))
    monkeypatch.setattr("keras.applications.VGG19", None)
    for _ in range(2):
        assert skface.load(with_imagenet)["features"].weights == "imagenet"
    assert asked == ["vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"]


def test_a_weights_file_is_read_once_in_a_process(pipe, path, weights_file, opened):
    time.sleep(0.1)  # what is younger may change within a tick of its clock
    skface.save(reading_with(weights_file, pipe), path)
    for _ in range(3):
        skface.load(path)
    assert [str(each) for each in opened].count(str(weights_file)) == 1


def test_saving_keeps_the_permissions_of_a_private_file(head, path):
    path.touch(mode=0o600)
    skface.save(head, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_saving_over_a_link_writes_the_file_that_it_leads_to(head, path, tmp_path):
    (tmp_path / "link").symlink_to(path)
    skface.save(head, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert np.array_equal(skface.load(path).thresholds_, head.thresholds_)


TREES = [
    "a second look",
    "aligned by a pipeline",
    "aligned by a second look",
    "aligned in a plain pipeline",
]


@pytest.mark.parametrize("tree", TREES)
def test_estimators_in_estimators_predict_bit_for_bit(trees, photos, path, tree):
    skface.save(trees[tree], path)
    loaded = skface.load(path)
    assert type(loaded) is type(trees[tree])
    assert np.array_equal(loaded.predict(photos), trees[tree].predict(photos))
    if hasattr(loaded, "predict_proba"):
        expected = trees[tree].predict_proba(photos)
        assert np.array_equal(loaded.predict_proba(photos), expected)


def test_the_parameters_of_a_second_look_come_back(look, path):
    skface.save(look, path)
    loaded = skface.load(path)
    assert repr(loaded.get_params()) == repr(look.get_params())
    assert (loaded.n_looks, loaded.second["head"].n_units) == (2, 4)


def test_a_loaded_second_look_can_be_cloned_and_fitted(look, photos, path):
    skface.save(look, path)
    loaded = skface.load(path)
    assert loaded.first is not loaded.first_
    for pipe in (loaded.first, loaded.second):
        with pytest.raises(NotFittedError):
            pipe.predict(photos)
    y = np.random.default_rng(2).uniform(0.2, 0.8, (24, 10))
    again = clone(loaded).fit(photos, y)
    assert np.array_equal(again.predict(photos), look.predict(photos))


def test_the_faces_of_a_loaded_pipeline_are_aligned_as_before(trees, path):
    skface.save(trees["aligned by a pipeline"], path)
    align = skface.load(path)["align"]
    assert align.template == "face"
    assert align.landmarks["head"].target == "landmarks"


def test_arrays_are_named_by_what_leads_to_them(trees, path):
    skface.save(trees["aligned by a second look"], path)
    with zipfile.ZipFile(path) as file:
        names = {name.rpartition("_")[0] for name in file.namelist()}
    assert names == {
        "weights",
        "landmarks.first.weights",
        "landmarks.second.weights",
        "",  # pipeline.json and SHA256SUMS
    }


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        ("a second look", [f"point {number}" for number in range(10)]),
        ("aligned by a second look", NAMES),
    ],
)
def test_names_are_those_of_the_outermost_y(trees, path, tree, names):
    skface.save(trees[tree], path, target_names=names)
    assert skface.load(path).target_names_ == names
    with pytest.raises(InputError, match=f"1 names for {len(names)} targets"):
        skface.save(trees[tree], path, target_names=["one"])


def vgg19s(pipe):
    """Every VGG19Features of a pipeline that a second look aligns."""
    look = pipe["align"].landmarks
    parts = (pipe, look.first, look.first_, look.second, look.second_)
    return [part["features"] for part in parts]


def test_the_folders_of_the_reader_reach_every_vgg19(trees, photos, path, tmp_path):
    skface.save(trees["aligned by a second look"], path)
    store = tmp_path / "store"
    loaded = skface.load(path, weights="synthetic", cache_dir=store)
    assert [each.cache_dir for each in vgg19s(loaded)] == [store] * 5


def test_folders_of_the_writer_stay_at_every_level(trees, path, tmp_path):
    tree = trees["aligned by a second look"]
    settings = [(each, "cache_dir", tmp_path / "store") for each in vgg19s(tree)]
    settings += [(each, "n_jobs", 2) for each in vgg19s(tree)]
    with pytest.MonkeyPatch.context() as patch:
        for features, name, value in settings:
            patch.setattr(features, name, value)
        skface.save(tree, path)
    assert str(tmp_path) not in json.dumps(manifest_of(path))
    loaded = [(each.cache_dir, each.n_jobs) for each in vgg19s(skface.load(path))]
    assert loaded == [(None, None)] * 5


@pytest.fixture
def looking_with_file(fitted, path, weights_file):
    """A pipeline saved on packaged weights, whose landmarks are read with a file's."""
    landmarks = reading_with(weights_file, fitted["landmarks"])
    skface.save(aligned(fitted["attributes"], landmarks), path)
    return path


def test_each_vgg19_keeps_its_own_weights(looking_with_file, weights_file):
    loaded = skface.load(looking_with_file)
    assert loaded["features"].weights == "synthetic"
    assert loaded["align"].landmarks["features"].weights == str(weights_file)


def test_the_weights_of_each_vgg19_are_looked_at(looking_with_file, weights_file):
    with pytest.raises(WeightsError, match="synthetic: holds other weights"):
        skface.load(looking_with_file, weights="synthetic")
    weights_file.write_bytes(b"others")
    with pytest.raises(WeightsError, match=r"vgg19.h5: holds other weights"):
        skface.load(looking_with_file)


def test_what_is_not_fitted_in_a_pipeline_is_refused(fitted, look, path):
    unfitted = [
        clone(look),
        aligned(fitted["attributes"], clone(look)),
        aligned(fitted["attributes"], clone(fitted["landmarks"])),
    ]
    for tree in unfitted:
        with pytest.raises(NotFittedError):
            skface.save(tree, path)


def with_second(look, second):
    """A fitted look whose second one is another."""
    other = clone(look)
    other.first_, other.second_ = look.first_, second
    return other


def test_what_holds_something_else_is_refused(fitted, look, head, path):
    pipe, landmarks = fitted["attributes"], fitted["landmarks"]
    others = {
        "AlignedFaces": AlignedFaces(landmarks),
        r"SecondLook of \['FacePipeline', 'DenseHeadClassifier'\]": with_second(
            look, head
        ),
        r"SecondLook of \['FacePipeline', 'SecondLook'\]": with_second(look, look),
        r"align\.AlignedFaces of \['DenseHeadClassifier'\]": aligned(pipe, head),
        r"align\.AlignedFaces of \['GridSearchCV'\]": aligned(
            pipe, GridSearchCV(landmarks, {})
        ),
    }
    for what, other in others.items():
        with pytest.raises(ParameterError, match=f"SecondLook of two .*, not {what}: "):
            skface.save(other, path)
    assert not path.exists()


def test_landmarks_that_are_none_are_not_written(fitted, path):
    tree = aligned(fitted["attributes"], fitted["bbox"])
    with pytest.raises(SavedFileError, match="align: finds boxes to align faces by"):
        skface.save(tree, path)
    assert not path.exists()


def test_looks_at_two_things_are_not_written(fitted, look, path):
    with pytest.raises(SavedFileError, match="its looks find landmarks and boxes"):
        skface.save(with_second(look, fitted["bbox"]), path)


def test_a_parameter_deep_inside_that_is_no_data_is_named(fitted, look, path):
    pipe = fitted["landmarks"]
    features = clone(pipe["features"]).set_params(layer={"block1_pool"})
    second = FacePipeline([("features", features), ("head", pipe["head"])])
    tree = aligned(fitted["attributes"], with_second(look, second))
    with pytest.raises(
        ParameterError, match=r"^align\.landmarks\.second\.features\.layer is a set, "
    ):
        skface.save(tree, path)


def test_a_file_of_estimators_in_estimators_is_read():
    known = np.load(DATA / "saved-1-looks-predictions.npz")
    loaded = skface.load(DATA / "saved-1-looks.skface")
    assert loaded.target_names_ == NAMES
    look = loaded["align"].landmarks
    assert type(look) is SecondLook
    np.testing.assert_allclose(
        look.predict(known["photos"]), known["points"], atol=1e-4
    )
    probabilities = loaded.predict_proba(known["photos"])
    np.testing.assert_allclose(probabilities, known["probabilities"], atol=1e-3)
