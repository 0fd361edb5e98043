"""Every parameter that takes a path takes it alike."""

import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import skface
from skface import CelebALoader, DenseHeadRegressor, FeatureStore, ImageArray
from skface.cli import main
from skface.cli._options import path
from skface.datasets import available_targets, make_celeba
from skface.exceptions import ImageError, SkfaceError

X = np.random.default_rng(0).normal(size=(8, 3))
Y = np.full((8, 4), 0.5) + X[:, :1] / 100


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def head():
    return DenseHeadRegressor(0, epochs=1, target="bbox", random_state=0).fit(X, Y)


def fit_to(checkpoint_path):
    head = DenseHeadRegressor(0, epochs=1, checkpoint_path=checkpoint_path)
    return head.fit(X, Y)


TAKE_PATHS = {
    "CelebALoader": lambda path, head: CelebALoader(path).load("train"),
    "available_targets": lambda path, head: available_targets(path),
    "make_celeba": lambda path, head: make_celeba(path, 1, random_state=0),
    "save": lambda path, head: skface.save(head, path),
    "load": lambda path, head: skface.load(path),
    "card": lambda path, head: skface.card(head, X, Y, target="bbox", path=path),
    "checkpoint_path": lambda path, head: fit_to(path),
    "weights": lambda path, head: skface.VGG19Features(path).fit_transform(PIXELS),
    "FeatureStore": lambda path, head: FeatureStore(path),
    "cache_dir": lambda path, head: skface.VGG19Features(
        "synthetic", cache_dir=path
    ).fit_transform(PIXELS),
}
PIXELS = np.full((1, 32, 32, 3), 99, np.uint8)


@pytest.mark.parametrize(
    "name", ["make_celeba", "save", "card", "checkpoint_path", "FeatureStore"]
)
def test_a_tilde_is_the_home_folder_where_something_is_written(
    home, head, name, monkeypatch, tmp_path_factory
):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    TAKE_PATHS[name]("~/it.npz", head)
    assert [path.name for path in home.iterdir() if path.name.startswith("it")]
    assert os.listdir() == []


@pytest.mark.parametrize(
    "name", ["CelebALoader", "available_targets", "load", "weights"]
)
def test_a_tilde_is_the_home_folder_where_something_is_read(home, head, name):
    with pytest.raises(SkfaceError, match=f"{home}/nowhere"):
        TAKE_PATHS[name]("~/nowhere", head)


def test_a_tilde_in_an_option_is_the_home_folder(home, capsys):
    assert path("~/run") == str(home / "run")
    assert main(["fit", "--data=~/nowhere", "--output=~/run"]) == 1
    assert f"{home / 'nowhere'}: no such folder" in capsys.readouterr().err
    assert main(["cache", "info", "--cache-dir=~/none"]) == 0
    assert str(home / "none") in capsys.readouterr().out


def test_an_empty_path_in_an_option_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["fit", "--data", ""])
    assert exit.value.code == 2
    assert "argument --data: invalid path value: ''" in capsys.readouterr().err


def test_the_name_of_a_photo_is_taken_as_it_is(home):
    (home / "~").mkdir()
    assert ImageArray(["~/me.jpg"]).paths.tolist() == ["~/me.jpg"]


@pytest.mark.parametrize("bad", ["a" * 10**6, "photo.jpg\0", "a\0b"])
@pytest.mark.parametrize("name", TAKE_PATHS)
def test_no_path_is_endless_or_holds_nul(head, name, bad, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SkfaceError) as caught:
        TAKE_PATHS[name](bad, head)
    assert len(str(caught.value)) < 1000
    assert os.listdir() == []


@pytest.mark.parametrize("make", [list, tuple, ImageArray, pd.Series])
def test_a_photo_is_not_read_under_a_name_with_nul(make, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png")
    given = make([f"{tmp_path}/photo.png\0"])
    with pytest.raises(ImageError, match="embedded null"):
        skface.VGG19Features("synthetic").fit_transform(given)
