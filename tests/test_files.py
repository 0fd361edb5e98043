"""Files that appear whole or not at all, whatever happens to their writer."""

import subprocess
import sys

import pytest

from skface._files import replacing


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    return path


def assert_unchanged(path):
    assert path.read_bytes() == b"before"
    assert list(path.parent.iterdir()) == [path]


def test_new_content_replaces_what_was_there(path):
    with replacing(path) as file:
        file.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(path, error):
    def write_half():
        with replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert_unchanged(path)


def test_a_rename_that_fails_leaves_what_was_there(path, monkeypatch):
    def fail(source, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(PermissionError), replacing(path) as file:
        file.write(b"after")
    assert_unchanged(path)


def test_a_folder_is_not_replaced(tmp_path):
    with pytest.raises(IsADirectoryError), replacing(tmp_path):
        pass


def run(code, path):
    header = "import os, sys\nfrom skface._files import replacing\n"
    return subprocess.run([sys.executable, "-c", header + code, str(path)])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_writer_leaves_what_was_there(path):
    code = (
        "with replacing(sys.argv[1]) as file:\n"
        "    file.write(b'half')\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert run(code, path).returncode == -9
    assert path.read_bytes() == b"before"


def test_a_full_disk_leaves_what_was_there(path):
    pytest.importorskip("resource")
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    with replacing(sys.argv[1]) as file:\n"
        "        file.write(bytes(100_000))\n"
        "except OSError:\n"
        "    sys.exit(3)\n"
    )
    assert run(code, path).returncode == 3
    assert_unchanged(path)
