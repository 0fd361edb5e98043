"""The LMDB environment under a feature store: opening, growth, errors.

A store's folder holds ``skface-store.json``, which says the format, and ``rows-N``,
an LMDB environment. Compaction writes ``rows-N+1`` beside it under the write lock
and renames it into place; whoever begins a transaction looks for the highest N
first, so that every process moves on without being told.
"""

import contextlib
import errno
import json
import os
import shutil
import threading

import lmdb

from ..exceptions import StoreError

FORMAT = 1
MARKER = "skface-store.json"

_FIRST_MAP = 2**28
_ROOM = 2**20
# Pages read through the map count as this process's memory until it is mapped anew.
_MAPPED_LIMIT = 2**28
_MAX_READERS = 1024
# LMDB reports a batch that fits in part as EIO.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)

_environments = {}
_environments_lock = threading.Lock()
_inherited = []


def environment(path):
    """The one `Environment` of this process for the store at `path`."""
    with _environments_lock:
        if path not in _environments:
            _environments[path] = Environment(path)
        return _environments[path]


def _forget_environments():
    # A child must neither use nor close what its parent has open.
    global _environments, _environments_lock
    _inherited.append(_environments)
    _environments, _environments_lock = {}, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_environments)


class Environment:
    """Runs transactions on a store, for every thread of this process.

    Parameters
    ----------
    path : str
        Real path of the store's folder. It is made at the first transaction.
    """

    def __init__(self, path):
        self.path = path
        self._env = None
        self._generation = 0
        self._read = 0
        self._gate = _Gate()

    def run(self, work, *, write=False, n_bytes=0):
        """Return ``work(transaction)``; `work` may be called more than once.

        `n_bytes` tells how much `work` reads, to keep the mapped memory small.
        """
        with explained(self.path):
            dead_readers_dropped = False
            while True:
                if self._read > _MAPPED_LIMIT:
                    with self._gate.alone():
                        self._map_anew()
                try:
                    with self._gate.together():
                        if not self._stale():
                            with self._env.begin(write=write, buffers=True) as txn:
                                # A writer may have waited while the rows moved.
                                if not (write and self._stale()):
                                    self._read += n_bytes
                                    return work(txn)
                    repair = self._open
                except lmdb.MapFullError:
                    repair = self._grow
                except lmdb.MapResizedError:
                    repair = self._follow
                except lmdb.ReadersFullError:
                    if dead_readers_dropped:
                        raise
                    repair = self._env.reader_check
                    dead_readers_dropped = True
                with self._gate.alone():
                    repair()

    def replace(self, copy):
        """Put a compacted copy, or nothing, in the place of the rows.

        The disk's space comes back once the other processes have moved on.
        """

        def build(txn):
            new = self._folder(self._generation + 1)
            draft = os.path.join(self.path, f".rows-{self._generation + 1}")
            shutil.rmtree(draft, ignore_errors=True)
            os.mkdir(draft)
            if copy:
                self._env.copy(draft, compact=True)
                _flush(os.path.join(draft, "data.mdb"))
            os.rename(draft, new)
            for name in os.listdir(self.path):
                if 0 < _number(name) <= self._generation:
                    # Renamed first: nobody may open a folder that is half gone.
                    doomed = os.path.join(self.path, f".{name}")
                    with contextlib.suppress(OSError):
                        os.rename(os.path.join(self.path, name), doomed)
                        shutil.rmtree(doomed)

        self.run(build, write=True)
        with self._gate.alone():
            self._close()

    def compact(self):
        """Give unused space back to the disk, if there is room for the copy."""
        stat = self.run(lambda txn: txn.stat())
        pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        if pages * stat["psize"] + _ROOM < _free(self.path):
            self.replace(copy=True)

    def size(self):
        """Bytes that the store's files take."""
        with explained(self.path):
            return sum(
                os.path.getsize(os.path.join(folder, name))
                for folder, _, names in os.walk(self.path)
                for name in names
            )

    def _folder(self, generation):
        return os.path.join(self.path, f"rows-{generation}")

    def _stale(self):
        return self._env is None or _newest(self.path) != self._generation

    def _open(self):
        if not self._stale():
            return
        self._close()
        _prepare(self.path)
        generation = _newest(self.path) or 1
        folder = self._folder(generation)
        data = os.path.join(folder, "data.mdb")
        options = {"max_readers": _MAX_READERS, "map_size": _FIRST_MAP}
        with contextlib.suppress(FileNotFoundError):
            options["map_size"] = max(_FIRST_MAP, 2 * os.path.getsize(data))
        if not os.path.exists(data) and _free(self.path) < _ROOM:
            # LMDB maps a sparse file: to find the disk full later would be fatal.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            os.makedirs(folder, exist_ok=True)
            env = lmdb.open(folder, metasync=False, **options)
        except (lmdb.Error, OSError) as error:
            if _errno(error) not in _READ_ONLY or not os.path.exists(data):
                raise
            env = lmdb.open(folder, readonly=True, lock=False, **options)
        try:
            _guard_length(env, data)
            if not env.flags()["readonly"]:
                env.reader_check()
        except BaseException:
            env.close()
            raise
        self._env, self._generation, self._read = env, generation, 0

    def _close(self):
        if self._env is not None:
            self._env.close()
            self._env = None

    def _grow(self):
        self._env.set_mapsize(2 * self._env.info()["map_size"])

    def _follow(self):
        self._env.set_mapsize(0)

    def _map_anew(self):
        if self._env is not None:
            self._env.set_mapsize(self._env.info()["map_size"])
        self._read = 0


