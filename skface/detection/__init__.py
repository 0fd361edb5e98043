"""Every face in the photo."""

import lazy_loader

__getattr__, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)
__all__ = ["FaceDetector", "FaceReader", "make_face_reader"]
