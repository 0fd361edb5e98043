"""Face photos and their targets."""

from skface.datasets._celeba import CelebALoader
from skface.datasets._coordinates import mirrored, to_fractions, to_pixels
from skface.datasets._drawing import DRAWN_ATTRIBUTES
from skface.datasets._folder import available_targets
from skface.datasets._image_array import ImageArray, as_image_size
from skface.datasets._make_celeba import drawn_celeba, make_celeba
from skface.datasets._names import ATTRIBUTE_NAMES, BBOX_NAMES, LANDMARK_NAMES
from skface.datasets._photos import map_photos, photo_size

__all__ = [
    "ATTRIBUTE_NAMES",
    "BBOX_NAMES",
    "DRAWN_ATTRIBUTES",
    "LANDMARK_NAMES",
    "CelebALoader",
    "ImageArray",
    "as_image_size",
    "available_targets",
    "drawn_celeba",
    "make_celeba",
    "map_photos",
    "mirrored",
    "photo_size",
    "to_fractions",
    "to_pixels",
]
