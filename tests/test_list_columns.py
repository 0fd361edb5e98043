"""The columns of lists: found by their names, whatever their order and separator."""

import shutil
import warnings

import numpy as np
import pandas as pd
import pytest

from skface import CelebALoader
from skface.exceptions import DatasetError, ParameterError, SkfaceWarning
from skface.targets import BBOX, LANDMARKS, Attributes, Landmarks

NAMES = {
    "bbox": "list_bbox_celeba",
    "landmarks": "list_landmarks_align_celeba",
    "attributes": "list_attr_celeba",
    "partition": "list_eval_partition",
}


class Lists:
    """The 24 photos of `source`, with lists to write anew."""

    def __init__(self, root, source):
        self.root = root
        self.source = source
        (root / "Img").symlink_to(source / "Img", target_is_directory=True)
        for folder in ("Anno", "Eval"):
            shutil.copytree(source / folder, root / folder)

    def frame(self, kind):
        """A list as it was, its first column the file names."""
        (path,) = self.source.rglob(f"{NAMES[kind]}.txt")
        rows = [line.split() for line in path.read_text().splitlines()]
        if kind == "partition":
            return pd.DataFrame(rows, columns=["image_id", "partition"])
        _, header, *rows = rows
        names = header if header[0] == "image_id" else ["image_id", *header]
        return pd.DataFrame(rows, columns=names)

    def write(self, kind, frame, **options):
        """In the place of the list, as csv."""
        for path in self.root.rglob(f"{NAMES[kind]}.*"):
            path.unlink()
        options = {"index": False} | options
        frame.to_csv(self.root / f"{NAMES[kind]}.csv", **options)

    def load(self, target, split="train"):
        return CelebALoader(self.root, target).load_bunch(split)


@pytest.fixture
def lists(tmp_path, celeba_root):
    return Lists(tmp_path, celeba_root)


@pytest.fixture(params=["bbox", "landmarks", "attributes"])
def kind(request):
    return request.param


def shuffled(frame):
    return frame[["image_id", *frame.columns[:0:-1]]]


WAYS = {
    "id last": lambda frame: (frame[[*frame.columns[1:], "image_id"]], {}),
    "pandas index": lambda frame: (frame, {"index": True}),
    "index written twice": lambda frame: (
        frame.reset_index().rename(columns={"index": "Unnamed: 0"}),
        {"index": True},
    ),
    "index and id last": lambda frame: (
        frame[[*frame.columns[1:], "image_id"]],
        {"index": True},
    ),
    "file names as index": lambda frame: (
        frame.set_index("image_id").rename_axis(None),
        {"index": True},
    ),
    "semicolons": lambda frame: (frame, {"sep": ";"}),
    "tabs": lambda frame: (frame, {"sep": "\t"}),
    "spaces after ids": lambda frame: (frame.assign(image_id=frame.image_id + " "), {}),
    "spaces everywhere": lambda frame: (
        frame.rename(columns=lambda name: f" {name} ").map(lambda cell: f" {cell} "),
        {},
    ),
    "id in capitals": lambda frame: (
        frame.rename(columns={"image_id": "Image_ID"}),
        {},
    ),
    "comma at the end": lambda frame: (frame.assign(**{"": ""}), {}),
    "byte order mark": lambda frame: (frame, {"encoding": "utf-8-sig"}),
    "quotes": lambda frame: (frame, {"quoting": 1}),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_csv_reads_as_the_official_list(lists, celeba_root, kind, way):
    frame, options = way(lists.frame(kind))
    lists.write(kind, frame, **options)
    expected = CelebALoader(celeba_root, kind).load_bunch("train")
    bunch = lists.load(kind)
    assert bunch.image_ids.tolist() == expected.image_ids.tolist()
    assert bunch.target_names == expected.target_names
    np.testing.assert_array_equal(bunch.target, expected.target)
    assert bunch.target.dtype == expected.target.dtype


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_partition_reads_as_the_official_one(lists, celeba_root, way):
    frame, options = way(lists.frame("partition"))
    lists.write("partition", frame, **options)
    expected = CelebALoader(celeba_root).load_bunch("valid")
    assert lists.load("attributes", "valid").image_ids.tolist() == (
        expected.image_ids.tolist()
    )


@pytest.mark.parametrize(
    "spelled",
    [
        lambda frame, target: shuffled(frame),
        lambda frame, target: shuffled(frame).rename(columns=str.upper),
        lambda frame, target: frame.set_axis(["image_id", *target.columns()], axis=1),
    ],
    ids=["y before x", "capitals", "names of y"],
)
@pytest.mark.parametrize("target", [BBOX, LANDMARKS], ids=["bbox", "landmarks"])
def test_coordinates_are_found_by_their_names(lists, celeba_root, target, spelled):
    lists.write(target.name, spelled(lists.frame(target.name), target))
    expected = CelebALoader(celeba_root, target.name).load("train")[1]
    np.testing.assert_array_equal(lists.load(target.name).target, expected)


def test_columns_of_an_official_list_are_found_by_their_names(lists, celeba_root):
    lines = shuffled(lists.frame("bbox")).to_csv(index=False, sep=" ")
    path = lists.root / "Anno" / "list_bbox_celeba.txt"
    path.write_text(f"24\n{lines}")
    expected = CelebALoader(celeba_root, "bbox").load("all")[1]
    np.testing.assert_array_equal(lists.load("bbox", "all").target, expected)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("x_1 y_1 x_2 y_2", r"\(missing: width, height; unknown: x_2, y_2\)"),
        ("x_1 y_1 w h", r"\(missing: width, height; unknown: w, h\)"),
        ("x_1 x width height", r"\(missing: y_1; twice: x\)"),
        ("left top width height", r"\(missing: x_1, y_1; unknown: left, top\)"),
    ],
)
def test_boxes_of_other_columns_are_refused(lists, names, told):
    names = names.split()
    lists.write("bbox", lists.frame("bbox").set_axis(["image_id", *names], axis=1))
    match = (
        "list_bbox_celeba.csv: boxes are found by the names of their columns, x_1, "
        f"y_1, width, height in any order, but the header has {', '.join(names)} "
    )
    with pytest.raises(DatasetError, match=match + told):
        lists.load("bbox")


