"""Searches: what they found, and their features from one pass."""

from skface.search._candidates import read_candidates
from skface.search._extraction import extract_once
from skface.search._report import search_report

__all__ = [
    "extract_once",
    "read_candidates",
    "search_report",
]
