"""Which cells of a map are seen, told by the cells themselves."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from skface._validation import FLOATS, Interval, refitted, validate_params
from skface._work import evenly
from skface.exceptions import InputError
from skface.store import FeatureArray
from skface.targets import ATTRIBUTES

ROWS_AT_ONCE = 256
_MOST_CELLS = 40_000  # to learn from
_LEAST_SEEN = 1e-6  # of a cell in all photos
_LEAST_SCALE = 1e-6


class CellVisibility(RegressorMixin, BaseEstimator):
    """Tells how much of each cell of a map is seen, and not hidden.

    Parameters
    ----------
    alpha : float, default=10.0
        Strength of the ridge's penalty.

    Attributes
    ----------
    mean_ : ndarray of shape (n_cells, n_channels), float32
        Of the square roots of the features of each cell, where it is seen.
    scale_ : ndarray of shape (n_channels,), float32
        Their standard deviation round it.
    coef_ : ndarray of shape (2 * n_channels,), float32
        Of the distances from the mean, and of their sizes.
    intercept_ : float
    n_features_in_ : int

    See Also
    --------
    hide : Photos with hidden parts to learn from.
    skface.displays.VisibilityDisplay : The map over its photo.

    Notes
    -----
    One ridge regression for all cells, on how far each channel is from where it lies in
    that cell of a face that is seen, and on the size of that distance: what is unlike a
    face is hidden, by things never seen before too. It stands where a head stands,
    after `VGG19Features` with a grid of `pooling` or none, and ``normalize=None``.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.systems import CellVisibility
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(1, 2, (100, 4, 8))  # maps of four cells and eight channels
    >>> seen = rng.integers(0, 2, (100, 4))
    >>> X[seen == 0] += 3
    >>> visibility = CellVisibility().fit(X.reshape(100, -1), seen)
    >>> bool((visibility.predict(X.reshape(100, -1)).round() == seen).all())
    True
    """

    _parameter_constraints = {"alpha": [Interval(Real, 0, None, closed="left")]}
    target = ATTRIBUTES  # numbers that are the same in every frame

    def __init__(self, alpha=10.0):
        self.alpha = alpha

    def fit(self, X, y):
        """Learn what seen and hidden cells look like.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_cells * n_channels)
            Features of photos, some of them with hidden parts.
        y : array-like of shape (n_samples, n_cells)
            How much of each cell is seen, in 0 to 1, to which others are clipped:
            ``(1 - hidden_cells(...)).reshape(n_samples, -1)``.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
        InputError
            The features are not as many for each cell.
        """
        validate_params(self)
        with refitted(self) as learning:
            learning._learn(X, y)
        return self

    def _learn(self, X, y):
        X, y = validate_data(
            self, as_read(X), y, dtype=FLOATS, multi_output=True, y_numeric=True
        )
        self._y_ndim = y.ndim
        y = y.reshape(len(y), -1)
        if X.shape[1] % y.shape[1]:
            raise InputError(
                f"X has {X.shape[1]} features, which are no multiple of the "
                f"{y.shape[1]} cells of y"
            )
        cells = rooted(X).reshape(*y.shape, -1)
        seen = np.clip(y, 0, 1).astype(np.float32) + _LEAST_SEEN
        mean = np.einsum("ncd,nc->cd", cells, seen) / seen.sum(axis=0)[:, None]
        self.mean_ = np.ascontiguousarray(mean)
        squares = np.einsum("ncd,nc->d", (cells - self.mean_) ** 2, seen) / seen.sum()
        self.scale_ = np.maximum(np.sqrt(squares), _LEAST_SCALE)
        some = evenly(y.size, _MOST_CELLS)
        at = some % y.shape[1]
        described = self._described(cells.reshape(y.size, -1)[some], self.mean_[at])
        ridge = Ridge(alpha=self.alpha).fit(described, y.ravel()[some])
        self.coef_ = ridge.coef_.astype(np.float32)
        self.intercept_ = float(ridge.intercept_)

    def predict(self, X):
        """How much of each cell is seen.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_cells * n_channels)

        Returns
        -------
        ndarray of shape (n_samples, n_cells), float64
            In 0 to 1. Of shape (n_samples,) when y had one dimension.
        """
        check_is_fitted(self)
        X = checked_features(self, X)
        seen = np.empty((len(X), len(self.mean_)))
        for rows in gen_batches(len(X), ROWS_AT_ONCE):
            cells = rooted(X[rows]).reshape(-1, *self.mean_.shape)
            seen[rows] = self._described(cells, self.mean_) @ self.coef_
        seen = np.clip(seen + self.intercept_, 0, 1)
        return seen[:, 0] if self._y_ndim == 1 else seen

    def _described(self, cells, mean):
        distances = (cells - mean) / self.scale_
        return np.concatenate([distances, abs(distances)], axis=-1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True  # beyond 0 to 1
        return tags


def checked_features(estimator, X):
    """X as at the fit of an estimator; of a FeatureArray nothing is read."""
    lazy = isinstance(X, FeatureArray)
    return validate_data(estimator, X, reset=False, dtype=FLOATS, skip_check_array=lazy)


def as_read(X):
    """X, a FeatureArray as an array."""
    return np.asarray(X) if isinstance(X, FeatureArray) else X


def rooted(X):
    """Square roots of features as float32, the sign kept."""
    X = np.asarray(X, np.float32)
    return np.sign(X) * np.sqrt(abs(X))
