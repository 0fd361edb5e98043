"""The feature store: every photo goes through VGG19 once, ever."""

import json
import os
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from skface._validation import as_path
from skface.exceptions import ParameterError
from skface.store._environment import environment
from skface.store._rows import (
    DIGEST_LENGTH,
    ROWS_AT_ONCE,
    StoreRows,
    is_intact,
    specification_key,
)


class FeatureStore:
    """Feature rows on disk, shared by every process that names the same folder.

    A row is the float16 features of one photo. Its key is the digest of the photo's
    content and of the specification: everything that shapes the features.

    Parameters
    ----------
    path : str or path-like
        Folder of the store. It is made, with its parents, where it is missing: for the
        user alone. In a folder that is there already, files are open to whom it is.

    Raises
    ------
    StoreError
        If the folder cannot be read or made, holds something else, is damaged or
        was written by a newer skface. A folder that cannot be written can be read.

    Notes
    -----
    The rows lie in an LMDB database, which grows with them. Many processes and
    threads may read and write at once. A killed process loses the batch in flight, a
    power cut at most the last batch besides, and neither leaves a wrong row. Each row
    carries a CRC-32 of its key and its bytes, which every read checks. Reading takes no
    lock, makes no file and checks every page on the way to a row.

    LMDB needs a local disk: the memory it shares between processes does not work
    over a network file system.

    Of LMDB, HDF5 and Zarr, only LMDB lets every process write at any time, commits a
    batch as a whole, finds a row by its key, and reads random rows at a good part of
    the memory's speed: ``benchmarks/store_backends.py`` measures them side by side.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skface import FeatureStore
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = FeatureStore(folder.name)
    >>> rows = store.specification({"layer": "block5_pool", "n_features": 4})
    >>> rows.write([b"digest of photo 1"], np.array([[0, 1, 2, 3]], np.float16))
    1
    >>> rows.contains([b"digest of photo 1", b"digest of photo 2"])
    array([ True, False])
    >>> rows.read([b"digest of photo 1"])
    array([[0., 1., 2., 3.]], dtype=float16)
    >>> len(store)
    1
    >>> store.clear()
    >>> folder.cleanup()
    """

    def __init__(self, path):
        try:
            path = as_path(os.fsdecode(path), "path", "a folder")
        except (TypeError, ValueError):
            raise ParameterError("a feature store needs the path of a folder") from None
        self.path = os.path.realpath(path)
        environment(self.path).prepare()
        self._read(lambda tree, _: None)

    def __repr__(self):
        return f"FeatureStore({self.path!r})"

    def __reduce__(self):
        return _reopen, (self.path,)

    def __len__(self) -> int:
        return self._read(lambda tree, _: tree.n_entries - len(_records(tree)))[0]

    def __bool__(self):
        return True

    def specification(self, parameters) -> StoreRows:
        """Give the rows of one specification.

        Parameters
        ----------
        parameters : dict
            All that shapes the features, in JSON's types. ``"n_features"`` is the
            length of a row.

        Returns
        -------
        rows : StoreRows
        """
        return StoreRows(self.path, parameters)

    def info(self) -> "StoreInfo":
        """Count the rows.

        Returns
        -------
        info : StoreInfo
            Its ``str`` is a text of one line a specification.
        """

        counts = Counter()
        for keys in self._key_batches():
            counts.update(key[:DIGEST_LENGTH] for key in keys)
        records = self._records()
        found = [
            SpecificationInfo(digest.hex(), n_rows, records.get(digest, {}))
            for digest, n_rows in counts.items()
        ]
        n_rows = sum(counts.values())
        return StoreInfo(self.path, n_rows, environment(self.path).size(), found)

    def verify(self, delete=False) -> "Verification":
        """Read every row and check it.

        Parameters
        ----------
        delete : bool, default=False
            Remove the damaged rows, so that they are computed again.

        Returns
        -------
        verification : Verification
            How many rows were read, and which of them are damaged.

        Raises
        ------
        StoreError
            If the database itself is damaged, not only rows in it.
        """

        def check(tree, key):
            value = tree.get(key)
            return value is None or is_intact(key, value)

        environment(self.path).check()
        n_checked, bad = 0, []
        for keys in self._key_batches():
            intact = self._read(check, keys)
            bad += [
                key for key, is_good in zip(keys, intact, strict=True) if not is_good
            ]
            n_checked += len(keys)
        if delete:
            self._delete(bad)
        names = [(key[:DIGEST_LENGTH].hex(), key[DIGEST_LENGTH:].hex()) for key in bad]
        return Verification(n_checked, names)

    def prune(self, specifications=None, *, keep=None) -> int:
        """Remove the rows of some specifications and give their space back.

        The disk gets it if it has room for a copy of the rows that stay; new rows
        take it otherwise.

        Parameters
        ----------
        specifications : str or list of str, default=None
            Digests to remove, or their first characters, as `info` prints them.

        keep : str or list of str, default=None
            Digests to keep; all others are removed. Give this or `specifications`.

        Returns
        -------
        n_rows : int
            How many rows were removed.

        Raises
        ------
        ParameterError
            If a digest fits no specification, or more than one.
        """
        if (specifications is None) == (keep is None):
            raise ParameterError("prune: give either specifications or keep.")
        names = specifications if keep is None else keep
        names = list(names) if isinstance(names, list | tuple | set) else [names]

        digests = list(self._records())
        chosen = {_match(name, digests) for name in names}
        n_rows = 0
        for digest in digests:
            if (digest in chosen) == (keep is None):
                keys = [key for batch in self._key_batches(digest) for key in batch]
                self._delete([*keys, digest])
                n_rows += len(keys)
        if n_rows:
            environment(self.path).compact()
        return n_rows

    def clear(self) -> None:
        """Remove every row."""
        environment(self.path).clear()

    def _key_batches(self, prefix=b""):
        """Yield lists of rows' keys, each as one commit has them."""

        def batch(tree, start):
            keys = tree.keys(start, ROWS_AT_ONCE)
            return [key for key in keys if key.startswith(prefix)]

        start = prefix
        while keys := self._read(batch, [start])[0]:
            yield [key for key in keys if len(key) > DIGEST_LENGTH]
            start = keys[-1] + b"\0"

    def _delete(self, keys):
        # A deletion needs some pages first; on a full disk it has those alone that
        # the one before it left.
        keys, n_keys = iter(keys), 1
        while batch := list(islice(keys, n_keys)):
            environment(self.path).write(
                lambda txn, tree, batch=batch: [txn.delete(key) for key in batch]
            )
            n_keys = min(2 * n_keys, ROWS_AT_ONCE)

    def _records(self):
        return self._read(lambda tree, _: _records(tree))[0]

    def _read(self, work, items=(None,)):
        return environment(self.path).read(work, items)


