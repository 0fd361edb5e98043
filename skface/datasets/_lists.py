"""CelebA's list files, official txt or Kaggle csv, as tables indexed by file name."""

import csv
import io
import re
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import pandas as pd

from skface._files import status_of
from skface.exceptions import DatasetError

_ID = "image_id"
_OF_ONE_COLUMN = {
    "list_eval_partition": "partition",
    "identity_celeba": "identity",
}
_AS_WRITTEN = {"keep_default_na": False, "na_values": [""]}  # "NA" is a name, too
_NO_LABEL = ["nan", "na"]
_NO_LISTS = {
    rb"\s*<(!doctype|html|\?xml|head)": "a web page, such as a login or a notice that "
    "a site sends in the place of a file: download the list again",
    rb"version https://git-lfs": "a pointer of Git LFS and not the list itself: "
    "fetch it with git lfs pull",
    rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf": "a packed archive: unpack it",
    rb"\xff\xfe|\xfe\xff": "text in UTF-16: save it in UTF-8",
}
_LARGEST = 2**53
_MOST_COLUMNS = 2**11  # a thousand points; pandas takes seconds for many more
_LONGEST_SHOWN = 60


class _Layout(NamedTuple):
    """How the rows of a list are written."""

    header: list
    n_lines_before: int
    separator: str
    n_photos: int | None = None


def read_list(path, missing=False):
    """Read a list file, again only when it has changed.

    Parameters
    ----------
    path : pathlib.Path
        The official layout has a count line and a header line, but for the partition
        and identity lists, which have neither. csv files have a header, and commas,
        semicolons or tabs. The column ``image_id`` holds the file names; without one
        the first does.
    missing : bool, default=False
        Whether a value may be missing: NaN, or an empty cell of a csv.

    Returns
    -------
    DataFrame of int, one row a photo, indexed by file name in the file's order
        Of float where values are missing.

    Raises
    ------
    DatasetError
        The file cannot be read as one of these; it names the file and the line.
    """
    status = _checked_status(path)
    if not status.is_settled():
        return _read(path, missing)
    return _remembered(path, missing, status)


def read_text(path):
    """The text of a list file.

    Raises
    ------
    DatasetError
        It cannot be read, or is something else in the place of a list.
    """
    _checked_status(path)
    try:
        return _text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error


def _checked_status(path):
    try:
        status = status_of(path)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    if not path.is_file():
        raise DatasetError(f"{path}: is no regular file")
    return status


@lru_cache(maxsize=8)
def _remembered(path, missing, _status):
    return _read(path, missing)


def _read(path, missing):
    try:
        text = _text(path)
        lines = text.split("\n")
        is_csv = path.suffix.casefold() == ".csv"
        layout = (_csv_layout if is_csv else _txt_layout)(path, lines)
        _check_width(path, lines, layout)
        cells = pd.read_csv(
            io.StringIO(text),
            sep=layout.separator,
            header=None,
            skiprows=layout.n_lines_before,
            skipinitialspace=True,
            low_memory=False,
            dtype=dict.fromkeys(_id_columns(layout.header), str),
            **_AS_WRITTEN,
        )
        if is_csv and missing and cells.isna().to_numpy().any():
            _check_no_line_is_short(path, lines, layout)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    except pd.errors.EmptyDataError:
        raise DatasetError(f"{path}: lists no photos") from None
    rows = _Rows(path, lines, layout)
    names, values = rows.split(cells)
    table = rows.numbers(values, names, missing, is_csv)
    if layout.n_photos not in (None, len(table)):
        raise DatasetError(
            f"{path}: line 1 announces {layout.n_photos} photos, but {len(table)} "
            "follow: the file is truncated or was edited"
        )
    return table


def _text(path):
    content = path.read_bytes()
    for start, what in _NO_LISTS.items():
        if re.match(start, content, re.IGNORECASE):
            raise DatasetError(f"{path}: is {what}")
    return io.TextIOWrapper(io.BytesIO(content), "utf-8-sig").read()


def _csv_layout(path, lines):
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise DatasetError(f"{path}: lists no photos")
    separator = max(",;\t", key=lines[first].count)
    (header,) = csv.reader([lines[first]], delimiter=separator)
    if len(header) < 2:
        raise DatasetError(
            f"{path}, line {first + 1}: expected the names of the columns with commas "
            f"between them, got {shown(lines[first])}"
        )
    return _Layout([name.strip() for name in header], first + 1, separator)


def _txt_layout(path, lines):
    name = _OF_ONE_COLUMN.get(path.stem.casefold())
    if name:
        return _Layout([_ID, name], 0, r"\s+")
    count, header = lines[0].strip(), " ".join(lines[1:2]).split()
    if not count.isdecimal() or len(count) > _LONGEST_SHOWN:
        raise DatasetError(
            f"{path}, line 1: expected the number of photos, got {shown(count)}"
        )
    if _ID not in map(str.casefold, header):
        header = [_ID, *header]
    return _Layout(header, 2, r"\s+", int(count))


