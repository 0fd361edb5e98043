"""How many of the faces a detector finds, and how many of its finds are faces."""

from skface._validation import as_floats
from skface.displays._styling import (
    as_percent,
    axes_or_new,
    bare,
    check_matplotlib,
    free_color,
    legend_above,
    literal,
    shortened,
)
from skface.exceptions import InputError
from skface.metrics import curve_average_precision, detection_curve

_SIZE = (6, 4)  # inches
_NAME_WIDTH, _LEGEND_SIZE = 2.4, 10  # inches, points


class DetectionDisplay:
    """Precision over recall of detectors.

    Parameters
    ----------
    precision, recall : array-like of shape (n_scores + 1,)
        As from `skface.metrics.detection_curve`.
    name : str, default=None
        Of the detector, for the legend.

    Attributes
    ----------
    average_precision : float
        The area under the curve, as `skface.metrics.detection_average_precision`.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D

    Examples
    --------
    >>> from skface.displays import DetectionDisplay
    >>> display = DetectionDisplay([0.5, 1, 1], [1, 0.5, 0]).plot(name="mine")
    >>> display.line_.get_label()
    'mine: average precision 0.750, recall 100.0 %'
    """

    def __init__(self, precision, recall, *, name=None):
        self.precision = precision
        self.recall = recall
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, iou=0.5, min_size=0, name=None, ax=None
    ) -> "DetectionDisplay":
        """Show the curve of a fitted detector.

        Parameters
        ----------
        estimator : fitted detector
            Its `candidates`, or its `predict`, gives an array of shape (n_found, 5) for
            each photo: x, y, width, height and score.
        X : ImageArray, or sequence of paths
            What the detector takes.
        y, iou, min_size, ax
            As for `from_predictions`.
        name : str, default=None
            For the legend; the name of the estimator's class without it.

        Returns
        -------
        DetectionDisplay

        Raises
        ------
        InputError, ParameterError
            As `from_predictions`.

        Examples
        --------
        >>> from skface.displays import DetectionDisplay
        >>> class Centre:
        ...     def predict(self, X):
        ...         return [[[0.25, 0.25, 0.5, 0.5, 1.0]] for _ in X]
        >>> faces = [[[0.2, 0.2, 0.5, 0.6]], [[0, 0, 0.1, 0.1]]]
        >>> photos = ["a.jpg", "b.jpg"]
        >>> display = DetectionDisplay.from_estimator(Centre(), photos, faces)
        >>> display.average_precision
        0.25
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        return cls.from_predictions(
            y,
            getattr(estimator, "candidates", estimator.predict)(X),
            iou=iou,
            min_size=min_size,
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls, y_true, y_pred, *, iou=0.5, min_size=0, name=None, ax=None
    ) -> "DetectionDisplay":
        """Show the curve of boxes that were found before.

        Parameters
        ----------
        y_true, y_pred, iou, min_size
            As for `skface.metrics.detection_average_precision`.
        name : str, default=None
            Of the detector, for the legend.
        ax : matplotlib Axes, default=None
            Of another DetectionDisplay, to compare. A new figure without it.

        Returns
        -------
        DetectionDisplay

        Raises
        ------
        InputError
            They are no boxes or not of the same photos, or there is no face to be
            found.
        ParameterError
            `iou` or `min_size` has no such value.

        Examples
        --------
        >>> from skface.displays import DetectionDisplay
        >>> faces = [[[0.2, 0.2, 0.5, 0.6]], [[0, 0, 0.1, 0.1]]]
        >>> found = [[[0.2, 0.2, 0.5, 0.5, 0.9]], []]
        >>> one = DetectionDisplay.from_predictions(faces, found, name="one")
        >>> two = DetectionDisplay.from_predictions(
        ...     faces, [[], []], name="two", ax=one.ax_
        ... )
        >>> len(one.ax_.lines)
        2
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        precision, recall, _ = detection_curve(
            y_true, y_pred, iou=iou, min_size=min_size
        )
        return cls(precision, recall, name=name).plot(ax)

    @property
    def average_precision(self):
        return curve_average_precision(*self._checked())

    def plot(self, ax=None, *, name=None, color=None) -> "DetectionDisplay":
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Of another DetectionDisplay, to compare. A new figure without it.
        name : str, default=None
            Of the detector, for the legend, in place of the display's.
        color : matplotlib color, default=None
            Without it one that the axes have not yet.

        Returns
        -------
        DetectionDisplay

        Raises
        ------
        InputError
            `precision` and `recall` are not of one length.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        precision, recall = self._checked()
        name = shortened(name or self.name or "detector", _NAME_WIDTH, _LEGEND_SIZE)
        self.ax_ = axes_or_new(ax, _SIZE)
        self.figure_ = self.ax_.figure
        (self.line_,) = self.ax_.plot(
            recall,
            precision,
            drawstyle="steps-post",
            color=free_color(self.ax_) if color is None else color,
            label=f"{literal(name)}: average precision {self.average_precision:.3f}, "
            f"recall {100 * recall.max():.1f} %",
        )
        self.ax_.set(
            xlim=(0, 1.01),
            ylim=(0, 1.02),
            xlabel="recall: share of the faces that are found",
            ylabel="precision: share of faces among the finds",
        )
        for axis in (self.ax_.xaxis, self.ax_.yaxis):
            axis.set_major_formatter(as_percent)
        bare(self.ax_)
        legend_above(self.ax_, n_columns=1)
        return self

    def _checked(self):
        precision = as_floats(self.precision, "precision")
        recall = as_floats(self.recall, "recall")
        if precision.ndim != 1 or precision.shape != recall.shape or not len(recall):
            raise InputError(
                "precision and recall must be of one length, got the shapes "
                f"{precision.shape} and {recall.shape}"
            )
        return precision, recall
