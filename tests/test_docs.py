"""Every public name is documented, and shows how it is used."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import skface

API = Path(__file__).parents[1] / "docs" / "api.md"
# Used between the packages of skface, and of little use elsewhere.
HELPERS = {
    "skface.datasets.as_image_size",
    "skface.datasets.map_photos",
    "skface.datasets.photo_size",
    "skface.displays.check_matplotlib",
    "skface.features.check_weights",
    "skface.features.fastest_dtype",
    "skface.features.native_input_size",
    "skface.features.processor_has_bfloat16",
    "skface.features.weights_identity",
    "skface.heads.Architecture",
}


def public_names():
    """Each public object under one name: that in skface, where it has one."""
    names = {}
    modules = [f"skface.{name}" for name in skface.__all__ if is_module(name)]
    for module in ["skface", *modules]:
        for name in importlib.import_module(module).__all__:
            value = getattr(importlib.import_module(module), name)
            if not inspect.ismodule(value) and name != "__version__":
                names.setdefault(id(value), (f"{module}.{name}", value))
    return dict(names.values())


def is_module(name):
    return inspect.ismodule(getattr(skface, name))


@pytest.mark.parametrize("name", public_names())
def test_public_name_is_on_the_api_page(name):
    shown = re.findall(
        r"^ {3}([\w.]+)$|^\.\. py:data:: ([\w.]+)", API.read_text(), re.M
    )
    assert name.removeprefix("skface.") in {
        (listed or data).removeprefix("skface.") for listed, data in shown
    }


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, value in public_names().items()
        if callable(value) and "exceptions" not in name and name not in HELPERS
    ],
)
def test_public_name_has_an_example(name):
    value = public_names()[name]
    assert ">>> " in value.__doc__
    methods = inspect.getmembers(value, inspect.isfunction)
    for method, function in methods if inspect.isclass(value) else ():
        ours = function.__module__.startswith("skface")
        if ours and not method.startswith("_"):
            assert function.__doc__, f"{name}.{method}"
