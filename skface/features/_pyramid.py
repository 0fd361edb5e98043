"""Whole photos through VGG19 at several sizes, in their own aspect."""

from typing import NamedTuple

import numpy as np

from skface.features._device import known_dtype
from skface.features._extraction import compute
from skface.features._layers import map_shape
from skface.features._network import Specification, get_map_network
from skface.features._weights import expanded, width_of
from skface.photos import of_size, row_keys, size_of
from skface.store import FeatureStore

_STEP = 16  # pixels that the sides of a level are multiples of
_LEAST = 32  # a side
_SMALLEST = 112  # no level is made whose longer side would be less


class Pyramid(NamedTuple):
    """Maps of one layer, of a photo at one size, at half of it, and so on.

    Parameters
    ----------
    weights : "imagenet", "synthetic", path-like or None
    layer : str
    longest_side : int
        Of a photo at the finest level, in pixels; 112 or more. A photo is enlarged to
        twice its size at most, but for the coarsest level.
    cache_dir : path-like or None
        Folder of a `FeatureStore` that keeps the maps.
    compute_dtype : str
        As for `VGG19Features`.
    """

    weights: object
    layer: str
    longest_side: int
    cache_dir: object = None
    compute_dtype: str = "auto"

    def levels(self, images, row) -> list:
        """The maps of one photo, the finest first.

        Parameters
        ----------
        images : ImageArray or uint8 ndarray of shape (n, height, width, 3)
        row : int

        Returns
        -------
        list of ndarray of shape (rows, columns, channels), float16

        Raises
        ------
        ImageError, WeightsError, StoreError
        """
        photo, sizes = images[[row]], self.sizes(size_of(images, row))
        return [self._map(photo, size) for size in sizes]

    def sizes(self, size) -> list:
        """(height, width) in pixels of each level of a photo of (width, height)."""
        longer, found, side = max(size), [], self.longest_side
        while side >= _SMALLEST:
            scale = side / longer
            if scale <= 2 or side < 2 * _SMALLEST:
                found.append(tuple(_rounded(each * scale) for each in size[::-1]))
            side //= 2
        return found

    def shapes(self, size) -> list:
        """(rows, columns) of the map of each level of a photo of (width, height)."""
        return [map_shape(self.layer, each, None, 1)[:2] for each in self.sizes(size)]

    def _map(self, photo, size):
        shape = map_shape(self.layer, size, None, width_of(self.weights))
        if self.cache_dir is None:
            return self._computed(photo, size)
        store = self._store(size, shape)
        key = row_keys(photo)
        if not store.contains(key)[0]:
            store.write(key, self._computed(photo, size).reshape(1, -1))
        return store.read(key).reshape(shape)

    def _computed(self, photo, size):
        network = get_map_network(
            expanded(self.weights), self.layer, known_dtype(self.compute_dtype)
        )
        return compute(network, np.asarray(of_size(photo, size)))[0].astype(np.float16)

    def _store(self, size, shape):
        specification = Specification(
            weights=expanded(self.weights),
            layers=(self.layer,),
            map_shapes=(shape,),
            pooling=None,
            preprocessing="caffe",
            normalize=None,
            input_size=size,
        )
        parameters = specification.as_parameters(known_dtype(self.compute_dtype))
        return FeatureStore(self.cache_dir).specification(parameters)


def _rounded(side):
    return max(_LEAST, round(side / _STEP) * _STEP)
