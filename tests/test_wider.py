"""WiderFaceLoader: the lists, the boxes, and what it leaves out or refuses."""

import re

import numpy as np
import pytest
from PIL import Image

from skface import to_pixels
from skface.datasets import WiderFaceLoader
from skface.datasets._wider_list import read_wider_list
from skface.exceptions import DatasetError, ImageError, ParameterError, SkfaceWarning

LIST = """\
0--Parade/a.jpg
2
10 20 30 40 2 1 0 0 1 0 \n\
50 10 20 20 0 0 1 0 2 1 \n\
0--Parade/none.jpg
0
0 0 0 0 0 0 0 0 0 0 \n\
1--Dance/b.jpg
1
20 5 10 8 0 0 0 0 0 0
"""
NONE = "0 0 0 0 0 0 0 0 0 0"


@pytest.fixture
def write(tmp_path):
    """Write a split's list, and its photos, all of 100 x 80 pixels."""

    def write(text, split="train", photos=None):
        path = tmp_path / f"wider_face_split/wider_face_{split}_bbx_gt.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        for name in photos or re.findall(r"^.*/.*\.jpg$", text, re.M):
            photo = tmp_path / f"WIDER_{split}/images" / name
            photo.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (100, 80)).save(photo)
        return path

    return write


@pytest.fixture
def loader(tmp_path):
    return WiderFaceLoader(tmp_path)


@pytest.fixture
def with_faces(write):
    """Write one photo with faces of these rows."""

    def with_faces(*rows):
        write(f"0--Parade/a.jpg\n{len(rows)}\n" + "\n".join(rows) + "\n")

    return with_faces


def test_each_photo_has_the_boxes_of_all_its_faces_as_fractions(write, loader):
    write(LIST)
    X, boxes = loader.load("train")
    assert [path.rpartition("images/")[2] for path in X.paths] == [
        "0--Parade/a.jpg",
        "0--Parade/none.jpg",
        "1--Dance/b.jpg",
    ]
    expected = [[0.1, 0.25, 0.3, 0.5], [0.5, 0.125, 0.2, 0.25]]
    np.testing.assert_allclose(boxes[0], expected, rtol=1e-12)
    assert boxes[1].shape == (0, 4)
    assert to_pixels(boxes[2], (100, 80)).tolist() == [[20, 5, 10, 8]]


def test_the_bunch_keeps_sizes_names_and_the_columns_of_the_faces(write, loader):
    write(LIST, "val")
    bunch = loader.load_bunch("val")
    assert bunch.image_ids.tolist()[2] == "1--Dance/b.jpg"
    assert bunch.image_sizes.tolist() == [[100, 80]] * 3
    assert bunch.attribute_names[0] == "blur"
    assert bunch.attributes[0].tolist() == [[2, 1, 0, 0, 1, 0], [0, 0, 1, 0, 2, 1]]
    assert bunch.attributes[1].shape == (0, 6)
    assert [len(each) for each in bunch.left_out] == [0, 0, 0]
    assert bunch.DESCR.endswith("with 3 faces, split val.")


@pytest.mark.parametrize("zeros", ["", NONE + "\n"])
def test_a_photo_without_faces_needs_no_line_of_zeros(write, zeros):
    path = write(f"x/none.jpg\n0\n{zeros}x/a.jpg\n1\n1 2 3 4{6 * ' 0'}")
    faces = read_wider_list(path)
    assert faces.names.tolist() == ["x/none.jpg", "x/a.jpg"]
    assert faces.photo.tolist() == [1]
    assert faces.boxes.tolist() == [[1, 2, 3, 4]]


def test_small_faces_are_left_out_and_kept_apart(write, tmp_path):
    write(LIST)
    bunch = WiderFaceLoader(tmp_path, min_size=0.25).load_bunch()
    assert [len(each) for each in bunch.target] == [2, 0, 0]
    assert [len(each) for each in bunch.attributes] == [2, 0, 0]
    np.testing.assert_allclose(bunch.left_out[2], [[0.2, 0.0625, 0.1, 0.1]])


def test_faces_marked_as_invalid_are_left_out_with_one_warning(with_faces, loader):
    with_faces("1 2 30 40 0 0 0 0 0 0", "5 5 9 9 2 0 0 1 0 0", "8 5 9 9 2 0 0 1 0 0")
    with pytest.warns(SkfaceWarning, match="^2 faces are left out, being mark") as told:
        bunch = loader.load_bunch()
    assert len(told) == 1
    assert told[0].filename == __file__
    assert str(told[0].message).count("0--Parade/a.jpg") == 1
    assert len(bunch.target[0]) == 1
    assert len(bunch.left_out[0]) == 2


