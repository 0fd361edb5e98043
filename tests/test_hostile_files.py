"""Files that pretend to be of skface.save: each kind is refused, none is executed."""

import hashlib
import io
import json
import pickle
import stat
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
    refuses(members, "floats of shape .* belong|holds 4 arrays for 1000000000001 lay")


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
    refuses(members, "holds 3 arrays for 2 layers of two each")


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
    refuses(members, r"its head predicts the shape \(1, 2\) for one row")


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
