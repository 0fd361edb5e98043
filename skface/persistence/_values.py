"""Parameters and fitted attributes as JSON, and back.

What JSON has no word for is an object of one key with a ``$``: ``{"$tuple": [7, 7]}``.
"""

import math
import os

import numpy as np

from skface.exceptions import ParameterError, SavedFileError

_FLOATS = ("nan", "inf", "-inf")
_NUMBERS = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"),
)
_TEXTS = ("str", "object")  # of strings alone


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
        return dict(from_json(content, name))
    if tag == "$array" and isinstance(content, dict):
        return _array(content, name)
    raise SavedFileError(f"{name} holds {tag}, which skface.save does not write")


def _dtype_name(array):
    if array.dtype.name in _NUMBERS:
        return array.dtype.name
    if array.dtype.kind == "U":
        return "str"
    if array.dtype == object and all(isinstance(item, str) for item in array.flat):
        return "object"
    return None


def _array(content, name):
    dtype, values = content["dtype"], from_json(content["values"], name)
    known = _NUMBERS if dtype in _NUMBERS else _TEXTS
    types = (bool, int, float) if known is _NUMBERS else str
    if dtype not in known or not all(isinstance(item, types) for item in values):
        raise SavedFileError(f"{name} is no array that skface.save writes")
    return np.array(values, dtype=dtype).reshape(content["shape"])
