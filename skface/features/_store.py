"""The feature store: every photo goes through VGG19 once, ever."""

import hashlib
import json
import os
import zlib
from dataclasses import dataclass

import numpy as np

from ..exceptions import InputError, ParameterError, StoreError
from ._environment import environment

_DTYPE = np.dtype("<f2")
_DIGEST = 16
_CHECKSUM = 4
_TRANSACTION = 2**26


class FeatureStore:
    """Feature rows on disk, shared by every process that names the same folder.

    A row is the float16 features of one photo. Its key is the digest of the photo's
    content and of the specification: everything that shapes the features.

    Parameters
    ----------
    path : str or path-like
        Folder of the store. It is made, with its parents, where it is missing.

    Raises
    ------
    StoreError
        If the folder cannot be read or made, holds something else, is damaged or
        was written by a newer skface. A folder that cannot be written can be read.

    Notes
    -----
    The rows lie in an LMDB database, which grows with them. Many processes and
    threads may read and write at once. A transaction is on disk when ``write``
    returns: a killed process loses the batch in flight, a power cut at most the
    last few, and neither leaves a wrong row. Each row carries a CRC-32 of its key
    and its bytes, which every read checks.

    LMDB needs a local disk: the memory it shares between processes does not work
    over a network file system.

    Of LMDB, HDF5 and Zarr, only LMDB lets processes write at once and keeps what
    was committed when one of them is killed; ``benchmarks/store_backends.py``
    measures them side by side.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skface.features import FeatureStore
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
        self.path = os.path.realpath(os.path.expanduser(path))
        self._run(lambda txn: None)

    def __repr__(self):
        return f"FeatureStore({self.path!r})"

    def __reduce__(self):
        return _reopen, (self.path,)

    def __len__(self):
        return self._run(lambda txn: txn.stat()["entries"] - len(_records(txn)))

    def __bool__(self):
        return True

    def specification(self, parameters):
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

    def info(self):
        """Count the rows.

        Returns
        -------
        info : StoreInfo
            Its ``str`` is a text of one line a specification.
        """

        def count(txn):
            found = []
            for digest, parameters in _records(txn).items():
                cursor = txn.cursor()
                cursor.set_range(digest)
                n_rows = -1
                for key in cursor.iternext(values=False):
                    if key[:_DIGEST] != digest:
                        break
                    n_rows += 1
                found.append(SpecificationInfo(digest.hex(), n_rows, parameters))
            return found

        found = self._run(count)
        return StoreInfo(
            self.path,
            sum(each.n_rows for each in found),
            environment(self.path).size(),
            found,
        )

    def verify(self, delete=False):
        """Read every row and check it.

        Parameters
        ----------
        delete : bool, default=False
            Remove the damaged rows, so that they are computed again.

        Returns
        -------
        verification : Verification
            How many rows were read, and which of them are damaged.
        """
        n_checked, bad, after = 0, [], b""

        def check(txn):
            records = _records(txn)
            cursor = txn.cursor()
            found, n_bytes = [], 0
            if not cursor.set_range(after + b"\0"):
                return found
            for key, value in cursor:
                key = bytes(key)
                if len(key) > _DIGEST:
                    parameters = records.get(key[:_DIGEST])
                    n_features = parameters["n_features"] if parameters else -1
                    found.append((key, _intact(key, value, n_features)))
                n_bytes += len(value)
                if n_bytes > _TRANSACTION:
                    break
            return found

        while found := self._run(check, n_bytes=_TRANSACTION):
            n_checked += len(found)
            bad += [key for key, intact in found if not intact]
            after = found[-1][0]

        if delete and bad:
            self._run(lambda txn: [txn.delete(key) for key in bad], write=True)
        names = [(key[:_DIGEST].hex(), key[_DIGEST:].hex()) for key in bad]
        return Verification(n_checked, names)

    def prune(self, specifications=None, *, keep=None):
        """Remove the rows of some specifications and give their space back.

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
        names = [names] if isinstance(names, str) else list(names)

        def remove(txn):
            digests = list(_records(txn))
            chosen = {_match(name, digests) for name in names}
            doomed = chosen if keep is None else set(digests) - chosen
            n_rows = 0
            for digest in doomed:
                cursor = txn.cursor()
                cursor.set_range(digest)
                while cursor.key()[:_DIGEST] == digest:
                    cursor.delete()
                    n_rows += 1
                n_rows -= 1
            return n_rows

        n_rows = self._run(remove, write=True)
        if n_rows:
            environment(self.path).compact()
        return n_rows

    def clear(self):
        """Remove every row."""
        environment(self.path).replace(copy=False)

    def _run(self, work, **options):
        return environment(self.path).run(work, **options)


