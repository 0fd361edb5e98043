"""Scores of the attributes, one bar each."""

import numpy as np
import pandas as pd

from skface._naming import names_of, names_told_by, ordered, readable
from skface._validation import as_array
from skface.displays._styling import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    attribute_names,
    axes_or_new,
    bare,
    check_matplotlib,
    distinct,
    legend_above,
    literal,
    shortened,
)
from skface.evaluation import answers
from skface.exceptions import InputError, ParameterError
from skface.metrics import attribute_report
from skface.targets import by_name

_WIDTH, _BAR, _MARGIN, _LEGEND_ROW = 7.5, 0.17, 0.8, 0.19  # inches
_NAME_WIDTH, _GROUP_WIDTH = 2.2, 2.2  # inches
_SCORE_WIDTH = 5  # of the legend's letters
_MOST_MARKS = 3  # in the legend, beside the groups
_FONT_SIZE, _LEGEND_SIZE = 8, 9
_COLORS = ORANGE, SKY, GREEN, YELLOW, PURPLE
# What a constant answer, or a random order, scores in each column.
_BASELINES = {
    "accuracy": ("majority", lambda report: report["majority"]),
    "balanced_accuracy": (
        "constant answer",
        lambda report: pd.Series(0.5, report.index),
    ),
    "precision": ("always present", lambda report: report["prevalence"]),
    "average_precision": ("random order", lambda report: report["prevalence"]),
}


class AttributesDisplay:
    """Sorted bars of a score of each attribute, with its trivial baseline.

    Parameters
    ----------
    report : DataFrame
        One row an attribute, as `skface.metrics.attribute_report` gives it.
    by_group : DataFrame, default=None
        One row a group and attribute, as `attribute_report` gives it with `groups`.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : matplotlib BarContainer
        From the highest score to the lowest.
    baselines_ : matplotlib Line2D or None
        The baseline of each bar.
    dots_ : dict of matplotlib Line2D
        The scores of each group, by its label.

    See Also
    --------
    skface.metrics.attribute_report : The scores.

    Examples
    --------
    >>> from skface.displays import AttributesDisplay
    >>> from skface.metrics import attribute_report
    >>> report = attribute_report([[0, 1], [1, 1]], [[0, 1], [0, 1]], names=["a", "b"])
    >>> display = AttributesDisplay(report).plot()
    >>> [float(bar.get_width()) for bar in display.bars_]
    [1.0, 0.5]
    """

    def __init__(self, report, by_group=None):
        self.report = report
        self.by_group = by_group

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, names=None, groups=None, column="accuracy", ax=None
    ) -> "AttributesDisplay":
        """Show how well a fitted classifier tells each attribute.

        Parameters
        ----------
        estimator : fitted classifier
        X : array-like
            What the classifier takes, such as photos for a pipeline.
        y : array-like of shape (n_samples, n_attributes)
            In {0, 1}, or NaN where a label is missing.
        names, groups, column, ax
            As for `from_predictions`; "average_precision" is had by `predict_proba`.

        Returns
        -------
        AttributesDisplay

        Raises
        ------
        InputError
            y does not fit, or `names` are too many or too few.
        ParameterError
            There is no such column.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> from skface.displays import AttributesDisplay
        >>> y = np.array([[0, 1], [1, 0], [1, 1]])
        >>> tree = DecisionTreeClassifier().fit(y, y)
        >>> display = AttributesDisplay.from_estimator(tree, y, y, names=["a", "b"])
        >>> display.report["accuracy"].tolist()
        [1.0, 1.0]
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        y = by_name(estimator, y, "y")
        told, y = names_of(y) or names_told_by(estimator), as_array(y, "y")
        y_pred, y_score = answers(estimator, X)
        n_attributes = y.shape[1] if y.ndim == 2 else 1
        return cls.from_predictions(
            y,
            y_pred,
            y_score=y_score if column == "average_precision" else None,
            names=attribute_names(names, n_attributes, told),
            groups=groups,
            column=column,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_pred,
        *,
        y_score=None,
        names=None,
        groups=None,
        column="accuracy",
        ax=None,
    ) -> "AttributesDisplay":
        """Show how well predictions made before tell each attribute.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples, n_attributes)
            In {0, 1}; in `y_true` NaN is a missing label.
        y_score : array-like of shape (n_samples, n_attributes), default=None
            Probabilities, which "average_precision" needs.
        names : sequence of str, default=None
            Of the attributes; those of y_true or y_pred, or CelebA's where there are
            forty.
        groups : array-like of shape (n_samples,), dict of such, or DataFrame, \
