"""Photos to features."""

from skface.features._device import (
    COMPUTE_DTYPES,
    fastest_dtype,
    processor_has_bfloat16,
)
from skface.features._network import dtype_policy
from skface.features._pyramid import Pyramid
from skface.features._together import extract_together
from skface.features._vgg19 import VGG19Features
from skface.features._weights import (
    check_weights,
    expanded,
    load_weights,
    native_input_size,
    weights_digest,
    weights_identity,
    width_of,
)
from skface.store import FeatureArray, FeatureStore

__all__ = [
    "FeatureArray",
    "FeatureStore",
    "VGG19Features",
    "extract_together",
]
