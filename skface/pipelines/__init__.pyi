# What __init__.py imports lazily: presets are read without Keras.
from ._aligned import AlignedFaces as AlignedFaces
from ._aligned import PhotosToPhotos as PhotosToPhotos
from ._around import frames_around as frames_around
from ._around import frames_near as frames_near
from ._around import predicted_through as predicted_through
from ._around import seen_upright as seen_upright
from ._as_it_is import UsesFitted as UsesFitted
from ._makers import MAKERS as MAKERS
from ._makers import make_attribute_pipeline as make_attribute_pipeline
from ._makers import make_bbox_pipeline as make_bbox_pipeline
from ._makers import make_landmark_pipeline as make_landmark_pipeline
from ._pipeline import FacePipeline as FacePipeline
from ._presets import PRESETS as PRESETS
from ._presets import preset_of as preset_of
from ._second_look import SecondLook as SecondLook
from ._shapes import are_other as are_other
