"""Clusters of photos: their mean faces and what they have in common."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skface._naming import readable
from skface._validation import shown
from skface._work import evenly
from skface.displays._styling import (
    BLACK,
    BLUE,
    as_percent,
    axes_or_new,
    bare,
    check_matplotlib,
    check_number,
    literal,
    shortened,
    split_axes,
)
from skface.exceptions import InputError, ParameterError
from skface.photos import as_images
from skface.systems import AttributeClusterer

_MOST_PHOTOS = 100  # of a cluster that are averaged, evenly among all
_PAIRS = 2  # of face and chart in a row
_CELL, _ABOVE, _BELOW = (2.3, 1.8), 0.3, 0.35  # inches
_NAME_WIDTH = 1.1  # inches
_FONT_SIZE = 8


class ClustersDisplay:
    """The mean face of each cluster, and how often its attributes occur.

    Parameters
    ----------
    faces : ndarray of shape (n_clusters, height, width, 3), uint8
        The mean face of each cluster.
    table : DataFrame
        As `skface.systems.AttributeClusterer.describe` gives it, for the same clusters.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The bounds of the grid.
    face_axes_, chart_axes_ : ndarray of shape (n_clusters,), of matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : list of matplotlib BarContainer
        One a cluster; a line across each bar is the base rate.

    See Also
    --------
    skface.systems.AttributeClusterer : Finds the clusters.

    Examples
    --------
    >>> import numpy as np
    >>> from skface import ClustersDisplay
    >>> from skface.systems import AttributeClusterer
    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]
    >>> table = AttributeClusterer(2, random_state=0).fit(p).describe(["Male", "Bald"])
    >>> faces = np.full((2, 8, 8, 3), 128, np.uint8)
    >>> display = ClustersDisplay(faces, table).plot()
    >>> [round(float(bar.get_width()), 2) for bar in display.bars_[0]]
    [0.15, 0.85]
    """

    def __init__(self, faces, table):
        self.faces = faces
        self.table = table

    @classmethod
    def from_estimator(
        cls, estimator, X, *, names=None, n_clusters=8, n_attributes=5, ax=None
    ) -> "ClustersDisplay":
        """Show the clusters of photos.

        Parameters
        ----------
        estimator : fitted AttributeClusterer
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
            The photos whose attributes it was fitted on, in the same order. At most a
            hundred of a cluster are read.
        names : sequence of str, default=None
            Of the attributes, as for `AttributeClusterer.describe`.
        n_clusters : int, default=8
            At most so many are shown, the largest ones.
        n_attributes, ax
            As for `plot`.

        Returns
        -------
        ClustersDisplay

        Raises
        ------
        InputError
            X is not as many photos as the estimator has labels for, or there is no
            cluster.
        ParameterError
            `estimator` is no AttributeClusterer, or `n_clusters` or `n_attributes` no
            such number.

        Examples
        --------
        >>> import numpy as np
        >>> from skface import ClustersDisplay
        >>> from skface.systems import AttributeClusterer
        >>> clusterer = AttributeClusterer(2, random_state=0).fit([[0.9], [0.8], [0.1]])
        >>> photos = np.full((3, 8, 8, 3), 128, np.uint8)
        >>> display = ClustersDisplay.from_estimator(clusterer, photos, names=["Male"])
        >>> [ax.get_title("left") for ax in display.face_axes_]
        ['cluster 0, 2 photos', 'cluster 1, 1 photo']
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        if not isinstance(estimator, AttributeClusterer):
            raise ParameterError(
                f"estimator must be an AttributeClusterer, got {shown(estimator)}"
            )
        check_is_fitted(estimator)
        check_number(n_clusters, "n_clusters")
        images, labels = as_images(X), estimator.labels_
        if len(images) != len(labels):
            raise InputError(
                f"X has {len(images)} photos, the clusterer was fitted on {len(labels)}"
            )
        n_clusters = min(n_clusters, len(estimator.cluster_sizes_))
        if not n_clusters:
            raise InputError(
                "the clusterer has found no cluster: give HDBSCAN a smaller "
                "min_cluster_size, or choose another method"
            )
        faces = [_mean_face(images, labels == i) for i in range(n_clusters)]
        table = estimator.describe(names).loc[: n_clusters - 1]
        return cls(np.array(faces), table).plot(ax, n_attributes=n_attributes)

    def plot(self, ax=None, *, n_attributes=5) -> "ClustersDisplay":
        """Draw a face and a chart a cluster.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is filled with the grid. A new figure without it.
        n_attributes : int, default=5
            Bars of each chart: the attributes whose prevalence differs most from that
            in all photos.

        Returns
        -------
        ClustersDisplay

        Raises
        ------
        InputError
            There are not as many faces as clusters in the table.
        ParameterError
            `n_attributes` is no such number.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        check_number(n_attributes, "n_attributes")
        clusters = self.table.index.unique("cluster")
        if np.ndim(self.faces) != 4 or len(self.faces) != len(clusters):
            raise InputError(
                "faces must be one photo a cluster of the table, of the shape "
                f"({len(clusters)}, height, width, 3), got {np.shape(self.faces)}"
            )
        n_pairs = min(_PAIRS, len(clusters))
        n_rows = -(-len(clusters) // n_pairs)
        width, height = _CELL
        height += _ABOVE + _BELOW
        self.ax_ = axes_or_new(ax, (2 * n_pairs * width, n_rows * height))
        self.figure_ = self.ax_.figure
        axes = split_axes(
            self.ax_,
            [1] * n_rows,
            2 * n_pairs,
            2 * len(clusters),
            text=(_ABOVE, _BELOW),
            wspace=0.6,
        )
        self.face_axes_, self.chart_axes_ = axes[::2], axes[1::2]
        self.bars_ = []
        for i, cluster in enumerate(clusters):
            part = self.table.xs(cluster, level="cluster")
            _draw_face(self.face_axes_[i], self.faces[i], cluster, part)
            self.bars_.append(_chart(self.chart_axes_[i], part, n_attributes))
        return self


def _draw_face(ax, face, cluster, part):
    size = part["size"].iloc[0]
    ax.imshow(face)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    title = f"cluster {cluster}, {size} photo{'s' if size > 1 else ''}"
    ax.set_title(title, loc="left", fontsize=_FONT_SIZE)


def _chart(ax, part, n_attributes):
    apart = (part["prevalence"] - part["base_rate"]).abs()
    names = apart.sort_values(ascending=False, kind="stable").index[:n_attributes]
    shown, places = part.loc[names], np.arange(len(names))
    bars = ax.barh(places, shown["prevalence"], color=BLUE, height=0.7)
    ax.plot(
        shown["base_rate"],
        places,
        linestyle="none",
        marker="|",
        markersize=11,
        markeredgewidth=1.6,
        color=BLACK,
        clip_on=False,
    )
    labels = [shortened(readable(name), _NAME_WIDTH, _FONT_SIZE) for name in names]
    ax.set_yticks(places, labels=map(literal, labels), fontsize=_FONT_SIZE)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xticks=[0, 0.5, 1])
    ax.xaxis.set_major_formatter(as_percent)
    ax.tick_params(axis="x", labelsize=_FONT_SIZE)
    bare(ax)
    return bars


def _mean_face(images, is_member):
    rows = np.flatnonzero(is_member)
    rows = rows[evenly(len(rows), _MOST_PHOTOS)]
    return np.rint(np.asarray(images[rows]).mean(axis=0)).astype(np.uint8)
