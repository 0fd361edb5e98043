"""Samples that count unequally."""

import numpy as np

from skface.exceptions import InputError


def weights_of(sample_weight, n_samples):
    """`sample_weight` as floats; ones without it."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = np.asarray(sample_weight, float)
    if weight.shape != (n_samples,) or not weight.sum() > 0:
        raise InputError(
            f"sample_weight must have the shape ({n_samples},) and a positive sum, got "
            f"the shape {weight.shape}"
        )
    return weight


def averaged(scores, sample_weight, average=True):
    """The mean of the samples' scores, or the scores as they are."""
    if not average:
        return scores
    return float(np.average(scores, weights=weights_of(sample_weight, len(scores))))
