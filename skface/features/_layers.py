"""The layers of VGG19 without its top, and the shapes they give."""

from typing import NamedTuple

import numpy as np

from skface.exceptions import ParameterError


class Layer(NamedTuple):
    name: str
    n_channels: int
    stride: int  # input pixels a cell of the map stands for

    @property
    def is_pool(self):
        return self.name.endswith("pool")


def _vgg19():
    """Table 1, column E, of Simonyan and Zisserman (2015)."""
    stride = 1
    for block, (n_convs, n_channels) in enumerate(
        [(2, 64), (2, 128), (4, 256), (4, 512), (4, 512)], start=1
    ):
        for conv in range(1, n_convs + 1):
            yield Layer(f"block{block}_conv{conv}", n_channels, stride)
        stride *= 2
        yield Layer(f"block{block}_pool", n_channels, stride)


VGG19_LAYERS = tuple(_vgg19())
_BY_NAME = {layer.name: layer for layer in VGG19_LAYERS}


def layers_up_to(names):
    """The layers that have to run for all of `names` to be known."""
    last = max(VGG19_LAYERS.index(_BY_NAME[name]) for name in names)
    return VGG19_LAYERS[: last + 1]


def map_shape(name, input_size, pooling, width):
    """(rows, columns, channels) of a layer's map after pooling.

    `width` is the share of VGG19's channels that the network has.
    """
    layer = _BY_NAME[name]
    size = tuple(side // layer.stride for side in input_size)
    n_channels = int(layer.n_channels * width)
    if pooling is None:
        return (*size, n_channels)
    grid = (1, 1) if isinstance(pooling, str) else pooling
    if grid[0] > size[0] or grid[1] > size[1]:
        raise ParameterError(
            f"pooling={tuple(grid)} is finer than the {size[0]}x{size[1]} map of "
            f"{name} at input_size={tuple(input_size)}"
        )
    return (*grid, n_channels)


def feature_names(names, shapes):
    """One name a feature: layer, row and column of the map, channel."""
    return np.array(
        [
            f"{name}_{row}_{column}_{channel}"
            for name, shape in zip(names, shapes, strict=True)
            for row, column, channel in np.ndindex(shape)
        ],
        dtype=object,
    )


def as_layers(layer):
    """`layer` as a tuple of names, checked."""
    names = (layer,) if isinstance(layer, str) else tuple(layer)
    known = list(_BY_NAME)  # a list looks for what has no hash, too
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ParameterError(
            f"layer must be one or several of {', '.join(_BY_NAME)}; "
            f"got {unknown[0] if unknown else layer!r}"
        )
    return names
