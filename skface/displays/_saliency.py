"""Which part of a photo decides an attribute."""

from numbers import Integral

import numpy as np
from sklearn.utils import gen_batches

from skface._naming import names_told_by, readable
from skface._validation import as_sizes
from skface.displays._occlusion import (
    fitting_size,
    occluded,
    one_photo,
    patch_places,
    photo_row,
)
from skface.displays._styling import (
    BLACK,
    BLUE,
    VERMILION,
    as_percent,
    axes_or_new,
    check_matplotlib,
    literal,
)
from skface.evaluation import presence, target_names
from skface.exceptions import InputError, ParameterError
from skface.pipelines import FacePipeline
from skface.targets import target_of

_PHOTO_HEIGHT, _MOST_WIDTH, _BAR_WIDTH = 3.4, 7.0, 1.2  # inches
_BAR_HEIGHT = 2.6  # what its label needs
_PATCHES, _STRIDES = 5, 16  # in a side, unless told
_PHOTOS_AT_ONCE = 64
_LEAST_LIMIT = 0.1  # so that a map of small differences stays pale
_GREYS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_STRONGEST = 0.7  # opacity of the colour over the photo


class SaliencyDisplay:
    """An occlusion map: which part of a photo decides an attribute.

    A patch of the photo's mean colour slides over the photo [1]_. Where it covers what
    an attribute is told by, the attribute's probability falls.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        The photo.
    drops : ndarray of shape (n_rows, n_columns)
        Probability of the attribute without the patch less that with it. The cells
        divide the photo evenly, and the patch lies around the middle of its cell;
        where it reaches over the edge, less of it hides the photo.
    probability : float
        Of the attribute on the whole photo.
    name : str, default=None
        Of the attribute.
    patch : (height, width), default=None
        Of the patch in pixels of `image`.
    image_sizes : array-like of shape (2,) or (1, 2), default=None
        (width, height) of the photo in pixels: gives it back the aspect that resizing
        to `image` took.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Its data coordinates are pixels of `image`.
    figure_ : matplotlib Figure
    im_ : matplotlib AxesImage
        The map over the photo.
    patch_ : matplotlib Rectangle or None
        The patch where it lowers the probability most; None where it never does, or
        its size is not known.
    colorbar_ : matplotlib Colorbar

    Notes
    -----
    The map tells what the pipeline looks at, not what makes the attribute. An attribute
    that is told by several parts may fall nowhere, as one patch leaves the others, and
    one that is absent can hardly fall.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and Understanding Convolutional
       Networks", ECCV 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.displays import SaliencyDisplay
    >>> image = np.full((60, 60, 3), 128, np.uint8)
    >>> drops = np.array([[0.0, 0.0], [0.1, 0.6]])
    >>> display = SaliencyDisplay(image, drops, 0.9, name="Smiling").plot()
    >>> display.ax_.get_title("left")
    'Smiling 90 %'
    """

    def __init__(
        self, image, drops, probability, *, name=None, patch=None, image_sizes=None
    ):
        self.image = image
        self.drops = drops
        self.probability = probability
        self.name = name
        self.patch = patch
        self.image_sizes = image_sizes

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        attribute,
        *,
        names=None,
        patch=None,
        stride=None,
        image_sizes=None,
        ax=None,
    ) -> "SaliencyDisplay":
        """Slide the patch over one photo.

        Parameters
        ----------
        estimator : fitted classifier
            A pipeline that takes photos and has `predict_proba`. Where it aligns faces
            by itself, the map is that of the aligned face, which is found once.
        X : path-like, ndarray of shape (height, width, 3), uint8, or one row of photos
            The photo; a row is an ImageArray, an array of photos or a list of paths
            that holds one.
        attribute : str or int
            Name or column of the attribute.
        names : sequence of str, default=None
            Of the attributes; those that a pipeline was saved with, or CelebA's where
            there are forty.
        patch : int or (height, width), default=None
            Size of the patch in pixels of X; a fifth of each side without it. Files
            are decoded to 224 x 224.
        stride : int or (height, width), default=None
            Pixels from one place of the patch to the next; a sixteenth of each side
            without it. Half of it takes four times as long.
        image_sizes : array-like of shape (2,) or (1, 2), default=None
            (width, height) of the photo in pixels, which gives it back its aspect.
        ax : matplotlib Axes, default=None
            A new figure without it.

        Returns
        -------
        SaliencyDisplay

        Raises
        ------
        ParameterError
            The estimator gives no probabilities, there is no such attribute, or the
            patch or the stride does not fit the photo.
        InputError
            X is not one photo.

        Notes
        -----
        Each place is a photo that the pipeline has not seen: 256 of them with the
        default stride. A pipeline with a `cache_dir` keeps their features, so that
        another attribute of the same photo takes no time.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> from skface.displays import SaliencyDisplay
        >>> class FirstPixel(DecisionTreeClassifier):
        ...     def predict_proba(self, X):
        ...         red = X[:, 0, 0, :1] / 255
        ...         return np.hstack([1 - red, red])
        >>> X = np.zeros((4, 4, 3), np.uint8)
        >>> X[0, 0] = 255
        >>> stub = FirstPixel().fit([[0], [1]], [0, 1])
        >>> display = SaliencyDisplay.from_estimator(
        ...     stub, X, "red", names=["red"], patch=2, stride=2
        ... )
        >>> display.drops.round(2)
        array([[0.94, 0.  ],
               [0.  , 0.  ]])
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        told = names_told_by(estimator)
        if isinstance(estimator, FacePipeline) and estimator.is_aligning:
            X, image_sizes = estimator.aligned(photo_row(X)), None
            estimator = estimator.after_aligning
        image = one_photo(X)
        patch = fitting_size(patch, "patch", image, _PATCHES)
        stride = fitting_size(stride, "stride", image, _STRIDES)
        whole = _presence(estimator, image[np.newaxis])[0]
        target = target_of(estimator)
        names = target_names(told, target, len(whole), names)
        column = _column(attribute, names, target)
        cells = [round(image.shape[axis] / stride[axis]) for axis in (0, 1)]
        places = patch_places(image.shape[:2], patch, cells)
        found = np.concatenate(
            [
                _presence(estimator, occluded(image, places.reshape(-1, 4)[batch]))
                for batch in gen_batches(places[..., 0].size, _PHOTOS_AT_ONCE)
            ]
        )
        drops = whole[column] - found[:, column].reshape(places.shape[:2])
        return cls(
            image,
            drops.astype(float),
            float(whole[column]),
            name=names[column],
            patch=patch,
            image_sizes=image_sizes,
        ).plot(ax)

    def plot(self, ax=None) -> "SaliencyDisplay":
        """Draw the map over the photo, which turns grey.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure without it.

        Returns
        -------
        SaliencyDisplay

        Raises
        ------
        InputError
            The photo or the map has another form.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        drops = np.asarray(self.drops, float)
        height, width = one_photo(self.image).shape[:2]
        if drops.ndim != 2 or not drops.size or not np.isfinite(drops).all():
            raise InputError(
                "drops must be finite, of shape (n_rows, n_columns), got the shape "
                f"{drops.shape}"
            )
        shown = self._shown_size(width, height)
        self.ax_ = axes_or_new(ax, _figure_size(shown))
        self.figure_ = self.ax_.figure
        options = {
            "extent": (0, width, height, 0),
            "aspect": shown[1] / shown[0] * width / height,
        }
        grey = one_photo(self.image) @ _GREYS / 255
        self.ax_.imshow(grey, cmap="gray", vmin=0, vmax=1, **options)
        limit = max(np.abs(drops).max(), _LEAST_LIMIT)
        self.im_ = self.ax_.imshow(
            drops,
            cmap=_colours(),
            vmin=-limit,
            vmax=limit,
            interpolation="bilinear",
            **options,
        )
        self.patch_ = self._outlined(drops, (height, width))
        self.ax_.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
        self.ax_.spines[:].set_visible(False)
        self.ax_.set_title(literal(self._title()), loc="left", wrap=True)
        self.colorbar_ = self._add_colorbar(drops, limit)
        return self

    def _title(self):
        # rounded down: only certainty is 100 %
        title = f"{int(100 * self.probability + 1e-4)} %"
        return title if self.name is None else f"{readable(self.name)} {title}"

    def _add_colorbar(self, drops, limit):
        """As high as the photo; it leaves out a side that nothing lies on."""
        place = self.ax_.inset_axes([1.04, 0, 0.05, 1])
        bar = self.figure_.colorbar(self.im_, cax=place, format=as_percent)
        bar.set_label("fall of the probability where hidden")
        bar.outline.set_visible(False)
        used = drops.min() < -limit / 20, drops.max() > limit / 20
        if any(used):
            place.set_ylim(-limit * used[0], limit * used[1])
        return bar

    def _shown_size(self, width, height):
        if self.image_sizes is None:
            return width, height
        return as_sizes(self.image_sizes, 1)[0]

    def _outlined(self, drops, sides):
        """The patch's outline where the probability falls most."""
        from matplotlib import patheffects
        from matplotlib.patches import Rectangle

        if self.patch is None or drops.max() <= 0:
            return None
        places = patch_places(sides, self.patch, drops.shape)
        top, bottom, left, right = places[np.unravel_index(drops.argmax(), drops.shape)]
        return self.ax_.add_patch(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                facecolor="none",
                edgecolor="white",
                linewidth=1.5,
                path_effects=[patheffects.withStroke(linewidth=3, foreground=BLACK)],
            )
        )


