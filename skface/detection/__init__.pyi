# What __init__.py imports lazily, for type checkers and editors.
from ._detector import FaceDetector as FaceDetector
