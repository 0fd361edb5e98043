"""Files that pretend to be of skface.save: each kind is refused, none is executed."""

import hashlib
import io
import json
import os
import pickle
import stat
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import skface
from skface.exceptions import SavedFileError, WeightsError

GOOD = Path(__file__).parent / "data" / "saved-1.skface"
TEXTS = ("pipeline.json", "SHA256SUMS")


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.fixture
def mark(tmp_path):
    """A file that no test may leave behind."""
    yield tmp_path / "executed"
    assert not (tmp_path / "executed").exists()


@pytest.fixture
def members():
    """The contents of a good file by member name, to be changed."""
    with zipfile.ZipFile(GOOD) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hostile.skface"


@pytest.fixture
def refuses(path):
    """Write members, their sums right again, and assert that the file is refused."""

    def refuses(members, match, sums=True):
        if sums:
            members["SHA256SUMS"] = sums_of(members)
        with zipfile.ZipFile(path, "w") as file:
            for name, content in members.items():
                file.writestr(name, content)
        load_refuses(path, match)

    return refuses


def load_refuses(path, match):
    with pytest.raises(SavedFileError, match=match) as caught:
        skface.load(path)
    assert str(caught.value).startswith(f"{path}: ")


def sums_of(members):
    lines = [
        f"{hashlib.sha256(content).hexdigest()}  {getattr(name, 'filename', name)}\n"
        for name, content in members.items()
        if name != "SHA256SUMS"
    ]
    return "".join(lines).encode()


@pytest.fixture
def manifest(members):
    """Change what pipeline.json says."""

    def change(*keys, value):
        content = json.loads(members["pipeline.json"])
        *parents, last = keys
        record = content
        for key in parents:
            record = record[key]
        record[last] = value
        members["pipeline.json"] = json.dumps(content).encode()
        return members

    return change


HEAD = ("estimator", "steps", 1, 1)
FEATURES = ("estimator", "steps", 0, 1)


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def test_the_file_that_these_tests_change_is_good():
    assert skface.load(GOOD).target_names_ == ["Bald", "Smiling", "Young"]


def test_a_pickle_in_the_place_of_the_file(path, mark):
    path.write_bytes(pickle.dumps(Bomb(mark)))
    load_refuses(path, "is no file of skface.save, or is truncated")


def test_a_pickle_as_a_member(members, refuses, mark):
    refuses(
        {**members, "pipeline.pkl": pickle.dumps(Bomb(mark))},
        "unexpected member 'pipeline.pkl'",
    )


def test_a_pickle_as_an_array(members, refuses, mark):
    members["weights_0.npy"] = pickle.dumps(Bomb(mark))
    refuses(members, "cannot be read .*magic string")


def test_pickled_objects_in_an_array(members, refuses, mark):
    bombs = np.full((128, 8), Bomb(mark), object)
    members["weights_0.npy"] = npy(bombs, allow_pickle=True)
    refuses(members, "weights_0.npy holds pickled objects, not numbers")


def test_a_keras_model_with_a_lambda_layer(members, refuses, tmp_path, mark):
    keras = pytest.importorskip("keras")
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Lambda(lambda x, path=str(mark): x)]
    )
    model.save(tmp_path / "model.keras")
    refuses(
        {**members, "model.keras": (tmp_path / "model.keras").read_bytes()},
        "unexpected member 'model.keras'",
    )


def test_a_keras_model_in_the_place_of_the_file(path, tmp_path):
    keras = pytest.importorskip("keras")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).save(
        tmp_path / "model.keras"
    )
    (tmp_path / "model.keras").rename(path)
    load_refuses(path, "is a path, or no name|it has no SHA256SUMS")


@pytest.mark.parametrize(
    "activation",
    [
        "exponential",
        {"class_name": "Lambda", "config": {"function": "os.system"}},
        {"module": "os", "class_name": "system", "config": {}},
    ],
    ids=str,
)
def test_an_activation_that_keras_would_build(manifest, refuses, activation):
    members = manifest(*HEAD, "architecture", "output_activation", value=activation)
    refuses(members, "its network cannot have output_activation=")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        "folder/weights_0.npy",
        r"..\weights_0.npy",
        "C:weights_0.npy",
        "weights_0.npy\0.txt",
        "weights 0.npy",
        "gewichte_ü.npy",
        "",
    ],
)
def test_a_member_whose_name_is_a_path(members, path, name):
    with zipfile.ZipFile(path, "w") as file:
        for good, content in members.items():
            file.writestr(good, content)
        evil = zipfile.ZipInfo("evil")
        evil.filename = evil.orig_filename = name
        file.writestr(evil, b"x")
    load_refuses(path, "the name of its member .* is a path, or no name")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO])
