"""Features to predictions."""

from skface._keras import import_keras

import_keras()  # quietly, before scikeras does

from skface.heads._architecture import Architecture  # noqa: E402
from skface.heads._classifier import DenseHeadClassifier  # noqa: E402
from skface.heads._decisions import (  # noqa: E402
    CRITERIA,
    best_threshold,
    by_attribute,
)
from skface.heads._regressor import DenseHeadRegressor  # noqa: E402

__all__ = ["DenseHeadClassifier", "DenseHeadRegressor"]
