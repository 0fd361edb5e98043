import errno
import hashlib
import io
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skface.datasets import _make_celeba, drawn_celeba, drawn_wider, make_celeba
from skface.datasets._drawing import DRAWN_ATTRIBUTES, Portrait, sample_attributes
from skface.exceptions import DatasetError, ParameterError
from skface.targets import ATTRIBUTE_NAMES

N_SAMPLES = 20
# CelebA's published rates, in the order of the names.
CELEBA_RATES = [
    0.111, 0.267, 0.513, 0.205, 0.022, 0.152, 0.241, 0.235, 0.239, 0.148,
    0.051, 0.205, 0.142, 0.058, 0.047, 0.065, 0.063, 0.042, 0.387, 0.455,
    0.417, 0.483, 0.042, 0.115, 0.835, 0.284, 0.043, 0.277, 0.080, 0.066,
    0.057, 0.482, 0.208, 0.320, 0.189, 0.049, 0.472, 0.123, 0.073, 0.774,
]  # fmt: skip


def read_rows(path, skip=0):
    lines = path.read_text().splitlines()[skip:]
    return np.array([[int(v) for v in line.split()[1:]] for line in lines])


def digests(root):
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "celeba"
    return make_celeba(folder, N_SAMPLES, random_state=0)


@pytest.fixture(scope="module")
def attributes():
    identities = np.repeat(np.arange(2500), 2)
    rows = sample_attributes(np.random.default_rng(0), identities)
    return dict(zip(ATTRIBUTE_NAMES, rows.T, strict=True))


def test_the_folder_holds_both_photos_of_every_face(root):
    names = [f"{k:06d}.jpg" for k in range(1, N_SAMPLES + 1)]
    for folder in ("img_celeba", "img_align_celeba"):
        assert sorted(p.name for p in (root / "Img" / folder).iterdir()) == names


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("list_attr_celeba.txt", " ".join(ATTRIBUTE_NAMES)),
        ("list_bbox_celeba.txt", "image_id x_1 y_1 width height"),
        ("list_landmarks_celeba.txt", None),
        ("list_landmarks_align_celeba.txt", None),
    ],
)
def test_lists_start_with_the_count_and_a_header(root, name, header):
    lines = (root / "Anno" / name).read_text().splitlines()
    landmarks = (
        "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
        "leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
    )
    assert lines[:2] == [str(N_SAMPLES), header or landmarks]
    assert len(lines) == N_SAMPLES + 2
    assert lines[2].startswith("000001.jpg ")


def test_partition_and_identity_lists_have_no_header(root):
    for name in ("Anno/identity_CelebA.txt", "Eval/list_eval_partition.txt"):
        lines = (root / name).read_text().splitlines()
        assert len(lines) == N_SAMPLES
        assert lines[0].startswith("000001.jpg ")


def test_attribute_values_are_minus_one_or_one(root):
    values = read_rows(root / "Anno" / "list_attr_celeba.txt", skip=2)
    assert values.shape == (N_SAMPLES, 40)
    assert set(values.ravel()) == {-1, 1}


def test_aligned_photos_are_178_by_218_with_the_eyes_in_place(root):
    rows = read_rows(root / "Anno" / "list_landmarks_align_celeba.txt", skip=2)
    assert np.abs(rows[:, :4] - [69, 111, 108, 111]).max() <= 2
    for path in (root / "Img" / "img_align_celeba").iterdir():
        assert Image.open(path).size == (178, 218)


def test_landmarks_lie_inside_the_wild_photos_and_the_boxes(root):
    points = read_rows(root / "Anno" / "list_landmarks_celeba.txt", skip=2)
    boxes = read_rows(root / "Anno" / "list_bbox_celeba.txt", skip=2)
    x, y = points[:, ::2], points[:, 1::2]
    left, top, width, height = boxes.T[:, :, None]
    assert np.all((x >= left) & (x < left + width))
    assert np.all((y >= top) & (y < top + height))
    for k in range(N_SAMPLES):
        size = Image.open(root / "Img" / "img_celeba" / f"{k + 1:06d}.jpg").size
        assert x[k].min() >= 0
        assert y[k].min() >= 0
        assert x[k].max() < size[0]
        assert y[k].max() < size[1]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("kind", ["wild", "aligned"])
