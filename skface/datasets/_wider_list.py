"""WIDER FACE's lists: which faces each photo has."""

import re
from typing import NamedTuple

import numpy as np

from skface.datasets._lists import read_text, short, shown
from skface.exceptions import DatasetError

ATTRIBUTES = ("blur", "expression", "illumination", "invalid", "occlusion", "pose")
_ROW = f"x, y, width, height, {', '.join(ATTRIBUTES)}"
_N_COLUMNS = 4 + len(ATTRIBUTES)
_LARGEST = 2**31


class Faces(NamedTuple):
    """The faces of a list, those of one photo after those of another.

    Attributes
    ----------
    names : ndarray of shape (n_photos,), object
        Files below the folder of photos.
    photo : ndarray of shape (n_faces,), int64
        Which photo a face is in.
    boxes : ndarray of shape (n_faces, 4)
        x, y, width, height in pixels.
    attributes : ndarray of shape (n_faces, 6), int64
        Columns as in `ATTRIBUTES`.
    """

    names: np.ndarray
    photo: np.ndarray
    boxes: np.ndarray
    attributes: np.ndarray


def read_wider_list(path) -> Faces:
    """Read a ``wider_face_*_bbx_gt.txt``.

    Each photo is a line with its file, one with the number of its faces, and one line
    a face; after the number 0 a line of zeros may stand.

    Raises
    ------
    DatasetError
        The file cannot be read as such a list; it names the file and the line.
    """
    lines = [line.strip() for line in read_text(path).splitlines()]
    rows = {}
    at = 0
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        name = _name(path, lines, at)
        if name in rows:
            raise DatasetError(f"{_place(path, at)}: {short(name)} is listed twice")
        n_faces = _count(path, lines, at + 1, name)
        at += 2
        rows[name] = _numbers(path, lines, at, n_faces, name)
        at += n_faces
        if not n_faces and at < len(lines) and _is_zeros(lines[at]):
            at += 1
    if not rows:
        raise DatasetError(f"{path}: lists no photos")
    values = np.concatenate(list(rows.values()))
    return Faces(
        names=np.array(list(rows), dtype=object),
        photo=np.repeat(np.arange(len(rows)), [len(faces) for faces in rows.values()]),
        boxes=values[:, :4],
        attributes=values[:, 4:].astype(np.int64),
    )


def _place(path, at):
    return f"{path}, line {at + 1}"


def _name(path, lines, at):
    name = lines[at]
    is_face = re.fullmatch(r"[-+.\d\s]+", name)
    if is_face or re.search(r"[\\\0]|^/|(^|/)\.{0,2}(/|$)", name):
        told = "; the photo before it has more faces than its number says"
        raise DatasetError(
            f"{_place(path, at)}: expected the file of a photo, such as "
            f"0--Parade/0_Parade_1.jpg, got {shown(name)}{told if is_face else ''}"
        )
    return name


def _count(path, lines, at, name):
    count = lines[at] if at < len(lines) else ""
    if not (count.isdecimal() and len(count) < 10):
        raise DatasetError(
            f"{_place(path, at)}: expected the number of faces of {short(name)}, got "
            f"{shown(count)}"
        )
    return int(count)


def _numbers(path, lines, at, n_faces, name):
    rows = [line.split() for line in lines[at : at + n_faces]]
    if len(rows) < n_faces:
        raise DatasetError(
            f"{path}: ends after {len(rows)} of the {n_faces} faces of {short(name)}: "
            "the file is truncated"
        )
    try:
        values = np.array(rows, dtype=np.float64).reshape(n_faces, _N_COLUMNS)
    except ValueError:
        values = None
    if values is not None and (np.abs(values) < _LARGEST).all():
        return values
    wrong = next(k for k, row in enumerate(rows) if not _is_face(row))
    raise DatasetError(
        f"{_place(path, at + wrong)}: expected face {wrong + 1} of the {n_faces} of "
        f"{short(name)} ({_ROW}), got {shown(lines[at + wrong])}"
    )


def _is_face(row):
    try:
        is_small = np.abs(np.array(row, dtype=np.float64)) < _LARGEST
        return len(row) == _N_COLUMNS and is_small.all()
    except ValueError:
        return False


def _is_zeros(line):
    return re.fullmatch(r"0(\s+0)+", line)
