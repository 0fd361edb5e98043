"""Photos to features."""

from skface.features._device import fastest_dtype, processor_has_bfloat16
from skface.features._lazy import FeatureArray
from skface.features._store import FeatureStore
from skface.features._together import extract_together
from skface.features._vgg19 import VGG19Features

__all__ = [
    "FeatureArray",
    "FeatureStore",
    "VGG19Features",
    "extract_together",
    "fastest_dtype",
    "processor_has_bfloat16",
]
