"""``skface info``."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import joblib

from skface._keras import import_keras
from skface._version import __version__
from skface.cli._shared import as_json, cache_dir
from skface.cli._streams import write_out
from skface.exceptions import StoreError
from skface.features import FeatureStore, fastest_dtype, processor_has_bfloat16

_PACKAGES = (
    "keras",
    "tensorflow",
    "scikit-learn",
    "scikeras",
    "numpy",
    "pandas",
    "pillow",
    "lmdb",
    "joblib",
    "matplotlib",
)
_IMAGENET = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"  # Keras' own name


def run(args):
    """Show what skface finds here."""
    found = _found(cache_dir(args))
    write_out(as_json(found) if args.json else _text(found))


def _found(place):
    keras = import_keras()
    return {
        "skface": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {package: _version(package) for package in _PACKAGES},
        "keras backend": keras.backend.backend(),
        # where arrays lie: Keras lists no devices on PyTorch
        "device": str(keras.ops.zeros(()).device).rpartition("device:")[2],
        "processor cores": joblib.cpu_count(),
        "processor has bfloat16": processor_has_bfloat16(),
        "compute dtype": fastest_dtype(),
        "weights": {"synthetic": "comes with skface", "imagenet": _imagenet()},
        "cache": _cache(str(place)),
    }


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _imagenet():
    home = os.environ.get("KERAS_HOME", "~/.keras")
    file = Path(home).expanduser() / "models" / _IMAGENET
    return file if file.is_file() else None


def _cache(place):
    if not os.path.isdir(place):
        return {"path": place, "rows": 0, "bytes": 0}
    try:
        info = FeatureStore(place).info()
    except StoreError as error:  # a report of what is wrong is wanted all the more
        return {"path": place, "fault": str(error)}
    return {"path": place, "rows": info.n_rows, "bytes": info.n_bytes}


def _text(found):
    lines = []
    for name, value in found.items():
        if isinstance(value, dict):
            parts = value.items()
            value = "\n  ".join(["", *(f"{key:13} {_said(v)}" for key, v in parts)])
            lines.append(f"{name}:{value}")
        else:
            lines.append(f"{name}: {_said(value)}")
    return "\n".join(lines)


def _said(value):
    if value is None:
        return "not here"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
