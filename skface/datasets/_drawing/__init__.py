"""Drawing faces: attributes are imagined, then a portrait is painted of them."""

from skface.datasets._drawing._portrait import Portrait
from skface.datasets._drawing._sampling import DRAWN_ATTRIBUTES, sample_attributes
from skface.datasets._drawing._scene import Scene

__all__ = ["DRAWN_ATTRIBUTES", "Portrait", "Scene", "sample_attributes"]
