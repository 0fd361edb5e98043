"""Photos grouped by their attributes."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import pairwise_distances_argmin
from sklearn.utils.validation import check_is_fitted, validate_data

from skface._validation import (
    Interval,
    StrOptions,
    as_array,
    as_floats,
    as_names,
    refitted,
    validate_params,
)
from skface.exceptions import InputError, ParameterError
from skface.targets import ATTRIBUTES

NOISE = -1  # HDBSCAN's label of what belongs nowhere
_LEVELS = ["cluster", "attribute"]


class AttributeClusterer(ClusterMixin, BaseEstimator):
    """Groups of photos whose attributes are alike, and what each group has in common.

    Abate et al. [1]_ group what a transferred network says of faces; here the same with
    scikit-learn's clusterers, on probabilities or on labels.

    Parameters
    ----------
    n_clusters : int, default=16
        HDBSCAN finds their number by itself.
    method : {"kmeans", "agglomerative", "hdbscan"}, default="kmeans"
        "agglomerative" is Ward's.
    weights : array-like of shape (n_attributes,), default=None
        What each attribute counts in the squared distance of two photos; 1 without it.
    min_cluster_size : int, default=5
        Of HDBSCAN: fewer photos are no cluster.
    random_state : int, RandomState or None, default=None
        Of k-means.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), intp
        The cluster of each photo; 0 is the largest. -1 belongs to none.
    cluster_means_ : ndarray of shape (n_clusters, n_attributes)
        How often each attribute occurs in each cluster.
    cluster_sizes_ : ndarray of shape (n_clusters,), intp
    base_rate_ : ndarray of shape (n_attributes,)
        How often it occurs in all photos.
    n_distinct_rows_ : int
        How many photos differ from all others before them.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_attributes,)
        Where X is a DataFrame.

    See Also
    --------
    identities_left : Who may still be meant, once the cluster is known.
    skface.ClustersDisplay : The mean face of each cluster, and its attributes.

    Notes
    -----
    Rows of labels coincide: ten attributes leave few distinct rows, of which any
    clustering has a high silhouette. Look at ``n_distinct_rows_``, and at the same
    figures of a table whose columns were shuffled one by one, before a silhouette is
    believed.

    References
    ----------
    .. [1] A. F. Abate et al., "Clustering Facial Attributes: Narrowing the Path From
       Soft to Hard Biometrics", IEEE Access, 2020.

    Examples
    --------
    >>> from skface.systems import AttributeClusterer
    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.7, 0.1], [0.1, 0.9], [0.2, 0.9]]
    >>> clusterer = AttributeClusterer(n_clusters=2, random_state=0).fit(p)
    >>> clusterer.labels_.tolist()
    [0, 0, 0, 1, 1]
    >>> clusterer.describe(["Smiling", "Bald"])["prevalence"].round(2).tolist()
    [0.8, 0.13, 0.15, 0.9]
    """

    _parameter_constraints = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "method": [StrOptions({"kmeans", "agglomerative", "hdbscan"})],
        "weights": ["array-like", None],
        "min_cluster_size": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_clusters=16,
        *,
        method="kmeans",
        weights=None,
        min_cluster_size=5,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.method = method
        self.weights = weights
        self.min_cluster_size = min_cluster_size
        self.random_state = random_state

    def fit(self, X, y=None):
        """Find the clusters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_attributes)
            Probabilities of attributes, or labels in {0, 1}.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            A parameter has no such value, or `weights` do not fit X.
        InputError
            X has fewer rows than there are to be clusters, or than HDBSCAN's least.
        """
        validate_params(self)
        with refitted(self) as learning:
            learning._learn(validate_data(learning, X, dtype=np.float64))
        return self

    def _learn(self, X):
        is_hdbscan = self.method == "hdbscan"
        name = "min_cluster_size" if is_hdbscan else "n_clusters"
        if len(X) < getattr(self, name):
            raise InputError(
                f"X has n_samples={len(X)}, fewer than {name}={getattr(self, name)}: "
                f"give more photos, or a smaller {name}"
            )
        labels = self._clusterer().fit_predict(self._weighted(X))
        found, sizes = np.unique(labels[labels != NOISE], return_counts=True)
        order = np.argsort(-sizes, kind="stable")
        numbers = dict(zip(found[order].tolist(), range(len(found)), strict=True))
        self.labels_ = np.array(
            [numbers.get(label, NOISE) for label in labels.tolist()], dtype=np.intp
        )
        self.cluster_sizes_ = sizes[order]
        means = [X[self.labels_ == number].mean(axis=0) for number in numbers.values()]
        self.cluster_means_ = np.reshape(means, (len(found), X.shape[1]))
        self.base_rate_ = X.mean(axis=0)
        self.n_distinct_rows_ = len(np.unique(X, axis=0))

    def predict(self, X):
        """The cluster whose mean is nearest.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_attributes)

        Returns
        -------
        ndarray of shape (n_samples,), intp
            -1 where HDBSCAN has found no cluster at all.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        if not len(self.cluster_means_):
            return np.full(len(X), NOISE, dtype=np.intp)
        return pairwise_distances_argmin(
            self._weighted(X), self._weighted(self.cluster_means_)
        )

    def describe(self, names=None) -> pd.DataFrame:
        """What the photos of each cluster have in common.

        Parameters
        ----------
        names : sequence of str, default=None
            Of the attributes; the columns of the X of `fit`, or CelebA's where there
            are forty.

        Returns
        -------
        DataFrame, one row a cluster and attribute, indexed by both
            size: photos of the cluster; prevalence: how often the attribute occurs
            there; base_rate: in all photos; lift: prevalence over base rate.

        Raises
        ------
        InputError
            `names` are too many or too few.
        """
        check_is_fitted(self)
        n = self.n_features_in_
        if names is None:
            names = getattr(self, "feature_names_in_", ATTRIBUTES.columns(n))
        names = as_names(names, "names", n, "attributes")
        clusters = range(len(self.cluster_sizes_))
        table = pd.DataFrame(
            {
                "size": np.repeat(self.cluster_sizes_, n),
                "prevalence": self.cluster_means_.ravel(),
                "base_rate": np.tile(self.base_rate_, len(clusters)),
            },
            pd.MultiIndex.from_product([clusters, names], names=_LEVELS),
        )
        return table.assign(lift=table["prevalence"] / table["base_rate"])

    def _clusterer(self):
        if self.method == "kmeans":
            return KMeans(self.n_clusters, n_init=10, random_state=self.random_state)
        if self.method == "agglomerative":
            return AgglomerativeClustering(self.n_clusters)
        return HDBSCAN(min_cluster_size=self.min_cluster_size, copy=True)

    def _weighted(self, X):
        """X, so that the squared distance weighs the attributes."""
        if self.weights is None:
            return X
        weights = as_floats(self.weights, "weights")
        if weights.shape != X.shape[1:] or (weights < 0).any() or not weights.any():
            raise ParameterError(
                f"weights must hold {X.shape[1]} numbers, one an attribute, none of "
                f"them negative and not all 0, got {self.weights!r}"
            )
        return X * np.sqrt(weights)


