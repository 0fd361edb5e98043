"""CelebA's list files: what is read, and what is refused by file and line."""

import os
import time

import pytest

from skface.datasets._lists import read_list
from skface.exceptions import DatasetError


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def refuses(write):
    """Assert that a file is refused with its path and a text."""

    def refuses(name, text, match):
        path = write(name, text)
        with pytest.raises(DatasetError, match=match) as caught:
            read_list(path)
        assert str(path) in str(caught.value)

    return refuses


BBOX = "list_bbox_celeba.txt"
PARTITION = "list_eval_partition.txt"
CSV = "list_bbox_celeba.csv"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (BBOX, "2\nimage_id x y\nb.jpg 1 -2\na.jpg 3 4\n"),
        ("list_landmarks_celeba.txt", "2\nx y\nb.jpg  1 -2\na.jpg  3  4\n"),
        ("list_attr_celeba.txt", "2\nx y \nb.jpg  1 -2 \na.jpg  3  4 \n\n"),
        (BBOX, "2\r\nimage_id x y\r\nb.jpg 1 -2\r\na.jpg 3 4\r\n"),
        (CSV, "image_id,x,y\nb.jpg,1,-2\na.jpg,3,4\n"),
    ],
    ids=["header with id", "without id", "padded", "windows", "csv"],
)
def test_each_way_of_writing_gives_the_same_table(write, name, text):
    table = read_list(write(name, text))
    assert table.to_dict("split") == {
        "index": ["b.jpg", "a.jpg"],
        "columns": ["x", "y"],
        "data": [[1, -2], [3, 4]],
    }


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        (PARTITION, "a.jpg 0\nb.jpg 2\n", "partition"),
        ("list_eval_partition.csv", "image_id,partition\na.jpg,0\nb.jpg,2\n", None),
        ("identity_CelebA.txt", "a.jpg 0\nb.jpg 2\n", "identity"),
    ],
    ids=["partition", "partition csv", "identity"],
)
def test_lists_without_count_and_header_are_read_from_the_first_line(
    write, name, text, column
):
    table = read_list(write(name, text))
    assert table[column or "partition"].to_dict() == {"a.jpg": 0, "b.jpg": 2}


def test_file_names_that_look_like_numbers_keep_their_zeros(write):
    table = read_list(write(PARTITION, "000001 0\n000002 1\n"))
    assert list(table.index) == ["000001", "000002"]


def test_another_count_than_announced_is_refused(refuses):
    refuses(
        BBOX, "3\nx y\na.jpg 1 2\nb.jpg 1 2\n", "line 1 announces 3 .* but 2 follow"
    )


@pytest.mark.parametrize("count", ["many", "-2", "²", "x y"])
def test_a_first_line_without_a_count_is_refused(refuses, count):
    refuses(BBOX, f"{count}\nx y\na.jpg 1 2\n", f"line 1: expected the .* '{count}'")


def test_a_name_listed_twice_is_refused(refuses):
    refuses(BBOX, "2\nx y\na.jpg 1 2\na.jpg 3 4\n", "line 4: a.jpg is listed twice")


def test_a_name_listed_twice_in_a_partition_is_refused(refuses):
    refuses(PARTITION, "a.jpg 0\nb.jpg 0\na.jpg 1\n", "line 3: a.jpg is listed twice")


@pytest.mark.parametrize(
    "name", ["../a.jpg", "/etc/a.jpg", "x/a.jpg", r"x\a.jpg", ".."]
)
def test_a_name_that_leaves_the_folder_is_refused(refuses, name):
    text = f"2\nx y\nb.jpg 1 2\n{name} 1 2\n"
    refuses(BBOX, text, "line 4: .* is not a plain file name")


@pytest.mark.parametrize("value", ["1.5", "one", "inf"])
def test_a_value_that_is_no_integer_is_refused(refuses, value):
    text = f"2\nx y\na.jpg 1 2\nb.jpg 1 {value}\n"
    refuses(BBOX, text, f"line 4: y of b.jpg must be an integer, got .*{value}")


def test_a_value_that_is_no_integer_is_refused_in_csv(refuses):
    text = "image_id,x,y\na.jpg,1,2\nb.jpg,,2\n"
    refuses(CSV, text, "line 3: x of b.jpg must be an integer")


def test_blank_lines_do_not_shift_the_line_named(refuses):
    text = "2\nx y\na.jpg 1 2\n\nb.jpg 1 z\n"
    refuses(BBOX, text, "line 5: y of b.jpg must be an integer")


def test_a_line_cut_short_is_refused(refuses):
    text = "2\nx y\na.jpg 1 2\nb.jpg 1\n"
    refuses(BBOX, text, "line 4: y of b.jpg must be an integer")


def test_a_line_too_long_is_refused(refuses):
    refuses(BBOX, "2\nx y\na.jpg 1 2\nb.jpg 1 2 3\n", "line 4")