default=None
            Groups of samples, as for `attribute_report`; each is a dot on the bars.
        column : str, default="accuracy"
            Of `skface.metrics.attribute_report`: "accuracy", "balanced_accuracy",
            "precision", "recall", "f1", "average_precision" or "prevalence".
        ax : matplotlib Axes, default=None
            A new figure without it, as high as the bars need.

        Returns
        -------
        AttributesDisplay

        Raises
        ------
        InputError
            The shapes differ, values are not in {0, 1}, or `names` or `groups` do not
            fit.
        ParameterError
            There is no such column.

        Examples
        --------
        >>> from skface.displays import AttributesDisplay
        >>> display = AttributesDisplay.from_predictions(
        ...     [[0], [0], [1]], [[0], [1], [1]], names=["Smiling"]
        ... )
        >>> display.ax_.get_xlabel()
        'accuracy (mean 0.667, majority 0.667)'
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        told = names_of(y_true) or names_of(y_pred)
        y_pred = ordered(y_pred, told, "y_pred")
        y_score = ordered(y_score, told, "y_score")
        y_true = as_array(y_true, "y_true")
        n_attributes = y_true.shape[1] if y_true.ndim == 2 else 1
        names = attribute_names(names, n_attributes, told)
        reports = [
            attribute_report(y_true, y_pred, y_score=y_score, names=names, groups=each)
            for each in ([None] if groups is None else [None, groups])
        ]
        return cls(*reports).plot(ax, column=column)

    def plot(self, ax=None, *, column="accuracy") -> "AttributesDisplay":
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure without it, as high as the bars need.
        column : str, default="accuracy"
            Column of the report. Attributes without a value there are left out.

        Returns
        -------
        AttributesDisplay

        Raises
        ------
        ParameterError
            The report has no such column.
        InputError
            The column has no value.

        Notes
        -----
        The axis starts at one half, where a coin scores, if nothing is below it, and
        at zero otherwise.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        scores = self.report.drop(columns="n_labels", errors="ignore")
        if column not in list(scores):
            raise ParameterError(
                f"no column {column!r}; there are {list(scores.columns)}"
            )
        values = scores[column].dropna().sort_values(ascending=False, kind="stable")
        if values.empty:
            raise InputError(f"no attribute has a value for {column!r}")
        places = np.arange(len(values))
        groups = []
        if self.by_group is not None:
            groups = list(self.by_group.index.unique("group"))
        n_rows = len(groups) + _MOST_MARKS if groups else 0
        height = _MARGIN + max(_BAR * len(values), _LEGEND_ROW * n_rows)
        width = _WIDTH + _GROUP_WIDTH * bool(groups)
        self.ax_ = axes_or_new(ax, (width, height))
        self.figure_ = self.ax_.figure
        label = f"{readable(column)} (mean {values.mean():.3f}"
        lowest, above = values.min(), np.ones(len(values), bool)
        self.baselines_ = None
        if column in _BASELINES:
            name, baseline = _BASELINES[column]
            baselines = baseline(self.report.loc[values.index])
            label += f", {name} {baselines.mean():.3f}"
            lowest = min(lowest, baselines.min())
            above = (values > baselines).to_numpy()
            self.baselines_ = self._mark(baselines, places)
        self.dots_ = self._dot(groups, column, values.index, places)
        if self.dots_:
            lowest = min(lowest, self.by_group[column].min())
        self.bars_ = self.ax_.barh(
            places, values, color=np.where(above, BLUE, VERMILION), height=0.7
        )
        self._label(values, places)
        self.ax_.set(xlabel=f"{label})", xlim=(0.5 if lowest >= 0.5 else 0, 1))
        bare(self.ax_)
        marks = [] if self.baselines_ is None else self._bar_marks(name, above)
        dots = list(self.dots_.values())
        if dots:  # beside the column of scores
            self.ax_.legend(
                handles=marks + dots,
                loc="upper left",
                bbox_to_anchor=(1, 1),
                borderaxespad=_SCORE_WIDTH,
                frameon=False,
                fontsize=_LEGEND_SIZE,
            )
        elif marks:
            legend_above(self.ax_, marks, fontsize=_LEGEND_SIZE)
        return self

    def _mark(self, baselines, places):
        """A black line across each bar, on white where the bar is dark."""
        from matplotlib import patheffects

        (line,) = self.ax_.plot(
            baselines,
            places,
            linestyle="none",
            marker="|",
            markersize=9,
            markeredgewidth=1.6,
            color=BLACK,
            path_effects=[patheffects.withStroke(linewidth=3.6, foreground="white")],
            clip_on=False,
            zorder=3,
        )
        return line

    def _dot(self, groups, column, attributes, places):
        """A mark on each bar for each group."""
        dots = {}
        for group in groups:
            color, marker = distinct(len(dots), _COLORS, "oD^vs")
            (dots[group],) = self.ax_.plot(
                self.by_group.xs(group, level="group")[column].reindex(attributes),
                places,
                linestyle="none",
                marker=marker,
                markersize=5,
                markeredgewidth=0.6,
                markeredgecolor=BLACK,
                color=color,
                label=literal(shortened(group, _GROUP_WIDTH, _LEGEND_SIZE)),
                clip_on=False,
                zorder=4,
            )
        return dots

    def _label(self, values, places):
        """The attributes on the left, their scores in a column on the right."""
        size = _FONT_SIZE
        names = [shortened(readable(name), _NAME_WIDTH, size) for name in values.index]
        self.ax_.set_yticks(places, labels=map(literal, names), fontsize=size)
        self.ax_.tick_params(axis="y", length=0)
        self.ax_.set_ylim(len(values) - 0.4, -0.6)
        for place, value in zip(places, values, strict=True):
            self.ax_.text(
                1.02,
                place,
                f"{value:.3f}",
                transform=self.ax_.get_yaxis_transform(),
                va="center",
                fontsize=size,
            )

    def _bar_marks(self, name, above):
        """What the legend shows of bars and baseline."""
        from matplotlib.patches import Patch

        self.baselines_.set_label(f"baseline: {name}")
        marks = [self.baselines_]
        for color, text, drawn in (
            (BLUE, "better", above.any()),
            (VERMILION, "not better", not above.all()),
        ):
            if drawn:
                marks.append(Patch(color=color, label=text))
        return marks
