"""Features of photos from another domain, moved to where the head has learnt."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from sklearn.metrics import euclidean_distances
from sklearn.utils.validation import check_is_fitted, validate_data

from skface._validation import Interval, as_array, as_floats, refitted, validate_params
from skface.exceptions import InputError, ParameterError, SkfaceWarning

SOURCE, TARGET = "source", "target"
_DTYPES = ("float32", "float64")  # float16 is too coarse for covariances


class CORAL(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Correlation alignment: features of another domain as if they were of the first.

    A head has learnt from photos of one domain, the source, and reads those of another,
    the target, of which no label is known. Mean and covariance of the features of both
    are enough to whiten the target's features and to colour them with the source's
    covariance. The head stays as it is, with its thresholds and its calibration.

    Parameters
    ----------
    n_components : int or None, default=128
        Principal components, of both domains, in which covariances are aligned; beside
        them the mean alone is. None takes all that there are.
    random_state : int, RandomState or None, default=None
        Of the components, where they are many.

    Attributes
    ----------
    source_mean_, target_mean_ : ndarray of shape (n_features,)
    components_ : ndarray of shape (n_components, n_features)
    mapping_ : ndarray of shape (n_components, n_components)
        Whitens and colours centred features in the space of the components; the
        identity is taken off.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Where X is a DataFrame.

    See Also
    --------
    mmd : How far two sets of features are apart.

    Notes
    -----
    Sun, Feng and Saenko [1]_ colour the source with the target's covariance, and learn
    a head from that. Here the target's photos are moved and the source's stay, so that
    a fitted pipeline is adapted without another fit, and to several domains: put a
    fitted CORAL between its steps. To move the source instead, give each domain the
    other's name. Covariances are shrunk as Ledoit and Wolf do [2]_.

    In ``Pipeline.fit`` the rows of the source stay and those of the target are moved,
    as `domain` tells; their labels are NaN. All that ``predict`` sees afterwards is
    taken for the target's, and so is ``X_val``.

    **What it cannot know.** Where the domains differ in how often an attribute occurs,
    their features differ for that reason too, and alignment takes the difference away
    with the others: under such a shift of the labels it can do harm. Compare the rates
    where they are known.

    References
    ----------
    .. [1] B. Sun, J. Feng and K. Saenko, "Return of Frustratingly Easy Domain
       Adaptation", AAAI 2016.
    .. [2] O. Ledoit and M. Wolf, "A Well-Conditioned Estimator for Large-Dimensional
       Covariance Matrices", Journal of Multivariate Analysis, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.systems import CORAL, mmd
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(size=(2, 200, 3))
    >>> target = 2 * target + 1
    >>> domain = ["source"] * 200 + ["target"] * 200
    >>> coral = CORAL().fit(np.vstack([source, target]), domain=domain)
    >>> bool(mmd(source, coral.transform(target)) < 0.05 * mmd(source, target))
    True
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    def __init__(self, n_components=128, *, random_state=None):
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X, y=None, *, domain=None):
        """Learn means and covariances of both domains.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features of both domains.
        y : ignored
        domain : array-like of shape (n_samples,), of {"source", "target"}, default=None
            Of each row. Without it all rows are of one domain, and nothing is moved; a
            warning says so.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            A parameter has no such value.
        InputError
            X is no finite features, or `domain` is not one of the two names a row, with
            two rows or more of each.
        """
        validate_params(self)
        with refitted(self) as learning:
            X = validate_data(learning, X, dtype=_DTYPES, ensure_min_samples=2)
            is_target = _is_target(domain, X)
            if domain is None:
                warnings.warn(
                    "CORAL was given no domain, so that no features are moved: tell "
                    "the rows of the 'source' from those of the 'target' by fit(X, "
                    "domain=...)",
                    SkfaceWarning,
                    stacklevel=2,
                )
            learning._learn(X, is_target, is_told=domain is not None)
        return self

    def _learn(self, X, is_target, is_told):
        parts = (X[~is_target], X[is_target]) if is_told else (X, X)
        if min(map(len, parts)) < 2:
            raise InputError(
                "domain must name two rows or more of each of 'source' and 'target', "
                f"got {len(parts[0])} and {len(parts[1])}"
            )
        means = [part.mean(axis=0, dtype=np.float64).astype(X.dtype) for part in parts]
        centred = X - np.where(is_target[:, None], means[1], means[0])
        n_components = min(*X.shape, int(self.n_components or X.shape[1]))
        pca = PCA(n_components, random_state=self.random_state).fit(centred)
        self.source_mean_, self.target_mean_ = means
        self.components_ = pca.components_
        self.mapping_ = np.zeros((n_components, n_components), X.dtype)
        if is_told:
            scores = (centred @ self.components_.T).astype(np.float64)
            mapping = _coloured(scores[is_target], scores[~is_target])
            self.mapping_ = (mapping - np.eye(n_components)).astype(X.dtype)

    def transform(self, X, *, domain=None):
        """The features, those of the target domain moved to the source's.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        domain : array-like of shape (n_samples,), of {"source", "target"}, default=None
            Of each row; rows of the source stay as they are. Without it all rows are
            of the target.

        Returns
        -------
        ndarray of shape (n_samples, n_features), float32 or float64
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=_DTYPES, reset=False)
        centred = X - self.target_mean_
        added = centred @ self.components_.T @ self.mapping_ @ self.components_
        moved = centred + added + self.source_mean_
        if domain is None:
            return moved
        return np.where(_is_target(domain, X)[:, None], moved, X)

    def fit_transform(self, X, y=None, *, domain=None) -> np.ndarray:
        """`fit`, and `transform` by the same `domain`.

        Parameters
        ----------
        X, y, domain
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_features), float32 or float64
        """
        return self.fit(X, y, domain=domain).transform(X, domain=domain)


