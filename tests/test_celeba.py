"""CelebALoader: layouts, joins, targets, splits, and what it leaves out or refuses."""

import itertools
import re
import shutil
import time
import warnings

import numpy as np
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score

from skface import CelebALoader, ImageArray, to_pixels
from skface.exceptions import (
    DatasetError,
    ImageError,
    ParameterError,
    SkfaceWarning,
)
from skface.targets import ATTRIBUTE_NAMES, LANDMARKS

SPLITS = ("train", "valid", "test")
LISTS = {
    "bbox": "list_bbox_celeba.txt",
    "landmarks": "list_landmarks_celeba.txt",
    "aligned landmarks": "list_landmarks_align_celeba.txt",
    "attributes": "list_attr_celeba.txt",
}
LANDMARK_HEADER = (
    "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
    "leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
)
HEADERS = {
    "bbox": "image_id x_1 y_1 width height",
    "landmarks": LANDMARK_HEADER,
    "aligned landmarks": LANDMARK_HEADER,
}


class Folder:
    """A data set written line by line; photos are black."""

    def __init__(self, root):
        self.root = root

    def photos(self, sizes, kind="img_celeba"):
        (self.root / kind).mkdir(exist_ok=True)
        for name, size in sizes.items():
            Image.new("L", size).save(self.root / kind / name)

    def list(self, kind, rows, header=None):
        n_columns = len(next(iter(rows.values())))
        numbered = " ".join(f"column{i}" for i in range(n_columns))
        header = header or HEADERS.get(kind, numbered)
        self.lines(LISTS[kind], rows, f"{len(rows)}\n{header}\n")

    def lines(self, name, rows, head=""):
        lines = [" ".join(map(str, (name, *row))) for name, row in rows.items()]
        (self.root / name).write_text(head + "\n".join(lines) + "\n")

    def partition(self, **splits):
        rows = {f"{name}.png": (number,) for name, number in splits.items()}
        self.lines("list_eval_partition.txt", rows)

    def load(self, target, split="all", **options):
        return CelebALoader(self.root, target, **options).load_bunch(split)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def boxes(folder):
    """Three photos, a good box in each."""
    folder.photos({"a.png": (100, 200), "b.png": (50, 40), "c.png": (64, 64)})
    rows = {"a.png": (10, 50, 20, 100), "b.png": (0, 0, 50, 40), "c.png": (8, 8, 8, 8)}
    folder.list("bbox", rows)
    folder.partition(a=0, b=0, c=1)
    return rows


@pytest.fixture
def attributes(folder):
    """Three aligned photos, attributes Bald and Young."""
    folder.photos(dict.fromkeys(["a.png", "b.png", "c.png"], (178, 218)), ALIGNED)
    rows = {"a.png": (-1, 1), "b.png": (1, 1), "c.png": (1, -1)}
    folder.list("attributes", rows, "Bald Young")
    folder.partition(a=0, b=0, c=1)
    return rows


ALIGNED = "img_align_celeba"


@pytest.fixture
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _copy(root, target, move):
    """`root` with every file at ``move(relative path)``."""
    for path in root.rglob("*"):
        if path.is_file():
            new = target / move(path.relative_to(root))
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, new)
    return target


def _assert_same(bunch, expected):
    np.testing.assert_array_equal(bunch.image_ids, expected.image_ids)
    np.testing.assert_array_equal(bunch.target, expected.target)
    assert bunch.target_names == expected.target_names


LAYOUTS = {
    "flat": lambda path: "/".join(
        path.parts[-2:] if "Img" in path.parts else path.parts[-1:]
    ),
    "without Img": lambda path: str(path).removeprefix("Img/"),
    "one deeper": lambda path: f"CelebA/{path}",
    "lists in Img": lambda path: path if "Img" in path.parts else f"Img/{path.name}",
    "three deep": lambda path: (
        f"a/b/{path}" if "Img" in path.parts else f"a/b/c/{path.name}"
    ),
    "photos repeated": lambda path: (
        path.parent / path.parent.name / path.name if "Img" in path.parts else path
    ),
}


