"""The folder of a feature store.

It holds ``skface-store.json``, which says the format, and ``rows-N``, an LMDB
environment. Compaction writes ``rows-N+1`` beside it under the write lock and renames
it into place; whoever begins a transaction looks for the highest N first, so that
every process moves on without being told.
"""

import contextlib
import errno
import json
import os
import shutil
import threading

from skface.exceptions import StoreError

FORMAT = 1
MARKER = "skface-store.json"
ROOM = 2**20


def is_store(path):
    """Tell whether there is a store of a known format, or room for a new one."""
    if os.path.exists(path) and not os.path.isdir(path):
        raise StoreError(f"Feature store {path}: this is a file. Choose a folder.")
    try:
        with open(os.path.join(path, MARKER), encoding="utf-8") as file:
            version = int(json.load(file)["format"])
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError):
        raise StoreError(
            f"Feature store {path}: {MARKER} is damaged. Delete the folder; its "
            "rows will be computed again."
        ) from None
    if version > FORMAT:
        raise StoreError(
            f"Feature store {path} has format {version}, written by a newer "
            f"skface; this one knows format {FORMAT}. Upgrade skface, or choose "
            "another cache_dir."
        )
    return True


def make_store(path):
    """Make a store in a new or an empty folder.

    Features are kept like the photos they tell of: from all but the user, unless the
    folder that is there already is open to others.
    """
    with contextlib.suppress(FileExistsError):
        os.makedirs(path, mode=0o700)
    if any(not name.startswith(".") for name in os.listdir(path)):
        # Another process may have made the store just now.
        if is_store(path):
            return
        raise StoreError(
            f"Feature store {path}: the folder holds other files and is no feature "
            "store. Choose a new or an empty folder."
        )
    require_room(path)
    draft = os.path.join(path, f".{MARKER}-{os.getpid()}-{threading.get_ident()}")
    mode = os.stat(path).st_mode & 0o666
    with open(draft, "w", encoding="utf-8", opener=_opener(mode)) as file:
        json.dump({"content": "skface features", "format": FORMAT}, file)
    os.replace(draft, os.path.join(path, MARKER))


def _opener(mode):
    return lambda path, flags: os.open(path, flags, mode)


def newest_generation(path):
    try:
        return max(map(generation_of, os.listdir(path)), default=0)
    except FileNotFoundError:
        return 0


def generation_of(name):
    prefix, _, number = name.partition("-")
    return int(number) if prefix == "rows" and number.isdigit() else 0


def remove_generations(path, last):
    """Remove the rows up to generation `last`, and what killed processes left."""
    names = os.listdir(path)
    for name in sorted(names, key=lambda name: (name[0] != ".", generation_of(name))):
        generation = generation_of(name.lstrip("."))
        if generation and (name[0] == "." or generation <= last):
            # Renamed first: nobody may open a folder that is half gone.
            doomed = os.path.join(path, f".{name.lstrip('.')}")
            with contextlib.suppress(OSError):
                os.rename(os.path.join(path, name), doomed)
                shutil.rmtree(doomed)


def require_room(path):
    """Raise what the system raises on a full disk, before a file is made on it."""
    if free_bytes(path) < ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def free_bytes(path):
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return 0


def flush(path):
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
