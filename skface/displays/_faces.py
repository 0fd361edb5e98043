"""Photos with what was found in them."""

from numbers import Integral

import numpy as np
from sklearn.base import is_classifier

from skface.datasets import ImageArray
from skface.displays._common import (
    SKY,
    VERMILION,
    YELLOW,
    attribute_names,
    axes_or_new,
    check_matplotlib,
    presence,
    readable,
    split_axes,
    target_kind,
)
from skface.exceptions import InputError, ParameterError
from skface.metrics import iou_score, nme_score

_MOST_COLUMNS = 6
_PHOTO_WIDTH, _LINE, _GAP = 1.9, 0.145, 0.12  # inches
_LEGEND = 2.3, 0.25  # inches
_FONT_SIZE = 8
_ORDERS = (None, "worst", "best")


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
        In {0, 1}.
    names : sequence of str, default=None
        Of the attributes; CelebA's where there are forty.
    titles : sequence of str of length n, default=None
        Text over each photo.
    image_sizes : array-like of shape (n, 2) or (2,), default=None
        (width, height) of each photo: gives them back the aspect that resizing to
        `images` took.
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
        self.index = index

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        n_faces=12,
        order=None,
        names=None,
        image_sizes=None,
        ax=None,
        n_columns=None,
        n_attributes=4,
    ):
        """Show what one or several fitted pipelines say about photos.

        Parameters
        ----------
        estimator : fitted estimator, or list of them
            Pipelines that take photos. A list shows box, landmarks and attributes of
            one photo together: at most one estimator for each. Classifiers give
            attributes by `predict_proba`; the others boxes (4 columns) or landmarks
            (10).
        X : ImageArray, ndarray of shape (n, height, width, 3), or sequence of paths
            Without an order only the first `n_faces` are predicted; only those shown
            are decoded to be shown.
        y : array-like of shape (n, n_targets), or list of them, default=None
            The truth; for a list of estimators one array each, None where unknown.
        n_faces, order, names, image_sizes, ax, n_columns, n_attributes
            As for `from_predictions`.

        Returns
        -------
        FacesDisplay

        Raises
        ------
        ParameterError
            There is no such order, or an order without the truth to judge by.
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
        >>> display = FacesDisplay.from_estimator(mean_box, X, y, order="worst")
        >>> display.index.tolist()
        [1, 2, 0]
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        several = isinstance(estimator, (list, tuple))
        estimators = list(estimator) if several else [estimator]
        given = several and y is not None
        truths = list(y) if given else [y] * len(estimators)
        if len(truths) != len(estimators):
            raise InputError(f"{len(estimators)} estimators, but {len(truths)} y")
        images = _as_images(X)
        _check_choice(n_faces, order, truths[0])
        _check_sizes(image_sizes, len(images))
        for truth in truths:
            if truth is not None and len(truth) != len(images):
                raise InputError(f"{len(images)} photos, but {len(truth)} rows of y")
        if order is None:  # what is not shown need not be predicted
            X, images = X[:n_faces], images[:n_faces]
            image_sizes = _rows(image_sizes, slice(n_faces))
            truths = [truth if truth is None else truth[:n_faces] for truth in truths]
        targets = [
            _predicted(one, X, truth)
            for one, truth in zip(estimators, truths, strict=True)
        ]
        return cls._chosen(images, targets, n_faces, order, names, image_sizes).plot(
            ax, n_columns=n_columns, n_attributes=n_attributes
        )

    @classmethod
    def from_predictions(
        cls,
        X,
        y_pred,
        y_true=None,
        *,
        n_faces=12,
        order=None,
        names=None,
        image_sizes=None,
        ax=None,
        n_columns=None,
        n_attributes=4,
    ):
        """Show photos with predictions that were made before.

        Parameters
        ----------
        X : ImageArray, ndarray of shape (n, height, width, 3), or sequence of paths
            Only the photos shown are decoded.
        y_pred : array-like of shape (n, n_targets), or list of such arrays
            4 columns of floats are boxes, 10 landmarks, anything else attributes:
            probabilities, or in {0, 1}. A list holds at most one of each kind.
        y_true : like y_pred, default=None
            The truth; in a list, None where it is unknown.
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
            There is no such order, or an order without the truth to judge by.
        InputError
            X is no photos, or the targets do not fit it or each other.

        Examples
        --------
        >>> import numpy as np
        >>> from skface.displays import FacesDisplay
        >>> X = np.full((2, 32, 32, 3), 128, np.uint8)
        >>> display = FacesDisplay.from_predictions(
        ...     X, [[0.9, 0.2], [0.7, 0.6]], [[1, 0], [1, 0]], names=["Smiling", "Bald"]
        ... )
        >>> [[line.get_text() for line in lines] for lines in display.captions_]
        [['Smiling 90 %'], ['Smiling 70 %', '✗ Bald 60 %']]
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        several = isinstance(y_pred, (list, tuple)) and any(
            np.ndim(y) == 2 for y in y_pred
        )
        found = list(y_pred) if several else [y_pred]
        given = several and y_true is not None
        truths = list(y_true) if given else [y_true] * len(found)
        if len(truths) != len(found):
            raise InputError(f"{len(found)} arrays in y_pred, but {len(truths)} y_true")
        images = _as_images(X)
        _check_choice(n_faces, order, truths[0])
        _check_sizes(image_sizes, len(images))
        targets = [
            _pair(np.asarray(y), truth) for y, truth in zip(found, truths, strict=True)
        ]
        return cls._chosen(images, targets, n_faces, order, names, image_sizes).plot(
            ax, n_columns=n_columns, n_attributes=n_attributes
        )

    @classmethod
    def _chosen(cls, images, targets, n_faces, order, names, image_sizes):
        """The display of the photos that come first.

        Parameters
        ----------
        targets : list of (kind, predictions, truth or None)
        """
        parts, labels, ranks = {}, [], None
        for kind, y_pred, y_true in targets:
            if kind in parts:
                raise InputError(f"two targets hold {kind}: give one of each kind")
            if len(y_pred) != len(images):
                raise InputError(f"{len(y_pred)} rows of {kind}, {len(images)} photos")
            parts[kind], parts[f"true_{kind}"] = y_pred, y_true
            if y_true is not None:
                scores, texts = _scored(kind, y_true, y_pred, image_sizes)
                labels.append(texts)
                ranks = scores if ranks is None else ranks
        index = np.arange(len(images))
        if order is not None:
            index = np.argsort(ranks if order == "worst" else -ranks, kind="stable")
        index = index[:n_faces]
        titles = [" · ".join(texts[i] for texts in labels) for i in index]
        if len(labels) > 1:  # or they reach into the next photo
            titles = [title.removesuffix(" right") for title in titles]
        return cls(
            images[index],
            **{kind: _rows(part, index) for kind, part in parts.items()},
            names=names,
            titles=titles if labels else None,
            image_sizes=_rows(image_sizes, index),
            index=index,
        )

    def plot(self, ax=None, *, n_columns=None, n_attributes=4):
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
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        parts = self._checked_parts()
        n_faces = len(self.images)
        n_rows, n_columns = _grid(n_faces, n_columns)
        captions = self._captions(parts, n_attributes)
        aspects = self._aspects()
        heights = [
            _PHOTO_WIDTH * aspects[first : first + n_columns].max()
            for first in range(0, n_faces, n_columns)
        ]
        n_lines = max(map(len, captions)) + (self.titles is not None)
        size = (
            n_columns * (_PHOTO_WIDTH + _GAP),
            sum(heights) + n_rows * (n_lines * _LINE + 2 * _GAP),
        )
        handles = _legend_handles(parts)
        if handles:
            size = max(size[0], _LEGEND[0]), size[1] + _LEGEND[1]
        self.ax_ = axes_or_new(ax, size)
        self.figure_ = self.ax_.figure
        axes = split_axes(self.ax_, n_rows, n_columns, heights)
        for spare in axes[n_faces:]:
            spare.remove()
        self.axes_ = axes[:n_faces]
        self.captions_ = []
        for i, face_ax in enumerate(self.axes_):
            face_ax.imshow(self.images[i], extent=(0, 1, 1, 0), aspect=aspects[i])
            face_ax.set(xticks=[], yticks=[], anchor="S")
            face_ax.spines[:].set_visible(False)
            if self.titles is not None:
                face_ax.set_title(
                    self.titles[i], fontsize=_FONT_SIZE, loc="left", pad=3
                )
            # the truth lies above: it is the thinner line
            for prefix in ("", "true_"):
                if f"{prefix}boxes" in parts:
                    face_ax.add_patch(_rectangle(parts[f"{prefix}boxes"][i], prefix))
                if f"{prefix}landmarks" in parts:
                    face_ax.add_line(_points(parts[f"{prefix}landmarks"][i], prefix))
            face_ax.set(xlim=(0, 1), ylim=(1, 0))
            self.captions_.append(_write_caption(face_ax, captions[i]))
        self.legend_ = None
        if handles:
            self.legend_ = self._add_legend(
                handles, aspects[:n_columns], whole_figure=ax is None
            )
        return self

    def _add_legend(self, handles, aspects, whole_figure):
        options = {
            "handles": handles,
            "ncols": len(handles),
            "frameon": False,
            "fontsize": _FONT_SIZE + 1,
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

    def _checked_parts(self):
        """The coordinates and attributes that were given, by name."""
        if not len(self.images):
            raise InputError("there is no photo to show")
        parts = {}
        for kind in ("boxes", "landmarks", "attributes"):
            for name in (kind, f"true_{kind}"):
                value = getattr(self, name)
                if value is None:
                    continue
                value = np.asarray(value)
                if value.ndim != 2 or len(value) != len(self.images):
                    raise InputError(
                        f"{name} must have one row for each of the {len(self.images)} "
                        f"photos, got the shape {value.shape}"
                    )
                if kind != "attributes":
                    _check_fractions(name, value)
                parts[name] = value
        return parts

    def _aspects(self):
        """Height over width of each photo."""
        if self.image_sizes is None:
            height, width = self.images.shape[1:3]
            return np.full(len(self.images), height / width)
        _check_sizes(self.image_sizes, len(self.images))
        sizes = np.broadcast_to(self.image_sizes, (len(self.images), 2))
        return sizes[:, 1] / sizes[:, 0]

    def _captions(self, parts, n_attributes):
        """Lines under each photo: list of lists of (text, whether it is wrong)."""
        if "attributes" not in parts:
            return [[] for _ in range(len(self.images))]
        found = parts["attributes"]
        names = attribute_names(self.names, found.shape[1])
        truth = parts.get("true_attributes")
        if truth is not None and truth.shape != found.shape:
            raise InputError(
                f"attributes have the shape {found.shape}, "
                f"true_attributes {truth.shape}"
            )
        return [
            _caption(row, None if truth is None else truth[i], names, n_attributes)
            for i, row in enumerate(found)
        ]


def _legend_handles(parts):
    """What tells predicted from true, where both are drawn."""
    from matplotlib.lines import Line2D

    handles = []
    for prefix, label in (("", "predicted"), ("true_", "true")):
        has_box = f"{prefix}boxes" in parts
        has_points = f"{prefix}landmarks" in parts
        if has_box or has_points:
            marker = _points(np.zeros(2), prefix).get_marker() if has_points else None
            style = _line_style(prefix, visible=has_box)
            handles.append(Line2D([], [], label=label, marker=marker, **style))
    return handles if len(handles) == 2 else []


def _as_images(X):
    if isinstance(X, ImageArray) or (hasattr(X, "dtype") and X.dtype.kind not in "OUS"):
        images = X
    elif isinstance(X, (str, bytes)) or not hasattr(X, "__len__"):
        raise InputError("X must be an ImageArray, an array of photos, or paths")
    else:
        images = ImageArray(X)
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise InputError(
            "X must be photos, uint8 of shape (n, height, width, 3), got "
            f"{images.dtype} of shape {images.shape}"
        )
    return images


def _grid(n_faces, n_columns):
    """Rows and columns; the rows even where there is a choice."""
    if n_columns is None:
        n_rows = -(-n_faces // _MOST_COLUMNS)
        return n_rows, -(-n_faces // n_rows)
    if not isinstance(n_columns, Integral) or n_columns < 1:
        raise ParameterError(f"n_columns must be a positive integer, got {n_columns!r}")
    n_columns = min(n_columns, n_faces)
    return -(-n_faces // n_columns), n_columns


def _check_choice(n_faces, order, truth):
    if not isinstance(n_faces, Integral) or n_faces < 1:
        raise ParameterError(f"n_faces must be a positive integer, got {n_faces!r}")
    if order not in _ORDERS:
        raise ParameterError(f"order must be in {_ORDERS}, got {order!r}")
    if order is not None and truth is None:
        raise ParameterError(f"order={order!r} needs the truth of the first target")


def _check_sizes(image_sizes, n_images):
    if image_sizes is None:
        return
    shape = np.shape(image_sizes)
    if shape not in {(2,), (n_images, 2)} or not np.min(image_sizes) > 0:
        raise InputError(
            f"image_sizes must be (width, height) in pixels, of the shape "
            f"({n_images}, 2) or (2,), got the shape {shape}"
        )


def _check_fractions(name, value):
    if not np.isfinite(value).all() or np.abs(value).max() > 4:
        raise InputError(
            f"{name} must be fractions of the photo's width and height, got values "
            f"from {value.min():g} to {value.max():g}; skface.datasets.to_fractions "
            "turns pixels into them"
        )


def _predicted(estimator, X, y):
    """Kind, predictions and truth of one estimator."""
    if not is_classifier(estimator):
        return _pair(np.asarray(estimator.predict(X)), y)
    found = presence(estimator, X)
    if found is None:
        found = np.asarray(estimator.predict(X)).reshape(len(X), -1)
    if y is not None:
        y = np.asarray(y)
        if y.ndim == 1:
            y = (y == estimator.classes_[1])[:, None]
    return "attributes", found, y


def _pair(y_pred, y_true):
    kind = target_kind(y_pred, "y_pred")
    if y_true is not None:
        y_true = np.asarray(y_true)
        if y_true.shape != y_pred.shape:
            raise InputError(
                f"y_pred has the shape {y_pred.shape}, the truth {y_true.shape}"
            )
    return kind, y_pred, y_true


def _rows(values, index):
    """Some rows; None, and one size for all photos, stay."""
    if values is None or np.ndim(values) < 2:
        return values
    return np.asarray(values)[index]


def _scored(kind, y_true, y_pred, image_sizes):
    """Score of each photo, higher being better, and what to write about it."""
    if kind == "boxes":
        scores = iou_score(y_true, y_pred, average=False)
        return scores, [f"IoU {score:.2f}" for score in scores]
    if kind == "landmarks":
        errors = nme_score(y_true, y_pred, image_sizes=image_sizes, average=False)
        return -errors, [f"NME {100 * error:.1f} %" for error in errors]
    right = ((y_pred > 0.5) == (y_true == 1)).sum(axis=1)
    return right, [f"{n}/{y_true.shape[1]} right" for n in right]


def _caption(row, truth, names, n_lines):
    present = row > 0.5
    wrong = np.zeros(len(row), bool) if truth is None else present != (truth == 1)
    sureness = np.where(present, row, 1 - row)
    with_probability = not np.isin(row, (0, 1)).all()
    shown = np.flatnonzero(present | wrong)
    shown = shown[np.argsort(-sureness[shown], kind="stable")][:n_lines]
    lines = []
    for i in shown:
        text = readable(names[i]) if present[i] else f"not {readable(names[i])}"
        if with_probability:
            # rounded down: only certainty is 100 %
            text += f" {int(100 * sureness[i] + 1e-4)} %"
        lines.append((f"✗ {text}" if wrong[i] else text, bool(wrong[i])))
    return lines


def _write_caption(ax, lines):
    return [
        ax.annotate(
            text,
            xy=(0, 0),
            xycoords="axes fraction",
            xytext=(0, -3 - 72 * _LINE * line),
            textcoords="offset points",
            va="top",
            fontsize=_FONT_SIZE,
            color=VERMILION if wrong else "black",
            annotation_clip=False,
        )
        for line, (text, wrong) in enumerate(lines)
    ]


def _casing(width):
    """A dark rim, so that a line is seen on skin of any shade."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=width + 1.5, foreground="black")]


def _line_style(prefix, visible=True):
    color, line = (YELLOW, "--") if prefix else (SKY, "-")
    return {
        "color": color,
        "linestyle": line if visible else "none",
        "linewidth": 1.5,
        "path_effects": _casing(1.5),
    }


def _rectangle(box, prefix):
    from matplotlib.patches import Rectangle

    style = _line_style(prefix)
    style["edgecolor"] = style.pop("color")
    return Rectangle(box[:2], *box[2:], facecolor="none", **style)


def _points(landmarks, prefix):
    from matplotlib.lines import Line2D

    x, y = landmarks.reshape(-1, 2).T
    style = _line_style(prefix, visible=False)
    marker, size = ("+", 7) if prefix else ("o", 4.5)
    return Line2D(x, y, marker=marker, markersize=size, **style)
