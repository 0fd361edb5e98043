"""Photos with every face that was found in them."""

import numpy as np
import pandas as pd

from skface._boxes import as_boxes
from skface._naming import readable
from skface._validation import as_floats
from skface.displays._face_marks import (
    FONT_SIZE,
    LINE,
    draw_coordinates,
    legend_handles,
    strongest,
    write_title,
)
from skface.displays._styling import (
    as_percent,
    axes_or_new,
    check_matplotlib,
    check_number,
    literal,
    split_axes,
    text_width,
)
from skface.exceptions import InputError
from skface.photos import ImageArray, photo_sizes
from skface.targets import BBOX_NAMES

_MOST_COLUMNS = 3
_LOWEST = 0.9  # that a face ends with words under it, as a part of the photo's height
_WIDTHS, _GAP = (8, 5.5, 4), 0.12  # inches of a photo, by the number of columns
_DOTS = 160  # an inch, of the photos that are drawn
_SMALLEST, _LARGEST = 4.5, 9  # points, of the words at a face
_LETTERS = 14  # of a line as wide as its face
_POINT, _SMALLEST_POINT, _LARGEST_POINT = 0.045, 1.5, 4.5  # of a face's width; points
_READ = "photo", *BBOX_NAMES
_NO_ATTRIBUTES = {*_READ, "face", "score"}


