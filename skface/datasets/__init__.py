"""Face photos and their targets."""

from skface.datasets._celeba import CelebALoader
from skface.datasets._drawing import DRAWN_ATTRIBUTES
from skface.datasets._folder import available_targets
from skface.datasets._make_celeba import drawn_celeba, make_celeba
from skface.datasets._make_wider import drawn_wider, make_wider
from skface.datasets._wider import WiderFaceLoader
from skface.photos import ImageArray, photo_size, to_fractions, to_pixels
from skface.targets import ATTRIBUTE_NAMES, BBOX_NAMES, LANDMARK_NAMES, mirrored

__all__ = [
    "ATTRIBUTE_NAMES",
    "BBOX_NAMES",
    "DRAWN_ATTRIBUTES",
    "LANDMARK_NAMES",
    "CelebALoader",
    "ImageArray",
    "WiderFaceLoader",
    "available_targets",
    "drawn_celeba",
    "drawn_wider",
    "make_celeba",
    "make_wider",
    "mirrored",
    "photo_size",
    "to_fractions",
    "to_pixels",
]
