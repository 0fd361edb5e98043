"""Files that appear whole or not at all, and where skface keeps its own."""

import contextlib
import errno
import os
import threading
from pathlib import Path


def write_file(path, content):
    """Text or bytes, whole or not at all; file names in text as the system has them."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    with replacing(path) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path):
    """A binary file to write what `path` shall hold.

    It lies beside `path` and takes its name when all is written; after an error or an
    interrupt it is removed, and `path` holds what it held before.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    file
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with open(unfinished, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def status_of(path):
    """What changes when a file does; None of one that is not there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (
        *(found.st_dev, found.st_ino, found.st_size),
        *(found.st_mtime_ns, found.st_ctime_ns),
    )


def user_cache():
    """``~/.cache/skface``, or the folder that ``SKFACE_CACHE`` names."""
    return Path(os.environ.get("SKFACE_CACHE", "~/.cache/skface")).expanduser()