@pytest.mark.usefixtures("no_warning")
@pytest.mark.parametrize("move", LAYOUTS.values(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("target", ["bbox", "landmarks", "attributes"])
def test_each_nesting_is_found(celeba_root, tmp_path, move, target):
    root = _copy(celeba_root, tmp_path / "root", move)
    bunch = CelebALoader(root, target).load_bunch("valid")
    _assert_same(bunch, CelebALoader(celeba_root, target).load_bunch("valid"))
    assert len(bunch.images[0]) == 224


@pytest.mark.usefixtures("no_warning")
@pytest.mark.parametrize("target", ["landmarks", "attributes"])
@pytest.mark.parametrize("split", [*SPLITS, "all"])
def test_kaggles_layout_reads_as_the_official_one(
    celeba_root, kaggle_root, target, split
):
    bunch = CelebALoader(kaggle_root, target).load_bunch(split)
    expected = CelebALoader(celeba_root, target).load_bunch(split)
    _assert_same(bunch, expected)
    np.testing.assert_array_equal(bunch.images[0], expected.images[0])


def test_kaggles_boxes_are_read_with_the_official_photos(
    celeba_root, kaggle_root, tmp_path
):
    for path in kaggle_root.glob("*.csv"):
        shutil.copy(path, tmp_path)
    (tmp_path / "img_celeba").symlink_to(celeba_root / "Img/img_celeba")
    bunch = CelebALoader(tmp_path, "bbox").load_bunch("train")
    _assert_same(bunch, CelebALoader(celeba_root, "bbox").load_bunch("train"))


def test_of_two_copies_of_a_list_the_nearest_is_read(folder, attributes):
    deeper = folder.root / "Anno"
    deeper.mkdir()
    Folder(deeper).list("attributes", {"c.png": (1,)}, "Other")
    assert folder.load("attributes").target_names == ["Bald", "Young"]


def test_rows_are_joined_by_name_in_the_order_of_the_targets_list(folder, boxes):
    folder.list("bbox", {name: boxes[name] for name in ("c.png", "a.png", "b.png")})
    folder.lines("identity_CelebA.txt", {"b.png": (7,), "c.png": (8,), "a.png": (9,)})
    bunch = folder.load("bbox")
    assert list(bunch.image_ids) == ["c.png", "a.png", "b.png"]
    assert bunch.groups.tolist() == [8, 9, 7]
    np.testing.assert_array_equal(bunch.image_sizes, [(64, 64), (100, 200), (50, 40)])
    np.testing.assert_array_equal(
        to_pixels(bunch.target, bunch.image_sizes).round(),
        [boxes[name] for name in bunch.image_ids],
    )
    assert [path.rpartition("/")[2] for path in bunch.images.paths] == [
        "c.png",
        "a.png",
        "b.png",
    ]


def test_a_shuffled_list_changes_the_order_and_no_target(celeba_root, tmp_path):
    root = _copy(celeba_root, tmp_path / "root", lambda path: path)
    path = root / "Anno" / "list_attr_celeba.txt"
    count, header, *rows = path.read_text().splitlines()
    order = np.random.default_rng(0).permutation(len(rows))
    path.write_text("\n".join([count, header, *(rows[i] for i in order)]) + "\n")
    shuffled = CelebALoader(root).load_bunch("all")
    plain = CelebALoader(celeba_root).load_bunch("all")
    np.testing.assert_array_equal(shuffled.image_ids, plain.image_ids[order])
    np.testing.assert_array_equal(shuffled.target, plain.target[order])
    np.testing.assert_array_equal(shuffled.groups, plain.groups[order])
    np.testing.assert_array_equal(shuffled.images[0], plain.images[int(order[0])])


def test_boxes_are_fractions_of_their_photo(folder, boxes):
    X, y = CelebALoader(folder.root, "bbox").load("all")
    expected = [(0.1, 0.25, 0.2, 0.5), (0, 0, 1, 1), (0.125,) * 4]
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    assert X.shape == (3, 224, 224, 3)


def test_landmarks_are_fractions_of_their_photo_even_outside_of_it(folder):
    folder.photos({"a.png": (100, 200)})
    folder.list("landmarks", {"a.png": (10, 20, 50, 20, 30, 50, -5, 100, 105, 210)})
    expected = [(0.1, 0.1, 0.5, 0.1, 0.3, 0.25, -0.05, 0.5, 1.05, 1.05)]
    bunch = folder.load("landmarks")
    assert bunch.target.dtype == np.float32
    np.testing.assert_allclose(bunch.target, expected, rtol=1e-6)
    assert bunch.target_names[:3] == ["left_eye_x", "left_eye_y", "right_eye_x"]


def test_attributes_are_0_and_1(folder, attributes):
    bunch = folder.load("attributes")
    assert bunch.target.dtype == np.int64
    assert bunch.target.tolist() == [[0, 1], [1, 1], [1, 0]]
    assert bunch.target_names == ["Bald", "Young"]


def test_attributes_that_are_0_and_1_already_stay(folder, attributes):
    folder.list("attributes", {"a.png": (0, 1), "b.png": (1, 0)}, "Bald Young")
    assert folder.load("attributes").target.tolist() == [[0, 1], [1, 0]]


def test_an_attribute_list_of_three_columns_is_read(folder, attributes):
    rows = {"a.png": (-1, 1, 1), "b.png": (1, -1, -1)}
    folder.list("attributes", rows, "Eyeglasses Male Smiling")
    bunch = folder.load("attributes")
    assert bunch.target_names == ["Eyeglasses", "Male", "Smiling"]
    assert bunch.target.tolist() == [[0, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize("row", [(2, 1), (0, 1)], ids=["two", "zero among minus one"])
def test_an_attribute_of_another_value_is_refused(folder, attributes, row):
    folder.list("attributes", attributes | {"c.png": row}, "Bald Young")
    with pytest.raises(DatasetError, match=f"Bald of c.png is {row[0]}"):
        folder.load("attributes")


def test_the_official_attributes_have_their_names(celeba_root):
    bunch = CelebALoader(celeba_root).load_bunch("train")
    assert bunch.target_names == list(ATTRIBUTE_NAMES)
    assert len(set(bunch.target_names)) == 40
    assert bunch.target.shape == (16, 40)


@pytest.mark.usefixtures("no_warning")
@pytest.mark.parametrize("target", ["bbox", "landmarks", "attributes"])
@pytest.mark.parametrize(
    ("split", "n_photos"),
    [("train", 16), ("valid", 4), ("test", 4), ("train+valid", 20), ("all", 24)],
)
def test_each_split_has_its_photos(celeba_root, target, split, n_photos):
    X, y = CelebALoader(celeba_root, target).load(split)
    assert len(X) == len(y) == n_photos


def test_the_splits_share_no_photo_and_leave_none_out(celeba_root):
    loader = CelebALoader(celeba_root)
    names = {split: set(loader.load_bunch(split).image_ids) for split in SPLITS}
    assert names["train"] | names["valid"] | names["test"] == set(
        loader.load_bunch("all").image_ids
    )
    for one, other in itertools.combinations(SPLITS, 2):
        assert not names[one] & names[other]
    both = loader.load_bunch("train+valid").image_ids
    assert set(both) == names["train"] | names["valid"]


@pytest.mark.parametrize("split", ["dev", "", "train+test", None])
def test_an_unknown_split_is_refused(celeba_root, split):
    with pytest.raises(ParameterError, match=r"split must be in \('train', .* got"):
        CelebALoader(celeba_root).load(split)


def test_a_split_without_photos_is_refused(folder, boxes):
    with pytest.raises(DatasetError, match=r"no photo of the bbox list is in .*'test'"):
        folder.load("bbox", "test")


def test_all_needs_no_partition_list(folder, boxes):
    (folder.root / "list_eval_partition.txt").unlink()
    assert len(folder.load("bbox", "all").target) == 3
    with pytest.raises(DatasetError, match=r"no list_eval_partition.txt or .csv in"):
        folder.load("bbox", "train")


def test_photos_in_no_split_are_named(folder, boxes):
    folder.partition(a=0)
    with pytest.warns(SkfaceWarning, match="2 photos are in no split.*b.png, c.png"):
        bunch = folder.load("bbox", "train")
    assert list(bunch.image_ids) == ["a.png"]


@pytest.mark.parametrize("target", ["bbox", "landmarks", "attributes"])
def test_the_predefined_split_fits_the_rows_of_train_and_valid(celeba_root, target):
    loader = CelebALoader(celeba_root, target)
    ((train, valid),) = loader.predefined_split().split()
    both = loader.load_bunch("train+valid").image_ids
    np.testing.assert_array_equal(both[train], loader.load_bunch("train").image_ids)
    np.testing.assert_array_equal(both[valid], loader.load_bunch("valid").image_ids)


@pytest.mark.filterwarnings("ignore::skface.exceptions.SkfaceWarning")
def test_the_predefined_split_leaves_out_what_load_leaves_out(folder, boxes):
    folder.list("bbox", {"none.png": (1, 1, 2, 2), **boxes, "a.png": (9, 9, 0, 0)})
    folder.partition(a=0, b=0, c=1, none=0)
    loader = CelebALoader(folder.root, "bbox")
    ((train, valid),) = loader.predefined_split().split()
    both = loader.load_bunch("train+valid").image_ids
    assert list(both[train]) == ["b.png"]
    assert list(both[valid]) == ["c.png"]


@pytest.mark.usefixtures("no_warning")
def test_the_predefined_split_repeats_no_warning(folder, boxes):
    folder.list("bbox", {**boxes, "a.png": (9, 9, 0, 0)})
    assert CelebALoader(folder.root, "bbox").predefined_split().get_n_splits() == 1


def test_a_search_runs_on_the_predefined_split(celeba_root):
    loader = CelebALoader(celeba_root, image_size=8)
    X, y = loader.load("train+valid")
    search = GridSearchCV(
        DummyClassifier(),
        {"strategy": ["most_frequent", "prior"]},
        cv=loader.predefined_split(),
        error_score="raise",
    )
    search.fit(X, y[:, 0])
    _, valid = loader.load("valid")
    commoner = np.bincount(loader.load("train")[1][:, 0]).argmax()
    assert search.best_score_ == (valid[:, 0] == commoner).mean()


def test_groups_are_the_identities(folder, boxes):
    folder.lines("identity_CelebA.txt", {"c.png": (5,), "a.png": (5,), "b.png": (77,)})
    assert folder.load("bbox").groups.tolist() == [5, 77, 5]
    assert folder.load("bbox", "valid").groups.tolist() == [5]


def test_groups_keep_a_person_in_one_fold(celeba_root):
    bunch = CelebALoader(celeba_root, image_size=8).load_bunch("train")
    assert len(np.unique(bunch.groups)) == 3
    scores = cross_val_score(
        DummyClassifier(),
        bunch.images,
        bunch.target[:, 0],
        groups=bunch.groups,
        cv=GroupKFold(3),
        error_score="raise",
    )
    assert len(scores) == 3


def test_without_identities_there_are_no_groups(folder, boxes):
    assert folder.load("bbox").groups is None


def test_an_identity_list_with_gaps_is_refused(folder, boxes):
    folder.lines("identity_CelebA.txt", {"a.png": (5,)})
    with pytest.raises(DatasetError, match=r"has no line for b.png, c.png; complete"):
        folder.load("bbox")


def test_boxes_of_aligned_photos_are_refused(celeba_root):
    with pytest.raises(ParameterError, match="boxes belong to the in-the-wild photos"):
        CelebALoader(celeba_root, "bbox", aligned=True).load("train")


@pytest.mark.parametrize("aligned", [None, False, True])
def test_boxes_of_a_folder_with_only_aligned_photos_are_refused(kaggle_root, aligned):
    with pytest.raises(ParameterError, match="boxes belong to the in-the-wild photos"):
        CelebALoader(kaggle_root, "bbox", aligned=aligned).load("train")


def test_boxes_of_a_folder_without_photos_name_what_is_missing(folder, boxes):
    shutil.rmtree(folder.root / "img_celeba")
    with pytest.raises(DatasetError, match="no folder img_celeba in it"):
        folder.load("bbox")


def test_boxes_take_the_photos_in_the_wild(celeba_root):
    bunch = CelebALoader(celeba_root, "bbox").load_bunch("train")
    assert all("/img_celeba/" in path for path in bunch.images.paths)
    assert len(np.unique(bunch.image_sizes, axis=0)) == 16


@pytest.mark.parametrize("target", ["landmarks", "attributes"])
def test_landmarks_and_attributes_take_the_aligned_photos(celeba_root, target):
    bunch = CelebALoader(celeba_root, target).load_bunch("train")
    assert all("/img_align_celeba/" in path for path in bunch.images.paths)
    assert (bunch.image_sizes == (178, 218)).all()


def test_attributes_in_the_wild_on_request(celeba_root):
    loaders = [CelebALoader(celeba_root, aligned=each) for each in (False, True)]
    wild, aligned = (loader.load_bunch("train") for loader in loaders)
    assert all("/img_celeba/" in path for path in wild.images.paths)
    assert len(np.unique(wild.image_sizes, axis=0)) == 16
    np.testing.assert_array_equal(wild.image_ids, aligned.image_ids)
    np.testing.assert_array_equal(wild.target, aligned.target)
    assert "16 in-the-wild photos" in wild.DESCR


def test_attributes_in_the_wild_of_a_folder_without_these_photos(kaggle_root):
    with pytest.raises(DatasetError, match="no folder img_celeba in it"):
        CelebALoader(kaggle_root, aligned=False).load("train")


def test_landmarks_in_the_wild_on_request(celeba_root):
    loader = CelebALoader(celeba_root, "landmarks", aligned=False)
    bunch = loader.load_bunch("train")
    path = celeba_root / "Anno" / "list_landmarks_celeba.txt"
    rows = dict(line.split(maxsplit=1) for line in path.read_text().splitlines()[2:])
    assert all("/img_celeba/" in path for path in bunch.images.paths)
    np.testing.assert_array_equal(
        to_pixels(bunch.target, bunch.image_sizes).round(),
        [np.fromstring(rows[name], sep=" ") for name in bunch.image_ids],
    )


def test_landmarks_without_an_aligned_list_are_those_in_the_wild(folder):
    folder.photos({"a.png": (100, 200)})
    folder.photos({"a.png": (178, 218)}, ALIGNED)
    folder.list("landmarks", {"a.png": (10,) * 10})
    bunch = folder.load("landmarks")
    np.testing.assert_array_equal(bunch.image_sizes, [(100, 200)])


def test_aligned_landmarks_without_their_list_are_refused(folder):
    folder.photos({"a.png": (178, 218)}, ALIGNED)
    folder.list("landmarks", {"a.png": (10,) * 10})
    with pytest.raises(DatasetError, match=r"no list_landmarks_align_celeba.txt or"):
        folder.load("landmarks", aligned=True)


def test_a_box_without_area_is_left_out_with_one_warning(folder, boxes):
    rows = {
        "101283.png": (320, 828, 0, 0),
        "d.png": (5, 5, -3, 5),
        "e.png": (90, 5, 9, 9),
    }
    folder.photos(dict.fromkeys(rows, (80, 80)))
    folder.list("bbox", boxes | rows)
    with pytest.warns(SkfaceWarning) as caught:
        bunch = folder.load("bbox")
    assert [str(warning.message) for warning in caught] == [
        "3 photos are left out: the box has no area in the photo: "
        "101283.png, d.png, e.png"
    ]
    assert list(bunch.image_ids) == list(boxes)
    assert len(bunch.images) == len(bunch.target) == len(bunch.image_sizes) == 3


@pytest.mark.filterwarnings("ignore::skface.exceptions.SkfaceWarning")
def test_groups_leave_out_what_the_boxes_leave_out(folder, boxes):
    folder.list("bbox", {**boxes, "b.png": (1, 1, 0, 0)})
    folder.lines("identity_CelebA.txt", {"a.png": (1,), "b.png": (2,), "c.png": (3,)})
    assert folder.load("bbox").groups.tolist() == [1, 3]


def test_a_split_whose_boxes_all_lack_area_is_refused(folder, boxes):
    folder.list("bbox", dict.fromkeys(boxes, (1, 1, 0, 0)))
    match = "no photo is left: all 3 boxes, of a.png, b.png, c.png, have no area"
    with pytest.raises(DatasetError, match=match):
        folder.load("bbox")


def test_a_box_over_the_border_is_clipped_with_one_warning(folder, boxes):
    rows = {
        "a.png": (-10, 150, 60, 100),
        "b.png": (0, 0, 50, 41),
        "c.png": (8, 8, 8, 8),
    }
    folder.list("bbox", rows)
    with pytest.warns(SkfaceWarning) as caught:
        bunch = folder.load("bbox")
    assert [str(warning.message) for warning in caught] == [
        "2 photos are clipped: the box leaves the photo: a.png, b.png"
    ]
    expected = [(0, 0.75, 0.5, 0.25), (0, 0, 1, 1), (0.125,) * 4]
    np.testing.assert_allclose(bunch.target, expected, rtol=1e-6)


def test_a_warning_names_five_and_counts_the_rest(folder, boxes):
    names = [f"bad{number}.png" for number in range(7)]
    folder.photos(dict.fromkeys(names, (80, 80)))
    folder.list("bbox", boxes | dict.fromkeys(names, (1, 1, 0, 0)))
    with pytest.warns(SkfaceWarning, match=r"7 photos .*: bad0.*bad4.png and 2 more$"):
        folder.load("bbox")


def test_photos_without_a_file_are_left_out_with_one_warning(folder, boxes):
    (folder.root / "img_celeba" / "b.png").unlink()
    with pytest.warns(SkfaceWarning) as caught:
        bunch = folder.load("bbox")
    (warning,) = caught
    assert "1 photo is left out: no file in" in str(warning.message)
    assert str(warning.message).endswith("img_celeba: b.png")
    assert list(bunch.image_ids) == ["a.png", "c.png"]


def test_a_folder_with_none_of_the_photos_is_refused(folder, boxes):
    for path in (folder.root / "img_celeba").iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match=r"none of the 3 photos .* which is a.png"):
        folder.load("bbox")


def test_loading_takes_time_in_proportion_to_the_photos(folder, monkeypatch):
    # the whole of CelebA has ten times as many: joins by nested loops take minutes
    rows = {f"{number:06d}.png": (1,) for number in range(20_000)}
    folder.photos({}, ALIGNED)
    folder.list("attributes", rows)
    folder.lines("list_eval_partition.txt", dict.fromkeys(rows, (0,)))
    folder.lines("identity_CelebA.txt", dict.fromkeys(rows, (7,)))
    monkeypatch.setattr("os.listdir", lambda folder: list(rows))
    start = time.process_time()
    X, _ = CelebALoader(folder.root).load("train")
    assert len(X) == 20_000
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("kind", "header", "told"),
    [
        ("bbox", "x_1 y_1 width height depth", "(unknown: depth)"),
        (
            "bbox",
            LANDMARK_HEADER,
            "(missing: x_1, y_1, width, height; unknown: lefteye_x,",
        ),
        (
            "landmarks",
            LANDMARK_HEADER.rpartition(" rightmouth_x")[0],
            "(missing: rightmouth_x, rightmouth_y)",
        ),
    ],
)
def test_a_target_of_another_width_is_refused(folder, boxes, kind, header, told):
    folder.list(kind, {"a.png": (1,) * len(header.split())}, header)
    wanted = {"bbox": "x_1, y_1, width, height", "landmarks": "lefteye_x, lefteye_y"}
    match = f"{LISTS[kind]}: .* by the names of their columns, {wanted[kind]}.* but "
    with pytest.raises(
        DatasetError, match=match + "the header has " + ".*" + re.escape(told)
    ):
        folder.load(kind)


def test_a_list_is_refused_by_file_and_line_through_the_loader(folder, boxes):
    folder.lines(LISTS["bbox"], {"a.png": (1, 2, 3, "x")}, "1\nx_1 y_1 width height\n")
    with pytest.raises(DatasetError, match=f"{LISTS['bbox']}, line 3: height of a.png"):
        folder.load("bbox")


def test_a_missing_list_is_named(folder):
    folder.photos({"a.png": (8, 8)})
    with pytest.raises(DatasetError, match=r"no list_bbox_celeba.txt or .csv in it"):
        folder.load("bbox")


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for name in ("absent", "file"):
        with pytest.raises(DatasetError, match=f"{name}: no such folder"):
            CelebALoader(tmp_path / name).load()


def test_an_unknown_target_is_refused(celeba_root):
    with pytest.raises(ParameterError, match=r"target must be in .* got 'box'"):
        CelebALoader(celeba_root, "box").load()


def test_a_bad_image_size_is_refused(celeba_root):
    with pytest.raises(ParameterError, match="image_size must be"):
        CelebALoader(celeba_root, image_size=0).load()


def test_photos_have_the_size_asked_for(celeba_root):
    X, _ = CelebALoader(celeba_root, image_size=(10, 12)).load("valid")
    assert isinstance(X, ImageArray)
    assert np.asarray(X).shape == (4, 10, 12, 3)


def test_sizes_and_targets_need_only_the_headers(folder):
    noise = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    folder.photos({})
    path = folder.root / "img_celeba" / "a.jpg"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    folder.list("bbox", {"a.jpg": (9, 6, 45, 30)})
    bunch = folder.load("bbox")
    np.testing.assert_array_equal(bunch.image_sizes, [(90, 60)])
    np.testing.assert_allclose(bunch.target, [(0.1, 0.1, 0.5, 0.5)], rtol=1e-6)
    with pytest.raises(ImageError, match=r"a.jpg: cannot be decoded"):
        bunch.images[0]


def test_attributes_are_loaded_without_opening_a_photo(folder, attributes):
    (folder.root / ALIGNED / "a.png").write_text("no photo")
    assert len(CelebALoader(folder.root).load("all")[1]) == 3


def test_photos_whose_sizes_cannot_be_read_are_counted_and_named(folder, boxes):
    for name in ("a.png", "c.png"):
        (folder.root / "img_celeba" / name).write_text("no photo")
    with pytest.raises(
        ImageError, match=r"2 of 3 photos .*\n.*a.png.*\n.*c.png"
    ) as caught:
        folder.load("bbox")
    photos = folder.root / "img_celeba"
    assert caught.value.paths == [str(photos / "a.png"), str(photos / "c.png")]


def test_sizes_are_those_of_upright_photos(folder, boxes):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (200, 100)).save(folder.root / "img_celeba" / "a.png", exif=exif)
    np.testing.assert_array_equal(folder.load("bbox").image_sizes[0], (100, 200))


def test_sizes_are_read_once(folder, boxes, monkeypatch):
    time.sleep(0.06)  # no file is trusted that was written a moment ago
    loader = CelebALoader(folder.root, "bbox")
    before = loader.load_bunch("train").image_sizes
    monkeypatch.setattr("PIL.Image.open", lambda *args, **kwargs: 1 / 0)
    np.testing.assert_array_equal(loader.load_bunch("train").image_sizes, before)


def test_the_size_of_a_photo_that_changed_is_read_again(folder, boxes):
    time.sleep(0.06)
    loader = CelebALoader(folder.root, "bbox")
    loader.load("train")
    folder.photos({"a.png": (40, 400)})
    np.testing.assert_array_equal(loader.load_bunch("train").image_sizes[0], (40, 400))


@pytest.mark.parametrize("verbose", [0, 1])
def test_the_bar_is_shown_where_it_is_asked_for(celeba_root, capsys, verbose):
    CelebALoader(celeba_root, "bbox", verbose=verbose).load("train")
    assert ("photo sizes" in capsys.readouterr().err) == bool(verbose)


def test_load_gives_the_images_and_target_of_the_bunch(celeba_root):
    loader = CelebALoader(celeba_root, "landmarks")
    X, y = loader.load("valid")
    bunch = loader.load_bunch("valid")
    assert list(X.paths) == list(bunch.images.paths)
    np.testing.assert_array_equal(y, bunch.target)


def test_the_bunch_describes_itself(celeba_root):
    bunch = CelebALoader(celeba_root, "bbox").load_bunch("valid")
    assert "4 in-the-wild photos" in bunch.DESCR
    assert bunch.target_names == ["x", "y", "width", "height"]


def test_the_loader_prints_its_root_and_target(celeba_root):
    assert repr(CelebALoader(celeba_root, "bbox")) == (
        f"CelebALoader({str(celeba_root)!r}, target='bbox')"
    )


def test_the_constructor_touches_no_file(tmp_path):
    assert CelebALoader(tmp_path / "absent").target == "attributes"


def test_a_target_that_was_set_after_a_load_is_loaded(celeba_root):
    loader = CelebALoader(celeba_root)
    assert loader.load("valid")[1].shape == (4, 40)
    for target, n_columns in (("landmarks", 10), ("bbox", 4), ("attributes", 40)):
        loader.target = target
        bunch = loader.load_bunch("valid")
        assert bunch.target.shape == (4, n_columns)
        _assert_same(bunch, CelebALoader(celeba_root, target).load_bunch("valid"))


def test_a_root_that_was_set_after_a_load_is_loaded(celeba_root, folder, attributes):
    loader = CelebALoader(celeba_root)
    assert len(loader.load("all")[0]) == 24
    loader.root = folder.root
    X, y = loader.load("all")
    assert y.tolist() == [[0, 1], [1, 1], [1, 0]]
    assert list(X.paths) == [str(folder.root / ALIGNED / name) for name in attributes]
    assert len(loader.predefined_split().test_fold) == 3


def test_other_parameters_that_were_set_after_a_load_hold(celeba_root, tmp_path):
    root = _copy(celeba_root, tmp_path / "root", lambda path: path)
    (root / "Img" / "img_celeba" / "000001.jpg").write_text("no photo")
    loader = CelebALoader(root, "attributes")
    assert loader.load("valid")[0].shape == (4, 224, 224, 3)
    loader.image_size = (8, 9)
    assert loader.load("valid")[0].shape == (4, 8, 9, 3)
    assert (loader.load_bunch("valid").image_sizes == (178, 218)).all()
    loader.aligned = False
    assert len(np.unique(loader.load_bunch("valid").image_sizes, axis=0)) == 4
    assert len(loader.load("train")[0]) == 16
    loader.on_error = "skip"
    with pytest.warns(SkfaceWarning, match="1 photo is left out: .* read: 000001.jpg"):
        assert len(loader.load("train")[0]) == 15
    assert len(loader.predefined_split().test_fold) == 19
    loader.on_error = "raise"
    assert len(loader.load("train")[0]) == 16


def test_a_target_may_be_given_as_itself(celeba_root):
    loader = CelebALoader(celeba_root, LANDMARKS)
    _assert_same(
        loader.load_bunch("valid"),
        CelebALoader(celeba_root, "landmarks").load_bunch("valid"),
    )
    assert loader.load_bunch("valid").DESCR.endswith("target landmarks.")


@pytest.mark.parametrize(
    ("split", "n_photos"), [("train", 4800), ("valid", 600), ("test", 600)]
)
def test_real_attributes_have_the_official_counts(real_faces, split, n_photos):
    X, y = CelebALoader(real_faces / "celeba").load(split)
    assert len(X) == n_photos
    assert y.shape == (n_photos, 40)
    assert 0.15 < y.mean() < 0.3


@pytest.mark.parametrize("target", ["bbox", "landmarks", "attributes"])
@pytest.mark.parametrize(
    ("split", "n_photos"), [("train", 2400), ("valid", 300), ("test", 300)]
)
def test_real_photos_in_the_wild_have_their_counts(real_faces, target, split, n_photos):
    X, y = CelebALoader(real_faces / "mtfl", target).load(split)
    assert len(X) == n_photos
    assert y.shape == (n_photos, {"bbox": 4, "landmarks": 10, "attributes": 3}[target])


def test_real_groups_do_not_cross_the_splits(real_faces):
    loader = CelebALoader(real_faces / "celeba")
    people = [set(loader.load_bunch(split).groups) for split in SPLITS]
    assert not people[0] & people[1]
    assert not people[0] & people[2]
