"""The standard streams of the command take any text, and need not be there."""

import csv
import io
import json
import subprocess
import sys

import pandas as pd
import pytest

from skface.cli import main
from skface.cli._shared import as_csv, as_json
from skface.cli._streams import tell, write_out
from skface.exceptions import SkfaceWarning


@pytest.fixture
def stdout(monkeypatch):
    """Put a stream in the place of the standard output; its bytes."""

    def put(encoding, is_terminal=False):
        content = io.BytesIO()
        stream = io.TextIOWrapper(content, encoding, newline="\n")
        stream.isatty = lambda: is_terminal
        monkeypatch.setattr(sys, "stdout", stream)
        return content

    return put


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "shift_jis"])
def test_what_an_encoding_lacks_is_escaped_with_a_warning(stdout, encoding):
    content = stdout(encoding)
    with pytest.warns(SkfaceWarning, match="lacks characters .* PYTHONIOENCODING"):
        write_out("日本 😀.jpg,1")
    said = content.getvalue().decode(encoding)
    named = "日本" if encoding == "shift_jis" else r"\u65e5\u672c"
    assert said == rf"{named} \ud83d\ude00.jpg,1" + "\n"


def test_json_in_any_encoding_says_the_same(stdout):
    content = stdout("cp1252")
    with pytest.warns(SkfaceWarning):
        write_out(as_json({"photo": "é 日本 😀.jpg"}))
    assert json.loads(content.getvalue().decode("cp1252"))["photo"] == "é 日本 😀.jpg"


def test_names_that_are_no_text_come_out_as_their_bytes(stdout):
    content = stdout("utf-8")
    write_out(b"\xff\xe9.jpg".decode("utf-8", "surrogateescape"))
    assert content.getvalue() == b"\xff\xe9.jpg\n"


def test_names_that_are_no_text_are_escaped_where_bytes_cannot_be(stdout):
    content = stdout("utf-16-le")
    with pytest.warns(SkfaceWarning):
        write_out("\udcff.jpg")
    assert content.getvalue().decode("utf-16-le") == "\\udcff.jpg\n"


def test_control_characters_are_escaped_on_a_terminal_alone(stdout):
    text = "a\x1b[2J\x9b\u202egpj.exe\nb\n"
    content = stdout("utf-8", is_terminal=True)
    write_out(text)
    assert content.getvalue() == rb"a\x1b[2J\x9b\u202egpj.exe" + b"\nb\n"
    content = stdout("utf-8")
    write_out(text)
    assert content.getvalue().decode() == text


@pytest.mark.parametrize("way", ["closed", "broken", "none"])
def test_a_message_that_nobody_can_read_is_no_error(monkeypatch, capsys, way):
    class Broken(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    stream = Broken() if way == "broken" else io.StringIO()
    stream.close() if way == "closed" else None
    monkeypatch.setattr(sys, "stderr", None if way == "none" else stream)
    tell("a message")
    assert capsys.readouterr().out == ""


def test_without_standard_streams_the_command_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["cache", "info", "--cache-dir", str(tmp_path)]) == 0
    assert main(["fit", "--data", str(tmp_path / "nowhere")]) == 1
    with pytest.raises(SystemExit) as exit:
        main(["dance"])
    assert exit.value.code == 2
    assert (sys.stdout, sys.stderr) == (None, None)


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes them")
def test_closed_descriptors_are_no_error(tmp_path):
    command = '"$0" -m skface cache info --cache-dir "$1" >&- 2>&-'
    done = subprocess.run(["sh", "-c", command, sys.executable, tmp_path])
    assert done.returncode == 0


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_csv_is_a_formula(text):
    table = pd.DataFrame({text: [-1.5], "name": [text]})
    header, row = csv.reader(io.StringIO(as_csv(table, "%.1f"), newline=""))
    assert header == [f"'{text}", "name"]
    assert row == ["-1.5", f"'{text}"]
