"""Files that appear whole or not at all, whatever happens to their writer."""

import os
import stat
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


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files without a name")
def test_a_killed_writer_leaves_nothing_else(path):
    code = (
        "with replacing(sys.argv[1]) as file:\n"
        "    file.write(bytes(1_000_000))\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert run(code, path).returncode == -9
    assert_unchanged(path)


def test_a_system_without_nameless_files_writes_whole_files_too(path, monkeypatch):
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    with replacing(path) as file:
        file.write(b"after")
        assert path.read_bytes() == b"before"
        assert len(list(path.parent.iterdir())) == 2
    assert path.read_bytes() == b"after"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("nameless", [True, False])
def test_the_permissions_of_what_was_there_stay(path, monkeypatch, nameless):
    if not nameless:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    path.chmod(0o600)
    with replacing(path) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
        file.write(b"after")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_file_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "other").touch()
    with replacing(tmp_path / "new"):
        pass
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_link_leads_to_the_new_content(path, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "link"
    link.symlink_to(path)
    with replacing(link) as file:
        file.write(b"after")
    assert link.is_symlink()
    assert path.read_bytes() == b"after"
    assert list(folder.iterdir()) == [link]


def test_a_link_to_nothing_leads_to_the_new_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "new")
    with replacing(tmp_path / "link") as file:
        file.write(b"content")
    assert (tmp_path / "new").read_bytes() == b"content"
    assert (tmp_path / "link").is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(OSError, match="it is a device or a pipe"),
        replacing(tmp_path / "pipe"),
    ):
        pass
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
