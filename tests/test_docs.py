"""Every public name is documented, and shows how it is used."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import skface

API = (Path(__file__).parents[1] / "docs" / "api.md").read_text()


def public_names():
    """Each public object under one name: that in skface, where it has one."""
    names = {}
    modules = [f"skface.{name}" for name in skface.__all__]
    for module in ["skface", *filter(is_module, modules)]:
        for name in importlib.import_module(module).__all__:
            value = getattr(importlib.import_module(module), name)
            if not is_module(f"{module}.{name}") and name != "__version__":
                names.setdefault(id(value), (f"{module}.{name}", value))
    return dict(names.values())


def is_module(name):
    return inspect.ismodule(getattr(skface, name.removeprefix("skface."), None))


def listed(text):
    names = re.findall(r"^(?: {3}|\.\. py:data:: )((?:\w+\.)*\w+)$", text, re.M)
    return {f"skface.{name.removeprefix('skface.')}" for name in names}


PUBLIC = public_names()
WITHIN = listed(API.partition("## Within skface")[2])


def test_api_page_lists_the_public_names_and_no_others():
    assert listed(API) == set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_has_a_docstring_and_an_example(name):
    value = PUBLIC[name]
    if not callable(value):  # the page describes constants
        return
    assert value.__doc__
    if name not in WITHIN and not name.startswith("skface.exceptions."):
        assert ">>> " in value.__doc__
    methods = inspect.getmembers(value, inspect.isfunction)
    for method, function in methods if inspect.isclass(value) else ():
        ours = function.__module__.startswith("skface")
        if ours and not method.startswith("_"):
            assert function.__doc__, f"{name}.{method}"