def test_dark_pupils_lie_at_the_landmarks_of_the_eyes(kind, number):
    seeds = [np.random.SeedSequence(number, spawn_key=(k,)) for k in (0, 1)]
    portrait = Portrait({"No_Beard", "Pale_Skin", "Young"}, *seeds)
    frame = getattr(portrait, f"{kind}_frame")
    photo = Image.open(io.BytesIO(getattr(portrait, f"{kind}_photo")())).convert("L")
    grey, unit = np.asarray(photo, dtype=float), abs(frame.factor)
    down = 0.45 * frame.factor * 1j
    for x, y in portrait.landmarks(frame)[:2]:
        cheek = round(x + down.real), round(y + down.imag)
        reach = max(round(0.05 * unit), 1)
        eye = grey[round(y) - reach :, round(x) - reach :][: 2 * reach, : 2 * reach]
        assert eye.mean() < 0.75 * grey[cheek[::-1]]


@pytest.mark.parametrize("n_samples", [10, 200])
def test_identities_do_not_cross_splits(tmp_path, n_samples, monkeypatch):
    monkeypatch.setattr(Portrait, "photo", lambda *args: b"")
    root = make_celeba(tmp_path / "celeba", n_samples, random_state=1)
    identity = read_rows(root / "Anno" / "identity_CelebA.txt")[:, 0]
    split = read_rows(root / "Eval" / "list_eval_partition.txt")[:, 0]
    held_out = n_samples // 10
    assert Counter(split) == {0: n_samples - 2 * held_out, 1: held_out, 2: held_out}
    assert len(set(zip(identity, split, strict=True))) == len(set(identity))


def test_identities_have_several_photos_of_one_gender(tmp_path, monkeypatch):
    monkeypatch.setattr(Portrait, "photo", lambda *args: b"")
    root = make_celeba(tmp_path / "celeba", 200, random_state=1)
    identity = read_rows(root / "Anno" / "identity_CelebA.txt")[:, 0]
    values = read_rows(root / "Anno" / "list_attr_celeba.txt", skip=2)
    male = values[:, ATTRIBUTE_NAMES.index("Male")]
    assert max(Counter(identity).values()) in range(4, 9)
    assert len(set(zip(identity, male, strict=True))) == len(set(identity))


@pytest.mark.parametrize("n_samples", [1, 5])
def test_few_samples_work(tmp_path, n_samples):
    root = make_celeba(tmp_path / "celeba", n_samples, random_state=0)
    assert len(list((root / "Img" / "img_celeba").iterdir())) == n_samples


def test_another_seed_gives_other_faces(root, tmp_path):
    other = make_celeba(tmp_path / "celeba", 2, random_state=1)
    name = "Img/img_align_celeba/000001.jpg"
    assert (other / name).read_bytes() != (root / name).read_bytes()


def test_rates_are_near_celebas(attributes):
    rates = np.array([attributes[name].mean() for name in ATTRIBUTE_NAMES])
    gap = np.abs(rates - CELEBA_RATES)
    hair = [ATTRIBUTE_NAMES.index(f"{c}_Hair") for c in ("Black", "Blond", "Brown")]
    assert gap[hair].max() < 0.06
    assert np.delete(gap, hair).max() < 0.03


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ("Smiling", "High_Cheekbones", 0.5, 0.8),
        ("Smiling", "Mouth_Slightly_Open", 0.4, 0.7),
        ("Wearing_Lipstick", "Heavy_Makeup", 0.6, 0.9),
        ("Male", "Wearing_Lipstick", -0.9, -0.7),
        ("Male", "Wearing_Necktie", 0.2, 0.4),
        ("Gray_Hair", "Young", -0.5, -0.2),
    ],
)
def test_main_correlations_are_celebas(attributes, first, second, low, high):
    assert low < np.corrcoef(attributes[first], attributes[second])[0, 1] < high


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Bald", "Bangs"),
        ("Bald", "Black_Hair"),
        ("Bald", "Wavy_Hair"),
        ("Black_Hair", "Blond_Hair"),
        ("Brown_Hair", "Gray_Hair"),
        ("Straight_Hair", "Wavy_Hair"),
        ("Bangs", "Receding_Hairline"),
        ("No_Beard", "Goatee"),
        ("No_Beard", "Mustache"),
        ("No_Beard", "Sideburns"),
        ("No_Beard", "5_o_Clock_Shadow"),
        ("Male", "Wearing_Lipstick"),
    ],
)
def test_attributes_that_exclude_each_other(attributes, first, second):
    assert not np.any(attributes[first] & attributes[second])


