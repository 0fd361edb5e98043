"""Regressions of attributes on what is told of all of them, and on features."""

from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

_SCALE = 10.0  # of features, whose rows have the length 1


class Regressions(NamedTuple):
    """Logistic regressions of all attributes."""

    coef: np.ndarray  # (n_attributes, n_attributes), of logits
    crop_coef: np.ndarray  # (n_attributes, n_features)
    intercept: np.ndarray  # (n_attributes,)

    def decision(self, logits, features):
        return logits @ self.coef.T + features @ self.crop_coef.T + self.intercept


def identity(n_attributes) -> Regressions:
    """What keeps logits as they are, and takes no features."""
    nothing = np.zeros((n_attributes, 0)), np.zeros(n_attributes)
    return Regressions(np.eye(n_attributes), *nothing)


def regressions(logits, features, y, *, n_components, C, random_state) -> Regressions:
    """Those that tell y; where it has not both labels, logits stay as they are.

    Parameters
    ----------
    logits : ndarray of shape (n, n_attributes)
    features : ndarray of shape (n, n_features)
        There may be none: n_features may be 0.
    y : ndarray of shape (n, n_attributes)
        NaN is a missing label.
    n_components : int
        Principal components of the features.
    C : float
    random_state : int
    """
    n_attributes = y.shape[1]
    parts, components, mean = _principal(features, n_components, random_state)
    inputs = np.hstack([logits, _SCALE * parts])
    coef, intercept = np.eye(n_attributes, inputs.shape[1]), np.zeros(n_attributes)
    for j, labels in enumerate(y.T):
        known = ~np.isnan(labels)
        if len(np.unique(labels[known])) == 2:
            # Far fewer steps than the default takes on inputs of several scales.
            model = LogisticRegression(C=C, solver="newton-cholesky")
            model.fit(inputs[known], labels[known])
            coef[j], intercept[j] = model.coef_[0], model.intercept_[0]
    coef, of_parts = np.split(coef, [n_attributes], axis=1)
    # The components are linear in the features: so is the whole.
    crop_coef = _SCALE * of_parts @ components
    return Regressions(coef, crop_coef.astype(np.float32), intercept - crop_coef @ mean)


def log_loss(y, decision):
    """Of each label, NaN where it is missing."""
    return np.logaddexp(0, decision) - y * decision


def chosen(losses):
    """Which of several models tells each attribute; the first unless one is better.

    Parameters
    ----------
    losses : ndarray of shape (n_models, n_photos, n_attributes)
        NaN where a label is missing.
    """
    n_known = np.maximum((~np.isnan(losses[0])).sum(axis=0), 1)
    best = np.nansum(losses, axis=1).argmin(axis=0)
    gains = losses[0] - np.take_along_axis(losses, best[None, None], axis=0)[0]
    gain = np.nansum(gains, axis=0) / n_known
    error = np.sqrt(np.nansum((gains - gain) ** 2, axis=0)) / n_known
    return np.where(gain > error, best, 0)


def _principal(features, n_components, random_state):
    """What features have of their principal components, these, and the mean."""
    n_photos, n_features = features.shape
    if not n_features:
        return features, np.empty((0, 0)), np.empty(0)
    n_components = min(n_components, n_photos - 1, n_features)
    pca = PCA(n_components, svd_solver="randomized", random_state=random_state)
    return pca.fit_transform(features), pca.components_, pca.mean_