def test_a_member_that_is_a_link(members, refuses, kind):
    link = zipfile.ZipInfo("weights_0.npy")
    link.external_attr = (kind | 0o777) << 16
    del members["weights_0.npy"]
    refuses({**members, link: b"/etc/passwd"}, "'weights_0.npy' is a link, or no plain")


def test_two_members_of_one_name(members, path):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("weights_0.npy", b"x")
    load_refuses(path, "holds two members named 'weights_0.npy'")


def test_an_encrypted_member(path):
    content = bytearray(GOOD.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1
    path.write_bytes(content)
    load_refuses(path, "is encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unknown_compression(members, path, method):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    load_refuses(path, "is compressed in an unknown way")


def test_a_compressed_array(members, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    load_refuses(path, "weights_0.npy announces .* or compressed")


@pytest.mark.parametrize("name", TEXTS)
def test_a_bomb_of_text(members, path, name):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for good, content in members.items():
            file.writestr(good, content if good != name else b" " * (2**24 + 1))
    assert path.stat().st_size < 100_000
    load_refuses(path, f"{name} announces 16,777,217 bytes, more than")


def test_a_bomb_of_text_that_announces_less(members, path):
    bomb = b" " * 2**22
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, bomb if name == "SHA256SUMS" else content)
    content = path.read_bytes()
    announced = len(bomb).to_bytes(4, "little")
    path.write_bytes(content.replace(announced, (1000).to_bytes(4, "little")))
    load_refuses(path, "is truncated or damaged .*CRC")


def test_an_array_larger_than_its_network(members, refuses):
    members["weights_1.npy"] = npy(np.zeros(10_000, np.float32))
    refuses(members, r"weights_1.npy announces 40,128 bytes: more than the 4,160")


def test_members_that_lie_over_each_other(path):
    """Many entries of the directory, one content: D. Fifield's bomb, WOOT 2019."""
    content = bytearray(GOOD.read_bytes())
    size = 10**9
    entry = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    content[entry + 20 : entry + 28] = 2 * size.to_bytes(4, "little")
    path.write_bytes(content)
    load_refuses(path, "announce more bytes than the file has|Overlapped")


@pytest.mark.parametrize("field", ["n_units", "n_features", "n_outputs", "n_layers"])
def test_a_network_larger_than_its_arrays(manifest, refuses, field):
    members = manifest(*HEAD, "architecture", field, value=10**12)
    refuses(
        members, "network cannot have n_|as for its ne|holds 4 arrays for 10{11}1 lay"
    )


@pytest.mark.parametrize("aspect", [0, -1.0, 1e9, "1.2", True, [1.2]])
def test_a_shape_of_photos_that_is_none(manifest, refuses, aspect):
    refuses(manifest("estimator", "aspect", value=aspect), "its aspect must be a photo")


@pytest.mark.parametrize("n_units", [7, 9, 100_000])
def test_a_network_of_another_width_than_its_arrays(manifest, refuses, n_units):
    members = manifest(*HEAD, "architecture", "n_units", value=n_units)
    refuses(members, rf"floats of shape \(128, {n_units}\) belong|than the 4,.* takes")


def test_an_array_whose_header_claims_more_than_it_has(members, refuses):
    members["weights_1.npy"] = npy(np.zeros(8, np.float32))[:-4]
    refuses(members, "weights_1.npy holds float32 of shape")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((8, 128), np.float32),
        np.zeros((128, 8), np.int32),
        np.zeros((128, 8), "S4"),
        np.zeros((128, 8), [("a", np.float32)]),
        np.zeros((128, 8), np.complex64),
        np.asfortranarray(np.zeros((128, 8), np.float32)),
    ],
    ids=["shape", "ints", "bytes", "records", "complex", "order"],
)
def test_an_array_of_another_kind(members, refuses, array):
    members["weights_0.npy"] = npy(array)
    refuses(members, r"weights_0.npy holds .*floats of shape \(128, 8\) belong")


def test_an_array_file_of_another_version(members, refuses):
    content = bytearray(members["weights_0.npy"])
    content[6] = 3
    members["weights_0.npy"] = bytes(content)
    refuses(members, r"weights_0.npy is no .npy file of version 1.0")


@pytest.mark.parametrize("name", ["weights_0.npy", "pipeline.json"])
def test_a_changed_member_with_the_old_hash(members, refuses, name):
    members[name] = members[name].replace(b"0", b"1")
    refuses(members, f"the SHA-256 of {name} is not that in SHA256SUMS", sums=False)


@pytest.mark.parametrize("change", ["one too few", "one too many", "one twice"])
def test_sums_of_other_members(members, refuses, change):
    lines = members["SHA256SUMS"].splitlines(keepends=True)
    lines = {
        "one too few": lines[1:],
        "one too many": [*lines, b"0" * 64 + b"  other.npy\n"],
        "one twice": [*lines, lines[0]],
    }[change]
    members["SHA256SUMS"] = b"".join(lines)
    refuses(members, "SHA256SUMS does not name every other member once", sums=False)


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_without_its_text(members, path, name):
    del members[name]
    with zipfile.ZipFile(path, "w") as file:
        for other, content in members.items():
            file.writestr(other, content)
    load_refuses(path, f"it has no {name}|does not name every other member")


