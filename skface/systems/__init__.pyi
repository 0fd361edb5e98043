# What __init__.py imports lazily, system by system of the survey.
from ._alignment import LandmarkFreeAlignment as LandmarkFreeAlignment
