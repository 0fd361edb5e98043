"""Photos with what was found in them."""

import numpy as np

from skface.displays._face_choice import (
    aspects_of,
    check_choice,
    check_frames,
    checked_parts,
    chosen,
    of_each,
    paired,
    predicted,
    rows,
)
from skface.displays._face_marks import (
    FONT_SIZE,
    LINE,
    captions,
    draw_coordinates,
    draw_frame,
    legend_handles,
    write_caption,
    write_title,
)
from skface.displays._styling import (
    axes_or_new,
    check_matplotlib,
    check_number,
    split_axes,
)
from skface.exceptions import InputError
from skface.photos import as_images

_MOST_COLUMNS = 6
_PHOTO_WIDTH, _LONE_PHOTO_WIDTH, _ROW_WIDTH, _GAP = 1.9, 3.2, 6, 0.12  # inches
_MOST_ASPECT = 1.4  # taller photos become narrower
_LEGEND = 2.3, 0.25  # inches


class FacesDisplay:
    """A grid of photos with box, landmarks and attributes, predicted and true.

    Use `from_estimator` or `from_predictions`, which choose and order the photos, or
    give everything yourself: each part may be missing.

    Parameters
    ----------
    images : ImageArray or ndarray of shape (n, height, width, 3), uint8
        The photos to show, all of them.
    boxes, true_boxes : array-like of shape (n, 4), default=None
        x, y, width, height as fractions of the photo's width and height.
    landmarks, true_landmarks : array-like of shape (n, 2 * n_points), default=None
        x, y of each point, as fractions.
    attributes : array-like of shape (n, n_attributes), default=None
        Probabilities, or predictions in {0, 1}.
    true_attributes : array-like of shape (n, n_attributes), default=None
        In {0, 1}, or NaN where a label is missing.
    names : sequence of str, default=None
        Of the attributes; CelebA's where there are forty.
    titles : sequence of str of length n, default=None
        Text over each photo, shown as it is: file names may hold dollar signs. Long
        ones lose their middle.
    image_sizes : array-like of shape (n, 2) or (2,), default=None
        (width, height) of the photos in pixels: gives them back the aspect that
        resizing to `images` took.
    frames : Frames of length n, default=None
        What was seen of each photo: outlined, turned where it is turned.
    index : ndarray of shape (n,), default=None
        Rows that the photos had in X.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The bounds of the grid.
    axes_ : ndarray of shape (n,), of matplotlib Axes
        One a photo; their data coordinates are fractions of the photo.
    figure_ : matplotlib Figure
    captions_ : list of list of matplotlib Text
        The lines under each photo.
    legend_ : matplotlib Legend or None

    Notes
    -----
    Three pipelines on the same photos are one call::

        FacesDisplay.from_estimator(
            [box_pipe, landmark_pipe, attribute_pipe],
            X,
            [boxes, landmarks, attributes],
            order="worst",
        )

    Examples
    --------
    >>> import numpy as np
    >>> from skface.displays import FacesDisplay
    >>> images = np.full((2, 32, 32, 3), 128, np.uint8)
    >>> boxes = [[0.2, 0.2, 0.5, 0.6], [0.3, 0.3, 0.4, 0.4]]
    >>> display = FacesDisplay(images, boxes=boxes, titles=["one", "two"]).plot()
    >>> len(display.axes_)
    2
    """

    def __init__(
        self,
        images,
        *,
        boxes=None,
        true_boxes=None,
        landmarks=None,
        true_landmarks=None,
        attributes=None,
        true_attributes=None,
        names=None,
        titles=None,
        image_sizes=None,
        frames=None,
        index=None,
    ):
        self.images = images
        self.boxes = boxes
        self.true_boxes = true_boxes
        self.landmarks = landmarks
        self.true_landmarks = true_landmarks
        self.attributes = attributes
        self.true_attributes = true_attributes
        self.names = names
        self.titles = titles
        self.image_sizes = image_sizes
        self.frames = frames
        self.index = index

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        target=None,
        n_faces=12,
        order=None,
        names=None,
        image_sizes=None,
        frames=None,
        ax=None,
        n_columns=None,
        n_attributes=4,
    ) -> "FacesDisplay":
        """Show what one or several fitted pipelines say about photos.

        Parameters
        ----------
        estimator : fitted estimator, or list of them
            Pipelines that take photos. A list shows box, landmarks and attributes of
            one photo together: at most one estimator for each. Classifiers give
            attributes, by `predict_proba` where they have it.
        X : ImageArray, ndarray of shape (n, height, width, 3), or sequence of paths
            Without an order only the first `n_faces` are predicted; only those shown
            are decoded to be shown. Photos seen through frames are shown whole, the
            frames outlined.
        y : array-like of shape (n, n_targets), or list of them, default=None
            The truth; for a list of estimators one array each, None where unknown.
        target : {"bbox", "landmarks", "attributes"}, Target, tuple or list of them, \
default=None
            What the columns of y mean, where the estimator does not say it itself, as
            skface's pipelines do; for a list of estimators one each. Without either
            they are taken for boxes or landmarks by their number, which is deprecated.
        n_faces, order, names, image_sizes, frames, ax, n_columns, n_attributes
            As for `from_predictions`.

        Returns
        -------
        FacesDisplay

        Raises
        ------
        ParameterError
            There is no such target or order, or an order without the truth to judge by.
        InputError
            X is no photos, or the targets do not fit it or each other.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.dummy import DummyRegressor
        >>> from skface.displays import FacesDisplay
        >>> X = np.full((3, 32, 32, 3), 128, np.uint8)
        >>> y = np.array([[0.2, 0.2, 0.5, 0.6], [0.3, 0.3, 0.4, 0.4], [0.0, 0, 1, 1]])
        >>> mean_box = DummyRegressor().fit(X, y)
        >>> display = FacesDisplay.from_estimator(
        ...     mean_box, X, y, target="bbox", order="worst"
        ... )
        >>> display.index.tolist()
        [1, 2, 0]
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        several = isinstance(estimator, (list, tuple))
        estimators, truths, targets = of_each(
            estimator, y, target, several, "{} estimators, but {} y"
        )
        images = as_images(X)
        check_choice(n_faces, order, truths[0], image_sizes, frames, len(images))
        for truth in truths:
            if truth is not None and len(truth) != len(images):
                raise InputError(f"{len(images)} photos, but {len(truth)} rows of y")
        if order is None:  # what is not shown need not be predicted
            X, images = X[:n_faces], images[:n_faces]
            image_sizes = rows(image_sizes, slice(n_faces))
            frames = None if frames is None else frames[:n_faces]
            truths = [truth if truth is None else truth[:n_faces] for truth in truths]
        found = [
            predicted(one, X, truth, its_target)
            for one, truth, its_target in zip(estimators, truths, targets, strict=True)
        ]
        shown = chosen(images, found, n_faces, order, names, image_sizes, frames)
        return cls(**shown).plot(ax, n_columns=n_columns, n_attributes=n_attributes)

    @classmethod
    def from_predictions(
        cls,
        X,
        y_pred,
        y_true=None,
        *,
        target=None,
        n_faces=12,
        order=None,
        names=None,
        image_sizes=None,
        frames=None,
        ax=None,
        n_columns=None,
        n_attributes=4,
    ) -> "FacesDisplay":
        """Show photos with predictions that were made before.

        Parameters
        ----------
        X : ImageArray, ndarray of shape (n, height, width, 3), or sequence of paths
            Only the photos shown are decoded. Photos seen through frames are shown
            whole, the frames outlined.
        y_pred : array-like of shape (n, n_targets), or list of such arrays
            Boxes or landmarks as fractions of the photo's width and height, or
            attributes: probabilities, or in {0, 1}. A list holds at most one of each.
        y_true : like y_pred, default=None
            The truth; in a list, None where it is unknown. NaN in attributes is a
            missing label.
        target : {"bbox", "landmarks", "attributes"}, Target, tuple or list of them, \