def test_a_missing_array(members, refuses):
    del members["weights_3.npy"]
    refuses(members, "holds 3 arrays, but describes 4")


def test_an_array_too_many(members, refuses):
    refuses({**members, "weights_4.npy": b""}, "unexpected member 'weights_4.npy'")


def test_a_newer_format(manifest, refuses):
    members = manifest("format", value=2)
    refuses(members, "has the format 2, of a newer skface.*: upgrade skface")


@pytest.mark.parametrize("value", [None, "1", 1.0, True])
def test_a_format_that_is_no_number(manifest, refuses, value):
    refuses(manifest("format", value=value), r"pipeline\.json names no format")


@pytest.mark.parametrize("keys", [("estimator",), FEATURES, HEAD], ids=str)
@pytest.mark.parametrize("name", ["os.system", "FeatureStore", "type", ""])
def test_an_unknown_class(manifest, refuses, keys, name):
    refuses(manifest(*keys, "class", value=name), f"names the class '{name}'")


def test_a_pipeline_of_more_steps(manifest, refuses):
    steps = json.loads(manifest("target_names", value=None)["pipeline.json"])
    steps = steps["estimator"]["steps"]
    refuses(manifest("estimator", "steps", value=steps * 2), "not of two steps")


def test_an_unknown_parameter(manifest, refuses):
    members = manifest(*HEAD, "params", "callback", value="os.system")
    refuses(members, "sets the parameter 'callback', which Dense.* upgrade skface")


def test_steps_beside_the_steps(manifest, refuses):
    members = manifest("estimator", "params", "steps", value=[["head", "os.system"]])
    refuses(members, "sets the parameter 'steps', which FacePipeline")


def test_a_parameter_of_no_such_value(manifest, refuses):
    members = manifest(*HEAD, "params", "n_units", value="many")
    refuses(members, "The 'n_units' parameter of DenseHeadClassifier must be an int")


@pytest.mark.parametrize("name", ["predict", "__class__", "_outputs", "a b", "n_units"])
def test_a_fitted_attribute_that_hides_another(manifest, refuses, name):
    members = manifest(*HEAD, "fitted", name, value=1)
    refuses(members, f"names a fitted attribute '{name}'")


def test_fitted_attributes_with_which_nothing_is_predicted(manifest, refuses):
    members = manifest(*HEAD, "fitted", "thresholds_", value="many")
    refuses(members, "cannot be read")


def test_fitted_attributes_with_which_something_else_is_predicted(manifest, refuses):
    members = manifest(*HEAD, "fitted", "_y_ndim", value=1)
    refuses(members, "'_y_ndim' cannot be read: it must be 2, or 1 with one output")


def test_names_for_other_targets(manifest, refuses):
    members = manifest("target_names", value=["Bald"])
    refuses(members, "target_names has 1 names for 3 targets")


def test_weights_without_a_hash(manifest, path, refuses):
    refuses(manifest(*FEATURES, "weights_identity", value=None), "cannot be read")
    members = manifest(*FEATURES, "weights_identity", value={})
    with pytest.raises(WeightsError, match="cannot be told to be the weights"):
        refuses(members, "weights")


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"format": NaN}', b'{"format": 1}'],
    ids=["empty", "list", "cut", "no text", "deep", "NaN", "bare"],
)
def test_a_manifest_that_is_none(members, refuses, text):
    members["pipeline.json"] = text
    refuses(members, "cannot be read|names no format|which is no JSON")


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(path, share):
    content = GOOD.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    load_refuses(path, "is no file of skface.save, or is truncated")


@pytest.mark.parametrize("content", [b"text", b"PK\x03\x04", bytes(10_000)])
def test_a_file_that_is_no_archive(path, content):
    path.write_bytes(content)
    load_refuses(path, "is no file of skface.save, or is truncated")


def test_a_flipped_byte_anywhere_in_an_array(path):
    content = bytearray(GOOD.read_bytes())
    content[content.index(b"NUMPY") + 300] ^= 1
    path.write_bytes(content)
    load_refuses(path, "damaged .*CRC")


