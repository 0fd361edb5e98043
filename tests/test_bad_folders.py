"""Folders and lists that are damaged, locked, swapped or made to deceive."""

import os
import re
import shutil
import time
import unicodedata
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


def _renamed(folder, rename):
    for path in list(folder.iterdir()):
        path.rename(folder / rename(path.name))


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("attributes", "img_align_celeba.zip"),
        ("attributes", "IMG_Align_CelebA.7z.001"),
        ("landmarks", "img_align_celeba.tar.gz"),
        ("bbox", "img_celeba.zip"),
    ],
)
def test_photos_that_lie_there_packed_are_to_be_unpacked(celeba, target, name):
    shutil.rmtree(celeba / "Img")
    (celeba / "Img").mkdir()
    (celeba / "Img" / name).touch()
    folder = name.partition(".")[0].casefold()
    match = rf"no folder {folder} in it .*Img/{re.escape(name)} lies there: unpack it$"
    with pytest.raises(DatasetError, match=match):
        CelebALoader(celeba, target).load("all")


def test_packed_photos_of_boxes_are_told_beside_the_aligned_ones(celeba):
    shutil.rmtree(celeba / "Img" / "img_celeba")
    (celeba / "img_celeba.zip").touch()
    match = (
        r"boxes belong to the in-the-wild photos: .*celeba.zip lies there: unpack it"
    )
    with pytest.raises(ParameterError, match=match):
        CelebALoader(celeba, "bbox").load("all")


def test_attributes_of_a_folder_without_photos_ask_for_the_aligned_ones(celeba):
    shutil.rmtree(celeba / "Img")
    with pytest.raises(
        DatasetError, match=r"no folder img_align_celeba .* aligned phot"
    ):
        CelebALoader(celeba).load("all")


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("list_attr_celeba.csv.zip", "unpack it"),
        ("list_attr_celeba (1).csv", "if it is that, rename it"),
    ],
)
def test_a_list_of_nearly_the_name_is_told(celeba, name, cure):
    (celeba / "Anno" / "list_attr_celeba.txt").rename(celeba / "Anno" / name)
    match = rf"no list_attr_celeba.txt or .csv .*{re.escape(name)} lies there: {cure}$"
    with pytest.raises(DatasetError, match=match):
        CelebALoader(celeba).load("all")


def test_a_list_in_a_folder_of_its_name_is_read(celeba):
    path = celeba / "Anno" / "list_attr_celeba.txt"
    lines = path.read_text()
    path.unlink()
    path.mkdir()
    (path / path.name).write_text(lines)
    assert len(CelebALoader(celeba).load("all")[0]) == 24


def test_without_a_partition_list_all_can_be_loaded(celeba):
    (celeba / "Eval" / "list_eval_partition.txt").unlink()
    with pytest.raises(DatasetError, match=r'partition.* or load .* with split="all"$'):
        CelebALoader(celeba).load("train")
    assert len(CelebALoader(celeba).load("all")[0]) == 24


@pytest.mark.parametrize("target", ["attributes", "bbox"])
@pytest.mark.parametrize("kind", ["photos", "lists"])
def test_names_in_capitals_are_found(celeba, celeba_root, target, kind):
    expected = CelebALoader(celeba_root, target).load_bunch("valid")
    for folder in ("Img",) if kind == "photos" else ("Anno", "Eval"):
        _renamed(celeba / folder, str.upper)
    bunch = CelebALoader(celeba, target).load_bunch("valid")
    assert bunch.image_ids.tolist() == expected.image_ids.tolist()
    assert np.array_equal(bunch.target, expected.target)
    assert np.array_equal(bunch.groups, expected.groups)
    assert np.array_equal(bunch.images[0], expected.images[0])


@pytest.mark.parametrize(
    "rename",
    [str.upper, lambda name: name.replace("jpg", "JPG")],
    ids=["capitals", "suffix in capitals"],
)
def test_photos_whose_names_differ_in_capitals_are_read(celeba, celeba_root, rename):
    _renamed(celeba / "Img" / "img_align_celeba", rename)
    bunch = CelebALoader(celeba).load_bunch("all")
    expected = CelebALoader(celeba_root).load_bunch("all")
    assert bunch.image_ids.tolist() == expected.image_ids.tolist()
    assert np.array_equal(bunch.images[-1], expected.images[-1])
    spoil(celeba, [rename("000001.jpg")])
    with pytest.warns(SkfaceWarning, match="cannot be read: 000001.jpg"):
        X, y = CelebALoader(celeba, on_error="skip").load("all")
    assert len(X) == len(y) == 23


