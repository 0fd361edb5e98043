"""Face photos and their targets."""

from skface.datasets._make_celeba import make_celeba

__all__ = ["make_celeba"]