default=None
            What the columns mean; for a list of arrays one each. Without it they are
            taken for boxes or landmarks by their number, which is deprecated.
        n_faces : int, default=12
            At most so many photos are shown.
        order : {None, "worst", "best"}, default=None
            None shows the first photos; "worst" and "best" begin with those of the
            lowest or highest IoU, landmark error reversed, or share of right
            attributes. Of several targets the first decides.
        names : sequence of str, default=None
            Of the attributes; CelebA's where there are forty.
        image_sizes : array-like of shape (n, 2) or (2,), default=None
            (width, height) of the photos in pixels: gives them back their aspect, and
            counts both axes of landmark errors equally.
        frames : Frames of length n, default=None
            What was seen of each photo, to be outlined; those of X without it.
        ax : matplotlib Axes, default=None
            Its place is filled with the grid. A new figure without it.
        n_columns : int, default=None
            Photos in a row; up to 6 unless told.
        n_attributes : int, default=4
            Lines under each photo.

        Returns
        -------
        FacesDisplay

        Raises
        ------
        ParameterError
            There is no such target or order, or an order without the truth to judge by.
        InputError
            X is no photos, or the targets do not fit it or each other.

        Examples
        --------
        >>> import numpy as np
        >>> from skface.displays import FacesDisplay
        >>> X = np.full((2, 32, 32, 3), 128, np.uint8)
        >>> display = FacesDisplay.from_predictions(
        ...     X,
        ...     [[0.9, 0.2], [0.7, 0.6]],
        ...     [[1, 0], [1, 0]],
        ...     target="attributes",
        ...     names=["Smiling", "Bald"],
        ... )
        >>> [[line.get_text() for line in lines] for lines in display.captions_]
        [['Smiling 90 %'], ['Smiling 70 %', '✗ Bald 60 %']]
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        several = isinstance(y_pred, (list, tuple)) and any(
            np.ndim(y) == 2 for y in y_pred
        )
        arrays, truths, targets = of_each(
            y_pred, y_true, target, several, "{} arrays in y_pred, but {} y_true"
        )
        images = as_images(X)
        check_choice(n_faces, order, truths[0], image_sizes, frames, len(images))
        found = [
            paired(y, truth, its_target)
            for y, truth, its_target in zip(arrays, truths, targets, strict=True)
        ]
        shown = chosen(images, found, n_faces, order, names, image_sizes, frames)
        return cls(**shown).plot(ax, n_columns=n_columns, n_attributes=n_attributes)

    def plot(self, ax=None, *, n_columns=None, n_attributes=4) -> "FacesDisplay":
        """Draw the grid.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is filled with the grid. A new figure without it.
        n_columns : int, default=None
            Photos in a row; up to 6 unless told.
        n_attributes : int, default=4
            Lines under each photo: the surest attributes among those predicted present
            and those missed, wrong ones marked by a cross.

        Returns
        -------
        FacesDisplay

        Raises
        ------
        InputError
            A part has not one row for each photo, or coordinates are no fractions.
        ParameterError
            `n_columns` or `n_attributes` is no such number.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        check_number(n_attributes, "n_attributes", least=0)
        parts = self._parts()
        n_faces = len(self.images)
        n_rows, n_columns = _grid(n_faces, n_columns)
        lines = captions(parts, self.names, n_faces, n_attributes)
        aspects = aspects_of(self.images, self.image_sizes)
        width = _photo_width(n_columns)
        heights = [
            width * min(aspects[first : first + n_columns].max(), _MOST_ASPECT)
            for first in range(0, n_faces, n_columns)
        ]
        above = _GAP + LINE * (self.titles is not None)
        below = 2 * _GAP + LINE * max(map(len, lines))
        size = n_columns * (width + _GAP), sum(heights) + n_rows * (above + below)
        handles = legend_handles(parts)
        if handles:
            size = max(size[0], _LEGEND[0]), size[1] + _LEGEND[1]
        self.ax_ = axes_or_new(ax, size)
        self.figure_ = self.ax_.figure
        if ax is not None:
            place = ax.get_position().width * self.figure_.get_figwidth()
            width = place / n_columns - _GAP
        self.axes_ = split_axes(
            self.ax_, heights, n_columns, n_faces, text=(above, below), wspace=0.1
        )
        self.captions_ = []
        for i, face_ax in enumerate(self.axes_):
            face_ax.imshow(self.images[i], extent=(0, 1, 1, 0), aspect=aspects[i])
            face_ax.set(xticks=[], yticks=[], anchor="SW")
            face_ax.spines[:].set_visible(False)
            if self.titles is not None:
                write_title(face_ax, self.titles[i], width)
            if self.frames is not None:
                draw_frame(face_ax, self.frames.matrices[i])
            draw_coordinates(face_ax, parts, i)
            face_ax.set(xlim=(0, 1), ylim=(1, 0))
            self.captions_.append(write_caption(face_ax, lines[i], width))
        self.legend_ = None
        if handles:
            self.legend_ = self._add_legend(
                handles, aspects[:n_columns], whole_figure=ax is None
            )
        return self

    def _parts(self):
        """The coordinates and attributes that were given, by name."""
        kinds = ("boxes", "landmarks", "attributes")
        names = [name for kind in kinds for name in (kind, f"true_{kind}")]
        parts = {name: getattr(self, name) for name in names}
        check_frames(self.frames, len(self.images))
        return checked_parts(parts, len(self.images))

    def _add_legend(self, handles, aspects, whole_figure):
        options = {
            "handles": handles,
            "ncols": len(handles),
            "frameon": False,
            "fontsize": FONT_SIZE + 1,
        }
        if whole_figure:
            return self.figure_.legend(
                loc="outside upper right", borderaxespad=0.2, **options
            )
        # over the tallest photo of the first row, and its title
        tallest = int(np.argmax(aspects))
        right = int(tallest > 0)
        return self.axes_[tallest].legend(
            loc="lower right" if right else "lower left",
            bbox_to_anchor=(right, 1),
            borderaxespad=0.2 if self.titles is None else 1.5,
            **options,
        )


def _photo_width(n_columns):
    """Inches: one or two photos are shown larger than many."""
    return max(_PHOTO_WIDTH, min(_LONE_PHOTO_WIDTH, _ROW_WIDTH / n_columns))


def _grid(n_faces, n_columns):
    """Rows and columns; the rows even where there is a choice."""
    if n_columns is None:
        n_rows = -(-n_faces // _MOST_COLUMNS)
        return n_rows, -(-n_faces // n_rows)
    check_number(n_columns, "n_columns")
    n_columns = min(int(n_columns), n_faces)
    return -(-n_faces // n_columns), n_columns