@dataclass(frozen=True)
class SpecificationInfo:
    """One specification of a store: its digest, rows and parameters."""

    digest: str
    n_rows: int
    parameters: dict

    @property
    def n_bytes(self) -> int:
        return 2 * self.n_rows * self.parameters.get("n_features", 0)

    def __str__(self):
        text = ", ".join(f"{k}={v}" for k, v in sorted(self.parameters.items()))
        size = f"{self.n_rows:,} rows, {self.n_bytes / 1e6:,.1f} MB"
        return f"{self.digest[:12]}  {size}  {text}"


@dataclass(frozen=True)
class StoreInfo:
    """What `FeatureStore.info` counted."""

    path: str
    n_rows: int
    n_bytes: int
    specifications: list

    def __str__(self):
        head = f"{self.path}: {self.n_rows:,} rows, {self.n_bytes / 1e6:,.1f} MB"
        return "\n  ".join([head, *map(str, self.specifications)])


@dataclass(frozen=True)
class Verification:
    """What `FeatureStore.verify` found.

    ``bad`` holds a pair for each damaged row: the digest of its specification and
    the digest of its photo, in hexadecimal.
    """

    n_checked: int
    bad: list

    def __str__(self):
        return f"{self.n_checked:,} rows checked, {len(self.bad):,} damaged"


def _reopen(path):
    # A pickled store must not touch the disk before it is used.
    store = FeatureStore.__new__(FeatureStore)
    store.path = path
    return store


def _records(tree):
    """Return the specifications as {digest: parameters}.

    A specification's record has its digest as key, so that it stands before its rows.
    """
    records, start = {}, b""
    while keys := tree.keys(start, 1):
        digest = keys[0][:DIGEST_LENGTH]
        record = tree.get(digest)
        if record is not None and specification_key(record) == digest:
            records[digest] = json.loads(record)
        start = digest + b"\xff" * 33
    return records


def _match(name, digests):
    start = name if isinstance(name, str) and name else "no digest"
    matches = [digest for digest in digests if digest.hex().startswith(start)]
    if len(matches) != 1:
        raise ParameterError(
            f"{name!r} fits {len(matches)} specifications of the store, not one. Its "
            f"digests: {', '.join(digest.hex()[:12] for digest in digests) or 'none'}."
        )
    return matches[0]