@pytest.mark.parametrize("box", ["5 5 0 9", "5 5 9 -1", "100 5 9 9", "5 -9 9 9"])
def test_a_face_without_area_is_left_out_with_one_warning(with_faces, loader, box):
    with_faces("1 2 30 40 0 0 0 0 0 0", f"{box} 0 0 0 0 0 0")
    with pytest.warns(SkfaceWarning, match="^1 face is left out: the box has no area"):
        bunch = loader.load_bunch()
    assert len(bunch.target[0]) == 1
    assert len(bunch.left_out[0]) == 0


def test_a_face_over_the_border_is_clipped_with_one_warning(with_faces, loader):
    with_faces("-10 60 30 40 0 0 0 0 0 0")
    with pytest.warns(SkfaceWarning, match="^1 face is clipped: the box leaves"):
        _, (boxes,) = loader.load()
    np.testing.assert_allclose(boxes, [[0, 0.75, 0.2, 0.25]])


def test_photos_of_the_list_without_a_file_are_left_out(write, loader):
    write(LIST, photos=["0--Parade/none.jpg", "1--Dance/B.JPG"])
    with pytest.warns(SkfaceWarning, match="^1 photo is left out: no file in"):
        X, boxes = loader.load()
    assert [len(each) for each in boxes] == [0, 1]
    assert X.paths[1].endswith("B.JPG")


def test_a_folder_without_any_photo_of_the_list_is_refused(write, loader):
    write(LIST, photos=["0--Parade/other.jpg"])
    with pytest.raises(
        DatasetError, match=r"none of the 3 photos .* 0--Parade/other\.jpg$"
    ):
        loader.load()


def test_photos_that_cannot_be_read_are_named(write, loader, tmp_path):
    write(LIST)
    bad = tmp_path / "WIDER_train/images/0--Parade/a.jpg"
    bad.write_bytes(b"no photo")
    with pytest.raises(ImageError, match=r"0--Parade/a\.jpg"):
        loader.load()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "lists no photos"),
        ("x/a.jpg\n", "line 2: expected the number of faces of x/a.jpg, got ''"),
        ("x/a.jpg\n1.5\n", r"line 2: expected the number of faces .* got '1\.5'"),
        (f"x/a.jpg\n2\n{NONE}\n", "ends after 1 of the 2 faces of x/a.jpg"),
        (
            f"x/a.jpg\n1\n{NONE}\n{NONE}\n",
            "line 4: expected the file .* more faces than its number says",
        ),
        (
            f"x/a.jpg\n2\n{NONE}\nx/b.jpg\n1\n{NONE}\n",
            r"line 4: expected face 2 of the 2 of x/a.jpg \(x, y, .*, got 'x/b.jpg'",
        ),
        ("x/a.jpg\n1\n1 2 3 4\n", r"line 3: expected face 1 .*, got '1 2 3 4'"),
        (f"x/a.jpg\n1\nnan{NONE[1:]}\n", "line 3: expected face 1 of the 1"),
        (f"x/a.jpg\n1\n1e300{NONE[1:]}\n", "line 3: expected face 1 of the 1"),
        (f"x/a.jpg\n1\n{NONE}\nx/a.jpg\n0\n", "line 4: x/a.jpg is listed twice"),
        ("../a.jpg\n0\n", r"line 1: expected the file of a photo.*'\.\./a\.jpg'"),
        ("/etc/passwd\n0\n", "line 1: expected the file of a photo"),
        ("<!doctype html>", "is a web page"),
    ],
)
def test_a_broken_list_is_refused_by_file_and_line(write, text, match):
    path = write(text)
    with pytest.raises(DatasetError, match=match) as caught:
        read_wider_list(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_list_is_named(loader):
    with pytest.raises(DatasetError, match=r"wider_face_train_bbx_gt\.txt: cannot be"):
        loader.load()


@pytest.mark.parametrize("min_size", [-1, 1, "small", float("nan")])
def test_a_size_that_is_no_share_of_the_height_is_refused(tmp_path, min_size):
    with pytest.raises(ParameterError, match="min_size must be a share of the photo's"):
        WiderFaceLoader(tmp_path, min_size=min_size).load()


def test_a_split_without_boxes_is_refused(loader):
    with pytest.raises(ParameterError, match="got 'test'; of WIDER's test photos"):
        loader.load("test")


def test_the_sample_of_wider_reads_as_it_is(real_faces):
    X, boxes = WiderFaceLoader(real_faces / "wider").load("val")
    assert len(X) == len(boxes) == 50
    assert sum(map(len, boxes)) == 230
    assert boxes[0][0, 0] == 452 / 768
