"""Face photos and their targets."""

from skface.datasets._celeba import CelebALoader
from skface.datasets._coordinates import to_fractions, to_pixels
from skface.datasets._image_array import ImageArray, as_image_size
from skface.datasets._photos import map_photos

__all__ = [
    "CelebALoader",
    "ImageArray",
    "as_image_size",
    "map_photos",
    "to_fractions",
    "to_pixels",
]
