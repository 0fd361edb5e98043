"""The rows of one specification in a feature store."""

import contextlib
import hashlib
import json
import zlib
from collections import Counter

import numpy as np

from skface.exceptions import InputError, ParameterError, StoreError
from skface.store._environment import environment
from skface.store._tree import Tree

DIGEST_LENGTH = 16
ROWS_AT_ONCE = 128

_DTYPE = np.dtype("<f2")
_CHECKSUM = 4


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
        self._prefix = specification_key(self._record)
        self.digest = self._prefix.hex()
        self.n_features = parameters["n_features"]

    def __repr__(self):
        return f"StoreRows({self.path!r}, {self.digest[:12]!r})"

    def __reduce__(self):
        return type(self), (self.path, self.parameters)

    @property
    def is_recorded(self) -> bool:
        """Whether the store has, or had, rows of this specification."""

        return self._read(Tree.has, [self._prefix])[0]

    def contains(self, digests) -> np.ndarray:
        """Tell which photos have a row; whether it is sound, `read` tells.

        Parameters
        ----------
        digests : sequence of bytes, or uint8 array of shape (n_photos, n_bytes)
            16 to 32 bytes a photo.

        Returns
        -------
        known : bool ndarray of shape (n_photos,)
        """
        return np.array(self._read(Tree.has, self._keys(digests)), bool)

    def write(self, digests, rows) -> int:
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
        try:
            rows = np.ascontiguousarray(rows, _DTYPE)
        except (TypeError, ValueError) as error:
            raise InputError(f"rows must hold numbers ({error})") from None
        self._check_shape("rows", rows, len(keys))
        values = np.empty((len(keys), self._row_bytes + _CHECKSUM), np.uint8)
        values[:, :-_CHECKSUM] = rows.view(np.uint8)
        for key, value in zip(keys, values, strict=True):
            value[-_CHECKSUM:] = np.frombuffer(_checksum(key, value), np.uint8)

        def put(txn, tree):
            if tree.get(self._prefix) != self._record:
                txn.put(self._prefix, self._record)
            pairs = zip(keys, values, strict=True)
            # LMDB trusts the pages that it walks: they are looked at before.
            new = [(key, value) for key, value in pairs if not tree.has(key)]
            return sum(txn.put(k, v.data, overwrite=False) for k, v in new)

        return environment(self.path).write(put)

    def read(self, digests, out=None) -> np.ndarray:
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

        def copy(tree, pair):
            key, row = pair
            value = tree.get(key)
            if value is None:
                return "missing"
            if len(value) != self._row_bytes + _CHECKSUM or not is_intact(key, value):
                return "damaged"
            row[:] = np.frombuffer(value, _DTYPE, self.n_features)
            return "read"

        counts = Counter(self._read(copy, zip(keys, out, strict=True)))
        missing, damaged = counts["missing"], counts["damaged"]
        if missing:
            raise StoreError(
                f"Feature store {self.path}: {missing} of {len(keys)} rows are missing "
                f"for the specification {self.digest[:12]}. Transform these photos "
                "again."
            )
        if damaged:
            raise StoreError(
                f"Feature store {self.path}: {damaged} of {len(keys)} rows are "
                "damaged. FeatureStore.verify(delete=True) removes them; transform "
                "the photos again then."
            )
        return out

    def read_sound(self, digests, out):
        """Read what can be read, as from a damaged store.

        Parameters
        ----------
        digests : uint8 array of shape (n_photos, n_bytes)

        out : ndarray of shape (n_photos, n_features)
            The rows that are there and sound are filled in.

        Returns
        -------
        sound : bool ndarray of shape (n_photos,)
            Which rows were filled in; of a part of 128 that holds a damaged row, none.
        """
        sound = np.zeros(len(digests), bool)
        for start in range(0, len(digests), ROWS_AT_ONCE):
            part = digests[start : start + ROWS_AT_ONCE]
            with contextlib.suppress(StoreError):
                known = start + np.flatnonzero(self.contains(part))
                out[known] = self.read(digests[known])
                sound[known] = True
        return sound

    @property
    def _row_bytes(self):
        return _DTYPE.itemsize * self.n_features

    def _read(self, work, items):
        return environment(self.path).read(work, items)

    def _keys(self, digests):
        if isinstance(digests, np.ndarray):
            if digests.ndim != 2 or digests.dtype != np.uint8:
                raise InputError(
                    "digests must be bytes or a uint8 array of shape (n_photos, "
                    f"n_bytes), not {digests.dtype} of shape {digests.shape}."
                )
            digests = map(bytes, digests)
        try:
            keys = [self._prefix + digest for digest in digests]
        except TypeError as error:
            raise InputError(f"digests must be a sequence of bytes ({error})") from None
        if not all(16 <= len(key) - DIGEST_LENGTH <= 32 for key in keys):
            raise InputError("digests must have 16 to 32 bytes each")
        return keys

    def _check_shape(self, name, array, n_rows):
        if array.shape != (n_rows, self.n_features):
            raise InputError(
                f"{name} must have the shape ({n_rows}, {self.n_features}), "
                f"not {array.shape}."
            )


def _checksum(key, value):
    return zlib.crc32(value[:-_CHECKSUM], zlib.crc32(key)).to_bytes(_CHECKSUM, "little")


def is_intact(key, value):
    """Tell whether a row is what was written under this key."""
    return value[-_CHECKSUM:] == _checksum(key, value)


def specification_key(record):
    """Digest of a specification's record, which begins the keys of its rows."""
    return hashlib.sha256(record).digest()[:DIGEST_LENGTH]


def _canonical(parameters):
    n_features = parameters.get("n_features") if isinstance(parameters, dict) else None
    if type(n_features) is not int or n_features < 1:
        raise ParameterError(
            "A specification needs n_features, the length of a row, as an int of 1 or "
            f"more, not {n_features!r}."
        )
    try:
        text = json.dumps(
            parameters, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise ParameterError(f"A specification must be JSON: {error}.") from error
    return text.encode()