def test_landmarks_of_another_set_of_points_are_refused(lists):
    frame = lists.frame("landmarks").rename(columns={"nose_x": "chin_x"})
    lists.write("landmarks", frame)
    with pytest.raises(DatasetError, match=r"\(missing: nose_x; unknown: chin_x\)$"):
        lists.load("landmarks")


def test_points_of_another_target_are_found_by_their_names(lists):
    points = tuple(f"p{number}" for number in range(68))
    target = Landmarks(points, (("p0", "p1"),), ("p0", "p1"))
    names = lists.frame("landmarks").image_id
    columns = {name: [at] * 24 for at, name in enumerate(target.columns())}
    frame = pd.DataFrame({"image_id": names, **columns, "other_x": 7})
    lists.write("landmarks", shuffled(frame))
    bunch = lists.load(target)
    assert bunch.target.shape == (16, 136)
    assert bunch.target_names == target.columns()
    expected = np.arange(136) / np.tile([178, 218], 68)
    np.testing.assert_allclose(bunch.target[0], expected, rtol=1e-6)


def test_two_of_celebas_points_are_found_in_its_list(lists, celeba_root):
    eyes = ("left_eye", "right_eye")
    bunch = lists.load(Landmarks(eyes, (eyes,), eyes))
    five = CelebALoader(celeba_root, "landmarks").load("train")[1]
    np.testing.assert_array_equal(bunch.target, five[:, :4])


def test_points_that_the_list_lacks_are_named(lists):
    target = Landmarks(("nose", "chin"), (), ("nose", "chin"))
    with pytest.raises(
        DatasetError, match=r"\(missing: chin_x, chin_y; unknown: lefteye"
    ):
        lists.load(target)


def test_attributes_are_chosen_by_their_names(lists, celeba_root):
    every = CelebALoader(celeba_root).load_bunch("train")
    bunch = lists.load(Attributes(("Young", "Bald")))
    at = [every.target_names.index(name) for name in ("Young", "Bald")]
    np.testing.assert_array_equal(bunch.target, every.target[:, at])
    with pytest.raises(
        DatasetError, match=r"has no column Happy; it has 5_o_Clock_Sha"
    ):
        lists.load(Attributes(("Happy",)))


def test_several_targets_at_once_are_refused(lists):
    with pytest.raises(ParameterError, match="a loader reads one target, got"):
        lists.load(("landmarks", "bbox"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("partition", 0), ("Split", "1"), ("identity", 7), ("face", 1)],
)
def test_a_column_that_is_no_attribute_is_left_out(lists, name, value):
    lists.write("attributes", lists.frame("attributes").assign(**{name: value}))
    with pytest.warns(SkfaceWarning) as caught:
        bunch = lists.load("attributes")
    assert [str(each.message) for each in caught] == [
        f"1 column is left out, being no attribute: {name}"
    ]
    assert bunch.target.shape == (16, 40)
    assert name not in bunch.target_names


