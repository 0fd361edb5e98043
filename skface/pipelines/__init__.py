"""Photos to predictions: the transformer and a head as one estimator."""

import lazy_loader

__getattr__, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)
__all__ = [
    "AlignedFaces",
    "FacePipeline",
    "SecondLook",
    "make_attribute_pipeline",
    "make_bbox_pipeline",
    "make_landmark_pipeline",
]
