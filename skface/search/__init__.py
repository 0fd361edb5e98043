"""Searches: what they found, their features from one pass, scores against cost."""

from skface.search._candidates import read_candidates
from skface.search._extraction import extract_once
from skface.search._report import search_report
from skface.search._scorer import make_cost_aware_scorer

__all__ = [
    "extract_once",
    "make_cost_aware_scorer",
    "read_candidates",
    "search_report",
]
