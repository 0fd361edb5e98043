"""A tree of estimators as records of plain data, and back."""

from typing import NamedTuple

from skface._validation import as_names
from skface.exceptions import ParameterError, SavedFileError
from skface.persistence import _detection, _hidden, _kinds, _systems
from skface.persistence._kinds import Kind, field, refused

_KINDS = {**_kinds.KINDS, **_detection.KINDS, **_systems.KINDS, **_hidden.KINDS}
_CLASSES = {cls.__name__: cls for cls in _KINDS}
_MOST_LEVELS = 8  # of estimators within estimators, each of a fixed number of parts


class Contents(NamedTuple):
    """What a manifest says, looked at; the arrays are not in it."""

    outermost: Kind
    parts: list  # every Kind after its own parts, beside how its arrays' names begin
    target_names: list | None


def record_of(estimator, arrays, name=""):
    """The record of an estimator and of those that it holds.

    Parameters
    ----------
    estimator : fitted estimator
    arrays : dict of ndarray, by member name
        To be added to.
    name : str
        Of the part, with a point behind it; for the error's text.

    Returns
    -------
    dict

    Raises
    ------
    ParameterError
        It, or one that it holds, cannot be written.
    """
    kind = _KINDS.get(type(estimator))
    if kind is None or not (name or kind.is_outermost):
        raise _not_taken(type(estimator).__name__)
    parts = kind.parts_of(estimator)
    classes = [type(part) for _, part in parts]
    if not kind.takes(classes):
        names = [each.__name__ for each in classes]
        raise _not_taken(f"{name}{type(estimator).__name__} of {names}")
    record = {
        "class": type(estimator).__name__,
        "params": kind.params_of(estimator, name),
    }
    if "_sklearn_output_config" in vars(estimator):
        record["output"] = estimator._sklearn_output_config
    record |= kind.learnt(estimator, name, arrays)
    records = []
    for key, part in parts:
        own = {}
        records.append((key, record_of(part, own, f"{name}{key}.")))
        stem = kind.stem_of(key)
        arrays |= {stem + file: array for file, array in own.items()}
    return kind.with_records(record, records)


def contents_of(manifest):
    """The estimators that a manifest records, not fitted, and what they have learnt.

    Parameters
    ----------
    manifest : dict
        Anything that JSON can say.

    Returns
    -------
    Contents

    Raises
    ------
    SavedFileError
        It is none of `save`, or what it says does not go together.
    """
    record = field(manifest, "estimator", dict)
    if not _KINDS[_class_of(record)].is_outermost:
        raise _not_loaded(record["class"])
    parts = []
    outermost = _read(record, "", parts, 1)
    names = manifest.get("target_names")
    if names is not None:
        names = _names(names, n_targets(record))
    return Contents(outermost, parts, names)


def n_targets(record):
    """How many columns the y of a sound record has, which its last part makes.

    0 where there is no y.
    """
    while records := _KINDS[_class_of(record)].records_of(record):
        _, record = records[-1]
    return record.get("architecture", {}).get("n_outputs", 0)


def fill(contents, archive):
    """Give the estimators of `contents` their arrays, and what they have learnt."""
    shapes = {
        stem + name: shape
        for stem, part in contents.parts
        for name, shape in part.shapes.items()
    }
    if len(shapes) > archive.n_arrays:
        raise SavedFileError(
            f"holds {archive.n_arrays} arrays, but describes {len(shapes)}"
        )
    arrays = archive.arrays(shapes)
    for stem, part in contents.parts:
        part.fill({name: arrays[stem + name] for name in part.shapes})


def _read(record, stem, found, level):
    """What a record and those of its parts describe; all are added to `found`."""
    cls = _class_of(record)
    kind = _KINDS[cls]
    if level > _MOST_LEVELS:
        raise SavedFileError(
            f"holds estimators within estimators, more than {_MOST_LEVELS} deep"
        )
    records = kind.records_of(record)
    classes = [_class_of(each) for _, each in records]
    if not kind.takes(classes):
        names = [each.__name__ for each in classes]
        raise SavedFileError(
            f"holds a {cls.__name__} of {names}, not of {kind.made_of}"
        )
    parts = []
    for name, each in records:
        try:
            part = _read(each, stem + kind.stem_of(name), found, level + 1)
            parts.append((name, part))
        except SavedFileError as error:
            raise SavedFileError(f"{name}: {error}") from None
    found.append((stem, kind(cls, record, parts)))
    return found[-1][1]


def _class_of(record):
    name = field(record, "class", str)
    if name not in _CLASSES:
        raise _not_loaded(name)
    return _CLASSES[name]


def _not_loaded(name):
    return SavedFileError(f"names the class {name!r}, which skface does not load")


def _not_taken(what):
    return ParameterError(
        "skface.save takes a head of skface, or a Pipeline of VGG19Features and a "
        "head, which AlignedFaces or LandmarkFreeAlignment may go before and CORAL or "
        "RecoveredFeatures between, or a SecondLook of two of these, or a "
        "FaceDetector, or a FaceReader with one, or a GeneralToSpecific, a "
        "LandmarkFreeAlignment, CORAL, an AttributeClusterer, a SegmentCommittee, a "
        f"CellVisibility or a ShapePrior, not {what}: of a search save "
        "best_estimator_; keep others with joblib"
    )


def _names(value, n_names):
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SavedFileError("target_names cannot be read: they are no list of names")
    return refused(as_names, value, "target_names", n_names, "targets")