class _Gate:
    """Lets in many threads together, or one alone, which comes first."""

    def __init__(self):
        self._condition = threading.Condition()
        self._inside = 0
        self._waiting = 0

    @contextlib.contextmanager
    def together(self):
        with self._condition:
            self._condition.wait_for(lambda: not self._waiting)
            self._inside += 1
        try:
            yield
        finally:
            with self._condition:
                self._inside -= 1
                self._condition.notify_all()

    @contextlib.contextmanager
    def alone(self):
        with self._condition:
            self._waiting += 1
            try:
                self._condition.wait_for(lambda: not self._inside)
                yield
            finally:
                self._waiting -= 1
                self._condition.notify_all()


@contextlib.contextmanager
def explained(path):
    """Turn the errors of LMDB and of the system into a `StoreError`."""
    try:
        yield
    except StoreError:
        raise
    except (lmdb.Error, OSError) as error:
        raise StoreError(f"Feature store {path}: {_reason(path, error)}") from error


def _reason(path, error):
    code = _errno(error)
    if code in _FULL:
        return (
            f"the disk is full, or fails ({error}). The rows written before are safe. "
            "Free some space, remove rows with FeatureStore.prune, or choose another "
            "cache_dir."
        )
    if code in _READ_ONLY:
        return (
            f"it cannot be written ({error}). Give yourself write permission, or "
            "choose another cache_dir."
        )
    if code in (errno.ENOTDIR, errno.EEXIST):
        return f"there is a file in the place of a folder ({error}). Choose another."
    if isinstance(error, lmdb.ReadersFullError):
        return (
            f"more than {_MAX_READERS} readers at once ({error}). Use fewer processes."
        )
    if isinstance(error, lmdb.Error):
        return (
            f"it is damaged or cannot be used ({error}). Delete the folder; its rows "
            "will be computed again."
        )
    return f"{error}."


def _errno(error):
    if isinstance(error, OSError):
        return error.errno
    # LMDB's errors carry the system's text, not its number.
    for code in (*_FULL, *_READ_ONLY):
        if str(error).endswith(os.strerror(code)):
            return code
    return None


def _free(path):
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return 0


def _number(name):
    prefix, _, number = name.partition("-")
    return int(number) if prefix == "rows" and number.isdigit() else 0


def _newest(path):
    try:
        return max(map(_number, os.listdir(path)), default=0)
    except FileNotFoundError:
        return 0


def _prepare(path):
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
            return _prepare(path)
        raise StoreError(
            f"Feature store {path}: the folder holds other files and is no feature "
            "store. Choose a new or an empty folder."
        )
    draft = os.path.join(path, f".{MARKER}-{os.getpid()}-{threading.get_ident()}")
    with open(draft, "w", encoding="utf-8") as file:
        json.dump({"content": "skface features", "format": FORMAT}, file)
    os.replace(draft, marker)


def _guard_length(env, data):
    """Lengthen a data file that lost its end, before a read past it kills Python.

    The zeros in the place of the lost pages fail the checksums.
    """
    needed = (env.info()["last_pgno"] + 1) * env.stat()["psize"]
    if os.path.getsize(data) >= needed:
        return
    if env.flags()["readonly"]:
        raise StoreError(f"Feature store {data} is damaged: its end is missing.")
    with env.begin(write=True):
        needed = (env.info()["last_pgno"] + 1) * env.stat()["psize"]
        if os.path.getsize(data) < needed:
            os.truncate(data, needed)


def _flush(path):
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
