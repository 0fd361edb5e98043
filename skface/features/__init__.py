"""Photos to features."""

from skface.features._device import fastest_dtype, processor_has_bfloat16
from skface.features._digests import check_weights, weights_identity
from skface.features._lazy import FeatureArray
from skface.features._store import FeatureStore
from skface.features._together import extract_together
from skface.features._vgg19 import VGG19Features
from skface.features._weights import native_input_size

__all__ = [
    "FeatureArray",
    "FeatureStore",
    "VGG19Features",
    "check_weights",
    "extract_together",
    "fastest_dtype",
    "native_input_size",
    "processor_has_bfloat16",
    "weights_identity",
]
