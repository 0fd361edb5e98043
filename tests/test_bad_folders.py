"""Folders and lists that are damaged, locked, swapped or made to deceive."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skface import CelebALoader
from skface.datasets import available_targets
from skface.datasets._lists import read_list
from skface.exceptions import (
    DatasetError,
    ImageError,
    ParameterError,
    SkfaceWarning,
)


@pytest.fixture
def celeba(celeba_root, tmp_path):
    """A copy of the 24 photos to spoil."""
    root = tmp_path / "celeba"
    shutil.copytree(celeba_root, root)
    return root


def spoil(root, names, kind="img_align_celeba"):
    for name in names:
        path = root / "Img" / kind / name
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("target", ["attributes", "bbox"])
def test_bad_photos_are_left_out_where_that_is_asked_for(celeba, target):
    kind = "img_celeba" if target == "bbox" else "img_align_celeba"
    whole = CelebALoader(celeba, target).load_bunch("all")
    spoil(celeba, ["000003.jpg", "000010.jpg"], kind)
    loader = CelebALoader(celeba, target, on_error="skip")
    message = r"2 photos are left out: .* cannot be read: 000003.jpg, 000010.jpg"
    with pytest.warns(SkfaceWarning, match=message):
        bunch = loader.load_bunch("all")
    kept = ~np.isin(whole.image_ids, ["000003.jpg", "000010.jpg"])
    assert bunch.image_ids.tolist() == whole.image_ids[kept].tolist()
    assert np.array_equal(bunch.target, whole.target[kept])
    assert np.array_equal(bunch.groups, whole.groups[kept])
    assert np.asarray(bunch.images).shape == (22, 224, 224, 3)


def test_bad_photos_are_an_error_when_they_are_read_otherwise(celeba):
    spoil(celeba, ["000003.jpg"])
    X, _ = CelebALoader(celeba).load("all")
    with pytest.raises(ImageError, match=r"000003.jpg: cannot be decoded"):
        np.asarray(X)


def test_the_warning_of_bad_photos_is_that_of_the_callers_line(celeba):
    spoil(celeba, ["000003.jpg"])
    with pytest.warns(SkfaceWarning) as caught:
        CelebALoader(celeba, on_error="skip").load("all")
    assert caught[0].filename == __file__


def test_the_predefined_split_leaves_the_bad_photos_out_too(celeba):
    spoil(celeba, ["000001.jpg", "000005.jpg"])
    loader = CelebALoader(celeba, on_error="skip")
    with pytest.warns(SkfaceWarning):
        X, _ = loader.load("train+valid")
    assert len(loader.predefined_split().test_fold) == len(X) == 18


def test_every_photo_is_tried_once(celeba, monkeypatch):
    time.sleep(0.06)  # no file is trusted that was written a moment ago
    loader, tried, open_photo = CelebALoader(celeba, on_error="skip"), [], Image.open

    def counted(file, **options):
        tried.append(file)
        return open_photo(file, **options)

    monkeypatch.setattr(Image, "open", counted)
    loader.load("train")
    loader.load("train+valid")
    assert len(tried) == 20


def test_a_folder_of_bad_photos_alone_is_refused(celeba):
    spoil(celeba, [f"{number:06}.jpg" for number in range(1, 25)])
    with pytest.raises(DatasetError, match="no photo is left: none of 24 can be read"):
        CelebALoader(celeba, on_error="skip").load("all")


@pytest.mark.parametrize(
    ("name", "value"), [("on_error", "ignore"), ("aligned", "yes"), ("target", None)]
)
def test_a_choice_that_there_is_not_is_refused(celeba_root, name, value):
    loader = CelebALoader(celeba_root, **{name: value})
    with pytest.raises(ParameterError, match=rf"{name} must be in \(.*, got"):
        loader.load("all")


@pytest.mark.parametrize("read", [available_targets, lambda r: CelebALoader(r).load()])
@pytest.mark.parametrize("root", [None, 3, b"celeba", "a\0b"])
def test_a_root_that_is_no_path_is_refused(read, root):
    with pytest.raises(ParameterError, match="root must be the path of a folder, got"):
        read(root)


def test_links_in_circles_end(celeba):
    (celeba / "again").symlink_to(celeba, target_is_directory=True)
    (celeba / "itself").symlink_to(celeba / "itself")
    assert len(CelebALoader(celeba).load("all")[0]) == 24


def test_a_photo_that_links_out_of_the_folder_shows_photos_alone(celeba, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the password")
    photo = celeba / "Img" / "img_align_celeba" / "000001.jpg"
    photo.unlink()
    photo.symlink_to(secret)
    X, _ = CelebALoader(celeba).load("all")
    with pytest.raises(ImageError, match=r"000001.jpg: not a photo") as caught:
        X[0]
    assert "password" not in str(caught.value)


@pytest.mark.parametrize("name", ["celeba", "Img/img_align_celeba"])
def test_a_folder_that_may_not_be_read_is_named(celeba, monkeypatch, name):
    locked = celeba if name == "celeba" else celeba / name

    def guarded(original):
        def read(path="."):
            if Path(path) == locked:
                raise PermissionError(13, "Permission denied", str(path))
            return original(path)

        return read

    for function in ("scandir", "listdir"):
        monkeypatch.setattr(os, function, guarded(getattr(os, function)))
    with pytest.raises(DatasetError, match=f"{name}: .*(denied|no folder)"):
        CelebALoader(celeba, "landmarks", aligned=True).load("all")


def test_a_folder_beside_the_data_that_may_not_be_read_is_passed_by(
    celeba, monkeypatch
):
    (celeba / "lost+found").mkdir()
    scandir = os.scandir

    def guarded(path):
        if Path(path).name == "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert len(CelebALoader(celeba).load("all")[0]) == 24


@pytest.fixture
def refuses(tmp_path):
    def refuses(name, text, match):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(DatasetError, match=match) as caught:
            read_list(path)
        assert str(path) in str(caught.value)

    return refuses


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list_eval_partition.txt", "a.jpg 0 1\nb.jpg 1 1\n"),
        ("identity_CelebA.txt", "a.jpg\nb.jpg\n"),
        ("list_eval_partition.csv", "image_id,partition,other\na.jpg,0,1\n"),
    ],
)
def test_a_partition_of_other_columns_is_refused(refuses, name, text):
    refuses(name, text, "expected a file name and one number a line, got [13] columns")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2\nx y\na.jpg 1 2\nb.jpg 1\n", "nothing"),
        ("2\nx y\na.jpg 1 2\nb.jpg 1 NaN\n", "'NaN'"),
        ("2\nx y\na.jpg 1 2\nb.jpg 1 -1.5\n", "'-1.5'"),
        ("2\nx y\na.jpg 1 2\nb.jpg 1 inf\n", "'inf'"),
        ("2\nx y\na.jpg 1 2\nb.jpg 1 wide\n", "'wide'"),
    ],
)
def test_a_value_that_is_no_integer_is_shown_as_written(refuses, text, shown):
    message = f"line 4: y of b.jpg must be .*, got {shown}$"
    refuses("list_bbox_celeba.txt", text, message)


@pytest.mark.parametrize("row", [",1,2", " ,1,2", '"",1,2'])
def test_a_row_without_a_name_is_refused(refuses, row):
    text = f"image_id,x,y\na.jpg,1,2\n{row}\n"
    refuses("list_bbox_celeba.csv", text, "line 3: '.?' is not a plain file name")


@pytest.mark.parametrize("name", ["NA", "null", "nan", "000007", "1e5"])
def test_a_name_that_pandas_would_take_for_a_value_stays_a_name(tmp_path, name):
    for suffix, text in (("txt", f"1\nx\n{name} 1\n"), ("csv", f"id,x\n{name},1\n")):
        path = tmp_path / f"list_attr_celeba.{suffix}"
        path.write_text(text)
        assert list(read_list(path).index) == [name]


@pytest.mark.parametrize("value", [-1, 3, 7])
def test_a_split_that_there_is_not_is_refused(celeba, value):
    partition = celeba / "Eval" / "list_eval_partition.txt"
    lines = partition.read_text().splitlines()
    lines[2] = f"000003.jpg {value}"
    partition.write_text("\n".join(lines))
    message = rf"list_eval_partition.txt: 000003.jpg is in the split {value}, but"
    with pytest.raises(DatasetError, match=message):
        CelebALoader(celeba).load("train")


def test_identities_in_the_place_of_the_partition_are_refused(celeba):
    shutil.copy(
        celeba / "Anno" / "identity_CelebA.txt",
        celeba / "Eval" / "list_eval_partition.txt",
    )
    (celeba / "Eval" / "list_eval_partition.txt").write_text(
        "".join(f"{number:06}.jpg {number}\n" for number in range(1, 25))
    )
    with pytest.raises(DatasetError, match="is in the split 3, but there are only"):
        CelebALoader(celeba).load("train")
