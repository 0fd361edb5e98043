"""Drawn groups of people: the folder, the faces, and what is told about them."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from PIL import Image
from test_make_celeba import digests

from skface.datasets import WiderFaceLoader, drawn_wider, make_wider
from skface.datasets._drawing import Scene
from skface.datasets._wider_list import read_wider_list
from skface.exceptions import DatasetError, ParameterError
from skface.targets import ATTRIBUTE_NAMES, BBOX_NAMES, LANDMARKS

N_SAMPLES = 10


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_wider(tmp_path_factory.mktemp("drawn") / "w", N_SAMPLES, random_state=0)


@pytest.fixture(scope="module")
def bunch(root):
    return WiderFaceLoader(root).load_bunch("train")


@pytest.fixture(scope="module")
def table(root):
    return pd.read_csv(root / "wider_face_split" / "wider_face_train_faces.csv")


def test_four_photos_of_five_are_of_the_train_part(root, bunch):
    assert len(bunch.images) == 8
    assert len(WiderFaceLoader(root).load("val")[0]) == 2
    assert len(list(root.glob("WIDER_*/images/*/*.jpg"))) == N_SAMPLES


def test_photos_differ_in_size_and_in_the_number_of_faces(bunch):
    assert len({tuple(size) for size in bunch.image_sizes}) > 4
    assert len({len(boxes) for boxes in bunch.target}) > 2


def test_boxes_lie_within_the_photos(root, bunch):
    path = root / "wider_face_split" / "wider_face_train_bbx_gt.txt"
    faces = read_wider_list(path)
    sizes = bunch.image_sizes[faces.photo]
    assert faces.boxes.min() >= 0
    assert (faces.boxes[:, :2] + faces.boxes[:, 2:] <= sizes).all()


def test_the_table_has_the_boxes_of_the_list(bunch, table):
    boxes = np.concatenate(bunch.target) * np.tile(bunch.image_sizes, 2).repeat(
        [len(boxes) for boxes in bunch.target], axis=0
    )
    np.testing.assert_allclose(table[list(BBOX_NAMES)], boxes)
    counts = table.groupby("photo", sort=False)["face"].agg(["count", "max"])
    assert counts["count"].tolist() == [len(b) for b in bunch.target if len(b)]
    assert (counts["max"] + 1 == counts["count"]).all()


def test_landmarks_lie_within_the_boxes_of_faces_that_are_not_cut(bunch, table):
    points = table[LANDMARKS.columns()].to_numpy().reshape(-1, 5, 2)
    boxes = table[list(BBOX_NAMES)].to_numpy()
    sizes = dict(zip(bunch.image_ids, bunch.image_sizes, strict=True))
    far = boxes[:, :2] + boxes[:, 2:]
    sizes = np.array([sizes[photo] for photo in table["photo"]])
    whole = (boxes[:, :2] > 0).all(axis=1) & (far < sizes).all(axis=1)
    assert whole.sum() > 10
    near, far = boxes[whole, None, :2], far[whole, None]
    assert ((points[whole] > near) & (points[whole] < far)).all()


def test_pupils_are_dark_where_the_landmarks_of_the_eyes_are(root, bunch, table):
    occlusion = np.concatenate(bunch.attributes)[:, 4]
    clear = table[(occlusion == 0) & ~table.Eyeglasses.astype(bool)]
    is_darker = []
    for _, face in clear.iterrows():
        photo = Image.open(root / "WIDER_train/images" / face.photo).convert("L")
        grey = np.asarray(photo, dtype=float)
        down = (face.nose_y - face.left_eye_y) * 0.8
        for side in ("left", "right"):
            x, y = face[f"{side}_eye_x"], face[f"{side}_eye_y"]
            reach = max(round(0.02 * face.height), 1)
            eye = grey[y - reach : y + reach, x - reach : x + reach]
            is_darker.append(eye.mean() < 0.75 * grey[round(y + down), x])
    assert len(is_darker) > 20
    assert np.mean(is_darker) > 0.9


def test_attributes_are_in_0_and_1_and_blur_is_the_photos(bunch, table):
    assert set(np.unique(table[list(ATTRIBUTE_NAMES)])) == {0, 1}
    assert (table.groupby("photo").Blurry.nunique() == 1).all()
    blur = np.concatenate(bunch.attributes)[:, bunch.attribute_names.index("blur")]
    assert table.Blurry.tolist() == blur.tolist()


def test_no_face_is_hidden_by_more_than_a_third_or_overlaps_most_of_another():
    for seed in range(4):
        _, faces = Scene(np.random.SeedSequence(seed)).take()
        assert all(0 <= face.hidden < 0.7 for face in faces)
        boxes = np.array([face.box for face in faces]).reshape(-1, 4)
        near = np.maximum(boxes[:, None, :2], boxes[:, :2])
        far = np.minimum(
            (boxes[:, :2] + boxes[:, 2:])[:, None], (boxes[:, :2] + boxes[:, 2:])
        )
        shared = np.clip(far - near, 0, None).prod(axis=2)
        areas = boxes[:, 2:].prod(axis=1)
        np.fill_diagonal(shared, 0)
        assert (shared < 0.6 * areas).all()


def test_one_seed_gives_the_same_bytes_whatever_n_jobs(tmp_path, monkeypatch):
    one = make_wider(tmp_path / "one", 2, random_state=3)
    monkeypatch.setattr("skface.datasets._drawn_folder._PHOTOS_PER_TASK", 1)
    with parallel_config("threading"):
        two = make_wider(tmp_path / "two", 2, random_state=3, n_jobs=2)
    assert digests(two) == digests(one)


def test_another_seed_gives_other_photos(root, tmp_path):
    other = make_wider(tmp_path / "w", 1, random_state=1)
    name = "WIDER_train/images/0--Drawn/0_Drawn_00001.jpg"
    assert (other / name).read_bytes() != (root / name).read_bytes()


def test_a_folder_that_holds_files_is_refused(root):
    with pytest.raises(DatasetError, match=r"exists already.*Choose another root"):
        make_wider(root, 1)


def test_n_samples_must_be_a_positive_integer(tmp_path):
    with pytest.raises(ParameterError, match="n_samples must be a positive integer"):
        make_wider(tmp_path / "w", 0)


def test_drawn_photos_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SKFACE_CACHE", str(tmp_path / "cache"))
    root = drawn_wider(1)
    before = digests(root)
    assert digests(drawn_wider(1)) == before
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [root.name]