def identities_left(labels, identities) -> pd.Series:
    """Who may still be meant, once a photo's cluster is known.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        The cluster of each photo. Those of no cluster, -1, count as one of their own.
    identities : array-like of shape (n_samples,)
        The person in each photo.

    Returns
    -------
    Series
        identities: how many there are; left: how many of them the cluster of a photo
        holds, on average over photos; share_left: the same as a part of all;
        recall: how many pairs of photos of one person are in one cluster; chance:
        how many pairs of any photos are, which a clustering that knows nothing of
        people recalls. A share of no pairs is NaN.

    Raises
    ------
    InputError
        There is not one identity a label, or one is missing.

    Examples
    --------
    >>> from skface.systems import identities_left
    >>> left = identities_left([0, 0, 0, 1], ["Ann", "Ann", "Bob", "Cem"])
    >>> left[["identities", "left", "recall", "chance"]].tolist()
    [3.0, 1.75, 1.0, 0.5]
    """
    labels, identities = as_array(labels, "labels"), as_array(identities, "identities")
    if labels.ndim != 1 or labels.shape != identities.shape or not len(labels):
        raise InputError(
            "labels and identities must have one shape (n_samples,), got "
            f"{labels.shape} and {identities.shape}"
        )
    missing = pd.isna(identities)
    if missing.any():
        raise InputError(
            f"identities does not tell who is in row {missing.argmax()}, nor in "
            f"{missing.sum()} of {len(labels)} rows: leave these rows out of both"
        )
    table = pd.crosstab(labels, identities).to_numpy()
    sizes = table.sum(axis=1)
    left = sizes @ (table > 0).sum(axis=1) / len(labels)
    with np.errstate(invalid="ignore"):
        recall = _n_pairs(table) / _n_pairs(table.sum(axis=0))
        chance = _n_pairs(sizes) / _n_pairs(np.array([len(labels)]))
    n = table.shape[1]
    figures = {"identities": n, "left": left, "share_left": left / n}
    return pd.Series({**figures, "recall": recall, "chance": chance}, dtype=float)


def _n_pairs(counts):
    return np.float64((counts * (counts - 1)).sum())
