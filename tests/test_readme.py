"""The code of the README and of the docs runs."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from skface.datasets import make_celeba
from skface.pipelines._presets import PRESETS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.md"))
KINDS = {"python", "python notest", "sh", "text"}
KINDS |= {"{eval-rst}", "{toctree}", "{include}"}  # of Sphinx


def code_blocks(page, kind="python"):
    return re.findall(rf"^```{kind}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


@pytest.fixture(scope="session")
def fewer_root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fewer") / "celeba"
    return make_celeba(folder, 50, random_state=0)


@pytest.fixture
def few_faces(drawn_root, fewer_root, groups_root, monkeypatch):
    """Code gets 60 drawn faces, or 50 where it asks for 100, and 12 drawn groups, and
    runs as it stands.
    """
    monkeypatch.setattr(
        "skface.datasets.drawn_celeba",
        lambda n=60: fewer_root if n == 100 else drawn_root,
    )
    monkeypatch.setattr("skface.datasets.drawn_wider", lambda n: groups_root)


@pytest.fixture
def small_heads(monkeypatch):
    """Heads of the makers' preset have few layers and epochs."""
    for presets in PRESETS.values():
        monkeypatch.setitem(presets["best"].head, "n_layers", 0)
        monkeypatch.setitem(presets["best"].head, "epochs", 5)


@pytest.mark.parametrize("code", code_blocks(README))
def test_code_block_runs(code, few_faces, capsys):
    exec(compile(code, str(README), "exec"), {})
    assert float(capsys.readouterr().out) > 0.85


def test_readme_has_code_blocks():
    assert code_blocks(README)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if code_blocks(page)], ids=lambda page: page.name
)
def test_code_of_a_page_runs_from_top_to_bottom(
    page, few_faces, small_heads, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    names = {}
    for code in code_blocks(page):
        exec(compile(code, str(page), "exec"), names)


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.name)
def test_no_block_of_code_is_of_a_kind_that_is_passed_by(page):
    text = page.read_text("utf-8")
    kinds = re.findall(r"^\s*```(.*)\n(?:.*\n)*?\s*```$", text, re.M)
    assert {re.sub(r"\} .*", "}", kind) for kind in kinds} <= KINDS
    assert kinds.count("python") == len(code_blocks(page))


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.name)
def test_code_that_is_not_run_compiles_and_imports_what_there_is(page):
    for code in code_blocks(page, "python notest"):
        compile(code, str(page), "exec")
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("skface"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names)
