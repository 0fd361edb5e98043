"""Rows on disk: every photo goes through VGG19 once, ever."""

from skface.store._feature_array import FeatureArray
from skface.store._rows import ROWS_AT_ONCE, StoreRows
from skface.store._store import FeatureStore

__all__ = ["ROWS_AT_ONCE", "FeatureArray", "FeatureStore", "StoreRows"]
