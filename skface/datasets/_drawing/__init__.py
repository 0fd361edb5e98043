"""Drawing faces: attributes are imagined, then a portrait is painted of them."""

from skface.datasets._drawing._portrait import Portrait
from skface.datasets._drawing._sampling import DRAWN_ATTRIBUTES, sample_attributes

__all__ = ["DRAWN_ATTRIBUTES", "Portrait", "sample_attributes"]
