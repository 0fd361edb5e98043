"""What a search over two parameters found."""

from numbers import Number

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skface.displays._common import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    axes_or_new,
    bare,
    check_matplotlib,
)
from skface.exceptions import InputError, ParameterError

_KINDS = ("grid", "time")
_STYLES = list(zip((BLUE, ORANGE, GREEN, PURPLE, SKY, BLACK), "os^DvP", strict=True))
_LOG_FROM = 10  # ratio of the slowest to the fastest fit
_POINT_RADIUS, _RING_RADIUS = 5, 7  # points
# where a text may stand beside its point: direction, and alignment
_SIDES = [
    ((1, 0), "left", "center"),
    ((-1, 0), "right", "center"),
    ((0, 1), "center", "bottom"),
    ((0, -1), "center", "top"),
    ((0.7, 0.7), "left", "bottom"),
    ((0.7, -0.7), "left", "top"),
    ((-0.7, 0.7), "right", "bottom"),
    ((-0.7, -0.7), "right", "top"),
]


class SearchDisplay:
    """Scores of a search over two parameters: a heat map, or against fit time.

    Parameters
    ----------
    results : dict
        ``cv_results_`` of a search.
    rows, columns : str, default=None
        The two parameters, such as "head__n_layers" and "head__n_units". Found by
        themselves where exactly two vary. Where others vary too, the best of them
        stands for each pair.
    metric : str, default="score"
        For ``mean_test_<metric>``: "score", or a scorer's name where there are several.
    best_index : int, default=None
        Candidate to mark: that of the highest mean without it.
    score_name : str, default=None
        For the scale; the metric without it.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    im_ : matplotlib AxesImage
        The heat map; kind "grid" only.
    text_ : ndarray of shape (n_rows, n_columns) of matplotlib Text or None
        What stands in its cells; kind "grid" only.
    points_ : list of matplotlib Line2D
        One for each value of `rows`; kind "time" only.
    labels_ : list of matplotlib Annotation
        One a point; kind "time" only.
    best_ : matplotlib artist
        The mark of the best candidate.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skface.displays import SearchDisplay
    >>> grid = {"max_depth": [1, 2], "min_samples_leaf": [1, 5, 20]}
    >>> search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid)
    >>> display = SearchDisplay.from_estimator(search.fit(*load_iris(return_X_y=True)))
    >>> display.im_.get_array().shape
    (2, 3)
    """

    def __init__(
        self,
        results,
        *,
        rows=None,
        columns=None,
        metric="score",
        best_index=None,
        score_name=None,
    ):
        self.results = results
        self.rows = rows
        self.columns = columns
        self.metric = metric
        self.best_index = best_index
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        search,
        *,
        kind="grid",
        rows=None,
        columns=None,
        metric=None,
        score_name=None,
        ax=None,
    ):
        """Show a fitted search.

        Parameters
        ----------
        search : fitted GridSearchCV or its like
        kind : {"grid", "time"}, default="grid"
            A heat map of the mean test score with its standard deviation over the
            folds; or score against mean fit time.
        rows, columns : str, default=None
            The two parameters. Found by themselves where exactly two vary.
        metric : str, default=None
            Which scorer of several: that of ``refit`` without it.
        score_name : str, default=None
            For the scale: the search's ``scoring`` without it.
        ax : matplotlib Axes, default=None
            A new figure without it.

        Returns
        -------
        SearchDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            The search is not fitted.
        ParameterError
            There is no such kind, parameter or metric, or not exactly two parameters
            vary and none are named.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.model_selection import GridSearchCV
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> from skface.displays import SearchDisplay
        >>> grid = {"max_depth": [1, 2], "min_samples_leaf": [1, 5]}
        >>> search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid)
        >>> search = search.fit(*load_iris(return_X_y=True))
        >>> display = SearchDisplay.from_estimator(search, kind="time")
        >>> [label.get_text() for label in display.labels_]
        ['1', '5', '1', '5']
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        check_is_fitted(search, "cv_results_")
        one_metric = "mean_test_score" in search.cv_results_
        if metric is None:
            metric = search.refit if isinstance(search.refit, str) else "score"
            metric = "score" if one_metric else metric
        if score_name is None and isinstance(search.scoring, str):
            score_name = search.scoring
        chosen_by_it = one_metric or metric == search.refit
        return cls(
            search.cv_results_,
            rows=rows,
            columns=columns,
            metric=metric,
            best_index=getattr(search, "best_index_", None) if chosen_by_it else None,
            score_name=score_name,
        ).plot(ax, kind=kind)

    def plot(self, ax=None, *, kind="grid"):
        """Draw the heat map, or score against fit time.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure without it.
        kind : {"grid", "time"}, default="grid"

        Returns
        -------
        SearchDisplay

        Raises
        ------
        ParameterError
            There is no such kind, parameter or metric, or not exactly two parameters
            vary and none are named.
        InputError
            No candidate has a score.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if kind not in _KINDS:
            raise ParameterError(f"kind must be in {_KINDS}, got {kind!r}")
        table = _Table(self.results, self.rows, self.columns, self.metric)
        best = table.index_of(self.best_index)
        draw = self._draw_grid if kind == "grid" else self._draw_time
        draw(ax, table, best)
        return self

    def _scale_name(self, table):
        name = self.score_name or self.metric
        folds = f"{table.n_folds} folds" if table.n_folds > 1 else "one fold"
        return f"mean {name} of {folds}" if table.n_folds > 1 else f"{name} of {folds}"

    def _draw_grid(self, ax, table, best):
        from matplotlib.patches import Rectangle

        n_rows, n_columns = table.scores.shape
        ax = axes_or_new(ax, (2 + 1.0 * n_columns, 1.2 + 0.7 * n_rows))
        self.ax_, self.figure_ = ax, ax.figure
        self.im_ = ax.imshow(
            np.ma.masked_invalid(table.scores), cmap="cividis", aspect="auto"
        )
        self.text_ = np.full(table.scores.shape, None, dtype=object)
        for cell in np.ndindex(table.scores.shape):
            if table.tried[cell]:
                self.text_[cell] = self._write_cell(table, cell, cell == best)
        self.best_ = ax.add_patch(
            Rectangle(
                (best[1] - 0.5, best[0] - 0.5),
                1,
                1,
                facecolor="none",
                edgecolor=VERMILION,
                linewidth=3,
                clip_on=False,
                zorder=3,
            )
        )
        ax.set_xticks(range(n_columns), labels=table.column_labels)
        ax.set_yticks(range(n_rows), labels=table.row_labels)
        ax.set(xlabel=table.column_name, ylabel=table.row_name)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        bar = self.figure_.colorbar(self.im_, ax=ax)
        bar.set_label(self._scale_name(table))
        bar.outline.set_visible(False)

    def _write_cell(self, table, cell, is_best):
        score = table.scores[cell]
        if np.isnan(score):
            text, color = "failed", BLACK
        else:
            text = f"{score:.3f}"
            if table.n_folds > 1:
                text += f"\n± {table.deviations[cell]:.3f}"
            red, green, blue, _ = self.im_.cmap(self.im_.norm(score))
            light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
            color = BLACK if light else "white"
        return self.ax_.text(
            cell[1],
            cell[0],
            text,
            ha="center",
            va="center",
            color=color,
            fontweight="bold" if is_best else "normal",
        )

    def _draw_time(self, ax, table, best):
        from matplotlib.ticker import LogLocator, NullLocator

        ax = axes_or_new(ax, (6.5, 4.2))
        self.ax_, self.figure_ = ax, ax.figure
        self.points_, points, texts, cells = [], [], [], []
        for row, label in enumerate(table.row_labels):
            scored = np.flatnonzero(~np.isnan(table.scores[row]))
            if not len(scored):
                continue
            times, scores = table.times[row, scored], table.scores[row, scored]
            color, marker = _STYLES[row % len(_STYLES)]
            style = {"color": color, "marker": marker, "linestyle": "none"}
            (line,) = ax.plot(times, scores, label=label, **style)
            if table.n_folds > 1:
                ax.errorbar(
                    times,
                    scores,
                    table.deviations[row, scored],
                    fmt="none",
                    ecolor=color,
                    elinewidth=1,
                    alpha=0.5,
                )
            self.points_.append(line)
            points += list(zip(times, scores, strict=True))
            texts += [table.column_labels[column] for column in scored]
            cells += [(row, column) for column in scored]
        (self.best_,) = ax.plot(
            table.times[best],
            table.scores[best],
            "o",
            markersize=2 * _RING_RADIUS,
            markerfacecolor="none",
            markeredgecolor=VERMILION,
            markeredgewidth=2,
            label="best",
        )
        times = np.array(points)[:, 0]
        if times.min() > 0 and times.max() > _LOG_FROM * times.min():
            ax.set_xscale("log")
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.xaxis.set_major_formatter("{x:g}")
            ax.xaxis.set_minor_locator(NullLocator())
        ax.margins(0.08)
        ax.set(xlabel="mean fit time (seconds)", ylabel=self._scale_name(table))
        bare(ax)
        ax.legend(
            title=f"{table.row_name}\n(numbers: {table.column_name})",
            loc="center left",
            bbox_to_anchor=(1, 0.5),
            frameon=False,
        )
        self.labels_ = _write_apart(ax, points, texts, cells.index(best))