class StoreRows:
    """The rows of one specification; made by `FeatureStore.specification`.

    It pickles as the path and the parameters.

    Attributes
    ----------
    parameters : dict
        The specification.
    digest : str
        First characters of the specification's SHA-256, in hexadecimal.
    n_features : int
        Length of a row.
    """

    def __init__(self, path, parameters):
        self.path = path
        self.parameters = parameters
        self._record = _canonical(parameters)
        self._prefix = hashlib.sha256(self._record).digest()[:_DIGEST]
        self.digest = self._prefix.hex()
        self.n_features = parameters["n_features"]

    def __repr__(self):
        return f"StoreRows({self.path!r}, {self.digest[:12]!r})"

    def __reduce__(self):
        return type(self), (self.path, self.parameters)

    def contains(self, digests):
        """Tell which photos have a row.

        Parameters
        ----------
        digests : sequence of bytes, or uint8 array of shape (n_photos, n_bytes)
            16 to 32 bytes a photo.

        Returns
        -------
        known : bool ndarray of shape (n_photos,)
        """
        keys = self._keys(digests)

        def look(txn):
            cursor = txn.cursor()
            return np.fromiter(map(cursor.set_key, keys), bool, len(keys))

        return self._run(look)

    def write(self, digests, rows):
        """Store rows in one transaction; a photo that has a row keeps it.

        Parameters
        ----------
        digests : sequence of bytes, or uint8 array of shape (n_photos, n_bytes)

        rows : array of shape (n_photos, n_features)
            Stored as float16.

        Returns
        -------
        n_new : int
            How many of the rows are new.

        Raises
        ------
        StoreError
            If the store cannot be written or the disk is full; nothing of the
            batch is stored then.
        """
        keys = self._keys(digests)
        rows = np.ascontiguousarray(rows, _DTYPE)
        self._check_shape("rows", rows, len(keys))
        values = np.empty(
            (len(keys), rows.itemsize * self.n_features + _CHECKSUM), "u1"
        )
        values[:, :-_CHECKSUM] = rows.view("u1")
        for key, value in zip(keys, values, strict=True):
            value[-_CHECKSUM:] = np.frombuffer(_checksum(key, value), "u1")

        def put(txn):
            txn.put(self._prefix, self._record, overwrite=False)
            return sum(
                txn.put(key, value.data, overwrite=False)
                for key, value in zip(keys, values, strict=True)
            )

        return self._run(put, write=True)

    def read(self, digests, out=None):
        """Read rows, each checked against its checksum.

        Parameters
        ----------
        digests : sequence of bytes, or uint8 array of shape (n_photos, n_bytes)

        out : ndarray of shape (n_photos, n_features), default=None
            Filled where given, whatever its dtype.

        Returns
        -------
        rows : ndarray of shape (n_photos, n_features)
            float16, or `out`.

        Raises
        ------
        StoreError
            If a row is missing or damaged.
        """
        keys = self._keys(digests)
        if out is None:
            out = np.empty((len(keys), self.n_features), np.float16)
        self._check_shape("out", out, len(keys))
        size = _DTYPE.itemsize * self.n_features
        step = max(1, _TRANSACTION // size)

        def copy(txn, keys, out):
            missing = damaged = 0
            for key, row in zip(keys, out, strict=True):
                value = txn.get(key)
                if value is None:
                    missing += 1
                elif len(value) != size + _CHECKSUM:
                    damaged += 1
                else:
                    # Copied first: without a lock, a page may change under the eyes.
                    row[:] = np.frombuffer(value, _DTYPE, self.n_features)
                    damaged += not _intact(key, value, self.n_features)
            return missing, damaged

        missing = damaged = 0
        for start in range(0, len(keys), step):
            part = slice(start, start + step)
            counts = self._run(
                lambda txn, part=part: copy(txn, keys[part], out[part]),
                n_bytes=size * len(keys[part]),
            )
            missing, damaged = missing + counts[0], damaged + counts[1]
        if missing:
            raise StoreError(
                f"Feature store {self.path}: {missing} of {len(keys)} rows are missing "
                f"for the specification {self.digest[:12]}. Transform these photos "
                "again."
            )
        if damaged:
            raise StoreError(
                f"Feature store {self.path}: {damaged} of {len(keys)} rows are "
                f"damaged. FeatureStore({self.path!r}).verify(delete=True) removes them; "
                "transform the photos again then."
            )
        return out

    def _run(self, work, **options):
        return environment(self.path).run(work, **options)

    def _keys(self, digests):
        if isinstance(digests, np.ndarray):
            if digests.ndim != 2 or digests.dtype != np.uint8:
                raise InputError(
                    "digests must be bytes or a uint8 array of shape (n_photos, "
                    f"n_bytes), not {digests.dtype} of shape {digests.shape}."
                )
            digests = map(bytes, digests)
        return [self._prefix + digest for digest in digests]

    def _check_shape(self, name, array, n_rows):
        if array.shape != (n_rows, self.n_features):
            raise InputError(
                f"{name} must have the shape ({n_rows}, {self.n_features}), "
                f"not {array.shape}."
            )


@dataclass(frozen=True)
class SpecificationInfo:
    """One specification of a store: its digest, rows and parameters."""

    digest: str
    n_rows: int
    parameters: dict

    def __str__(self):
        text = ", ".join(f"{k}={v}" for k, v in sorted(self.parameters.items()))
        return f"{self.digest[:12]}  {self.n_rows:,} rows  {text}"


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


def _canonical(parameters):
    if not isinstance(parameters.get("n_features"), int):
        raise ParameterError("A specification needs n_features, the length of a row.")
    try:
        text = json.dumps(
            parameters, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise ParameterError(f"A specification must be JSON: {error}.") from error
    return text.encode()


def _records(txn):
    """Return the specifications as {digest: parameters}.

    A specification's record has its digest as key, so that it stands before its rows.
    """
    records, cursor = {}, txn.cursor()
    found = cursor.first()
    while found:
        key = bytes(cursor.key())
        if len(key) == _DIGEST:
            records[key] = json.loads(bytes(cursor.value()))
        found = cursor.set_range(key[:_DIGEST] + b"\xff" * 33)
    return records


def _match(name, digests):
    matches = [digest for digest in digests if digest.hex().startswith(name)]
    if len(matches) != 1:
        raise ParameterError(
            f"{name!r} fits {len(matches)} specifications of the store, not one. Its "
            f"digests: {', '.join(digest.hex()[:12] for digest in digests) or 'none'}."
        )
    return matches[0]


def _checksum(key, value):
    return zlib.crc32(value[:-_CHECKSUM], zlib.crc32(key)).to_bytes(_CHECKSUM, "little")


def _intact(key, value, n_features):
    if len(value) != _DTYPE.itemsize * n_features + _CHECKSUM:
        return False
    return value[-_CHECKSUM:] == _checksum(key, value)
