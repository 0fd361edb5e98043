"""What reads and writes a feature store: transactions, growth, compaction."""

import contextlib
import io
import os
import shutil
import stat
import threading
import time
from itertools import islice

import lmdb

from skface.exceptions import StoreError
from skface.store._failures import explained, is_forbidden, is_full
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
_PATIENCE = 10

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
        _fork.enter_context(each.lock)


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
        self.lock = threading.Lock()
        self._is_prepared = False

    def prepare(self):
        """Make the store where nothing is; check that it has a known format."""
        with explained(self.path, "read"):
            found = is_store(self.path)
        if not found:
            with explained(self.path, "written"):
                make_store(self.path)
        self._is_prepared = True

    def read(self, work, items=(None,)):
        """Return ``[work(tree, item) for item in items]``.

        Each call sees one commit, and may be made more than once for an item.
        """
        if not self._is_prepared:
            self.prepare()
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
        self.prepare()
        patience = time.monotonic() + _PATIENCE
        room = _FIRST_MAP
        with explained(self.path, "written"), self.lock:
            while True:
                rows = data, _ = self._rows_made()
                try:
                    map_size = room + 2 * _length(data)
                    with self._opened(data, map_size) as env:
                        _guard_length(env, data)
                        env.reader_check()
                        with env.begin(write=True) as txn:
                            # They may have moved while this writer waited.
                            if rows == self._rows():
                                with open(data, "rb", buffering=0) as file:
                                    return work(txn, Tree(file))
                except lmdb.MapFullError:
                    room *= 2
                except lmdb.LockError:
                    if time.monotonic() > patience:
                        raise
                    time.sleep(0.001)
                except (lmdb.Error, OSError):
                    if rows == self._rows():
                        raise

    def compact(self):
        """Give unused space back to the disk, if there is room for the copy."""

        def move(txn, tree):
            now = txn.stat()
            pages = now["branch_pages"] + now["leaf_pages"] + now["overflow_pages"]
            if pages * now["psize"] + ROOM > free_bytes(self.path):
                return
            generation = newest_generation(self.path)
            draft = os.path.join(self.path, f".rows-{generation + 1}")
            shutil.rmtree(draft, ignore_errors=True)
            os.mkdir(draft, self._mode())
            data = os.path.join(draft, "data.mdb")
            map_size = _FIRST_MAP + 2 * _length(self._data_file())
            try:
                with self._opened(data, map_size, sync=False) as env:
                    _copy(tree, env)
                flush(data)
            except (lmdb.Error, OSError) as error:
                shutil.rmtree(draft, ignore_errors=True)
                if not is_full(error):
                    raise
                return
            os.rename(draft, self._folder(generation + 1))
            remove_generations(self.path, generation)

        self.write(move)

    def clear(self):
        """Remove all rows."""

        def move(txn, tree):
            generation = newest_generation(self.path)
            # A full disk has no room for a folder; the next writer makes one.
            with contextlib.suppress(OSError):
                os.mkdir(self._folder(generation + 1), self._mode())
            remove_generations(self.path, generation)

        self.write(move)

    def check(self):
        """Walk all of the database's pages, which LMDB itself takes on trust."""
        try:
            from lmdb.verify import VerifyError, verify
        except ImportError:  # lmdb < 3
            return
        try:
            # Under the write lock no page changes.
            problems = self.write(
                lambda txn, tree: verify(self._data_file(), subdir=False)
            )
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

    def _rows(self):
        """The data file, and what tells it from another in its place."""
        data = self._data_file()
        try:
            status = os.stat(data)
        except FileNotFoundError:
            return data, None
        return data, (status.st_dev, status.st_ino)

    def _rows_made(self):
        generation = newest_generation(self.path)
        folder = self._folder(generation or 1)
        data, lock = (os.path.join(folder, name) for name in ("data.mdb", "lock.mdb"))
        if not (_length(data) and _length(lock)):
            # LMDB maps sparse files: to find the disk full later is fatal.
            require_room(self.path)
        if not generation:
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, self._mode())
        # It is made here so that it can be told from others before it is opened.
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            os.close(os.open(data, flags, self._mode() & 0o666))
        return self._rows()

    def _opened(self, data, map_size, **options):
        return lmdb.open(
            os.path.dirname(data),
            map_size=map_size,
            create=False,
            metasync=False,
            mode=self._mode() & 0o666,
            **options,
        )


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
