"""Every public name is documented, and shows how it is used."""

import doctest
import inspect

import pytest
from public_api import API, PUBLIC, listed


def test_api_page_lists_the_public_names_and_no_others():
    assert listed(API) == set(PUBLIC)


def examples(value):
    """What doctest runs of an object's docstring."""
    (found,) = doctest.DocTestFinder(recurse=False).find(value, "value", globs={})
    return found.examples


def needs_example(name):
    is_error = name.startswith("skface.exceptions.")
    return callable(PUBLIC[name]) and not is_error


@pytest.mark.parametrize("name", [name for name in PUBLIC if needs_example(name)])
def test_public_name_has_an_example_and_all_of_it_is_run(name):
    value = inspect.unwrap(PUBLIC[name])
    assert examples(value)
    assert not any(doctest.SKIP in each.options for each in examples(value))


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_has_a_docstring(name):
    value = PUBLIC[name]
    if not callable(value):  # the page describes constants
        return
    assert value.__doc__
    methods = inspect.getmembers(value, inspect.isfunction)
    for method, function in methods if inspect.isclass(value) else ():
        ours = function.__module__.startswith("skface")
        if ours and not method.startswith("_"):
            assert inspect.getdoc(function), f"{name}.{method}"
