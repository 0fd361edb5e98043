"""Pictures of photos, searches, trainings and errors; they need matplotlib."""

from skface.displays._attributes import AttributesDisplay
from skface.displays._common import check_matplotlib
from skface.displays._errors import ErrorsDisplay
from skface.displays._faces import FacesDisplay
from skface.displays._history import HistoryDisplay
from skface.displays._saliency import SaliencyDisplay
from skface.displays._search import SearchDisplay

__all__ = [
    "AttributesDisplay",
    "ErrorsDisplay",
    "FacesDisplay",
    "HistoryDisplay",
    "SaliencyDisplay",
    "SearchDisplay",
    "check_matplotlib",
]
