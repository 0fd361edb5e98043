"""What a search over two parameters found."""

import numpy as np

from skface.displays._apart import RING_RADIUS, write_apart
from skface.displays._search_table import SearchTable
from skface.displays._styling import (
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
    distinct,
    literal,
    shortened,
    text_width,
)
from skface.exceptions import ParameterError
from skface.search import read_candidates

_KINDS = ("grid", "time")
_COLORS = BLUE, ORANGE, GREEN, PURPLE, SKY, BLACK
_CELL, _LEAST_HEIGHT, _GAP = (1.0, 0.7), 2.4, 0.2  # inches
_LABEL_WIDTH, _LABEL_SIZE = 1.8, 10  # inches, points
_LOG_FROM = 10  # ratio of the slowest to the fastest fit


class SearchDisplay:
    """Scores of a search over two parameters: a heat map, or against fit time.

    Parameters
    ----------
    results : fitted search, optuna Study, or dict
        What `skface.search_report` takes: a search, or its ``cv_results_``.
    rows, columns : str, default=None
        The two parameters, such as "head__n_layers" and "head__n_units". Found by
        themselves where exactly two vary. Where others vary too, the best of them
        stands for each pair.
    metric : str, default=None
        Which scorer of several: that of ``refit``, or the first one, without it.
    best_index : int, default=None
        Candidate to mark, by its position in ``cv_results_``: the best without it.
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
        metric=None,
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
    ) -> "SearchDisplay":
        """Show a fitted search.

        Parameters
        ----------
        search : fitted search, optuna Study, or dict
            As for `skface.search_report`. Of a halving search each candidate's last
            iteration is drawn.
        kind : {"grid", "time"}, default="grid"
            A heat map of the mean test score with its standard deviation over the
            folds; or score against mean fit time.
        rows, columns : str, default=None
            The two parameters. Found by themselves where exactly two vary.
        metric : str, default=None
            Which scorer of several: that of ``refit``, or the first one, without it.
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
        scoring = getattr(search, "scoring", None)
        if score_name is None and isinstance(scoring, str):
            score_name = scoring
        chosen_by_user = callable(getattr(search, "refit", None))
        return cls(
            search,
            rows=rows,
            columns=columns,
            metric=metric,
            best_index=search.best_index_ if chosen_by_user else None,
            score_name=score_name,
        ).plot(ax, kind=kind)

    def plot(self, ax=None, *, kind="grid") -> "SearchDisplay":
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
        candidates = read_candidates(self.results, self.metric)
        table = SearchTable(candidates, self.rows, self.columns)
        best = table.index_of(self.best_index)
        draw = self._draw_grid if kind == "grid" else self._draw_time
        draw(ax, table, best)
        return self

    def _scale_name(self, table):
        name = self.score_name or table.metric
        folds = f"{table.n_folds} folds" if table.n_folds > 1 else "one fold"
        return f"mean {name} of {folds}" if table.n_folds > 1 else f"{name} of {folds}"

    def _draw_grid(self, ax, table, best):
        from matplotlib.patches import Rectangle

        n_rows, n_columns = table.scores.shape
        columns, rows = _shown(table.column_labels), _shown(table.row_labels)
        cell = max(_CELL[0], _GAP + _widest(columns))
        size = 1.9 + _widest(rows) + cell * n_columns, 1.2 + _CELL[1] * n_rows
        ax = axes_or_new(ax, (size[0], max(size[1], _LEAST_HEIGHT)))
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
        ax.set_xticks(range(n_columns), labels=map(literal, columns))
        ax.set_yticks(range(n_rows), labels=map(literal, rows))
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
        columns = [literal(label) for label in _shown(table.column_labels)]
        for row, label in enumerate(_shown(table.row_labels)):
            scored = np.flatnonzero(~np.isnan(table.scores[row]))
            if not len(scored):
                continue
            times, scores = table.times[row, scored], table.scores[row, scored]
            color, marker = distinct(row, _COLORS, "os^DvP")
            style = {"color": color, "marker": marker, "linestyle": "none"}
            (line,) = ax.plot(times, scores, label=literal(label), **style)
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
            texts += [columns[column] for column in scored]
            cells += [(row, column) for column in scored]
        (self.best_,) = ax.plot(
            table.times[best],
            table.scores[best],
            "o",
            markersize=2 * RING_RADIUS,
            markerfacecolor="none",
            markeredgecolor=VERMILION,
            markeredgewidth=2,
            label="best",
        )
        if table.n_failed:
            ax.plot([], [], "x", color=BLACK, label=f"{table.n_failed} failed")
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
            title=f"{table.row_name}\n(labels: {table.column_name})",
            loc="center left",
            bbox_to_anchor=(1, 0.5),
            frameon=False,
        )
        self.labels_ = write_apart(ax, points, texts, cells.index(best))


def _shown(labels):
    return [shortened(label, _LABEL_WIDTH, _LABEL_SIZE) for label in labels]


def _widest(labels):
    return max(text_width(label, _LABEL_SIZE) for label in labels)
