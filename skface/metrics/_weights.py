"""Samples that count unequally."""

import numpy as np

from skface._validation import as_floats
from skface.exceptions import InputError


def weights_of(sample_weight, n_samples):
    """`sample_weight` as floats; ones without it."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = as_floats(sample_weight, "sample_weight")
    if weight.shape != (n_samples,) or not weight.sum() > 0 or weight.min() < 0:
        raise InputError(
            f"sample_weight must have the shape ({n_samples},), a positive sum and "
            f"nothing negative, got the shape {weight.shape}"
        )
    return weight


def averaged(scores, sample_weight, average=True):
    """The mean of the samples' scores, or the scores as they are."""
    if not average:
        return scores
    return float(np.average(scores, weights=weights_of(sample_weight, len(scores))))