def test_an_attribute_of_celeba_that_nobody_has_stays(lists):
    lists.write("attributes", lists.frame("attributes").assign(Bald=-1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bunch = lists.load("attributes")
    assert bunch.target[:, bunch.target_names.index("Bald")].tolist() == [0] * 16


def test_a_column_of_values_without_a_name_is_refused(lists):
    lists.write("attributes", lists.frame("attributes").assign(**{"": 1}))
    with pytest.raises(DatasetError, match="column 42 has no name"):
        lists.load("attributes")


def test_the_coding_is_that_of_the_whole_list_and_not_of_the_split(lists):
    frame = lists.frame("attributes")
    partition = lists.frame("partition").partition
    frame["Bald"] = np.where(partition == "2", "-1", "0")
    lists.write("attributes", frame)
    message = r"list_attr_celeba.csv: Bald of 000001.jpg is 0: attributes must be -1"
    for split in ("train", "test", "all"):
        with pytest.raises(DatasetError, match=message):
            lists.load("attributes", split)


def test_a_split_of_ones_alone_is_read_in_the_coding_of_the_list(lists):
    frame = lists.frame("attributes")
    is_train = lists.frame("partition").partition == "0"
    frame[frame.columns[1:]] = "-1"
    frame.loc[is_train, frame.columns[1:]] = "1"
    lists.write("attributes", frame)
    assert (lists.load("attributes").target == 1).all()
    assert (lists.load("attributes", "valid").target == 0).all()


@pytest.mark.parametrize("missing", ["", "NaN", "nan", "NA"])
def test_a_missing_label_is_nan(lists, celeba_root, missing):
    frame = lists.frame("attributes")
    frame.loc[2, "Bald"] = frame.loc[0, "Young"] = missing
    lists.write("attributes", frame)
    bunch = lists.load("attributes")
    every = CelebALoader(celeba_root).load_bunch("train").target.astype(float)
    every[2, bunch.target_names.index("Bald")] = np.nan
    every[0, bunch.target_names.index("Young")] = np.nan
    np.testing.assert_array_equal(bunch.target, every)
    assert bunch.target.dtype == np.float64
    assert lists.load("attributes", "valid").target.dtype == np.float64


def test_a_missing_label_of_an_official_list_is_written_nan(lists):
    path = lists.root / "Anno" / "list_attr_celeba.txt"
    count, header, first, *rest = path.read_text().splitlines()
    name, _, *values = first.split()
    for value in ("NaN", "nan"):
        line = " ".join([name, value, *values])
        path.write_text("\n".join([count, header, line, *rest]))
        assert np.argwhere(np.isnan(lists.load("attributes").target)).tolist() == [
            [0, 0]
        ]


def test_a_line_cut_short_is_no_missing_label(lists):
    frame = lists.frame("attributes").map(str)
    lists.write("attributes", frame)
    path = lists.root / "list_attr_celeba.csv"
    path.write_text(path.read_text().rstrip().rpartition(",")[0] + "\n")
    with pytest.raises(DatasetError, match="line 25: has 40 cells for the 41 columns"):
        lists.load("attributes")
    path = lists.root / "list_attr_celeba.txt"
    text = frame.to_csv(sep=" ", index=False).rstrip().rpartition(" ")[0]
    path.write_text(f"24\n{text}\n")
    with pytest.raises(
        DatasetError, match=r"line 26: Young of 000024.jpg must be .*noth"
    ):
        lists.load("attributes")


@pytest.mark.parametrize("kind", ["bbox", "landmarks"])
def test_a_missing_coordinate_is_refused(lists, kind):
    frame = lists.frame(kind)
    frame.iloc[3, 2] = ""
    lists.write(kind, frame)
    with pytest.raises(
        DatasetError, match=r"line 5: .* of 000004.jpg must be an integer"
    ):
        lists.load(kind)


@pytest.mark.parametrize("value", ["1e30", "99999999999999999999", "9" * 400])
def test_a_number_beyond_any_photo_is_refused(lists, value):
    lists.write("bbox", lists.frame("bbox").assign(width=value))
    with pytest.raises(
        DatasetError, match=r"width of 000001.jpg must be an integer"
    ) as caught:
        lists.load("bbox")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("target", ["attributes", "partition"])
def test_thousands_of_columns_are_refused_before_they_take_long(lists, target):
    frame = lists.frame(target)
    odd = pd.DataFrame("1", frame.index, [f"odd_{i}" for i in range(3000)])
    lists.write(target, pd.concat([frame, odd], axis=1))
    n_columns = frame.shape[1] + 3000
    with pytest.raises(DatasetError, match=f"has {n_columns:,} columns, more than the"):
        lists.load("attributes")


def test_rows_longer_than_the_header_are_refused_before_they_take_long(lists):
    (path,) = lists.root.rglob("list_eval_partition.txt")
    path.write_text("".join(f"{line} {'1 ' * 3000}\n" for line in ("a.jpg", "b.jpg")))
    with pytest.raises(DatasetError, match="has 3,001 columns, more than the 2,048"):
        lists.load("attributes")
