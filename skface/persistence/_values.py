"""Parameters and fitted attributes as JSON, and back.

What JSON has no word for is an object of one key with a ``$``: ``{"$tuple": [7, 7]}``.
"""

import math
import os
from dataclasses import fields

import numpy as np

from skface.exceptions import ParameterError, SavedFileError, SkfaceError
from skface.targets import Attributes, Boxes, Joint, Landmarks

_FLOATS = ("nan", "inf", "-inf")
_NUMBERS = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"),
)
_TEXTS = ("str", "object")  # of strings alone
_TARGETS = {each.name: each for each in (Boxes, Landmarks, Attributes, Joint)}
_PYTHONS = {"b": bool, "i": int, "u": int, "f": float}  # of what kind of number
_MOST_CHARACTERS = 2**12  # of a string: a path's
_MOST_BYTES = 2**24  # of an array
_MOST_KEYS = 1000  # of a dict, and points of landmarks


def to_json(value, name):
    """`value` in JSON's types; NumPy's scalars become Python's, paths strings.

    Parameters
    ----------
    value : object
    name : str
        For the error's text.

    Raises
    ------
    ParameterError
        It is, or holds, something that is no plain data.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if type(value) in _TARGETS.values():
        parts = {part: to_json(getattr(value, part), name) for part in _parts(value)}
        return {"$target": {"name": value.name, **parts}}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, list):
        return [to_json(item, name) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [to_json(item, name) for item in value]}
    if isinstance(value, dict):
        if all(isinstance(key, str) and key[:1] != "$" for key in value):
            return {key: to_json(item, name) for key, item in value.items()}
        return {"$dict": [to_json(list(pair), name) for pair in value.items()]}
    if isinstance(value, np.ndarray) and (dtype := _dtype_name(value)):
        values = [to_json(item, name) for item in value.ravel().tolist()]
        return {"$array": {"dtype": dtype, "shape": value.shape, "values": values}}
    raise ParameterError(
        f"{name} is a {type(value).__name__}, which cannot be written as plain data: "
        "set a number, a string, or a tuple, list, dict or array of such before "
        "saving, or keep the pipeline with joblib"
    )


def from_json(value, name):
    """The inverse of `to_json`.

    Raises
    ------
    SavedFileError
        `to_json` has not written this.
    """
    if isinstance(value, list):
        return [from_json(item, name) for item in value]
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        raise SavedFileError(
            f"{name} holds a string of {len(value):,} characters, more than "
            f"{_MOST_CHARACTERS:,}"
        )
    if not isinstance(value, dict):
        return value
    tag = next((key for key in value if key[:1] == "$"), None)
    if tag is None:
        return {key: from_json(item, name) for key, item in value.items()}
    content = value[tag]
    if tag == "$float" and content in _FLOATS:
        return float(content)
    if tag == "$tuple" and isinstance(content, list):
        return tuple(from_json(content, name))
    if tag == "$dict" and isinstance(content, list):
        return _dict(from_json(content, name), name)
    if tag == "$array" and isinstance(content, dict):
        return _array(content, name)
    if tag == "$target" and isinstance(content, dict):
        return _target(content, name)
    raise SavedFileError(f"{name} holds {tag}, which skface.save does not write")


def _dtype_name(array):
    if array.dtype.name in _NUMBERS:
        return array.dtype.name
    if array.dtype.kind == "U":
        return "str"
    if array.dtype == object and all(isinstance(item, str) for item in array.flat):
        return "object"
    return None


def _dict(pairs, name):
    if len(pairs) > _MOST_KEYS:  # which could all have one hash
        raise SavedFileError(f"{name} holds a dict of more than {_MOST_KEYS:,} keys")
    try:
        return dict(pairs)
    except (TypeError, ValueError):
        raise SavedFileError(f"{name} holds a dict that is none") from None


def _array(content, name):
    dtype, shape, values = (content.get(key) for key in ("dtype", "shape", "values"))
    if (
        dtype not in (*_NUMBERS, *_TEXTS)
        or not isinstance(shape, list)
        or not all(type(side) is int and side >= 0 for side in shape)
        or not isinstance(values, list)
        or math.prod(shape) != len(values)
    ):
        raise SavedFileError(f"{name} is no array that skface.save writes")
    values = from_json(values, name)
    item = str if dtype in _TEXTS else _PYTHONS[np.dtype(dtype).kind]
    if not all(type(value) is item for value in values):
        raise SavedFileError(f"{name} is an array of {dtype} that holds something else")
    if dtype == "str" and 4 * len(values) * max(map(len, values), default=0) > (
        _MOST_BYTES
    ):
        raise SavedFileError(f"{name} would take more than {_MOST_BYTES:,} bytes")
    try:
        return np.array(values, dtype=dtype).reshape(shape)
    except (OverflowError, ValueError) as error:
        raise SavedFileError(f"{name} is no array ({error})") from None


def _parts(target):
    """Names of what a target is made of."""
    return [field.name for field in fields(target)]


def _target(content, name):
    parts = {key: from_json(part, name) for key, part in content.items()}
    kind = parts.pop("name", None)
    if kind not in list(_TARGETS) or parts.keys() != {*_parts(_TARGETS[kind])}:
        raise SavedFileError(f"{name} holds a target that skface.save does not write")
    try:
        if len(parts.get("points", ())) > _MOST_KEYS:
            raise SavedFileError(f"more than {_MOST_KEYS:,} points")
        return _TARGETS[kind](**parts)
    except (SkfaceError, TypeError, ValueError) as error:
        raise SavedFileError(f"{name} holds a target that is none: {error}") from None
