"""The README's code runs."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def code_blocks():
    return re.findall(r"^```python\n(.*?)^```", README.read_text(), re.M | re.S)


@pytest.mark.parametrize("code", code_blocks())
def test_code_block_runs(code, capsys):
    exec(compile(code, str(README), "exec"), {})
    assert float(capsys.readouterr().out) > 0.85


def test_readme_has_code_blocks():
    assert code_blocks()
