"""Face photos and their targets."""

from skface.datasets._celeba import CelebALoader
from skface.datasets._coordinates import to_fractions, to_pixels
from skface.datasets._image_array import ImageArray

__all__ = ["CelebALoader", "ImageArray", "to_fractions", "to_pixels"]
