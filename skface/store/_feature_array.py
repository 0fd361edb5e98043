"""Features that stay in the store until they are read."""

import numpy as np

from skface.exceptions import InputError
from skface.store._rows import StoreRows


class FeatureArray:
    """Looks like a float16 array of features, and reads its rows on access.

    Indexing by a slice, a mask or an array of indices gives another FeatureArray
    and reads nothing; by an integer, it gives the row. ``numpy.asarray`` reads all,
    so that every scikit-learn estimator takes a FeatureArray as X. It pickles as the
    store's path and the photos' digests.

    Parameters
    ----------
    store_rows : StoreRows
        The store's rows of one specification.

    digests : sequence of bytes, or uint8 array of shape (n_photos, n_bytes)
        The photos' digests, all of the same length.

    Attributes
    ----------
    shape : tuple
        ``(n_photos, n_features)``.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skface.store import FeatureArray, FeatureStore
    >>> rows = FeatureStore(tempfile.mkdtemp()).specification({"n_features": 2})
    >>> digests = [digest * 16 for digest in (b"a", b"b", b"c")]
    >>> rows.write(digests, np.arange(6, dtype=np.float16).reshape(3, 2))
    3
    >>> features = FeatureArray(rows, digests)
    >>> features[[2, 0]].shape
    (2, 2)
    >>> np.asarray(features[[2, 0]])
    array([[4., 5.],
           [0., 1.]], dtype=float16)
    """

    dtype = np.dtype(np.float16)
    ndim = 2

    def __init__(self, store_rows, digests):
        if not isinstance(store_rows, StoreRows):
            raise InputError(
                "store_rows must be what FeatureStore.specification gives, got "
                f"{store_rows!r}"
            )
        self.store_rows = store_rows
        if not isinstance(digests, np.ndarray):
            try:
                digests = list(digests)
                joined = b"".join(digests)
            except TypeError as error:
                raise InputError(
                    f"digests must be a sequence of bytes ({error})"
                ) from None
            lengths = set(map(len, digests)) or {1}
            if len(lengths) > 1:
                raise InputError(
                    f"digests must be of one length, not {sorted(lengths)} bytes."
                )
            digests = np.frombuffer(joined, np.uint8)
            digests = digests.reshape(-1, lengths.pop())
        self.digests = digests

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.digests), self.store_rows.n_features

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __iter__(self):
        # Without it pandas, as in set_output, takes this for a single value.
        return map(self.__getitem__, range(len(self)))

    def __len__(self) -> int:
        return len(self.digests)

    def __repr__(self):
        return f"FeatureArray(shape={self.shape}, store={self.store_rows.path!r})"

    def __getitem__(self, key):
        # scikit-learn indexes rows as [rows, ...].
        columns = key[1:] if isinstance(key, tuple) else ()
        if any(each is not Ellipsis and each != slice(None) for each in columns):
            raise IndexError(
                "A FeatureArray is indexed by rows; numpy.asarray(features) gives an "
                "array of rows and columns."
            )
        picked = self.digests[key]
        if picked.ndim == 1:
            return self.store_rows.read(picked[np.newaxis])[0]
        if picked.ndim != 2:
            raise IndexError(f"A FeatureArray has two dimensions, not {picked.ndim}.")
        return FeatureArray(self.store_rows, picked)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        if copy is False:
            raise ValueError("A FeatureArray is read from disk: it needs copy=True.")
        out = np.empty(self.shape, dtype or self.dtype)
        return self.store_rows.read(self.digests, out)
