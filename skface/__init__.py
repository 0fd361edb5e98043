"""Face boxes, landmarks and attributes with scikit-learn and a frozen VGG19.

Names are imported when they are first used: those that need Keras load it then.
"""

import lazy_loader

from skface._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
