"""CelebA's list files, official txt or Kaggle csv, as tables indexed by file name."""

from functools import lru_cache

import pandas as pd

from skface.exceptions import DatasetError

_WITHOUT_HEADER = {
    "list_eval_partition": ["partition"],
    "identity_CelebA": ["identity"],
}

_AS_WRITTEN = {"keep_default_na": False, "na_values": [""]}  # "NA" is a name, too


def read_list(path):
    """`_read` of a list file, again only when it has changed."""
    try:
        found = path.stat()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    return _remembered(
        path, (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    )


@lru_cache(maxsize=8)
def _remembered(path, _status):
    return _read(path)


def _read(path):
    """Read one list file.

    Parameters
    ----------
    path : pathlib.Path
        The official layout has a count line and a header line, but for the partition
        and identity lists, which have neither. Kaggle's csv files have a header.

    Returns
    -------
    DataFrame of int, one row a photo, indexed by file name in the file's order

    Raises
    ------
    DatasetError
        The file cannot be read as one of these; it names the file and the line.
    """
    try:
        if path.suffix == ".csv":
            name = pd.read_csv(path, nrows=0).columns[0]
            table = pd.read_csv(path, dtype={name: str}, **_AS_WRITTEN)
            if not isinstance(table.index, pd.RangeIndex):
                raise DatasetError(f"{path}: a row has more columns than the header")
            if path.stem in _WITHOUT_HEADER:
                _check_two_columns(table, path)
            return _indexed(table, path, first_line=2)
        if path.stem in _WITHOUT_HEADER:
            table = _read_columns(path, skiprows=0)
            _check_two_columns(table, path)
            return _named(table, _WITHOUT_HEADER[path.stem], path, first_line=1)
        with open(path, encoding="utf-8-sig") as file:
            count, header = file.readline(), file.readline().split()
        if not count.strip().isdecimal():
            raise DatasetError(
                f"{path}, line 1: expected the number of photos, got {count.strip()!r}"
            )
        table = _named(_read_columns(path, skiprows=2), header, path, first_line=3)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    except pd.errors.EmptyDataError:
        raise DatasetError(f"{path}: lists no photos") from None
    if len(table) != int(count):
        raise DatasetError(
            f"{path}: line 1 announces {int(count)} photos, but {len(table)} follow: "
            "the file is truncated or was edited"
        )
    return table


def _read_columns(path, skiprows):
    return pd.read_csv(
        path,
        sep=r"\s+",
        header=None,
        skiprows=skiprows,
        dtype={0: str},
        **_AS_WRITTEN,
    )


def _check_two_columns(table, path):
    if table.shape[1] != 2:
        raise DatasetError(
            f"{path}: expected a file name and one number a line, got "
            f"{table.shape[1]} columns"
        )


def _named(table, header, path, first_line):
    if header[:1] != ["image_id"]:
        header = ["image_id", *header]
    if len(header) != table.shape[1]:
        raise DatasetError(
            f"{path}: {len(header) - 1} names in the header for "
            f"{table.shape[1] - 1} columns of values"
        )
    if len(set(header)) < len(header):
        raise DatasetError(f"{path}: the header names a column twice")
    table.columns = header
    return _indexed(table, path, first_line)


def _indexed(table, path, first_line):
    if table.empty or table.shape[1] < 2:
        raise DatasetError(f"{path}: lists no photos")
    names, values = table.iloc[:, 0].fillna("").astype(str), table.iloc[:, 1:]
    for column in values:
        numbers = pd.to_numeric(values[column], errors="coerce")
        bad = numbers.isna() | (numbers % 1 != 0)
        if bad.any():
            row = int(bad.argmax())
            raise DatasetError(
                f"{_place(path, row, first_line)}: {column} of {names[row]} "
                f"must be an integer, got {_shown(values[column][row])}"
            )
        values = values.assign(**{column: numbers.astype("int64")})
    unsafe = names.str.contains(r"[/\\\0]", na=True) | names.str.strip().isin(
        [".", "..", ""]
    )
    if unsafe.any():
        row = int(unsafe.argmax())
        raise DatasetError(
            f"{_place(path, row, first_line)}: {names[row]!r} is not a plain file name"
        )
    repeated = names.duplicated()
    if repeated.any():
        row = int(repeated.argmax())
        raise DatasetError(
            f"{_place(path, row, first_line)}: {names[row]} is listed twice"
        )
    return values.set_axis(pd.Index(names, name="image_id"))


def _shown(value):
    """What stood in the file."""
    return "nothing" if pd.isna(value) else f"'{value}'"


def _place(path, row, first_line):
    """File and line of a row; pandas does not count blank lines."""
    with open(path, encoding="utf-8-sig") as file:
        filled = [number for number, line in enumerate(file, start=1) if line.strip()]
    return f"{path}, line {filled[row + first_line - 1]}"
