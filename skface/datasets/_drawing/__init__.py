"""Drawing faces: attributes are imagined, then a portrait is painted of them."""

from skface.datasets._drawing._attributes import DRAWN_ATTRIBUTES, sample_attributes
from skface.datasets._drawing._portrait import Portrait

__all__ = ["DRAWN_ATTRIBUTES", "Portrait", "sample_attributes"]