def _id_columns(header):
    """Where the file names may be: in the column of that name, else in the first one
    that has a name or in one before it."""
    named = [at for at, name in enumerate(header) if name.casefold() == _ID]
    n_nameless = next((at for at, name in enumerate(header) if not _no_name(name)), 0)
    return named or range(n_nameless + 1)


def _no_name(name):
    return not name or name.startswith("Unnamed: ")  # as pandas calls its index


def _check_width(path, lines, layout):
    """Count the columns, of which pandas takes as many as the first row has."""
    rows = islice(lines, layout.n_lines_before, None)
    first = next((row for row in rows if row.strip()), "")
    n_columns = max(len(layout.header), len(re.split(layout.separator, first.strip())))
    if n_columns > _MOST_COLUMNS:
        raise DatasetError(
            f"{path}: has {n_columns:,} columns, more than the {_MOST_COLUMNS:,} that "
            "a list may have: leave those out that are no targets"
        )


def _check_no_line_is_short(path, lines, layout):
    """pandas takes a line cut short for one with empty cells."""
    reader = csv.reader(lines[layout.n_lines_before :], delimiter=layout.separator)
    for row in reader:
        if row and len(row) < len(layout.header):
            raise DatasetError(
                f"{path}, line {layout.n_lines_before + reader.line_num}: has "
                f"{len(row)} cells for the {len(layout.header)} columns of the header"
            )


class _Rows:
    """The rows of a list, whose lines its errors name."""

    def __init__(self, path, lines, layout):
        self.path = path
        self.lines = lines
        self.layout = layout

    def split(self, cells):
        """File names and the columns of values."""
        header, n_columns = self.layout.header, cells.shape[1]
        is_of_one = self.path.stem.casefold() in _OF_ONE_COLUMN
        if len(header) != n_columns and not is_of_one:
            raise DatasetError(
                f"{self.path}: {len(header) - 1} names in the header for "
                f"{n_columns - 1} columns of values"
            )
        if len(header) == n_columns:
            cells = cells.drop(columns=self._row_numbers(cells))
        if is_of_one and cells.shape[1] != 2:
            raise DatasetError(
                f"{self.path}: expected a file name and one number a line, got "
                f"{cells.shape[1]} columns"
            )
        at = next((each for each in _id_columns(header) if each in cells), None)
        if at is None or cells.empty or cells.shape[1] < 2:
            raise DatasetError(f"{self.path}: lists no photos")
        names = cells.pop(at).fillna("").astype(str).str.strip()
        header = [header[each] for each in cells]
        if len(set(header)) < len(header):
            raise DatasetError(f"{self.path}: the header names a column twice")
        return self._checked(names), cells.set_axis(header, axis=1)

    def numbers(self, values, names, missing, is_csv):
        """The values as integers, NaN where one is missing and may be."""
        columns = {}
        for column in values:
            cells = values[column]
            is_text = not pd.api.types.is_numeric_dtype(cells)  # or endless integers
            numbers = pd.to_numeric(cells.astype(str) if is_text else cells, "coerce")
            good = (numbers % 1 == 0) & (numbers.abs() <= _LARGEST)
            if missing and not good.all():
                words = cells.astype(str).str.strip().str.casefold()
                good |= cells.isna() if is_csv else False
                good |= cells.notna() & words.isin(_NO_LABEL)
            if not good.all():
                row = int((~good).argmax())
                raise DatasetError(
                    f"{self._place(row)}: {short(column)} of {short(names[row])} "
                    f"must be an integer, got {shown(cells[row])}"
                )
            columns[column] = numbers if numbers.hasnans else numbers.astype("int64")
        return pd.DataFrame(columns).set_axis(pd.Index(names, name=_ID))

    def _row_numbers(self, cells):
        """Columns without a name: pandas' index, or what follows the last comma."""
        found = []
        for at in [at for at, name in enumerate(self.layout.header) if _no_name(name)]:
            numbers = pd.to_numeric(cells[at], errors="coerce")
            if cells[at].isna().all() or ((numbers >= 0).all() and numbers.is_unique):
                found.append(at)
            elif at not in _id_columns(self.layout.header):
                raise DatasetError(f"{self.path}: column {at + 1} has no name")
        return found

    def _checked(self, names):
        unsafe = names.str.contains(r"[/\\\0]") | names.isin([".", "..", ""])
        if unsafe.any():
            row = int(unsafe.argmax())
            raise DatasetError(
                f"{self._place(row)}: {shown(names[row])} is not a plain file name"
            )
        repeated = names.duplicated()
        if repeated.any():
            row = int(repeated.argmax())
            raise DatasetError(
                f"{self._place(row)}: {short(names[row])} is listed twice"
            )
        return names

    def _place(self, row):
        """File and line of a row; pandas does not count blank lines."""
        rows = enumerate(self.lines, start=1)
        after_header = list(rows)[self.layout.n_lines_before :]
        filled = [number for number, line in after_header if line.strip()]
        return f"{self.path}, line {filled[row]}"


def shown(value):
    """What stood in the file."""
    return "nothing" if pd.isna(value) else repr(short(str(value)))


def short(text):
    """A name or value for an error, which no line of a file makes long."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
