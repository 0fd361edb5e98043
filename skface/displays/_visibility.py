"""Which parts of photos are hidden."""

import numpy as np

from skface._validation import as_maps
from skface.displays._styling import (
    VERMILION,
    axes_or_new,
    check_matplotlib,
    split_axes,
)
from skface.exceptions import InputError
from skface.photos import as_images

_WIDTH = 1.8  # inches of a photo
_OPACITY = 0.75  # of what is certainly hidden


class VisibilityDisplay:
    """Photos, and over them the cells of a map that are hidden.

    Parameters
    ----------
    photos : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
    visible : array-like of shape (n, n_cells) or (n, rows, columns)
        How much of each cell is seen, in 0 to 1. The cells divide the photo evenly;
        without rows and columns they are those of a square map.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The bounds of the row of photos.
    axes_ : ndarray of shape (n,), of matplotlib Axes
        One a photo; their data coordinates are pixels.
    figure_ : matplotlib Figure
    maps_ : list of matplotlib AxesImage
        What lies over each photo, the more opaque the less is seen.

    See Also
    --------
    skface.systems.CellVisibility : Tells what is seen.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.displays import VisibilityDisplay
    >>> photos = np.full((2, 60, 50, 3), 128, np.uint8)
    >>> display = VisibilityDisplay(photos, [[1, 1, 0, 0], [1, 0, 1, 0]]).plot()
    >>> [each.get_array()[..., 3].round(2).tolist() for each in display.maps_]
    [[[0.0, 0.0], [0.75, 0.75]], [[0.0, 0.75], [0.0, 0.75]]]
    """

    def __init__(self, photos, visible):
        self.photos = photos
        self.visible = visible

    @classmethod
    def from_estimator(cls, estimator, X, *, ax=None) -> "VisibilityDisplay":
        """Ask an estimator what is seen of photos.

        Parameters
        ----------
        estimator : fitted estimator
            A pipeline of `VGG19Features` and `CellVisibility`.
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        ax : matplotlib Axes, default=None
            A new figure without it.

        Returns
        -------
        VisibilityDisplay

        Raises
        ------
        InputError
            X is not photos, or the estimator tells no map of them.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        return cls(X, estimator.predict(X)).plot(ax)

    def plot(self, ax=None) -> "VisibilityDisplay":
        """Draw the photos in a row.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure without it.

        Returns
        -------
        VisibilityDisplay

        Raises
        ------
        InputError
            The maps are not those of the photos, or no numbers in 0 to 1.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        photos = np.asarray(as_images(self.photos))
        maps = as_maps(self.visible, len(photos))
        if not 0 <= maps.min() <= maps.max() <= 1:
            raise InputError("visible must lie in 0 to 1")
        n, height, width, _ = photos.shape
        self.ax_ = axes_or_new(ax, (_WIDTH * n, _WIDTH * height / width))
        self.figure_ = self.ax_.figure
        self.axes_ = split_axes(self.ax_, [1], n, wspace=0.05)
        self.maps_ = []
        for each, photo, seen in zip(self.axes_, photos, maps, strict=True):
            extent = (0, width, height, 0)
            each.imshow(photo, extent=extent)
            self.maps_.append(each.imshow(_coloured(seen), extent=extent))
            each.set(xticks=[], yticks=[])
            each.spines[:].set_visible(False)
        return self


def _coloured(seen):
    """RGBA of a map."""
    from matplotlib.colors import to_rgb

    colours = np.empty((*seen.shape, 4))
    colours[..., :3], colours[..., 3] = to_rgb(VERMILION), _OPACITY * (1 - seen)
    return colours
