"""The maps of many photos with fewer channels, on disk while a detector is fitted."""

import tempfile

import numpy as np

_DTYPE = np.dtype(np.float16)
_CELLS_A_PHOTO = 300  # that the projection is learnt from
_MOST_PHOTOS = 200
_FLOOR = 0.02  # of the largest variance, added to each: small ones are noise
_EPSILON = 1e-6


class Projection:
    """Cells of a map to fewer numbers: square root, length 1, whitened components.

    Parameters
    ----------
    mean : ndarray of shape (n_channels,)
    components : ndarray of shape (n_channels, n_components)
    """

    def __init__(self, mean, components):
        self.mean, self.components = mean, components

    @classmethod
    def fitted(cls, cells, n_components):
        """The principal components of cells, shape (n_cells, n_channels)."""
        cells = _unit(cells)
        mean = cells.mean(axis=0)
        variances, axes = np.linalg.eigh(np.cov(cells, rowvar=False))
        variances, axes = variances[::-1], axes[:, ::-1]
        scale = np.sqrt(variances[:n_components] + _FLOOR * variances[0])
        components = axes[:, :n_components] / np.maximum(scale, _EPSILON)
        return cls(mean, components.astype(np.float32))

    def __call__(self, level):
        """A map (rows, columns, channels) as (rows, columns, components), float16."""
        return ((_unit(level) - self.mean) @ self.components).astype(_DTYPE)


class Scenes:
    """Projected maps of photos, in a temporary file.

    Indexing gives the list of a photo's maps, the finest first.
    """

    def __init__(self):
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._places = []

    def append(self, levels):
        place = []
        for level in levels:
            place.append((self._file.seek(0, 2), level.shape))
            self._file.write(level.tobytes())
        self._places.append(place)

    def __len__(self):
        return len(self._places)

    @property
    def n_levels(self):
        return sum(map(len, self._places))

    def __getitem__(self, photo):
        levels = []
        for start, shape in self._places[photo]:
            self._file.seek(start)
            content = self._file.read(_DTYPE.itemsize * int(np.prod(shape)))
            levels.append(np.frombuffer(content, _DTYPE).reshape(shape))
        return levels

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()


def sampled_cells(levels, rng):
    """Some cells of a photo's maps, for `Projection.fitted`."""
    cells = np.concatenate([level.reshape(-1, level.shape[2]) for level in levels])
    chosen = rng.choice(len(cells), min(_CELLS_A_PHOTO, len(cells)), replace=False)
    return cells[chosen]


def sampled_photos(n_photos, rng):
    """Some photos, for `Projection.fitted`."""
    return rng.choice(n_photos, min(_MOST_PHOTOS, n_photos), replace=False)


def _unit(cells):
    cells = np.sqrt(cells.astype(np.float32))
    norm = np.linalg.norm(cells, axis=-1, keepdims=True)
    return cells / np.maximum(norm, _EPSILON)
