# What __init__.py imports lazily, system by system of the survey.
from ._alignment import LandmarkFreeAlignment as LandmarkFreeAlignment
from ._specific import FACE_CROPS as FACE_CROPS
from ._specific import GeneralToSpecific as GeneralToSpecific
