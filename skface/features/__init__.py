"""Photos to features."""

from skface.features._vgg19 import VGG19Features

__all__ = ["VGG19Features"]