def test_an_archive_of_something_else(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")
    load_refuses(path, "is no file of skface.save: it has no SHA256SUMS")


def test_a_file_that_is_missing(path):
    load_refuses(path, "no such file")


def test_a_folder(tmp_path):
    load_refuses(tmp_path, "cannot be read .*directory")


@pytest.fixture
def refuses_cheaply(refuses):
    """Assert that refusing a file takes no more memory than a large sound one."""

    def refuses_cheaply(members, match):
        tracemalloc.start()
        try:
            refuses(members, match)
            assert tracemalloc.get_traced_memory()[1] < 200e6
        finally:
            tracemalloc.stop()

    return refuses_cheaply


def array(values, shape=None, dtype="float64"):
    """An array as pipeline.json has it."""
    shape = [len(values)] if shape is None else shape
    return {"$array": {"dtype": dtype, "shape": shape, "values": values}}


def nested(depth, tag=None):
    value = []
    for _ in range(depth):
        value = [value] if tag is None else {tag: [value]}
    return value


LARGE = {
    "one long text among many": array(["x" * 4000] + [""] * 100_000, dtype="str"),
    "a text longer than a path": "x" * 100_000,
    "many values": [0] * 2_000_000,
    "many texts": [""] * 2_000_000,
    "many lists": [[]] * 1_000_000,
    "deep lists": nested(800),
    "deep tuples": nested(400, "$tuple"),
    "a dict of many keys": {"$dict": [[n * (2**61 - 1), 0] for n in range(5000)]},
}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE.keys())
def test_a_value_that_takes_memory_or_time(manifest, refuses_cheaply, value):
    members = manifest(*HEAD, "fitted", "classes_", value=value)
    refuses_cheaply(
        members, "holds .* (values|str|deep|keys)|Recursion|would take more than 16,"
    )


@pytest.mark.parametrize("length", [10**9, 10**15, -1])
def test_an_array_in_json_that_declares_what_it_has_not(manifest, refuses, length):
    members = manifest(*HEAD, "fitted", "thresholds_", value=array([0.5], [length]))
    refuses(members, "thresholds_ is no array that skface.save writes")


def test_a_text_that_unpacks_to_more_than_it_announces(members, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            large = bytes(2**26) if name == "SHA256SUMS" else content
            file.writestr(name, large)
    content = path.read_bytes()
    announced = (2**26).to_bytes(4, "little")
    path.write_bytes(content.replace(announced, (1000).to_bytes(4, "little")))
    tracemalloc.start()
    try:
        load_refuses(path, "is truncated or damaged .*CRC")
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_an_archive_of_very_many_members(path):
    with zipfile.ZipFile(path, "w") as file:
        for number in range(3000):
            file.writestr(f"weights_{number}.npy", b"")
    load_refuses(path, "its directory announces .* bytes, more than 131,072")


def test_an_archive_with_a_comment(path):
    with zipfile.ZipFile(GOOD) as file, zipfile.ZipFile(path, "w") as other:
        for name in file.namelist():
            other.writestr(name, file.read(name))
        other.comment = b"PK\5\6 and more"
    load_refuses(path, "does not end as a zip archive of ours")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_pipe_is_not_waited_for(path):
    os.mkfifo(path)
    load_refuses(path, "it is a device or a pipe, no file")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_weights_that_are_no_numbers(members, refuses, value):
    weights = np.zeros(8)
    weights[3] = value
    members["weights_1.npy"] = npy(weights)
    refuses(members, "weights_1.npy holds NaN or infinity")


FITTED = {
    "thresholds_": [
        array([0.5, {"$float": "nan"}, 0.5]),
        array([0.5, 0.5, 1.5]),
        array([0.5, 0.5]),
        array([0, 1, 0], dtype="int64"),
        [0.5, 0.5, 0.5],
        None,
    ],
    "calibration_": [
        array([1.0, 0.0, {"$float": "inf"}, 0.0, 1.0, 0.0], [3, 2]),
        array([1.0, 0.0], [1, 2]),
        1.0,
    ],
    "classes_": [
        array([0, 1, 0, 1, 0, 2], [3, 2], "int64"),
        array([0, 1], [2], "int64"),
        None,
    ],
    "history_": [{"loss": [0.5]}, {"loss": ["x"] * 60}, []],
    "best_epoch_": [60, -1, 0.5, "1"],
    "n_epochs_": [0, True, "60"],
    "n_features_in_": [127, 128.0],
    "_n_outputs": [2],
    "_y_ndim": [1, 3, array([1, 2], dtype="int64")],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in FITTED.items() for value in values],
    ids=str,
)
def test_a_fitted_attribute_that_fit_does_not_set_so(manifest, refuses, name, value):
    members = manifest(*HEAD, "fitted", name, value=value)
    refuses(members, f"its fitted attribute '{name}' cannot be read: it must be ")


@pytest.mark.parametrize("name", FITTED)
def test_a_fitted_attribute_that_is_missing(members, manifest, refuses, name):
    record = json.loads(members["pipeline.json"])
    del record["estimator"]["steps"][1][1]["fitted"][name]
    members["pipeline.json"] = json.dumps(record).encode()
    refuses(members, f"has no fitted attribute '{name}'")


