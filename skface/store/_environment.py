"""The LMDB environment under a feature store: opening, growth, replacement."""

import contextlib
import errno
import os
import shutil
import threading

import lmdb

from skface.exceptions import StoreError
from skface.store._failures import MAX_READERS, READ_ONLY, errno_of, explained
from skface.store._generations import (
    flush,
    free_bytes,
    generation_of,
    newest_generation,
    prepare,
)

_FIRST_MAP = 2**28
_ROOM = 2**20
_UNWRITTEN = 64
# What is read through the map counts as this process's memory until it is mapped
# anew, and the system may map 2 MiB around each row that is looked at.
_TOUCHED_LIMIT = 128
_TOUCHED_BYTES = 2**21

_environments = {}
_environments_lock = threading.Lock()
_fork = contextlib.ExitStack()


def environment(path):
    """The one `Environment` of this process for the store at `path`."""
    with _environments_lock:
        if path not in _environments:
            _environments[path] = Environment(path)
        return _environments[path]


def _before_fork():
    # LMDB allows a child neither to use nor to close what its parent has open.
    _fork.enter_context(_environments_lock)
    for each in _environments.values():
        _fork.enter_context(each.closed())


def _after_fork_in_child():
    # Threads that waited in the parent do not exist here: leave its locks behind.
    global _environments, _environments_lock, _fork
    _environments, _environments_lock = {}, threading.Lock()
    _fork = contextlib.ExitStack()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _fork.close(),
        after_in_child=_after_fork_in_child,
    )


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
        self._touched = 0
        self._gate = _Gate()

    def run(self, work, *, write=False, n_rows=0):
        """Return ``work(transaction)``; `work` may be called more than once.

        `n_rows` tells how many rows `work` touches, to keep the mapped memory small.
        """
        with explained(self.path):
            dead_readers_dropped = False
            while True:
                if self._touched > _TOUCHED_LIMIT:
                    with self._gate.alone():
                        self._map_anew()
                try:
                    with self._gate.together():
                        if not self._stale():
                            with self._env.begin(write=write, buffers=True) as txn:
                                # A writer may have waited while the rows moved.
                                if not (write and self._stale()):
                                    self._touched += n_rows
                                    return work(txn)
                    repair = self._open
                except lmdb.MapFullError:
                    repair = self._grow
                except lmdb.MapResizedError:
                    repair = self._follow
                except lmdb.PanicError:
                    # A commit failed half-way, on a bad disk; what it left is whole.
                    repair = self._close
                except lmdb.ReadersFullError:
                    if dead_readers_dropped:
                        raise
                    repair = self._drop_dead_readers
                    dead_readers_dropped = True
                with self._gate.alone():
                    # Another thread may have closed the environment meanwhile.
                    repair() if self._env is not None else self._open()

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
                flush(os.path.join(draft, "data.mdb"))
            os.rename(draft, new)
            for name in os.listdir(self.path):
                if 0 < generation_of(name.lstrip(".")) <= self._generation:
                    # Renamed first: nobody may open a folder that is half gone.
                    doomed = os.path.join(self.path, f".{name.lstrip('.')}")
                    with contextlib.suppress(OSError):
                        os.rename(os.path.join(self.path, name), doomed)
                        shutil.rmtree(doomed)

        self.run(build, write=True)
        with self.closed():
            pass

    @contextlib.contextmanager
    def closed(self):
        """Close the environment until the next transaction, which waits for this."""
        with self._gate.alone():
            self._close()
            yield

    def compact(self):
        """Give unused space back to the disk, if there is room for the copy."""
        stat = self.run(lambda txn: txn.stat())
        pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        if pages * stat["psize"] + _ROOM < free_bytes(self.path):
            self.replace(copy=True)

    def check(self):
        """Walk all of the database's pages, which LMDB itself takes on trust."""
        try:
            from lmdb.verify import VerifyError, verify
        except ImportError:  # lmdb < 3
            return
        if self.run(lambda txn: self._env.flags()["readonly"]):
            return
        try:
            # Under the write lock no page changes.
            problems = self.run(lambda txn: verify(self._env.path()), write=True)
        except VerifyError as error:
            problems = [error]
        if problems:
            raise StoreError(
                f"Feature store {self.path} is damaged: {problems[0]}. Delete the "
                "folder; its rows will be computed again."
            )

    def size(self):
        """Bytes that the store's files take."""
        n_bytes = 0
        for folder, _, names in os.walk(self.path):
            for name in names:
                # A compaction may remove files meanwhile.
                with contextlib.suppress(OSError):
                    n_bytes += os.path.getsize(os.path.join(folder, name))
        return n_bytes

    def _folder(self, generation):
        return os.path.join(self.path, f"rows-{generation}")

    def _stale(self):
        return self._env is None or newest_generation(self.path) != self._generation

    def _open(self):
        if not self._stale():
            return
        self._close()
        prepare(self.path)
        found = newest_generation(self.path)
        generation = found or 1
        folder = self._folder(generation)
        data = os.path.join(folder, "data.mdb")
        options = {"max_readers": MAX_READERS, "map_size": _FIRST_MAP}
        try:
            if os.path.exists(data):
                options["map_size"] = max(_FIRST_MAP, 2 * os.path.getsize(data))
            elif free_bytes(self.path) < _ROOM:
                # LMDB maps a sparse file: to find the disk full later is fatal.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if not found:
                os.makedirs(folder, exist_ok=True)
            env = lmdb.open(folder, create=False, metasync=False, **options)
            with _closed_on_error(env):
                _guard_length(env, data)
                env.reader_check()
        except (lmdb.Error, OSError) as error:
            if newest_generation(self.path) != found:
                return  # Another process moved the rows: the caller tries again.
            if errno_of(error) not in READ_ONLY or not os.path.exists(data):
                raise
            env = lmdb.open(folder, readonly=True, lock=False, **options)
            with _closed_on_error(env):
                _guard_length(env, data)
        self._env, self._generation, self._touched = env, generation, 0

    def _close(self):
        if self._env is not None:
            self._env.close()
            self._env = None

    def _grow(self):
        self._env.set_mapsize(2 * self._env.info()["map_size"])

    def _follow(self):
        self._env.set_mapsize(0)

    def _drop_dead_readers(self):
        self._env.reader_check()

    def _map_anew(self):
        if self._env is not None:
            info = self._env.info()
            used = info["last_pgno"] * self._env.stat()["psize"]
            if used > _TOUCHED_LIMIT * _TOUCHED_BYTES:
                self._env.set_mapsize(info["map_size"])
        self._touched = 0


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
def _closed_on_error(env):
    try:
        yield
    except BaseException:
        env.close()
        raise


def _guard_length(env, data):
    """Lengthen a data file that lost its end, before a read past it kills Python.

    The zeros in the place of the lost pages fail the checksums. A sound file may
    lack some pages that LMDB took at its end and never wrote.
    """

    def missing():
        return (env.info()["last_pgno"] + 1) * psize - os.path.getsize(data)

    psize = env.stat()["psize"]
    if not env.flags()["readonly"]:
        if missing() > 0:
            with env.begin(write=True):
                if missing() > 0:
                    os.truncate(data, os.path.getsize(data) + missing())
    elif missing() > _UNWRITTEN * psize:
        raise StoreError(f"Feature store {data} is damaged: its end is missing.")
