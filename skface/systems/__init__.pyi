# What __init__.py imports lazily, system by system of the survey.
from ._committee import SegmentCommittee as SegmentCommittee
from ._hiding import face_parts as face_parts
from ._hiding import hidden_cells as hidden_cells
from ._hiding import hide as hide
from ._hiding import random_parts as random_parts
from ._recovery import RecoveredFeatures as RecoveredFeatures
from ._shape_prior import ShapePrior as ShapePrior
from ._visibility import CellVisibility as CellVisibility