@pytest.mark.parametrize("name", ["rates_", "feature_names_in", "os"])
def test_a_fitted_attribute_that_is_unknown(manifest, refuses, name):
    members = manifest(*HEAD, "fitted", name, value=1)
    refuses(members, f"names a fitted attribute '{name}', which DenseHeadClassifier d")


PARAMETERS = {
    "mirror": ((), "mirror", "evil", "'mirror' parameter of FacePipeline must be"),
    "mirror of another type": ((), "mirror", True, "'mirror' parameter of FacePi"),
    "input_size": (FEATURES, "input_size", 60_000, "input_size must be 32"),
    "input_size, low": (FEATURES, "input_size", [1025, 32], r"side, got \[1025, 32\]"),
    "batch of rows": (HEAD, "batch_size", 10**9, "batch_size is 1,000,000,000, more"),
    "units": (HEAD, "n_units", 10**9, "n_units is 1,000,000,000, more than 131,072"),
    "layers": (HEAD, "n_layers", 10**6, "n_layers is 1,000,000, more than 1,000"),
    "layer": (
        FEATURES,
        "layer",
        "block3_pool",
        "give 256 features, its head takes 128",
    ),
    "no layer": (FEATURES, "layer", "block9_pool", "layer must be one or several of"),
    "pooling": (FEATURES, "pooling", {"$tuple": [2, 2]}, "give 512 features, its head"),
    "finer pooling": (FEATURES, "pooling", {"$tuple": [9, 9]}, "is finer than the 8x8"),
    "threshold": (
        HEAD,
        "threshold",
        array([0.5, {"$float": "nan"}, 0.5]),
        "its threshold must hold 3 probabilities",
    ),
    "one threshold": (HEAD, "threshold", {"$float": "nan"}, "'threshold' parameter of"),
    "mirrored features": (
        FEATURES,
        "mirror",
        True,
        r"\(mirror=True\).*fit the pipeline",
    ),
}


@pytest.mark.parametrize(
    ("step", "name", "value", "match"), PARAMETERS.values(), ids=PARAMETERS.keys()
)
def test_a_parameter_that_cannot_work(manifest, refuses, step, name, value, match):
    members = manifest(*(step or ("estimator",)), "params", name, value=value)
    refuses(members, match)


def test_a_batch_of_more_photos_than_memory_holds_is_read_as_smaller_ones(
    manifest, path
):
    members = manifest(*FEATURES, "params", "batch_size", value=10**6)
    members["SHA256SUMS"] = sums_of(members)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    assert skface.load(path)["features"].batch_size == 2**24 // 32**2


def test_a_parameter_of_a_megabyte_is_not_echoed(manifest, path, refuses):
    members = manifest(*HEAD, "params", "n_units", value=list(range(100_000)))
    refuses(members, "The 'n_units' parameter of DenseHeadClassifier must be an int")
    with pytest.raises(SavedFileError) as caught:
        skface.load(path)
    assert len(str(caught.value)) < 1000


def test_what_belongs_to_the_machine_is_not_taken(manifest, path, refuses, tmp_path):
    for step, name, value in [
        (FEATURES, "n_jobs", 20),
        (FEATURES, "verbose", 1),
        (FEATURES, "cache_dir", str(tmp_path / "store")),
        (HEAD, "checkpoint_path", str(tmp_path / "best.npz")),
        (HEAD, "verbose", 1),
        (("estimator",), "memory", str(tmp_path / "memory")),
        (("estimator",), "verbose", True),
    ]:
        members = manifest(*step, "params", name, value=value)
    members["SHA256SUMS"] = sums_of(members)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    params = skface.load(path).get_params()
    assert params["features__n_jobs"] is None
    assert params["features__cache_dir"] is params["head__checkpoint_path"] is None
    assert params["memory"] is None
    verbose = [params[name] for name in params if name.endswith("verbose")]
    assert verbose == [False, 0, 0]


@pytest.mark.parametrize("activation", ["linear", "softmax", None, ["sigmoid"]])
def test_an_activation_that_the_head_has_not(manifest, refuses, activation):
    members = manifest(*HEAD, "architecture", "output_activation", value=activation)
    refuses(members, "its network (ends in 'linear'|cannot have output_activation=)")


@pytest.mark.parametrize(
    ("field", "value"),
    [("dropout", 1.0), ("input_scale", 0.0), ("n_units", 0), ("n_features", 0)],
)
def test_a_network_that_cannot_be(manifest, refuses, field, value):
    members = manifest(*HEAD, "architecture", field, value=value)
    refuses(members, f"its network cannot have {field}={value}")


def test_a_network_of_which_something_is_missing(manifest, refuses):
    members = manifest(*HEAD, "architecture", value={"n_features": 128})
    refuses(members, "its network must have n_features, n_outputs, n_layers, n_units")