class GroupDisplay:
    """Photos with all faces that were found in them: boxes, points and words.

    Use `from_reading` for what a reader has read, `from_estimator` or
    `from_predictions` for detectors, or give everything yourself.

    Parameters
    ----------
    photos : ImageArray, or sequence of n paths
    boxes : sequence of n array-likes of shape (n_faces, 4)
        x, y, width, height of the faces of each photo, as fractions of its width and
        height.
    scores : sequence of n array-likes of shape (n_faces,), default=None
        Written at the faces where there are no attributes.
    landmarks : sequence of n array-likes of shape (n_faces, 2 * n_points), default=None
        x, y of each point, as fractions.
    attributes : sequence of n array-likes of shape (n_faces, n_attributes), \
default=None
        Probabilities; the strongest are written at the faces.
    names : sequence of str, default=None
        Of the attributes.
    true_boxes : sequence of n array-likes of shape (n_faces, 4), default=None
    titles : sequence of str of length n, default=None
        Text over each photo.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The bounds of the grid.
    axes_ : ndarray of shape (n,), of matplotlib Axes
        One a photo; their data coordinates are fractions of the photo.
    figure_ : matplotlib Figure
    words_ : list of list of matplotlib Text
        What is written at the faces of each photo, None where nothing is.
    legend_ : matplotlib Legend or None

    See Also
    --------
    FacesDisplay : One face a photo, predicted and true.

    Examples
    --------
    >>> from skface.datasets import WiderFaceLoader, drawn_wider
    >>> from skface.displays import GroupDisplay
    >>> X, boxes = WiderFaceLoader(drawn_wider(5)).load("train")
    >>> display = GroupDisplay(X[:2], boxes[:2]).plot()
    >>> len(display.axes_)
    2
    """

    def __init__(
        self,
        photos,
        boxes,
        *,
        scores=None,
        landmarks=None,
        attributes=None,
        names=None,
        true_boxes=None,
        titles=None,
    ):
        self.photos = photos
        self.boxes = boxes
        self.scores = scores
        self.landmarks = landmarks
        self.attributes = attributes
        self.names = names
        self.true_boxes = true_boxes
        self.titles = titles

    @classmethod
    def from_reading(
        cls, reading, *, n_photos=6, ax=None, n_columns=None, n_attributes=3
    ) -> "GroupDisplay":
        """Show the table of a reader.

        Parameters
        ----------
        reading : DataFrame, one row a face
            The columns ``photo`` (a path), ``x``, ``y``, ``width``, ``height`` in
            pixels; perhaps ``face``, ``score``, two columns a point in pixels, such as
            ``nose_x`` and ``nose_y``; all others are probabilities of attributes.
        n_photos : int, default=6
            At most so many are shown, in the order of the table.
        ax, n_columns, n_attributes
            As for `plot`.

        Returns
        -------
        GroupDisplay

        Raises
        ------
        InputError
            The table is none, has no row or lacks a column, or an attribute is no
            probability.
        ImageError
            A photo cannot be read.

        Examples
        --------
        >>> import pandas as pd
        >>> from skface.datasets import WiderFaceLoader, drawn_wider
        >>> from skface.displays import GroupDisplay
        >>> X, _ = WiderFaceLoader(drawn_wider(5)).load("train")
        >>> face = {"photo": X.paths[0], "x": 20, "y": 30, "width": 60, "height": 80}
        >>> reading = pd.DataFrame([face | {"Smiling": 0.9, "Wearing_Hat": 0.2}])
        >>> display = GroupDisplay.from_reading(reading)
        >>> display.words_[0][0].get_text()
        'Smiling'
        """
        check_matplotlib(f"{cls.__name__}.from_reading")
        check_number(n_photos, "n_photos")
        points, names = _columns(reading)
        by_photo = [
            (path, rows) for path, rows in reading.groupby("photo", sort=False)
        ][:n_photos]
        photos = [path for path, _ in by_photo]
        sizes = photo_sizes(photos)
        has_scores = "score" in reading and reading["score"].notna().all()

        def parts(columns):
            return [rows[columns].to_numpy(float) for _, rows in by_photo]

        def fractions(columns):
            by_size = zip(parts(columns), sizes, strict=True)
            return [part / np.tile(size, len(columns) // 2) for part, size in by_size]

        return cls(
            photos,
            fractions(list(BBOX_NAMES)),
            scores=parts("score") if has_scores else None,
            landmarks=fractions(points) if points else None,
            attributes=parts(names) if names else None,
            names=names or None,
        ).plot(ax, n_columns=n_columns, n_attributes=n_attributes)

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, n_photos=6, ax=None, n_columns=None
    ) -> "GroupDisplay":
        """Show what a fitted detector finds.

        Parameters
        ----------
        estimator : fitted detector
            Its `predict` gives an array of shape (n_found, 5) for each photo.
        X : ImageArray, or sequence of paths
            Only those that are shown are predicted.
        y, n_photos, ax, n_columns
            As for `from_predictions`.

        Returns
        -------
        GroupDisplay

        Examples
        --------
        >>> from skface.datasets import WiderFaceLoader, drawn_wider
        >>> from skface.displays import GroupDisplay
        >>> X, boxes = WiderFaceLoader(drawn_wider(5)).load("train")
        >>> class Centre:
        ...     def predict(self, X):
        ...         return [[[0.25, 0.25, 0.5, 0.5, 0.8]] for _ in X]
        >>> display = GroupDisplay.from_estimator(Centre(), X, boxes, n_photos=1)
        >>> display.words_[0][0].get_text()
        '80 %'
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        check_number(n_photos, "n_photos")
        shown = _photos(X)[:n_photos]
        y = None if y is None else _first(y, "y", n_photos)
        return cls.from_predictions(
            shown, estimator.predict(shown), y, ax=ax, n_columns=n_columns
        )

    @classmethod
    def from_predictions(
        cls, X, y_pred, y_true=None, *, n_photos=6, ax=None, n_columns=None
    ) -> "GroupDisplay":
        """Show boxes that were found before.

        Parameters
        ----------
        X : ImageArray, or sequence of n paths
        y_pred : sequence of n array-likes of shape (n_found, 5)
            x, y, width, height as fractions of the photo, and the score.
        y_true : sequence of n array-likes of shape (n_faces, 4), default=None
            The faces that there are.
        n_photos : int, default=6
            At most so many are shown: the first.
        ax, n_columns
            As for `plot`.

        Returns
        -------
        GroupDisplay

        Raises
        ------
        InputError
            They are no boxes, or not of the same photos.
        ImageError
            A photo cannot be read.

        Examples
        --------
        >>> from skface.datasets import WiderFaceLoader, drawn_wider
        >>> from skface.displays import GroupDisplay
        >>> X, boxes = WiderFaceLoader(drawn_wider(5)).load("train")
        >>> nothing = [[] for _ in X]
        >>> display = GroupDisplay.from_predictions(X, nothing, boxes, n_photos=4)
        >>> [handle.get_text() for handle in display.legend_.get_texts()]
        ['predicted', 'true']
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        check_number(n_photos, "n_photos")
        found = as_boxes(_first(y_pred, "y_pred", n_photos), "y_pred", 5)
        return cls(
            _photos(X)[:n_photos],
            [boxes[:, :4] for boxes in found],
            scores=[boxes[:, 4] for boxes in found],
            true_boxes=None if y_true is None else _first(y_true, "y_true", n_photos),
        ).plot(ax, n_columns=n_columns)

    def plot(self, ax=None, *, n_columns=None, n_attributes=3) -> "GroupDisplay":
        """Draw the grid.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is filled with the grid. A new figure without it.
        n_columns : int, default=None
            Photos in a row; up to 3 unless told.
        n_attributes : int, default=3
            Words at each face: the most probable of the attributes that are more
            probable than not.

        Returns
        -------
        GroupDisplay

        Raises
        ------
        InputError
            A part is not of the same photos and faces, or coordinates are no fractions.
        ParameterError
            `n_columns` or `n_attributes` is no such number.
        ImageError
            A photo cannot be read.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        check_number(n_attributes, "n_attributes", least=0)
        paths = _photos(self.photos).paths
        if not len(paths):
            raise InputError("there is no photo to show")
        if n_columns is None:
            n_columns = min(len(paths), _MOST_COLUMNS)
        check_number(n_columns, "n_columns")
        faces, truth, words = self._parts(len(paths), n_attributes)
        sizes = photo_sizes(paths)
        aspects = sizes[:, 1] / sizes[:, 0]
        width = _WIDTHS[min(n_columns, _MOST_COLUMNS) - 1]
        starts = range(0, len(paths), n_columns)
        heights = [width * aspects[k : k + n_columns].max() for k in starts]
        above = _GAP + LINE * (self.titles is not None)
        handles = legend_handles(
            (faces[0] | truth[0]) if truth is not None else faces[0]
        )
        size = n_columns * (width + _GAP), sum(heights) + len(heights) * above
        self.ax_ = axes_or_new(ax, (size[0], size[1] + 0.25 * bool(handles)))
        self.figure_ = self.ax_.figure
        if ax is not None:
            place = ax.get_position().width * self.figure_.get_figwidth()
            width = place / n_columns - _GAP
        self.axes_ = split_axes(
            self.ax_, heights, n_columns, len(paths), text=(above, 0), wspace=0.03
        )
        self.words_ = []
        for i, photo_ax in enumerate(self.axes_):
            scale = min(width * _DOTS / sizes[i, 0], 1)
            shape = np.maximum(np.rint(sizes[i, ::-1] * scale), 1).astype(int)
            (photo,) = np.asarray(ImageArray([paths[i]], shape))
            photo_ax.imshow(photo, extent=(0, 1, 1, 0), aspect=aspects[i])
            photo_ax.set(xticks=[], yticks=[], anchor="SW")
            photo_ax.spines[:].set_visible(False)
            if self.titles is not None:
                write_title(photo_ax, self.titles[i], width)
            boxes = faces[i]["boxes"]
            for k, points in enumerate(72 * width * boxes[:, 2]):
                size = np.clip(_POINT * points, _SMALLEST_POINT, _LARGEST_POINT)
                draw_coordinates(photo_ax, faces[i], k, size)
            for k in range(0 if truth is None else len(truth[i]["true_boxes"])):
                draw_coordinates(photo_ax, truth[i], k)
            photo_ax.set(xlim=(0, 1), ylim=(1, 0))
            self.words_.append(
                [
                    _write(photo_ax, box, lines, width) if lines else None
                    for box, lines in zip(boxes, words[i], strict=True)
                ]
            )
        self.legend_ = None
        if handles and ax is None:
            self.legend_ = self.figure_.legend(
                handles=handles,
                ncols=len(handles),
                frameon=False,
                fontsize=FONT_SIZE + 1,
                loc="outside upper right",
                borderaxespad=0.2,
            )
        return self

    def _parts(self, n_photos, n_attributes):
        """What is drawn and written of each photo."""
        boxes = _checked(self.boxes, "boxes", n_photos)
        boxes = as_boxes(boxes, "boxes", 4)
        n_faces = [len(each) for each in boxes]
        faces = [{"boxes": each} for each in boxes]
        if self.landmarks is not None:
            points = _checked(self.landmarks, "landmarks", n_photos, n_faces)
            for parts, each in zip(faces, points, strict=True):
                parts["landmarks"] = each
        truth = None
        if self.true_boxes is not None:
            truth = as_boxes(
                _checked(self.true_boxes, "true_boxes", n_photos), "true_boxes", 4
            )
            truth = [{"true_boxes": each} for each in truth]
        words = [[[] for _ in range(n)] for n in n_faces]
        if self.attributes is not None:
            probable = _checked(self.attributes, "attributes", n_photos, n_faces)
            words = [
                [strongest(row, self.names, n_attributes) for row in rows]
                for rows in probable
            ]
        elif self.scores is not None:
            scores = _checked(self.scores, "scores", n_photos, n_faces)
            words = [
                [[as_percent(round(float(score), 2))] for score in each]
                for each in scores
            ]
        return faces, truth, words


def _photos(X):
    return X if isinstance(X, ImageArray) else ImageArray(X)


def _first(values, name, n_photos):
    if not isinstance(values, list | tuple | np.ndarray):
        raise InputError(f"{name} must be a list of arrays, one a photo")
    return values[:n_photos]


def _checked(values, name, n_photos, n_faces=None):
    """One float array a photo, of one row a face."""
    if not hasattr(values, "__len__"):
        raise InputError(f"{name} must be a sequence of arrays, one a photo")
    if len(values) != n_photos:
        raise InputError(f"{name} is of {len(values)} photos, photos of {n_photos}")
    values = [as_floats(each, f"{name}[{i}]") for i, each in enumerate(values)]
    for i, each in enumerate(values):
        if n_faces is not None and len(each) != n_faces[i]:
            raise InputError(
                f"{name}[{i}] is of {len(each)} faces, boxes[{i}] of {n_faces[i]}"
            )
    return values


def _columns(reading):
    """The columns of points and those of attributes."""
    if not isinstance(reading, pd.DataFrame):
        raise InputError("reading must be a DataFrame with a row a face")
    if not len(reading):
        raise InputError("reading holds no face: there is nothing to draw")
    missing = [name for name in _READ if name not in reading]
    if missing:
        raise InputError(f"reading has no column {', '.join(missing)}")
    others = [name for name in reading if name not in _NO_ATTRIBUTES]
    stems = [name[:-2] for name in others if name.endswith("_x")]
    points = [f"{stem}_{axis}" for stem in stems for axis in "xy"]
    points = points if set(points) <= set(others) else []
    names = [name for name in others if name not in points]
    for name in names:
        values = pd.to_numeric(reading[name], errors="coerce")
        if not values.between(0, 1).all():
            raise InputError(
                f"the column {name} of reading must hold probabilities of an attribute"
            )
    return points, names


def _write(ax, box, lines, width):
    """Words under a face, over it where the photo ends, in its box if it fills it."""
    x, y, wide, high = box
    lines = [literal(readable(line)) for line in lines]
    size = np.clip(72 * wide * width / (0.55 * _LETTERS), _SMALLEST, _LARGEST)
    if y + high < _LOWEST:
        place, side = y + high, "top"
    else:
        place, side = y if y > 1 - _LOWEST else min(y + high, 1), "bottom"
    half = max(text_width(line, size) for line in lines) / 2 / width
    return ax.text(
        min(max(x + wide / 2, half), 1 - half),
        place,
        "\n".join(lines),
        ha="center",
        va=side,
        fontsize=size,
        linespacing=1.1,
        color="white",
        clip_on=True,
        bbox={"facecolor": "black", "alpha": 0.6, "linewidth": 0, "pad": 1.2},
    )
