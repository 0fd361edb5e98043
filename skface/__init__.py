"""Face boxes, landmarks and attributes with scikit-learn and a frozen VGG19."""

from skface._version import __version__

__all__ = ["__version__"]
