"""Points beside hidden cells, from the points that are seen."""

import numpy as np
from sklearn.base import MetaEstimatorMixin, RegressorMixin, clone
from sklearn.metrics import r2_score
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skface._naming import last_step
from skface._validation import (
    HasMethods,
    as_array,
    as_floats,
    check_go_together,
    refitted,
    validate_params,
)
from skface.exceptions import InputError
from skface.photos import as_image_size
from skface.pipelines import UsesFitted
from skface.targets import as_target, by_name

_LEAST_HIDDEN = 0.01  # of the points, for their own noise to be measured
_LEAST_VARIANCE = 1e-8


class ShapePrior(RegressorMixin, MetaEstimatorMixin, UsesFitted):
    """Moves points beside hidden cells to where the seen points let expect them.

    Parameters
    ----------
    regressor : regressor
        From features to points, such as a `DenseHeadRegressor`, or `FacePipeline` of
        `RecoveredFeatures` and one.
    visibility : fitted CellVisibility, default=None
        Tells which cells of the features are seen. It is used as it is: neither `fit`
        nor `clone` touches it. None takes every point for seen.
    shape : (rows, columns), default=None
        Of the map; a square one unless told.

    Attributes
    ----------
    regressor_ : regressor
        Fitted.
    mean_ : ndarray of shape (n_columns,)
        Of the true points.
    components_ : ndarray of shape (n_columns, n_columns)
        The principal components of their shape and place, a row each.
    explained_variance_ : ndarray of shape (n_columns,)
    noise_variance_ : ndarray of shape (2,)
        Of what the regressor says of seen points, and of hidden ones.
    n_features_in_ : int

    Notes
    -----
    Points are taken for normally distributed, with the principal components U and their
    variances Λ, C = U Λ Uᵀ. What the regressor says of them, y, is off by a noise of
    variance R, which lies between that of seen and of hidden points by the visibility V
    beside each. The points expected then are μ + C (C + R)⁻¹ (y - μ); V y and (1 - V)
    times these come out, so that a point that is seen stays.

    The noise is measured on X_val and y_val of `fit` where they are given, which is
    better, as the regressor knows its own photos too well. Without hidden points there,
    they count for nothing known.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skface.systems import ShapePrior
    >>> y = np.tile(np.random.default_rng(0).uniform(size=(50, 2)), 2)
    >>> prior = ShapePrior(LinearRegression()).fit(y, y)  # of two points, both alike
    >>> prior.adjusted([[0.2, 0.9, 0.7, 0.7]], [[1, 0]]).round(2)
    array([[0.2, 0.9, 0.2, 0.9]])
    """

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"])],
        "visibility": [HasMethods(["predict"]), None],
        "shape": [tuple, list, None],
    }

    _used = "visibility"
    __metadata_request__fit = {"X_val": True, "y_val": True}

    def __init__(self, regressor, visibility=None, *, shape=None):
        self.regressor = regressor
        self.visibility = visibility
        self.shape = shape

    def fit(self, X, y, *, X_val=None, y_val=None, **params):
        """Fit the regressor, and learn the points' shape and the regressor's noise.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples, 2 * n_points)
        X_val, y_val : like X and y, default=None
            For the regressor too.
        **params : dict
            For the regressor's `fit`.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, InputError
            As from the regressor's `fit`.
        sklearn.exceptions.NotFittedError
            `visibility` is not fitted.
        """
        validate_params(self)
        self._check_used()
        check_go_together(X_val, y_val)
        if X_val is not None:
            params = {**params, "X_val": X_val, "y_val": y_val}
        with refitted(self) as learning:
            learning.regressor_ = clone(self.regressor).fit(X, y, **params)
            learning._learn(X, y, X_val, y_val)
        return self

    def _learn(self, X, y, X_val, y_val):
        """What is known of shapes, and of the errors of the fitted regressor."""
        X_seen, y_seen = (X, y) if X_val is None else (X_val, y_val)
        points = as_floats(self._by_name(y), "y")
        points = points.reshape(len(points), -1)
        self.mean_ = points.mean(axis=0)
        distances = points - self.mean_
        covariance = distances.T @ distances / max(len(points) - 1, 1)
        variances, components = np.linalg.eigh(covariance)
        self.explained_variance_ = np.maximum(variances[::-1], 0)
        self.components_ = np.ascontiguousarray(components.T[::-1])
        found = self.regressor_.predict(X_seen)
        found = found.reshape(len(found), -1)
        truth = as_floats(self._by_name(y_seen), "y_val").reshape(found.shape)
        seen = self._beside(X_seen, found)
        squares = (found - truth) ** 2
        is_told = seen is not None and seen.any()
        noise = [np.average(squares, weights=seen) if is_told else squares.mean()]
        if seen is not None and (1 - seen).mean() > _LEAST_HIDDEN:
            noise.append(np.average(squares, weights=1 - seen))
        else:
            noise.append(max(self.explained_variance_.mean(), noise[0]))
        self.noise_variance_ = np.maximum(noise, _LEAST_VARIANCE)
        if hasattr(self.regressor_, "n_features_in_"):
            self.n_features_in_ = self.regressor_.n_features_in_

    def predict(self, X):
        """Points, those that are hidden moved.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, 2 * n_points)
        """
        check_is_fitted(self)
        found = self.regressor_.predict(X)
        columns = found.reshape(len(found), -1)
        seen = self._beside(X, columns)
        return found if seen is None else self._adjusted(columns, seen)

    def adjusted(self, y, visible) -> np.ndarray:
        """Points that are known otherwise, those that are hidden moved.

        Parameters
        ----------
        y : array-like of shape (n_samples, 2 * n_points)
        visible : array-like of shape (n_samples, n_points)
            How much of each point is seen, in 0 to 1.

        Returns
        -------
        ndarray of shape (n_samples, 2 * n_points)

        Raises
        ------
        InputError
            They are of other photos or points.
        """
        check_is_fitted(self)
        y, visible = as_floats(y, "y"), as_floats(visible, "visible")
        n_points, rest = divmod(len(self.mean_), 2)
        if rest or y.shape[1:] != (2 * n_points,):
            raise InputError(
                f"y must hold the {n_points} points of the fit, got the shape {y.shape}"
            )
        if visible.shape != (len(y), n_points):
            raise InputError(
                f"visible must have the shape ({len(y)}, {n_points}), got "
                f"{visible.shape}"
            )
        return self._adjusted(y, np.clip(visible, 0, 1).repeat(2, axis=1))

    def score(self, X, y, sample_weight=None):
        """The field's number for the target, R² where none is known.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples, 2 * n_points)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        y, found = self._by_name(y), self.predict(X)
        if self.target is None:
            return r2_score(y, found, sample_weight=sample_weight)
        return as_target(self.target).score(y, found, sample_weight)

    @property
    def target(self):
        """What the columns of y mean, as the regressor says; None if it does not."""
        return getattr(last_step(self.regressor), "target", None)

    @property
    def target_names_in_(self):
        """Names of the columns of y, where `fit` was given a DataFrame."""
        return last_step(self.regressor_).target_names_in_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = get_tags(self.regressor).input_tags.sparse
        return tags

    def _by_name(self, y):
        return as_array(by_name(self, y, "y"), "y")

    def _beside(self, X, points):
        """How much is seen beside each coordinate; None where nobody tells."""
        if self.visibility is None:
            return None
        seen = self.visibility.predict(X)
        return visible_beside(seen, points, self.shape).repeat(2, axis=1)

    def _adjusted(self, y, seen):
        shape = (self.components_.T * self.explained_variance_) @ self.components_
        noise = seen * self.noise_variance_[0] + (1 - seen) * self.noise_variance_[1]
        spread = shape + noise[:, None] * np.eye(len(shape))
        from_mean = np.linalg.solve(spread, (y - self.mean_)[..., None])[..., 0]
        return seen * y + (1 - seen) * (self.mean_ + from_mean @ shape)


def visible_beside(visible, points, shape=None) -> np.ndarray:
    """How much of the photo is seen beside points, between the middles of cells.

    Parameters
    ----------
    visible : ndarray of shape (n, n_cells)
    points : ndarray of shape (n, 2 * n_points)
        Fractions of what the map is of.
    shape : (rows, columns), default=None
        Of the map; a square one unless told.

    Returns
    -------
    ndarray of shape (n, n_points)

    Raises
    ------
    InputError
        The shape is not that of the map.
    """
    maps = np.reshape(visible, (len(visible), -1))
    side = round(maps.shape[1] ** 0.5)
    rows, columns = (side, side) if shape is None else as_image_size(shape, "shape")
    if rows * columns != maps.shape[1]:
        raise InputError(
            f"the map has {maps.shape[1]} cells, which are not {rows} x {columns}: "
            "give its shape"
        )
    maps = maps.reshape(-1, rows, columns)
    x, y = np.moveaxis(points.reshape(len(points), -1, 2), 2, 0)
    x = np.clip(x * columns - 0.5, 0, columns - 1)
    y = np.clip(y * rows - 0.5, 0, rows - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    x, y, row = x - left, y - top, np.arange(len(maps))[:, None]
    above = (1 - x) * maps[row, top, left] + x * maps[row, top, right]
    below = (1 - x) * maps[row, bottom, left] + x * maps[row, bottom, right]
    return (1 - y) * above + y * below
