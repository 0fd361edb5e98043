"""What is public, for the tests that go through all of it."""

import importlib
import inspect
import re
from pathlib import Path

import skface


def is_module(name):
    return inspect.ismodule(getattr(skface, name.removeprefix("skface."), None))


def public_names():
    """Each public object by one name: that in skface, where it has one."""
    names = {}
    modules = [f"skface.{name}" for name in skface.__all__]
    for module in ["skface", *filter(is_module, modules)]:
        for name in importlib.import_module(module).__all__:
            value = getattr(importlib.import_module(module), name)
            if not is_module(f"{module}.{name}") and name != "__version__":
                names.setdefault(id(value), (f"{module}.{name}", value))
    return dict(names.values())


def listed(text):
    """The names in a part of the API's page."""
    names = re.findall(r"^(?: {3}|\.\. py:data:: )((?:\w+\.)*\w+)$", text, re.M)
    return {f"skface.{name.removeprefix('skface.')}" for name in names}


PUBLIC = public_names()
API = (Path(__file__).parents[1] / "docs" / "api.md").read_text()
