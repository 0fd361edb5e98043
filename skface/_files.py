"""Files that appear whole or not at all, and where skface keeps its own."""

import contextlib
import errno
import os
import stat
import threading
import time
from pathlib import Path
from typing import NamedTuple

_SETTLED = 50_000_000  # nanoseconds


def write_file(path, content):
    """Text or bytes, whole or not at all; file names in text as the system has them."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    with replacing(path) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path):
    """A binary file to write what `path` shall hold.

    It takes the name of `path` when all is written; after an error or an interrupt
    `path` holds what it held before. Where the system can, it has no name until then,
    so that a killed writer leaves nothing behind either. The permissions of a file
    that was there stay, and a link leads to the new content.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    file

    Raises
    ------
    OSError
        `path` is a folder, a device or a pipe, or cannot be written.
    """
    given, path = path, Path(os.path.realpath(path))
    mode = None
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(path).st_mode
    if mode is not None and stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(given))
    if mode is not None and not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe, no file", str(given))
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    draft.unlink(missing_ok=True)  # of a process that was killed and had this number
    nameless = _nameless(path.parent)
    try:
        with nameless or open(draft, "xb") as file:
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode & 0o777)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if nameless:
                # Given a folder, os.link follows the link to the file.
                os.link(_open_file(file), draft, src_dir_fd=0)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _nameless(folder):
    """A file that is gone with its writer, and can be given a name; None elsewhere."""
    try:
        file = os.fdopen(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666), "wb")
    except (AttributeError, OSError):  # another system, or a file system without them
        return None
    if os.path.exists(_open_file(file)):
        return file
    file.close()
    return None


def _open_file(file):
    return f"/proc/self/fd/{file.fileno()}"


class Status(NamedTuple):
    """What changes when a file does."""

    device: int
    inode: int
    n_bytes: int
    modified: int  # nanoseconds
    changed: int

    def is_settled(self):
        """Whether a file that is written to from now on will have another status.

        The clock of a file's times has coarse ticks.
        """
        return time.time_ns() - max(self.modified, self.changed) > _SETTLED


def status_of(file):
    """The `Status` of a path, or of an open file's descriptor."""
    found = os.stat(file)
    return Status(
        *(found.st_dev, found.st_ino, found.st_size),
        *(found.st_mtime_ns, found.st_ctime_ns),
    )


def status_or_none(path):
    """`status_of` a path; None where nothing is."""
    try:
        return status_of(path)
    except (OSError, ValueError):
        return None


def user_cache():
    """``~/.cache/skface``, or the folder that ``SKFACE_CACHE`` names."""
    return Path(os.environ.get("SKFACE_CACHE", "~/.cache/skface")).expanduser()
