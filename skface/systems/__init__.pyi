# What __init__.py imports lazily, system by system of the survey.
from ._adaptation import CORAL as CORAL
from ._adaptation import mmd as mmd
from ._clusters import AttributeClusterer as AttributeClusterer
from ._clusters import identities_left as identities_left
from ._committee import SegmentCommittee as SegmentCommittee
from ._comparison import compare_attributes as compare_attributes
from ._controller import PolicyGradientSampler as PolicyGradientSampler
from ._hiding import face_parts as face_parts
from ._hiding import hidden_cells as hidden_cells
from ._hiding import hide as hide
from ._hiding import random_parts as random_parts
from ._parts import ATTRIBUTE_PARTS as ATTRIBUTE_PARTS
from ._recovery import RecoveredFeatures as RecoveredFeatures
from ._shape_prior import ShapePrior as ShapePrior
from ._visibility import CellVisibility as CellVisibility
