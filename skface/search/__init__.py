"""Searches: what they found, and their features from one pass."""

from skface.search._candidates import read_candidates
from skface.search._preparing import (
    N_LAYERS,
    N_UNITS,
    extract_for,
    extract_once,
    head_search,
)
from skface.search._table import search_report

__all__ = [
    "extract_once",
    "search_report",
]