class _Table:
    """cv_results_ as arrays over two parameters.

    Attributes
    ----------
    scores, deviations, times : ndarray of shape (n_rows, n_columns)
        NaN where nothing was tried, or the fit failed.
    tried : ndarray of shape (n_rows, n_columns), bool
    """

    def __init__(self, results, rows, columns, metric):
        candidates = results["params"]
        means = self._column(results, f"mean_test_{metric}")
        if np.isnan(means).all():
            raise InputError("no candidate of the search has a score")
        rows, columns = _two_parameters(candidates, rows, columns)
        self.row_labels, self._row = _levels([c.get(rows) for c in candidates])
        self.column_labels, self._column_of = _levels(
            [c.get(columns) for c in candidates]
        )
        self.row_name, self.column_name = _short_names(rows, columns)
        self.n_folds = sum(
            key.startswith("split") and key.endswith(f"_test_{metric}")
            for key in results
        )
        self._means = means
        shape = len(self.row_labels), len(self.column_labels)
        self.scores, self.deviations, self.times = (
            np.full(shape, np.nan) for _ in "123"
        )
        self.tried = np.zeros(shape, bool)
        # the best comes last, and overwrites
        for i in np.argsort(np.where(np.isnan(means), -np.inf, means), kind="stable"):
            cell = self._row[i], self._column_of[i]
            self.tried[cell] = True
            self.scores[cell] = means[i]
            self.deviations[cell] = results[f"std_test_{metric}"][i]
            self.times[cell] = results["mean_fit_time"][i]

    def index_of(self, candidate):
        """The cell of a candidate; None means that of the highest mean."""
        if candidate is None:
            candidate = np.nanargmax(self._means)
        return int(self._row[candidate]), int(self._column_of[candidate])

    @staticmethod
    def _column(results, key):
        if key not in results:
            known = [
                name.removeprefix("mean_test_")
                for name in results
                if name.startswith("mean_test_")
            ]
            raise ParameterError(
                f"the search has no metric {key.removeprefix('mean_test_')!r}; "
                f"it has {known}: name one by metric="
            )
        return np.asarray(results[key], float)