def test_beards_are_on_men_and_have_a_kind(attributes):
    beard = ~attributes["No_Beard"]
    kinds = ("Goatee", "Mustache", "Sideburns", "5_o_Clock_Shadow")
    assert not np.any(beard & ~attributes["Male"])
    assert np.array_equal(beard, np.any([attributes[k] for k in kinds], axis=0))


def test_drawn_attributes_are_names():
    assert set(DRAWN_ATTRIBUTES) < set(ATTRIBUTE_NAMES)


def test_an_attribute_changes_the_picture():
    has = {"No_Beard", "Young", "Brown_Hair"}
    seeds = [np.random.SeedSequence(k) for k in (3, 4)]
    plain = Portrait(has, *seeds).aligned_photo()
    assert plain == Portrait(has, *seeds).aligned_photo()
    for name in set(DRAWN_ATTRIBUTES) - has:
        assert Portrait(has | {name}, *seeds).aligned_photo() != plain, name


def test_a_folder_that_holds_files_is_refused(tmp_path):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(DatasetError, match=r"exists already.*Choose another root"):
        make_celeba(tmp_path, 5)
    assert [p.name for p in tmp_path.iterdir()] == ["photo.jpg"]


def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(Portrait, "photo", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_celeba(tmp_path / "celeba", 5, random_state=0)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled_also_where_the_user_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_celeba(".", 1, random_state=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Anno", "Eval", "Img"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"celeba: cannot be written .*choose a fol"):
        make_celeba(tmp_path / "file" / "celeba", 1)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DatasetError, match=r"No space left on device\); free some sp"):
        make_celeba(tmp_path / "celeba", 5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("root", [None, 3, "", "a\0b"])
def test_a_root_that_is_no_path_is_refused(root):
    with pytest.raises(ParameterError, match="root must be the path of a folder, got"):
        make_celeba(root)


@pytest.mark.parametrize("n_samples", [0, -3, 2.5, "many"])
def test_n_samples_must_be_a_positive_integer(tmp_path, n_samples):
    with pytest.raises(ParameterError, match="n_samples must be a positive integer"):
        make_celeba(tmp_path / "celeba", n_samples)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SKFACE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("moment", ["before it draws", "before it writes"])
def test_who_is_second_takes_what_the_first_has_drawn(cache, monkeypatch, moment):
    def after_another(original):
        def done(*args, **kwargs):
            monkeypatch.undo()
            monkeypatch.setenv("SKFACE_CACHE", str(cache))
            drawn_celeba(2)
            return original(*args, **kwargs)

        return done

    name = {"before it draws": "make_celeba", "before it writes": "_write_lists"}[
        moment
    ]
    home = "skface.datasets._make_celeba"
    monkeypatch.setattr(f"{home}.{name}", after_another(getattr(_make_celeba, name)))
    root = drawn_celeba(2)
    assert [path.name for path in cache.iterdir()] == [root.name]
    assert sorted(path.name for path in root.iterdir()) == ["Anno", "Eval", "Img"]


def test_an_empty_folder_in_the_cache_is_filled(cache):
    root = drawn_celeba(2)
    before = digests(root)
    shutil.rmtree(root)
    root.mkdir()
    assert digests(drawn_celeba(2)) == before


def test_a_cache_that_cannot_be_written_is_named(cache):
    cache.touch()
    with pytest.raises(DatasetError, match=r"cache/drawn-1-2-0: cannot be written"):
        drawn_celeba(2)


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)])
def test_a_folder_that_is_kept_needs_a_seed_to_be_known_by(seed):
    for draw in (drawn_celeba, drawn_wider):
        with pytest.raises(ParameterError, match="random_state must be an integer"):
            draw(2, random_state=seed)
