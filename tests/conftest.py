"""Tiny CelebA folders, real photos where the environment names them."""

import csv
import os
import random
import sys
from collections import OrderedDict
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skface.datasets import make_celeba, make_wider
from skface.targets import ATTRIBUTE_NAMES

NAMES = [f"{number:06d}.jpg" for number in range(1, 25)]
_BBOX = "image_id x_1 y_1 width height"
_LANDMARKS = (
    "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
    "leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
)
_POINTS = (70, 110, 106, 112, 88, 135, 74, 152, 104, 153)


@pytest.fixture(scope="session")
def celeba_root(tmp_path_factory):
    """24 photos of 3 people in the official layout, 16 / 4 / 4, nothing odd."""
    root = tmp_path_factory.mktemp("celeba")
    _write_celeba(root)
    return root


@pytest.fixture(scope="session")
def drawn_root(tmp_path_factory):
    """60 drawn faces in the official layout, 48 / 6 / 6."""
    return make_celeba(tmp_path_factory.mktemp("drawn") / "celeba", 60, random_state=0)


@pytest.fixture(scope="session")
def groups_root(tmp_path_factory):
    """12 drawn photos of groups in WIDER FACE's layout, 10 / 2."""
    return make_wider(tmp_path_factory.mktemp("groups") / "wider", 12, random_state=0)


@pytest.fixture(autouse=True)
def same_random_state_after_as_before():
    """No test can lend a seed to the next one; nothing is seeded here."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    yield
    random.setstate(python)
    np.random.set_state(numpy)  # noqa: NPY002


@pytest.fixture(scope="session")
def kaggle_root(celeba_root, tmp_path_factory):
    """What Kaggle hosts of `celeba_root`: aligned photos, no identities."""
    root = tmp_path_factory.mktemp("kaggle")
    outer = root / "img_align_celeba"
    outer.mkdir()
    photos = celeba_root / "Img" / "img_align_celeba"
    (outer / "img_align_celeba").symlink_to(photos, target_is_directory=True)
    for path in (celeba_root / "Anno").glob("list_*.txt"):
        if path.stem != "list_landmarks_celeba":
            _, header, *rows = [line.split() for line in path.read_text().splitlines()]
            names = header if header[0] == "image_id" else ["image_id", *header]
            _write_csv(root / f"{path.stem}.csv", [names, *rows])
    partition = celeba_root / "Eval" / "list_eval_partition.txt"
    rows = [line.split() for line in partition.read_text().splitlines()]
    _write_csv(root / "list_eval_partition.csv", [["image_id", "partition"], *rows])
    return root


@pytest.fixture
def untraced(monkeypatch):
    """Heads train step by step: tracing takes longer than the few steps of a test."""
    import keras

    from skface.heads import _training

    compile = partialmethod(keras.Model.compile, run_eagerly=True)
    monkeypatch.setattr(keras.Model, "compile", compile)
    monkeypatch.setattr(_training, "_trainers", OrderedDict())


@pytest.fixture
def no_network(monkeypatch):
    """Let whatever reaches VGG19 fail: bad input is to be found before."""

    def fail(*args):
        raise AssertionError("VGG19 was at work already")

    for name in (
        "_vgg19.get_network",
        "_pyramid.get_map_network",
        "_together.get_joint_network",
    ):
        monkeypatch.setattr(f"skface.features.{name}", fail)


@pytest.fixture(scope="session")
def real_faces():
    """The folder that holds celeba/ and mtfl/."""
    root = _named_by("SKFACE_TEST_FACES")
    return root / "faces" if (root / "faces").is_dir() else root


@pytest.fixture(scope="session")
def real_weights():
    """A file with VGG19's weights without its top."""
    path = _named_by("SKFACE_TEST_WEIGHTS")
    if path.is_file():
        return path
    return next(
        file
        for folder in (path, path / "weights")
        for file in folder.glob("vgg19_notop_approx.weights.h5")
    )


_opened = []
sys.addaudithook(lambda event, args: event == "open" and _opened.append(args[0]))


@pytest.fixture
def opened():
    """The paths that were opened since the test began; descriptors among them."""
    _opened.clear()
    return _opened


@pytest.fixture
def full_disk():
    """Let no file of this process grow beyond 300 kB."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _named_by(variable):
    """The path in an environment variable; one that leads nowhere is a failure."""
    if not os.environ.get(variable):
        pytest.skip(f"{variable} is not set")
    path = Path(os.environ[variable])
    assert path.exists(), f"{variable}: no {path}"
    return path


def _write_celeba(root):
    for folder in ("Anno", "Eval", "Img/img_celeba", "Img/img_align_celeba"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    attributes, boxes, points, aligned_points = {}, {}, {}, {}
    for number, name in enumerate(NAMES):
        width, height = 150 + 7 * number, 190 + 3 * number
        _write_photo(root / "Img/img_celeba" / name, (width, height), rng)
        _write_photo(root / "Img/img_align_celeba" / name, (178, 218), rng)
        attributes[name] = rng.choice([-1, 1], len(ATTRIBUTE_NAMES))
        boxes[name] = (20 + number, 30 + number, 90, 120)
        points[name] = np.add(_POINTS, number // 2)
        aligned_points[name] = np.add(_POINTS, rng.integers(-3, 4, len(_POINTS)))
    anno = root / "Anno"
    header = " ".join(ATTRIBUTE_NAMES)
    _write_list(anno / "list_attr_celeba.txt", header, attributes)
    _write_list(anno / "list_bbox_celeba.txt", _BBOX, boxes)
    _write_list(anno / "list_landmarks_celeba.txt", _LANDMARKS, points)
    _write_list(anno / "list_landmarks_align_celeba.txt", _LANDMARKS, aligned_points)
    people = {name: (number % 3,) for number, name in enumerate(NAMES)}
    parts = (0, 0, 0, 0, 1, 2)
    splits = {name: (parts[number % 6],) for number, name in enumerate(NAMES)}
    (anno / "identity_CelebA.txt").write_text(_lines(people))
    (root / "Eval/list_eval_partition.txt").write_text(_lines(splits))


def _write_photo(path, size, rng):
    """Coloured blocks under noise: no two photos are alike."""
    blocks = Image.fromarray(rng.integers(0, 256, (6, 5, 3), dtype=np.uint8))
    pixels = np.asarray(blocks.resize(size), dtype=float)
    noisy = pixels + rng.normal(0, 8, pixels.shape)
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)


def _write_list(path, header, rows):
    path.write_text(f"{len(rows)}\n{header}\n{_lines(rows)}")


def _lines(rows):
    return "".join(
        f"{name} {' '.join(str(value) for value in values)}\n"
        for name, values in rows.items()
    )


def _write_csv(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
