"""Face photos and their targets."""

from skface.datasets._celeba import CelebALoader
from skface.datasets._coordinates import to_fractions, to_pixels
from skface.datasets._image_array import ImageArray, as_image_size

__all__ = ["CelebALoader", "ImageArray", "as_image_size", "to_fractions", "to_pixels"]