@pytest.mark.parametrize("value", [-5, 0])
def test_a_format_that_never_was(manifest, refuses, value):
    refuses(manifest("format", value=value), f"has the format {value}, which never was")


@pytest.mark.parametrize("names", ["abc", [1, 2, 3], {"a": 1}, [["a"], "b", "c"]])
def test_names_that_are_none(manifest, refuses, names):
    refuses(manifest("target_names", value=names), "target_names cannot be read")


@pytest.mark.parametrize("name", ["head", "mirror", "a__b", "", 1, None])
def test_a_step_name_that_cannot_be(manifest, refuses, name):
    refuses(manifest("estimator", "steps", 0, 0, value=name), "names a step ")


@pytest.mark.parametrize(
    "output", [{"transform": "evil"}, {"evil": "pandas"}, "pandas", ["transform"]]
)
def test_an_output_that_cannot_be(manifest, refuses, output):
    refuses(manifest(*FEATURES, "output", value=output), "sets the output ")


def test_features_of_unknown_weights(manifest, refuses):
    refuses(manifest(*FEATURES, "params", value={}), "does not say which VGG19 weights")


@pytest.mark.parametrize("key", ["class", "params", "architecture", "fitted"])
def test_a_record_without_one_of_its_parts(manifest, refuses, key):
    for value in (None, 1, []):
        members = manifest(*HEAD, key, value=value)
        refuses(members, f"pipeline.json cannot be read: '{key}' is missing, or is no ")


@pytest.fixture
def regressor(tmp_path):
    """The contents of the file of a head for four coordinates."""
    X = np.random.default_rng(0).normal(size=(12, 3))
    head = skface.DenseHeadRegressor(0, epochs=1, early_stopping=False, target="bbox")
    skface.save(head.fit(X, X[:, [0, 1, 2, 0]].clip(0.1, 1)), tmp_path / "good.skface")
    with zipfile.ZipFile(tmp_path / "good.skface") as file:
        return {name: file.read(name) for name in file.namelist()}


def target(name, **parts):
    return {"$target": {"name": name, **parts}}


EYES = {"$tuple": ["a", "b"]}
TARGETS = {
    "another name": ("evil", "The 'target' parameter of DenseHeadRegressor must be"),
    "of other outputs": ("landmarks", "its target has 10 columns, its network 4 outp"),
    "an unknown kind": (target("os.system"), "holds a target that skface.save does n"),
    "a kind that is none": (target([]), "holds a target that skface.save does not wri"),
    "an unknown part": (target("bbox", points=EYES), "holds a target that skface.save"),
    "a missing part": (target("landmarks", points=EYES), "holds a target that skface"),
    "parts that are none": (
        target("landmarks", points=EYES, pairs=5, eyes=EYES),
        "target holds a target that is none: .*int",
    ),
    "an unknown point": (
        target("landmarks", points=EYES, pairs=[], eyes={"$tuple": ["a", "c"]}),
        "target holds a target that is none: pairs and eyes must be two of the points",
    ),
    "one point twice": (
        target("landmarks", points=["a", "a"], pairs=[], eyes=EYES),
        "target holds a target that is none: points has 'a' twice",
    ),
    "many points": (
        target("landmarks", points=[str(n) for n in range(2000)], pairs=[], eyes=EYES),
        "target holds a target that is none: more than 1,000 points",
    ),
    "no target in a joint": (
        target("joint", targets=["evil"]),
        "target holds a target that is none: target must be in",
    ),
    "no target in a tuple": ({"$tuple": ["bbox", "evil"]}, "target must be in"),
    "attributes without names in a joint": (
        target("joint", targets=[target("attributes", names=None)]),
        "target holds a target that is none: attributes beside another target",
    ),
}


@pytest.mark.parametrize(("value", "match"), TARGETS.values(), ids=list(TARGETS))
def test_a_target_that_is_none(regressor, refuses, value, match):
    record = json.loads(regressor["pipeline.json"])
    record["estimator"]["params"]["target"] = value
    regressor["pipeline.json"] = json.dumps(record).encode()
    refuses(regressor, match)


def test_outputs_without_end_for_a_target_without_names(regressor, refuses_cheaply):
    record = json.loads(regressor["pipeline.json"])
    record["estimator"]["params"]["target"] = target("attributes", names=None)
    record["estimator"]["architecture"]["n_outputs"] = 10**9
    record["estimator"]["fitted"]["_n_outputs"] = 10**9
    regressor["pipeline.json"] = json.dumps(record).encode()
    refuses_cheaply(regressor, "its network cannot have n_outputs=1000000000")


