"""What goes wrong with a feature store, and what to do then."""

import contextlib
import errno
import os

import lmdb

from skface.exceptions import StoreError

_DAMAGED = (
    lmdb.CorruptedError,
    lmdb.InvalidError,
    lmdb.PageNotFoundError,
    lmdb.VersionMismatchError,
)

# LMDB reports a batch that fits in part as EIO.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextlib.contextmanager
def explained(path, done):
    """Turn the errors of LMDB and of the system into a `StoreError`.

    `done` is what was to be done with the store: "read" or "written".
    """
    try:
        yield
    except StoreError:
        raise
    except (lmdb.Error, OSError) as error:
        raise StoreError(f"Feature store {path}: {_reason(error, done)}") from error


def _reason(error, done):
    code = _errno_of(error)
    if is_full(error):
        return (
            f"the disk is full, or fails ({error}). The rows written before are safe. "
            "Free some space, remove rows with FeatureStore.prune (where that fails "
            "too, all of them with FeatureStore.clear), or choose another cache_dir."
        )
    if is_forbidden(error):
        permission = "read" if done == "read" else "write"
        return (
            f"it cannot be {done} ({error}). Give yourself {permission} permission, or "
            "choose another cache_dir."
        )
    if code in (errno.ENOTDIR, errno.EEXIST):
        return f"there is a file in the place of a folder ({error}). Choose another."
    if isinstance(error, lmdb.LockError):
        return (
            f"a process with the same number, in another container, holds it ({error})."
            " Try again, or give the containers one PID namespace."
        )
    if isinstance(error, lmdb.MemoryError):
        return (
            f"it cannot be mapped into memory ({error}). Raise the process's limit of "
            "address space (ulimit -v)."
        )
    if isinstance(error, _DAMAGED):
        return (
            f"it is damaged ({error}). Delete the folder; its rows will be computed "
            "again."
        )
    return f"{error}."


def is_full(error):
    return _errno_of(error) in _FULL


def is_forbidden(error):
    return _errno_of(error) in _FORBIDDEN


def _errno_of(error):
    if isinstance(error, OSError):
        return error.errno
    # LMDB's errors carry the system's text, not its number.
    for code in (*_FULL, *_FORBIDDEN):
        if str(error).endswith(os.strerror(code)):
            return code
    return None
