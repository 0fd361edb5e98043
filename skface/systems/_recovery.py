"""Features that hidden cells lack, from those of the seen ones."""

from numbers import Integral

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from skface._validation import (
    FLOATS,
    HasMethods,
    Interval,
    as_floats,
    refitted,
    validate_params,
)
from skface.exceptions import InputError
from skface.pipelines import UsesFitted
from skface.systems._visibility import (
    ROWS_AT_ONCE,
    as_read,
    checked_features,
    rooted,
)

_LEAST_VARIANCE = 1e-6
_LEAST_LENGTH = 1e-12


class RecoveredFeatures(OneToOneFeatureMixin, TransformerMixin, UsesFitted):
    """Map features in which hidden cells say what the seen ones let expect.

    Parameters
    ----------
    visibility : fitted CellVisibility, default=None
        Tells which cells are seen. It is used as it is: neither `fit` nor `clone`
        touches it. None takes every cell for seen, unless `transform` is told.
    n_components : int, default=64
        Principal components that tell hidden cells. 0 gives each its mean: a weight on
        the features alone.
    random_state : int, RandomState or None, default=None
        Of the approximate decomposition.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,), float32
    components_ : ndarray of shape (n_components, n_features), float32
    explained_variance_ : ndarray of shape (n_components,), float32
    noise_variance_ : float
        What the components leave.
    n_features_in_ : int

    Notes
    -----
    For a row x of which V is seen, the components U and their variances Λ give [1]_

    .. math:: \\hat x = μ + U (U^T V U / σ² + Λ^{-1})^{-1} U^T V (x - μ) / σ²

    and V x + (1 - V) x̂ comes out. All of this happens to the square roots of the
    features, and rows are scaled to the length 1 at the end: it follows
    `VGG19Features` with ``normalize=None`` and does what "sqrt_l2" does, which must
    come last, as hidden cells count in a row's length.

    `fit` belongs on photos in which nothing is hidden.

    References
    ----------
    .. [1] M. E. Tipping and C. M. Bishop, "Probabilistic Principal Component
       Analysis", Journal of the Royal Statistical Society B, 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.systems import RecoveredFeatures
    >>> rng = np.random.default_rng(0)
    >>> X = np.repeat(rng.uniform(1, 2, (50, 1)), 4, axis=1)  # four cells, all alike
    >>> recovery = RecoveredFeatures(n_components=1, random_state=0).fit(X)
    >>> hidden = X[:1] * [1, 1, 1, 9]
    >>> recovery.transform(hidden, visible=[[1, 1, 1, 0]]).round(2)
    array([[0.5, 0.5, 0.5, 0.5]])
    """

    _parameter_constraints = {
        "visibility": [HasMethods(["predict"]), None],
        "n_components": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    _used = "visibility"

    def __init__(self, visibility=None, n_components=64, *, random_state=None):
        self.visibility = visibility
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn the principal components.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features of photos in which nothing is hidden.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ParameterError
        sklearn.exceptions.NotFittedError
            `visibility` is not fitted.
        """
        validate_params(self)
        self._check_used()
        with refitted(self) as learning:
            X = validate_data(learning, as_read(X), dtype=FLOATS, ensure_min_samples=2)
            learning._learn(X)
        return self

    def _learn(self, X):
        most = min(X.shape[0] - 1, X.shape[1])
        pca = PCA(min(self.n_components, most), random_state=self.random_state)
        pca.fit(rooted(X))
        self.mean_ = pca.mean_.astype(np.float32)
        self.components_ = np.ascontiguousarray(pca.components_, np.float32)
        variances = np.maximum(pca.explained_variance_, _LEAST_VARIANCE)
        self.explained_variance_ = variances.astype(np.float32)
        self.noise_variance_ = max(float(pca.noise_variance_), _LEAST_VARIANCE)

    def transform(self, X, visible=None):
        """Rows of length 1 in which what is hidden is recovered.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        visible : array-like of shape (n_samples, n_cells), default=None
            How much of each cell is seen, in 0 to 1, where that is known; otherwise
            `visibility` tells it.

        Returns
        -------
        ndarray of shape (n_samples, n_features), of X's dtype

        Raises
        ------
        InputError
            `visible` is of other photos, or of cells that do not divide the features.
        """
        check_is_fitted(self)
        X = checked_features(self, X)
        if visible is None and self.visibility is not None:
            visible = self.visibility.predict(X)
        seen = self._as_seen(visible, X)
        n_cells = seen.shape[1]
        shape = len(self.components_), n_cells, X.shape[1] // n_cells
        cells = self.components_.reshape(shape)
        products = np.einsum("kcd,lcd->ckl", cells, cells)
        found = np.empty(X.shape, X.dtype)
        for rows in gen_batches(len(X), ROWS_AT_ONCE):
            found[rows] = self._recovered(rooted(X[rows]), seen[rows], products)
        return found

    def _recovered(self, X, seen, products):
        weight = np.repeat(seen, X.shape[1] // seen.shape[1], axis=1)
        distances = X - self.mean_
        precision = np.tensordot(seen, products, 1) / self.noise_variance_
        precision += np.diag(1 / self.explained_variance_)
        along = (weight * distances) @ self.components_.T / self.noise_variance_
        amounts = np.linalg.solve(precision, along[..., None])[..., 0]
        expected = amounts @ self.components_
        rows = self.mean_ + weight * distances + (1 - weight) * expected
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.maximum(lengths, _LEAST_LENGTH)

    def _as_seen(self, visible, X):
        if visible is None:
            return np.ones((len(X), 1), np.float32)
        seen = as_floats(visible, "visible")
        n_cells = seen[0].size if seen.ndim > 1 and len(seen) == len(X) else 0
        if not n_cells or X.shape[1] % n_cells:
            raise InputError(
                f"visible must be of {len(X)} photos and of cells that divide the "
                f"{X.shape[1]} features, got the shape {np.shape(visible)}"
            )
        return np.clip(seen.reshape(len(X), n_cells), 0, 1).astype(np.float32)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = list(FLOATS)
        return tags