@pytest.mark.parametrize(
    "name", ["passwd", "pipe", "large.h5", "other.h5", "folder.h5"]
)
def test_a_path_to_weights_is_opened_where_it_can_be_the_right_one(
    manifest, path, refuses, tmp_path, opened, name
):
    """Of these `other.h5` alone, whose hash is another."""
    weights = tmp_path / name
    if name == "pipe":
        os.mkfifo(weights)
    elif name == "folder.h5":
        weights.mkdir()
    else:
        weights.write_bytes(b"secret")
    if name == "large.h5":
        os.truncate(weights, 2**29)  # without blocks on the disk
    members = manifest(*FEATURES, "params", "weights", value=str(weights))
    members = manifest(*FEATURES, "params", "layer", value="block1_pool")
    members = manifest(*FEATURES, "params", "pooling", value={"$tuple": [1, 2]})
    members = manifest(*FEATURES, "weights_identity", value={"sha256": "0" * 64})
    opened.clear()
    with pytest.raises(WeightsError, match=r"hostile.skface: .*\.\.\.\) takes them fr"):
        refuses(members, "weights")
    was_opened = str(weights) in map(str, opened)
    assert was_opened == (name == "other.h5")


def test_escape_sequences_do_not_reach_the_terminal(manifest, refuses):
    members = manifest(*HEAD, "fitted", "\33[2J", value={"$evil": 1})
    refuses(members, r"\\x1b\[2J holds \$evil, which skface.save does not write")


def test_nor_do_those_in_the_path_of_weights(manifest, refuses):
    members = manifest(*FEATURES, "params", "weights", value="\33[2J")
    members = manifest(*FEATURES, "params", "layer", value="block1_pool")
    members = manifest(*FEATURES, "params", "pooling", value={"$tuple": [1, 2]})
    with pytest.raises(WeightsError, match=r"here: \\x1b\[2J: is not the name of a we"):
        refuses(members, "weights")


@pytest.mark.parametrize(
    "value", [None, [], {"sha256": 1}, {"a": "b", "c": "d", "e": ""}]
)
def test_hashes_of_weights_that_are_none(manifest, refuses, value):
    members = manifest(*FEATURES, "weights_identity", value=value)
    refuses(members, "weights_identity.* cannot be read|cannot be read: 'weights_id")


LOOKS = GOOD.with_name("saved-1-looks.skface")
ALIGN = ("estimator", "steps", 0, 1)
LOOK = (*ALIGN, "parts", "landmarks")
FIRST, SECOND = (*LOOK, "parts", "first"), (*LOOK, "parts", "second")
HEAD_OF_SECOND = (*SECOND, "steps", 1, 1)


@pytest.fixture
def tree():
    """The contents of a good file of estimators within estimators."""
    with zipfile.ZipFile(LOOKS) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.fixture
def record(tree):
    """Its pipeline.json, to be changed."""
    return json.loads(tree["pipeline.json"])


def at(record, keys):
    for key in keys:
        record = record[key]
    return record


def with_record(tree, record):
    return {**tree, "pipeline.json": json.dumps(record).encode()}


def test_the_tree_that_these_tests_change_is_good():
    assert list(skface.load(LOOKS).named_steps) == ["align", "features", "head"]


IN_TREES = {
    "looks without end": ((*LOOK, "params", "n_looks"), 10**6, "n_looks is 1,000,000"),
    "no looks": ((*LOOK, "params", "n_looks"), 0, "'n_looks' parameter of SecondLook"),
    "frames": ((*LOOK, "params", "n_frames"), 10**9, "its n_frames is 1,000,000,000"),
    "a turn": ((*LOOK, "params", "degrees"), "x", "'degrees' parameter of SecondLook"),
    "a part as a parameter": ((*LOOK, "params", "first"), 1, "the parameter 'first'"),
    "a template": ((*ALIGN, "params", "template"), "x", "'template' parameter of Alig"),
    "no parts": ((*LOOK, "parts"), [], "'parts' is missing, or is no dict"),
    "no second": (SECOND, None, "align: .*'second' is missing, or is no dict"),
    "a class": ((*SECOND, "class"), "os.system", "names the class 'os.system'"),
    "a look as a pipeline": (
        (*SECOND, "class"),
        "SecondLook",
        r"'SecondLook'\], not of",
    ),
    "a plain second": ((*SECOND, "class"), "Pipeline", "not of two pipelines, the sec"),
    "no steps": ((*FIRST, "steps"), [], r"a FacePipeline of \[\], not of two steps"),
    "no pairs": ((*FIRST, "steps"), [["head"]], "first: .*its steps are no pairs"),
    "an output": ((*LOOK, "output"), {"transform": "pandas"}, "cannot be read"),
    "units": ((*HEAD_OF_SECOND, "params", "n_units"), 10**9, "second: head: its n_un"),
    "fitted": ((*HEAD_OF_SECOND, "fitted", "predict"), 1, "a fitted attribute 'predic"),
}


