"""The layout that CONTRIBUTING.md tells, held against every import."""

import ast
import re
from pathlib import Path

import pytest

import skface

PACKAGE = Path(skface.__file__).parent
TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text()
TREE = re.search(r"^skface/\n(.*?)^benchmarks/", TEXT, re.M | re.S)[1]
ROAD = re.findall(r"\b(\w+)(?:\.py\b|/ )", TREE)


def imports_of(module):
    """Parts of the dotted names of the modules that a file of skface imports from."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("skface."):
            yield node.module.split(".")[1:]


def test_the_road_tells_of_every_module_and_folder():
    there = {path.stem for path in PACKAGE.glob("[!_]*.py")}
    there |= {path.stem for path in PACKAGE.glob("_[!_]*.py")} - {"_version"}
    there |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert sorted(ROAD) == sorted(there)


@pytest.mark.parametrize("place", ROAD)
def test_a_module_imports_only_from_earlier_on_the_road(place):
    files = [PACKAGE / f"{place}.py", *PACKAGE.glob(f"{place}/**/*.py")]
    seen = [parts for file in files if file.exists() for parts in imports_of(file)]
    of_others = [parts for parts in seen if parts[0] not in (place, "_version")]
    earlier = ROAD[: ROAD.index(place)]
    assert [parts for parts in of_others if parts[0] not in earlier] == []
    inner = [parts for parts in of_others if any(p[0] == "_" for p in parts[1:])]
    assert inner == []