def _with_names(celeba, names):
    """The first photos under other names, in the folder and in the list."""
    photos = celeba / "Img" / "img_align_celeba"
    path = celeba / "Anno" / "list_attr_celeba.txt"
    _, header, *rows = path.read_text().splitlines()
    kept = []
    for row, (on_disk, listed) in zip(rows, names, strict=False):
        name, values = row.split(maxsplit=1)
        (photos / name).rename(photos / on_disk)
        kept.append(f"{listed} {values}")
    path.write_text("\n".join([str(len(kept)), header, *kept]))
    return photos


@pytest.mark.parametrize(("on_disk", "listed"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_photos_whose_names_differ_in_their_unicode_form_are_read(
    celeba, on_disk, listed
):
    forms = [unicodedata.normalize(form, "J\xfcrgen.jpg") for form in (on_disk, listed)]
    photos = _with_names(celeba, [forms, ("b.jpg", "b.jpg")])
    X, y = CelebALoader(celeba).load("all")
    assert X.paths[0] == str(photos / forms[0])
    assert len(X) == len(y) == 2
    assert X[0].shape == (224, 224, 3)


def test_copies_of_another_suffix_are_read_with_one_warning(celeba, celeba_root):
    photos = celeba / "Img" / "img_align_celeba"
    for path in list(photos.iterdir()):
        Image.open(path).save(path.with_suffix(".png"))
        path.unlink()
    with pytest.warns(SkfaceWarning) as caught:
        bunch = CelebALoader(celeba).load_bunch("valid")
    assert [str(each.message) for each in caught] == [
        "4 photos are read from a file of another suffix, such as 000005.png: "
        "000005.jpg, 000011.jpg, 000017.jpg, 000023.jpg"
    ]
    expected = CelebALoader(celeba_root).load_bunch("valid")
    assert np.array_equal(bunch.target, expected.target)
    assert np.array_equal(bunch.images[0], expected.images[0])


@pytest.mark.parametrize(
    ("on_disk", "listed"),
    [
        (["a.png", "a.webp"], ["a.jpg", "c.jpg"]),
        (["A.jpg", "a.JPG"], ["a.jpg", "c.jpg"]),
        (["a.jpg", "b.png"], ["a.jpg", "a.png"]),
        (["a.jpg", "b.png"], ["A.JPG", "A.jpg"]),
        (["a.jpg.txt", "a.npy"], ["a.jpg", "c.jpg"]),
    ],
)
def test_no_photo_is_read_for_two_names_and_no_name_has_two_photos(
    celeba, on_disk, listed
):
    photos = _with_names(celeba, list(zip(on_disk, listed, strict=True)))
    exact = [name for name in listed if name in on_disk]
    if exact:
        with pytest.warns(SkfaceWarning, match="1 photo is left out: no file in"):
            X, _ = CelebALoader(celeba).load("all")
        assert list(X.paths) == [str(photos / name) for name in exact]
    else:
        with pytest.raises(DatasetError, match=r"holds none of the 2 photos"):
            CelebALoader(celeba).load("all")


def test_a_folder_of_other_files_says_what_it_holds(celeba):
    photos = celeba / "Img" / "img_align_celeba"
    _renamed(photos, lambda name: f"face{name}")
    match = r"which is 000001.jpg; it holds files such as face000001.jpg$"
    with pytest.raises(DatasetError, match=match):
        CelebALoader(celeba).load("all")
    shutil.rmtree(photos)
    photos.mkdir()
    with pytest.raises(DatasetError, match=r"which is 000001.jpg; it holds nothing$"):
        CelebALoader(celeba).load("all")


@pytest.mark.parametrize("text", ["", "<html>", "000001.jpg 7\n", "000001.jpg x\n"])
def test_a_wrong_identity_list_stops_only_who_asks_for_groups(celeba, text):
    (celeba / "Anno" / "identity_CelebA.txt").write_text(text)
    loader = CelebALoader(celeba)
    assert len(loader.load("train")[0]) == 16
    assert loader.predefined_split().get_n_splits() == 1
    with pytest.raises(DatasetError, match=r"identity_CelebA.txt"):
        loader.load_bunch("train")