@pytest.mark.parametrize(
    ("header", "n_names"),
    [("x", 1), ("image_id x", 1), ("x y z", 3), ("x y z w", 4)],
    ids=["short", "short with id", "one too many", "two too many"],
)
def test_a_header_for_other_columns_is_refused(refuses, header, n_names):
    text = f"2\n{header}\na.jpg 1 2\nb.jpg 1 2\n"
    refuses(BBOX, text, f"{n_names} names in the header for 2 columns of values")


def test_a_csv_header_short_of_a_name_is_refused(refuses):
    refuses(CSV, "image_id,x\na.jpg,1,2\nb.jpg,3,4\n", "header")


def test_a_header_that_names_a_column_twice_is_refused(refuses):
    refuses(BBOX, "2\nx x\na.jpg 1 2\nb.jpg 1 2\n", "header")


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        (BBOX, "", "line 1: expected the number of photos, got ''"),
        (BBOX, "0\nx y\n", "lists no photos"),
        (PARTITION, "", "lists no photos"),
        (CSV, "", "lists no photos"),
        (CSV, "image_id,x,y\n", "lists no photos"),
    ],
    ids=["txt", "txt header", "partition", "csv", "csv header"],
)
def test_an_empty_file_is_refused(refuses, name, text, match):
    refuses(name, text, match)


def test_a_file_of_bytes_is_refused(write):
    path = write(BBOX, "")
    path.write_bytes(b"2\nx y\n\xff\xfe.jpg 1 2\nb.jpg 1 2\n")
    with pytest.raises(DatasetError, match=f"{BBOX}: cannot be read"):
        read_list(path)


def test_a_file_that_went_away_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=f"{BBOX}: cannot be read"):
        read_list(tmp_path / BBOX)


@pytest.mark.parametrize("name", [BBOX, CSV, PARTITION, "list_attr_celeba.csv"])
@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<!DOCTYPE html><html><body>Quota exceeded", "is a web page.* download the"),
        (b"\n <HTML>\n", "is a web page, such as a login"),
        (b"<?xml version='1.0'?><Error>AccessDenied", "is a web page, such as a login"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid 1",
            "Git LFS .*git lfs pull",
        ),
        (b"PK\x03\x04\x14\0", "is a packed archive: unpack it"),
        (b"\x1f\x8b\x08\0", "is a packed archive: unpack it"),
        ("image_id".encode("utf-16"), "is text in UTF-16: save it in UTF-8"),
    ],
    ids=["page", "bare page", "xml", "lfs", "zip", "gzip", "utf-16"],
)
def test_what_is_no_list_is_called_what_it_is(write, name, content, match):
    path = write(name, "")
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=match) as caught:
        read_list(path)
    assert str(path) in str(caught.value)


def test_a_csv_without_separators_is_refused(refuses):
    text = "2\nx y\na.jpg 1 2\nb.jpg 1 2\n"
    refuses(CSV, text, "line 1: expected the names of the columns with commas .*'2'")


def test_a_pipe_in_the_place_of_a_list_is_refused(tmp_path):
    os.mkfifo(tmp_path / BBOX)
    with pytest.raises(DatasetError, match=f"{BBOX}: is no regular file"):
        read_list(tmp_path / BBOX)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (BBOX, "1" * 5000 + "\nx y\na.jpg 1 2\n"),
        (BBOX, "x" * 5000 + "\nx y\na.jpg 1 2\n"),
        (BBOX, f"1\nx y\na.jpg 1 {'y' * 5000}\n"),
        (BBOX, f"1\n{'x' * 5000} y\na.jpg 0.5 1\n"),
        (BBOX, f"1\nx y\n{'a' * 5000} 1 0.5\n"),
        (BBOX, f"1\nx y\n/{'a' * 5000} 1 2\n"),
        (CSV, "x" * 200_000),
    ],
)
def test_an_error_is_short_whatever_the_list_holds(write, name, text):
    path = write(name, text)
    with pytest.raises(DatasetError) as caught:
        read_list(path)
    assert len(str(caught.value)) < 300 + len(str(path))


def test_a_list_that_changed_is_read_again(write):
    path = write(BBOX, "1\nx y\na.jpg 1 2\n")
    for value in range(10):
        path.write_text(f"1\nx y\na.jpg 1 {value}\n")
        assert read_list(path).to_numpy().tolist() == [[1, value]]


def test_a_list_is_read_once_while_it_is_the_same(write, monkeypatch):
    path = write(BBOX, "1\nx y\na.jpg 1 2\n")
    time.sleep(0.06)  # no file is trusted that was written a moment ago
    first = read_list(path)
    monkeypatch.setattr("pandas.read_csv", lambda *args, **kwargs: 1 / 0)
    assert read_list(path) is first


@pytest.mark.parametrize(
    ("text", "expected"), [("True,False", [1, 0]), ("1.0,0", [1, 0])]
)
def test_whole_numbers_of_other_spellings_are_integers(write, text, expected):
    table = read_list(write("list_attr_celeba.csv", f"id,x,y\na.jpg,{text}\n"))
    assert table.to_numpy().tolist() == [expected]
    assert (table.dtypes == "int64").all()
