"""The LMDB environment under a feature store: opening, growth, replacement."""

import contextlib
import io
import os
import shutil
import stat
import threading
from itertools import islice

import lmdb

from skface.exceptions import StoreError
from skface.store._failures import explained, is_forbidden
from skface.store._generations import (
    ROOM,
    flush,
    free_bytes,
    is_store,
    make_store,
    newest_generation,
    remove_generations,
    require_room,
)
from skface.store._tree import Tree

_FIRST_MAP = 2**28
_COPIED_AT_ONCE = 128
_TRIES = 1000

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
    """Reads and writes a store, for every thread of this process.

    LMDB writes; whatever is read is read by `Tree`, without a lock.

    Parameters
    ----------
    path : str
        Real path of the store's folder. It is made at the first use.
    """

    def __init__(self, path):
        self.path = path
        self._is_prepared = False
        self._env = None
        self._opened = None
        self._lock = threading.Lock()

    def read(self, work, items=(None,)):
        """Return ``[work(tree, item) for item in items]``.

        Each call sees one commit, and may be made more than once for an item.
        """
        if not self._is_prepared:
            self._prepare()
        with explained(self.path, "read"), self._newest_file() as file:
            results, tree = [], None
            for item in items:
                for _ in range(_TRIES):
                    damage = None
                    try:
                        tree = tree or Tree(file)
                        result = work(tree, item)
                    except lmdb.CorruptedError as error:
                        damage = error
                    if tree and tree.holds():
                        break
                    tree = None
                if damage:
                    raise damage
                if not tree:
                    raise StoreError(
                        f"Feature store {self.path}: it is written to without a "
                        "pause. Try again."
                    )
                results.append(result)
        return results

    def write(self, work):
        """Return ``work(transaction, tree)``, made and kept as a whole or not at all.

        `tree` is what is there already; `work` may be called more than once.
        """
        if not self._is_prepared:
            self._prepare()
        with explained(self.path, "written"), self._lock:
            while True:
                try:
                    if self._is_stale():
                        self._open()
                        continue
                    with self._env.begin(write=True) as txn:
                        # The rows may have moved while this writer waited.
                        if not self._is_stale():
                            with self._newest_file() as file:
                                return work(txn, Tree(file))
                except lmdb.MapFullError:
                    self._env.set_mapsize(2 * self._env.info()["map_size"])
                except lmdb.MapResizedError:
                    self._env.set_mapsize(0)
                except lmdb.PanicError:
                    # A commit failed half-way, on a bad disk; what it left is whole.
                    self._close()

    def compact(self):
        """Give unused space back to the disk, if there is room for the copy.

        The space comes back once the other processes have moved on.
        """

        def move(txn, tree):
            stat = txn.stat()
            pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
            if pages * stat["psize"] + ROOM > free_bytes(self.path):
                return
            generation = newest_generation(self.path)
            draft = os.path.join(self.path, f".rows-{generation + 1}")
            shutil.rmtree(draft, ignore_errors=True)
            os.mkdir(draft, self._mode())
            with self._lmdb(draft, self._env.info()["map_size"], sync=False) as new:
                _copy(tree, new)
            flush(os.path.join(draft, "data.mdb"))
            os.rename(draft, self._folder(generation + 1))
            remove_generations(self.path, generation)

        self.write(move)
        with self.closed():
            pass

    def clear(self):
        """Remove all rows."""

        def move(txn, tree):
            generation = newest_generation(self.path)
            # A full disk has no room for a folder; the next writer makes one.
            with contextlib.suppress(OSError):
                os.mkdir(self._folder(generation + 1), self._mode())
            remove_generations(self.path, generation)

        self.write(move)
        with self.closed():
            pass

    @contextlib.contextmanager
    def closed(self):
        """Close the environment until the next transaction, which waits for this."""
        with self._lock:
            self._close()
            self._is_prepared = False
            yield

    def check(self):
        """Walk all of the database's pages, which LMDB itself takes on trust."""
        try:
            from lmdb.verify import VerifyError, verify
        except ImportError:  # lmdb < 3
            return
        try:
            # Under the write lock no page changes.
            problems = self.write(lambda txn, tree: verify(self._env.path()))
        except VerifyError as error:
            problems = [error]
        except StoreError as error:
            if not is_forbidden(error.__cause__):
                raise
            problems = []
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

    def _prepare(self):
        with explained(self.path, "read"):
            found = is_store(self.path)
        if not found:
            with explained(self.path, "written"):
                make_store(self.path)
        self._is_prepared = True

    def _folder(self, generation):
        return os.path.join(self.path, f"rows-{generation}")

    def _data_file(self):
        return os.path.join(self._folder(newest_generation(self.path)), "data.mdb")

    def _mode(self):
        """Who may use the store's folder may use what is made in it."""
        return stat.S_IMODE(os.stat(self.path).st_mode)

    def _newest_file(self):
        while True:
            data = self._data_file()
            try:
                return open(data, "rb", buffering=0)
            except FileNotFoundError:
                if data == self._data_file():
                    return io.BytesIO()

    def _found(self):
        """What tells the rows from others that took their place."""
        data = self._data_file()
        try:
            status = os.stat(data)
        except FileNotFoundError:
            return None
        return data, status.st_dev, status.st_ino

    def _is_stale(self):
        return self._env is None or self._opened != self._found()

    def _open(self):
        self._close()
        self._prepare()
        generation = newest_generation(self.path)
        folder = self._folder(generation or 1)
        data, lock = (os.path.join(folder, f"{name}.mdb") for name in ("data", "lock"))
        if not (_length(data) and _length(lock)):
            # LMDB maps sparse files: to find the disk full later is fatal.
            require_room(self.path)
        try:
            if not generation:
                os.makedirs(folder, self._mode(), exist_ok=True)
            with contextlib.suppress(FileExistsError):
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                os.close(os.open(data, flags, self._mode() & 0o666))
            found = self._found()
            env = self._lmdb(folder, max(_FIRST_MAP, 2 * _length(data)))
        except (lmdb.Error, OSError):
            if newest_generation(self.path) != generation:
                return  # Another process moved the rows: the caller tries again.
            raise
        with _closed_on_error(env):
            _guard_length(env, data)
            env.reader_check()
        # If they moved while they were opened, they are stale already.
        self._env, self._opened = env, found

    def _lmdb(self, folder, map_size, **options):
        return lmdb.open(
            folder,
            map_size=map_size,
            create=False,
            metasync=False,
            mode=self._mode() & 0o666,
            **options,
        )

    def _close(self):
        if self._env is not None:
            self._env.close()
            self._env = None


@contextlib.contextmanager
def _closed_on_error(env):
    try:
        yield
    except BaseException:
        env.close()
        raise


def _copy(tree, env):
    items = tree.items()
    # LMDB holds what is not committed in memory.
    while batch := list(islice(items, _COPIED_AT_ONCE)):
        with env.begin(write=True) as txn:
            for key, value in batch:
                txn.put(key, value, append=True)


def _length(path):
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0


def _guard_length(env, data):
    """Lengthen a data file that lost its end, before LMDB reads past it.

    The zeros in the place of the lost pages are no pages. A sound file may lack some
    that LMDB took at its end and never wrote.
    """

    def missing():
        return (env.info()["last_pgno"] + 1) * psize - os.path.getsize(data)

    psize = env.stat()["psize"]
    if missing() > 0:
        with env.begin(write=True):
            if missing() > 0:
                os.truncate(data, os.path.getsize(data) + missing())