def mmd(X, Z, *, gamma=None) -> float:
    """Squared maximum mean discrepancy: how far two sets of features are apart.

    Parameters
    ----------
    X, Z : array-like of shape (n_samples, n_features)
        A thousand rows of each are enough; every pair is compared.
    gamma : float, default=None
        Of the kernel ``exp(-gamma * squared distance)``. None takes the inverse of the
        median squared distance within X, so that one X is the measure of several Z.

    Returns
    -------
    float
        The unbiased estimate [1]_: 0 on average, and often negative, where both are
        drawn from one distribution.

    Raises
    ------
    InputError
        They are no finite features of the same columns, of two rows or more each.
    ParameterError
        `gamma` is no positive number.

    References
    ----------
    .. [1] A. Gretton et al., "A Kernel Two-Sample Test", Journal of Machine Learning
       Research, 2012, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.systems import mmd
    >>> X, Z = np.random.default_rng(0).normal(size=(2, 100, 4))
    >>> abs(mmd(X, Z)) < 0.01 < mmd(X, Z + 1)
    True
    """
    X, Z = as_floats(X, "X"), as_floats(Z, "Z")
    if X.ndim != 2 or X.shape[1:] != Z.shape[1:] or min(len(X), len(Z)) < 2:
        raise InputError(
            "X and Z must have two rows or more of the same features, got the shapes "
            f"{X.shape} and {Z.shape}"
        )
    if gamma is not None and not (isinstance(gamma, Real) and 0 < gamma < np.inf):
        raise ParameterError(f"gamma must be a positive number, got {gamma!r}")
    within = euclidean_distances(X, squared=True)
    if gamma is None:
        gamma = 1 / max(np.median(within[np.triu_indices(len(X), 1)]), 1e-12)
    other = euclidean_distances(Z, squared=True)
    between = euclidean_distances(X, Z, squared=True)

    def mean_of_pairs(distances):
        n = len(distances)
        return (np.exp(-gamma * distances).sum() - n) / (n * (n - 1))

    apart = np.exp(-gamma * between).mean()
    return float(mean_of_pairs(within) + mean_of_pairs(other) - 2 * apart)


def _is_target(domain, X):
    """Which rows are of the target domain; none without `domain`."""
    if domain is None:
        return np.zeros(len(X), bool)
    domain = as_array(domain, "domain")
    if domain.shape != (len(X),) or not np.isin(domain, (SOURCE, TARGET)).all():
        raise InputError(
            f"domain must hold 'source' or 'target' for each of {len(X)} rows, got "
            f"the shape {domain.shape} and {np.unique(domain.astype(str))[:3].tolist()}"
        )
    return domain == TARGET


def _coloured(scores, like):
    """Matrix that whitens centred scores and colours them with another covariance."""
    covariances = [
        ledoit_wolf(each, assume_centered=True)[0] for each in (scores, like)
    ]
    floor = np.finfo(float).eps * max(map(np.trace, covariances)) or 1.0

    def power(covariance, exponent):
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.maximum(values, floor) ** exponent @ vectors.T

    return power(covariances[0], -0.5) @ power(covariances[1], 0.5)
