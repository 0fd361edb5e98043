"""Scores for boxes, landmarks and attributes, and scorers for searches."""

from skface.metrics._attributes import (
    attribute_accuracy,
    attribute_balanced_accuracy,
    attribute_report,
)
from skface.metrics._coordinates import failure_rate, iou_score, nme_score
from skface.metrics._scorers import get_scorer, get_scorer_names

__all__ = [
    "attribute_accuracy",
    "attribute_balanced_accuracy",
    "attribute_report",
    "failure_rate",
    "get_scorer",
    "get_scorer_names",
    "iou_score",
    "nme_score",
]
