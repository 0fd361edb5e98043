# What __init__.py imports lazily, for type checkers and editors.
from ._detector import FaceDetector as FaceDetector
from ._reader import FaceReader as FaceReader
from ._reader import joined as joined
from ._reader import make_face_reader as make_face_reader