@pytest.mark.parametrize(
    ("keys", "value", "match"), IN_TREES.values(), ids=IN_TREES.keys()
)
def test_a_tree_of_which_a_part_cannot_be(tree, record, refuses, keys, value, match):
    at(record, keys[:-1])[keys[-1]] = value
    refuses(with_record(tree, record), match)


@pytest.mark.parametrize("part", ["first", "second"])
def test_a_second_look_without_one_of_its_looks(tree, record, refuses, part):
    del at(record, LOOK)["parts"][part]
    refuses(with_record(tree, record), f"'{part}' is missing, or is no dict")


@pytest.mark.parametrize("part", ["first", "second"])
def test_a_head_where_a_pipeline_belongs(tree, record, refuses, part):
    at(record, LOOK)["parts"][part] = at(record, HEAD_OF_SECOND)
    refuses(with_record(tree, record), "a SecondLook of .*, not of two pipelines")


@pytest.mark.parametrize("keys", [ALIGN, (*FIRST, "steps", 0, 1)], ids=["", "VGG19"])
def test_a_part_in_the_place_of_the_whole(tree, record, refuses, keys):
    part = at(record, keys)
    record["estimator"] = part
    refuses(
        with_record(tree, record), f"names the class '{part['class']}', which skface do"
    )


def test_a_second_look_within_a_second_look(tree, record, refuses):
    look = at(record, LOOK)
    look["parts"]["first"] = json.loads(json.dumps(look))
    refuses(
        with_record(tree, record), r"a SecondLook of \['SecondLook', 'FacePipeline'"
    )


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_estimators_within_estimators_without_end(tree, record, refuses_cheaply, depth):
    """Faces that are aligned by landmarks of aligned faces; JSON ends it at last."""
    for _ in range(depth):
        inner = json.dumps(record["estimator"])
        for part in ("first", "second"):
            at(record, LOOK)["parts"][part] = json.loads(inner)
    refuses_cheaply(with_record(tree, record), "within (estimators|lists), more than")


def test_looks_at_other_things(tree, record, refuses):
    head = at(record, HEAD_OF_SECOND)
    head["params"]["target"] = "bbox"
    head["architecture"]["n_outputs"] = head["fitted"]["_n_outputs"] = 4
    refuses(with_record(tree, record), "landmarks: its looks find landmarks and boxes")


def test_aligned_by_what_finds_no_landmarks(tree, record, refuses):
    pipe = {**record["estimator"], "steps": record["estimator"]["steps"][1:]}
    at(record, ALIGN)["parts"]["landmarks"] = json.loads(json.dumps(pipe))
    refuses(with_record(tree, record), "align: finds attributes to align faces by")


@pytest.mark.parametrize("name", ["weights_0", "second.weights_2", "x.weights_0"])
def test_an_array_too_many_in_a_tree(tree, refuses, name):
    name = f"landmarks.{name}.npy"
    refuses({**tree, name: tree["weights_0.npy"]}, f"unexpected member '{name}'")


def test_an_array_of_a_tree_is_missing(tree, refuses):
    del tree["landmarks.second.weights_1.npy"]
    refuses(tree, "holds 5 arrays, but describes 6")


def test_arrays_of_another_part(tree, refuses):
    tree["landmarks.first.weights_1.npy"] = tree["weights_1.npy"]
    refuses(tree, r"landmarks.first.weights_1.npy holds .*of shape \(10,\) belong")


@pytest.mark.parametrize("part", [FIRST, SECOND])
def test_weights_of_a_part_that_are_others(tree, record, refuses, part):
    features = at(record, part)["steps"][0][1]
    features["weights_identity"] = {"drawn": "another"}
    with pytest.raises(WeightsError, match=r"hostile.skface: .* holds other weights"):
        refuses(with_record(tree, record), "weights")


def test_a_path_of_a_part_is_opened_where_it_can_be_the_right_one(
    tree, record, refuses, tmp_path, opened
):
    (tmp_path / "passwd").write_bytes(b"secret")
    features = at(record, SECOND)["steps"][0][1]
    features["params"]["weights"] = str(tmp_path / "passwd")
    opened.clear()
    with pytest.raises(WeightsError, match=r"hostile.skface: .*it was not opened"):
        refuses(with_record(tree, record), "weights")
    assert str(tmp_path / "passwd") not in map(str, opened)


def test_what_belongs_to_the_machine_is_not_taken_of_a_part(
    tree, record, path, tmp_path
):
    pipe = at(record, SECOND)
    pipe["params"]["memory"] = str(tmp_path)
    pipe["steps"][0][1]["params"].update(cache_dir=str(tmp_path), n_jobs=20)
    members = with_record(tree, record)
    members["SHA256SUMS"] = sums_of(members)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    params = skface.load(path)["align"].landmarks.second_.get_params()
    assert params["memory"] is params["features__cache_dir"] is None
    assert params["features__n_jobs"] is None
