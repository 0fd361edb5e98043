"""How errors are spread over the photos."""

import numpy as np
import pandas as pd

from skface._validation import as_floats
from skface.displays._styling import (
    GREY,
    ORANGE,
    as_percent,
    axes_or_new,
    bare,
    check_matplotlib,
    free_color,
    legend_above,
    literal,
    shortened,
)
from skface.exceptions import InputError, ParameterError
from skface.targets import BBOX, LANDMARKS, as_target, by_name, guessed, target_of

_SIZE = (6, 4)  # inches
_NAME_WIDTH, _LEGEND_SIZE = 2.4, 10  # inches, points
_BINS = np.linspace(0, 1, 21)
_KINDS = ("nme", "iou")
# What is drawn of a target, and its score's sign there.
_DRAWN = {LANDMARKS.name: ("nme", -1), BBOX.name: ("iou", 1)}


class ErrorsDisplay:
    """Cumulative curve of landmark errors, or histogram of the overlap of boxes.

    Parameters
    ----------
    values : array-like of shape (n_samples,)
        Of each photo: `skface.metrics.nme_score` or `skface.metrics.iou_score`, with
        ``average=False``.
    kind : {"nme", "iou"}
        What the values are.
    baseline : array-like of shape (n_samples,), default=None
        The same of a trivial prediction.
    name : str, default=None
        Of the model, for the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D or StepPatch
        The curve or the histogram.
    baseline_ : matplotlib Line2D, StepPatch or None

    Examples
    --------
    >>> from skface.displays import ErrorsDisplay
    >>> display = ErrorsDisplay([0.02, 0.04, 0.3], kind="nme").plot(name="mine")
    >>> display.line_.get_label()
    'mine: mean 12.0 %, 33.3 % above 10 %'
    """

    def __init__(self, values, *, kind, baseline=None, name=None):
        self.values = values
        self.kind = kind
        self.baseline = baseline
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        target=None,
        y_baseline=None,
        image_sizes=None,
        name=None,
        ax=None,
    ) -> "ErrorsDisplay":
        """Show the errors of a fitted regressor.

        Parameters
        ----------
        estimator : fitted regressor
            Of boxes or landmarks.
        X : array-like
            What the regressor takes, such as photos for a pipeline.
        y : array-like of shape (n_samples, n_targets)
            True boxes or landmarks, as fractions of the photo's width and height.
        target : {"bbox", "landmarks"}, or Target, default=None
            What the columns of y mean, where the estimator does not say it itself, as
            skface's pipelines do. Without either they are taken for boxes or landmarks
            by their number, which is deprecated.
        y_baseline, image_sizes, ax
            As for `from_predictions`.
        name : str, default=None
            For the legend; the name of the estimator's class without it.

        Returns
        -------
        ErrorsDisplay

        Raises
        ------
        InputError
            It is neither boxes nor landmarks, or y does not fit the predictions.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.dummy import DummyRegressor
        >>> from skface.displays import ErrorsDisplay
        >>> y = np.array([[0.2, 0.2, 0.4, 0.4], [0.3, 0.2, 0.4, 0.4]])
        >>> mean_box = DummyRegressor().fit(y, y)
        >>> display = ErrorsDisplay.from_estimator(mean_box, y, y, target="bbox")
        >>> display.values.round(2).tolist()
        [0.78, 0.78]
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        target = target_of(estimator, target, y)
        return cls.from_predictions(
            by_name(estimator, y, "y", target),
            estimator.predict(X),
            target=target,
            y_baseline=y_baseline,
            image_sizes=image_sizes,
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_pred,
        *,
        target=None,
        y_baseline=None,
        image_sizes=None,
        name=None,
        ax=None,
    ) -> "ErrorsDisplay":
        """Show the errors of predictions that were made before.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples, n_targets)
            Boxes or landmarks, as fractions of the photo's width and height.
        target : {"bbox", "landmarks"}, or Target, default=None
            What the columns mean. Without it they are taken for boxes or landmarks by
            their number, which is deprecated.
        y_baseline : array-like of shape (n_targets,), or like y_true, default=None
            Trivial predictions to compare with, such as ``y_train.mean(axis=0)``.
        image_sizes : array-like of shape (n_samples, 2) or (2,), default=None
            (width, height) of the photos in pixels, so that both axes of landmarks
            count equally.
        name : str, default=None
            Of the model, for the legend.
        ax : matplotlib Axes, default=None
            Of another ErrorsDisplay, to compare. A new figure without it.

        Returns
        -------
        ErrorsDisplay

        Raises
        ------
        InputError
            They are neither boxes nor landmarks, or the shapes differ.
        ParameterError
            There is no such target.

        Examples
        --------
        >>> import numpy as np
        >>> from skface.displays import ErrorsDisplay
        >>> rng = np.random.default_rng(0)
        >>> y_true = rng.uniform(0.3, 0.7, (50, 10))
        >>> display = ErrorsDisplay.from_predictions(
        ...     y_true,
        ...     y_true + 0.01,
        ...     target="landmarks",
        ...     y_baseline=y_true.mean(axis=0),
        ... )
        >>> display.ax_.get_ylabel()
        'share of the photos'
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        target = guessed(y_true) if target is None else as_target(target)
        if target.name not in _DRAWN:
            raise InputError(
                f"y_true must be boxes or landmarks, one of them, got {target.plural} "
                f"of the shape {np.shape(y_true)}"
            )
        y_true = as_floats(target.checked(y_true, "y_true"), "y_true")
        y_pred = target.checked(y_pred, "y_pred")
        kind, sign = _DRAWN[target.name]

        def values(y):
            return sign * target.scores(y_true, y, image_sizes)

        baseline = None
        if y_baseline is not None:
            if isinstance(y_baseline, pd.Series):  # as the mean of a DataFrame
                y_baseline = target.arranged(y_baseline.to_frame().T).iloc[0]
            y_baseline = as_floats(target.arranged(y_baseline), "y_baseline")
            if y_baseline.shape not in (y_true.shape, y_true.shape[1:]):
                raise InputError(
                    f"y_baseline has the shape {y_baseline.shape}, y_true "
                    f"{y_true.shape}"
                )
            baseline = values(np.broadcast_to(y_baseline, y_true.shape))
        return cls(
            values(y_pred),
            kind=kind,
            baseline=baseline,
            name=name,
        ).plot(ax)

    def plot(
        self, ax=None, *, name=None, threshold=None, color=None
    ) -> "ErrorsDisplay":
        """Draw the curve or the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Of another ErrorsDisplay, to compare. A new figure without it.
        name : str, default=None
            Of the model, for the legend, in place of the display's.
        threshold : float, default=None
            Where a photo counts as failed: an error above 0.1 or an IoU below 0.5
            unless told.
        color : matplotlib color, default=None
            Of the curve; without it one that the axes have not yet.

        Returns
        -------
        ErrorsDisplay

        Raises
        ------
        ParameterError
            There is no such kind.
        InputError
            The values are not one finite number a photo.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if self.kind not in _KINDS:
            raise ParameterError(f"kind must be in {_KINDS}, got {self.kind!r}")
        values = _checked("values", self.values)
        name = shortened(name or self.name or "model", _NAME_WIDTH, _LEGEND_SIZE)
        name = literal(name)
        fresh = ax is None or not ax.has_data()
        self.ax_ = axes_or_new(ax, _SIZE)
        self.figure_ = self.ax_.figure
        is_nme = self.kind == "nme"
        if threshold is None:
            threshold = 0.1 if is_nme else 0.5
        draw = self._curve if is_nme else self._histogram
        color = free_color(self.ax_) if color is None else color
        self.line_ = draw(values, name, color, threshold, "-")
        self.baseline_ = None
        if self.baseline is not None:
            baseline = _checked("baseline", self.baseline)
            self.baseline_ = draw(baseline, "baseline", ORANGE, threshold, "--")
        if fresh:
            self.ax_.axvline(
                threshold, color=GREY, linewidth=1, linestyle=":", zorder=0
            )
            self.ax_.set(
                xlabel="normalised mean error (of the distance between the eyes)"
                if is_nme
                else "intersection over union",
                ylabel="share of the photos",
            )
            self.ax_.yaxis.set_major_formatter(as_percent)
            if is_nme:
                self.ax_.xaxis.set_major_formatter(as_percent)
            bare(self.ax_)
        right = 1
        if is_nme:
            right = max(2 * threshold, np.quantile(values, 0.99))
            if self.baseline is not None:
                # enough to see it, not so much that the curve shrinks to a line
                right = max(right, min(1.2 * np.median(baseline), 5 * threshold))
            right = right if fresh else max(right, self.ax_.get_xlim()[1])
        self.ax_.set(xlim=(0, right), ylim=(0, 1.02 if is_nme else None))
        legend_above(self.ax_, n_columns=1)
        return self

    def _curve(self, errors, name, color, threshold, style):
        failed = (errors > threshold).mean()
        (line,) = self.ax_.plot(
            # the curve goes on at 100 %, beyond what any axis shows
            np.r_[0, np.sort(errors), errors.max() + 100],
            np.r_[np.arange(len(errors) + 1) / len(errors), 1],
            drawstyle="steps-post",
            color=color,
            linestyle=style,
            label=f"{name}: mean {100 * errors.mean():.1f} %, "
            f"{100 * failed:.1f} % above {100 * threshold:g} %",
        )
        return line

    def _histogram(self, overlaps, name, color, threshold, style):
        # rounding may bring a perfect overlap to above 1, out of the last bin
        counts, edges = np.histogram(np.clip(overlaps, 0, 1), _BINS)
        failed = (overlaps < threshold).mean()
        return self.ax_.stairs(
            counts / len(overlaps),
            edges,
            color=color,
            linestyle=style,
            linewidth=1.5,
            label=f"{name}: mean {overlaps.mean():.3f}, {100 * failed:.1f} % "
            f"below {threshold:g}",
        )


def _checked(name, values):
    values = np.asarray(values, float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise InputError(
            f"{name} must hold one finite number a photo, got the shape {values.shape}"
        )
    return values
