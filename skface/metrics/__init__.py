"""Scores of boxes, landmarks, attributes and detectors, and scorers for searches."""

from skface.metrics._attributes import (
    attribute_accuracy,
    attribute_balanced_accuracy,
    attribute_report,
    average_precisions,
    members,
    shares,
)
from skface.metrics._coordinates import failure_rate, iou_score, nme_score
from skface.metrics._detection import (
    curve_average_precision,
    detection_average_precision,
    detection_curve,
)
from skface.metrics._scorers import (
    get_scorer,
    get_scorer_names,
    make_cost_aware_scorer,
)

__all__ = [
    "attribute_accuracy",
    "attribute_balanced_accuracy",
    "attribute_report",
    "detection_average_precision",
    "detection_curve",
    "failure_rate",
    "get_scorer",
    "get_scorer_names",
    "iou_score",
    "make_cost_aware_scorer",
    "nme_score",
]