def _two_parameters(candidates, rows, columns):
    names = list(dict.fromkeys(name for params in candidates for name in params))
    for name in (rows, columns):
        if name is not None and name not in names:
            raise ParameterError(
                f"the search has no parameter {name!r}; it has {names}"
            )
    varying = [
        name
        for name in names
        if len({repr(params.get(name)) for params in candidates}) > 1
    ]
    left = [name for name in varying if name not in (rows, columns)]
    n_missing = (rows is None) + (columns is None)
    if n_missing and len(left) != n_missing:
        raise ParameterError(
            f"{len(varying)} parameters vary in the search, {varying}: name two by "
            "rows= and columns="
        )
    rows = left.pop(0) if rows is None else rows
    columns = left.pop(0) if columns is None else columns
    return rows, columns


def _levels(values):
    """Labels of the different values, in order, and the number of each value's."""
    different = {repr(value): value for value in values}
    if all(isinstance(value, Number) for value in different.values()):
        different = dict(sorted(different.items(), key=lambda item: item[1]))
    keys = list(different)
    labels = [str(value) for value in different.values()]
    return labels, np.array([keys.index(repr(value)) for value in values])


def _short_names(*names):
    """Names without their steps, unless that makes them equal."""
    short = [name.rpartition("__")[2] for name in names]
    return short if len(set(short)) == len(names) else names


def _write_apart(ax, points, texts, ringed):
    """A text beside each point, where it covers neither a point nor a text."""
    from matplotlib.transforms import Bbox

    ax.figure.draw_without_rendering()  # or the layout is not settled yet
    centers = ax.transData.transform(points)
    radii = np.full((len(points), 1), _POINT_RADIUS)
    radii[ringed] = _RING_RADIUS
    pixels = radii * ax.figure.dpi / 72
    taken = [
        Bbox(corners) for corners in np.stack([centers - pixels, centers + pixels], 1)
    ]
    labels = []
    for point, text, radius in zip(points, texts, radii[:, 0], strict=True):
        label = ax.annotate(
            text, point, xytext=(0, 0), textcoords="offset points", fontsize=8
        )
        fewest = None
        for (right, up), ha, va in _SIDES:
            offset = right * (radius + 2), up * (radius + 2)
            label.set(position=offset, ha=ha, va=va)
            extent = label.get_window_extent()
            n_hit = extent.count_overlaps(taken)
            if fewest is None or n_hit < fewest[0]:
                fewest = n_hit, (offset, ha, va), extent
            if not n_hit:
                break
        _, (offset, ha, va), extent = fewest
        label.set(position=offset, ha=ha, va=va)
        taken.append(extent)
        labels.append(label)
    return labels