def _figure_size(shown):
    """Inches for a photo of (width, height) and its bar."""
    width, height = _PHOTO_HEIGHT * shown[0] / shown[1], _PHOTO_HEIGHT
    if width > _MOST_WIDTH:
        width, height = _MOST_WIDTH, max(_MOST_WIDTH / width * height, _BAR_HEIGHT)
    return width + _BAR_WIDTH, height


def _presence(estimator, X):
    found = presence(estimator, X)
    if found is None:
        raise ParameterError(
            f"{type(estimator).__name__} gives no probabilities: a classifier with "
            "predict_proba is needed, such as a fitted make_attribute_pipeline()"
        )
    return found


def _column(attribute, names, target):
    """The number of an attribute, which is given by its name or its number."""
    name = attribute
    if isinstance(attribute, Integral) and 0 <= attribute < len(names):
        name = names[attribute]
    known = [
        each
        for part, own in target.parts(np.array([names]))
        if not part.is_coordinates
        for each in own[0].tolist()
    ]
    if name not in known:
        raise ParameterError(f"no attribute {attribute!r}; there are {known}")
    return names.index(name)


def _colours():
    """Vermilion where the probability falls, blue where it rises, clear between."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    ends = [to_rgba(BLUE, _STRONGEST), to_rgba(VERMILION, _STRONGEST)]
    clear = [(*colour[:3], 0) for colour in ends]
    return LinearSegmentedColormap.from_list(
        "occlusion",
        [(0, ends[0]), (0.5, clear[0]), (0.5, clear[1]), (1, ends[1])],
    )
