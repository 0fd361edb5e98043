"""The folder of a feature store.

It holds ``skface-store.json``, which says the format, and ``rows-N``, an LMDB
environment. Compaction writes ``rows-N+1`` beside it under the write lock and renames
it into place; whoever begins a transaction looks for the highest N first, so that
every process moves on without being told.
"""

import json
import os
import shutil
import threading

from skface.exceptions import StoreError

FORMAT = 1
MARKER = "skface-store.json"


def prepare(path):
    """Check that `path` is a store of a known format; make one where nothing is."""
    marker = os.path.join(path, MARKER)
    if os.path.exists(marker):
        try:
            with open(marker, encoding="utf-8") as file:
                version = int(json.load(file)["format"])
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
        return
    if os.path.exists(path) and not os.path.isdir(path):
        raise StoreError(f"Feature store {path}: this is a file. Choose a folder.")
    os.makedirs(path, exist_ok=True)
    if any(not name.startswith(".") for name in os.listdir(path)):
        # Another process may have made the store just now.
        if os.path.exists(marker):
            return prepare(path)
        raise StoreError(
            f"Feature store {path}: the folder holds other files and is no feature "
            "store. Choose a new or an empty folder."
        )
    draft = os.path.join(path, f".{MARKER}-{os.getpid()}-{threading.get_ident()}")
    with open(draft, "w", encoding="utf-8") as file:
        json.dump({"content": "skface features", "format": FORMAT}, file)
    os.replace(draft, marker)


def newest_generation(path):
    try:
        return max(map(generation_of, os.listdir(path)), default=0)
    except FileNotFoundError:
        return 0


def generation_of(name):
    prefix, _, number = name.partition("-")
    return int(number) if prefix == "rows" and number.isdigit() else 0


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
