"""What type checkers and editors see; `make types` runs one on it."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest
from public_api import PUBLIC

import skface

STUB = Path(skface.__file__).with_suffix(".pyi")
TYPED_USE = Path(__file__).with_name("typed_use.py")
# scikit-learn's own methods, and what depends on the arguments or on a file.
UNTYPED_METHODS = {
    "check_fit",
    "fit",
    "get_feature_names_out",
    "predict",
    "predict_proba",
    "score",
    "transform",
}
UNTYPED = {
    "skface.load",
    "skface.metrics.iou_score",
    "skface.metrics.nme_score",
}


def imports(path):
    """The module, or None, that each name is imported from in a file."""
    return {
        alias.asname or alias.name: node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize(("name", "home"), imports(STUB).items())
def test_lazy_name_of_the_stub_comes_from_its_home(name, home):
    if home is None:
        assert getattr(skface, name) is importlib.import_module(f"skface.{name}")
    else:
        module = importlib.import_module(f"skface.{home}")
        assert getattr(skface, name) is getattr(module, name)


def test_every_public_name_stands_in_the_stub():
    assert set(skface.__all__) == set(imports(STUB))


def test_stub_reexports_what_it_imports():
    for node in ast.parse(STUB.read_text()).body:
        assert [(alias.name, alias.asname) for alias in node.names] == [
            (alias.name, alias.name) for alias in node.names
        ]


def test_the_package_says_that_it_is_typed():
    assert STUB.with_name("py.typed").exists()


@pytest.mark.parametrize("name", PUBLIC)
def test_checked_code_uses_every_public_name(name):
    _, *modules, last = name.split(".")
    tree = ast.parse(TYPED_USE.read_text())
    if not modules:
        used = imports(TYPED_USE)
    else:
        used = {ast.unparse(each) for each in ast.walk(tree)}
        last = ".".join([*modules, last])
    assert last in used


def is_function(value):
    return inspect.isfunction(value) or inspect.ismethod(value)


def functions():
    """Public functions and methods of skface's own, by name."""
    for name in PUBLIC:
        value = PUBLIC[name]
        if is_function(value):
            yield name, value
        for method, function in inspect.getmembers(value, is_function):
            ours = inspect.isclass(value) and function.__module__.startswith("skface")
            if ours and not method.startswith("_") and method not in UNTYPED_METHODS:
                yield f"{name}.{method}", function


@pytest.mark.parametrize(
    ("name", "function"),
    [each for each in sorted(functions()) if each[0] not in UNTYPED],
)
def test_function_says_what_it_returns(name, function):
    assert "return" in inspect.get_annotations(function)
