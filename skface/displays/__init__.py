"""Pictures of photos, searches, trainings and errors; they need matplotlib."""

from skface.displays._attribute_scores import AttributesDisplay
from skface.displays._clusters import ClustersDisplay
from skface.displays._detection import DetectionDisplay
from skface.displays._errors import ErrorsDisplay
from skface.displays._faces import FacesDisplay
from skface.displays._group import GroupDisplay
from skface.displays._history import HistoryDisplay
from skface.displays._saliency import SaliencyDisplay
from skface.displays._search_map import SearchDisplay
from skface.displays._styling import check_matplotlib
from skface.displays._visibility import VisibilityDisplay

__all__ = [
    "AttributesDisplay",
    "ClustersDisplay",
    "DetectionDisplay",
    "ErrorsDisplay",
    "FacesDisplay",
    "GroupDisplay",
    "HistoryDisplay",
    "SaliencyDisplay",
    "SearchDisplay",
    "VisibilityDisplay",
]
