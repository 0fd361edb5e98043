"""Pictures of photos, searches, trainings and errors; they need matplotlib."""

from skface.displays._faces import FacesDisplay

__all__ = [
    "FacesDisplay",
]
