"""Targets as they stand in the lists, and what is left out of them."""

import os
import unicodedata

import numpy as np

from skface.datasets._lists import short
from skface.exceptions import DatasetError
from skface.targets import ATTRIBUTE_NAMES, BBOX, LANDMARKS

_N_NAMED = 5
_CELEBA_NAMES = {"x": "x_1", "y": "y_1"} | {
    name: name.replace("_", "", 1) for name in LANDMARKS.columns() if "nose" not in name
}
_NO_ATTRIBUTES = ("partition", "split", "identity")
_PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def coordinates(table, target, path):
    """The columns of a target, found by their names or CelebA's.

    Raises
    ------
    DatasetError
        One is not there, is there twice, or, of boxes and the five landmarks, others
        are there too.
    """
    wanted = target.columns()
    in_celeba = {name: _CELEBA_NAMES.get(name, name) for name in wanted}
    spellings = {name.casefold(): name for name in wanted}
    spellings |= {written.casefold(): name for name, written in in_celeba.items()}
    found = [spellings.get(column.casefold()) for column in table]
    known = [name for name in found if name is not None]
    is_celebas = target in (BBOX, LANDMARKS)  # other lists may hold more points
    if sorted(known) != sorted(wanted) or (is_celebas and len(found) > len(known)):
        odd = {
            "missing": [in_celeba[name] for name in wanted if name not in known],
            "twice": [name for name in wanted if known.count(name) > 1],
            "unknown": [c for c, name in zip(table, found, strict=True) if not name],
        }
        told = [f"{what}: {listed(names)}" for what, names in odd.items() if names]
        raise DatasetError(
            f"{path}: {target.plural} are found by the names of their columns, "
            f"{listed(list(in_celeba.values()))} in any order, but the header has "
            f"{listed(list(table))} ({'; '.join(told)})"
        )
    return table.set_axis(found, axis=1)[wanted]


def attributes(table, target, path, notes):
    """The columns of attributes as 0 and 1, NaN where a label is missing.

    The coding, -1 and 1 or 0 and 1, is that of the whole list.
    """
    strange = [column for column in table if _is_no_attribute(table, column)]
    if target.names is None and strange:
        notes.append(note(strange, "left out, being no attribute", "column"))
        table = table.drop(columns=strange)
    elif target.names is not None:
        missing = [name for name in target.names if name not in table]
        if missing:
            raise DatasetError(
                f"{path}: has no column {listed(missing)}; it has {listed(list(table))}"
            )
        table = table[list(target.names)]
    values = table.to_numpy()
    negative = -1 if (values == -1).any() else 0
    bad = ~(np.isin(values, (negative, 1)) | np.isnan(values))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DatasetError(
            f"{path}: {table.columns[column]} of {table.index[row]} is "
            f"{values[row, column]:g}: attributes must be -1 and 1, or 0 and 1"
        )
    return table.mask(table == negative, 0)


def inside(boxes, sizes, names, notes, of="photo"):
    """Boxes clipped to their photos, and which of them have an area there."""
    corner = np.clip(boxes[:, :2], 0, sizes)
    opposite = np.clip(boxes[:, :2] + boxes[:, 2:], 0, sizes)
    clipped = np.hstack([corner, np.maximum(opposite - corner, 0)])
    has_area = (boxes[:, 2:] > 0).all(axis=1) & (clipped[:, 2:] > 0).all(axis=1)
    changed = has_area & (clipped != boxes).any(axis=1)
    for some, what in (
        (~has_area, "left out: the box has no area in the photo"),
        (changed, "clipped: the box leaves the photo"),
    ):
        if some.any():
            notes.append(note(names[some], what, of))
    return clipped, has_area


def files_of(names, found):
    """The file of each photo among those found.

    It has the name, or is the only one that differs from it in capitals and the
    Unicode form alone, or, then, in the suffix.

    Returns
    -------
    dict
        File by name, of the names that have one.
    """
    files = {name: name for name in set(names).intersection(found)}
    for alike in (_caseless, _without_suffix):
        if len(files) == len(names):
            break
        without_file = _unique(alike, (name for name in names if name not in files))
        taken = set(files.values())
        free = _unique(alike, (file for file in found if file not in taken))
        common = without_file.keys() & free.keys()
        files |= {without_file[key]: free[key] for key in common - {None}}
    return files


def with_files(names, files, found, folder, split, notes):
    """Those of the names of a split that have a file.

    Parameters
    ----------
    names : ndarray of str
    files : dict
        What `files_of` gave.
    found : list of str
        The files that `folder` holds.

    Raises
    ------
    DatasetError
        None has.
    """
    has_file = np.array([name in files for name in names])
    if not has_file.any():
        others = f"files such as {min(found)}" if found else "nothing"
        raise DatasetError(
            f"{folder}: holds none of the {len(names)} photos of the split "
            f"{split!r}, the first of which is {names[0]}; it holds {others}"
        )
    if not has_file.all():
        notes.append(note(names[~has_file], f"left out: no file in {folder}"))
    names = names[has_file]
    copies = [name for name in names if _is_copy(name, files[name])]
    if copies:
        what = f"read from a file of another suffix, such as {files[copies[0]]}"
        notes.append(note(copies, what))
    return names


def listed(names):
    rest = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
    return ", ".join(map(short, names[:_N_NAMED])) + rest


def note(names, what, of="photo"):
    counted = f"1 {of} is" if len(names) == 1 else f"{len(names)} {of}s are"
    return f"{counted} {what}: {listed(list(dict.fromkeys(names)))}"


def _is_copy(name, file):
    """Whether the file of a photo has another suffix."""
    return file != name and _caseless(file) != _caseless(name)


def _is_no_attribute(table, column):
    """Whether it is a column of another list, or a stranger that tells nothing."""
    if column.casefold() in _NO_ATTRIBUTES:
        return True
    beside_celebas = not set(ATTRIBUTE_NAMES).isdisjoint(table.columns)
    is_stranger = beside_celebas and column not in ATTRIBUTE_NAMES
    return is_stranger and len(table) > 1 and table[column].nunique(dropna=False) == 1


def _caseless(name):
    return unicodedata.normalize("NFC", name).casefold()


def _without_suffix(name):
    """None of what is no photo."""
    stem, suffix = os.path.splitext(_caseless(name))
    return stem if suffix in _PHOTO_SUFFIXES else None


def _unique(key, values):
    """The values whose key no other one has, by key."""
    found, again = {}, set()
    for value in values:
        if found.setdefault(key(value), value) != value:
            again.add(key(value))
    return {each: value for each, value in found.items() if each not in again}
