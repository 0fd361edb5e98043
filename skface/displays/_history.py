"""A head's training, epoch by epoch."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skface._naming import last_step, readable
from skface.displays._styling import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    axes_or_new,
    bare,
    check_matplotlib,
    legend_above,
    split_axes,
)
from skface.exceptions import InputError, ParameterError

_PANEL = (4.5, 3.6)  # inches
_LOG_FROM = 30  # ratio of the highest value to the lowest


class HistoryDisplay:
    """Loss and metric by epoch, in training and validation.

    Parameters
    ----------
    history : dict of list of float
        One number an epoch for each name, such as "loss" and "binary_accuracy";
        validation has the same names with "val\\_" in front, where there is one.
    best_epoch : int, default=None
        Index, from 0, of the epoch whose weights were kept; marked where there is
        validation.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The bounds of the panels.
    axes_ : ndarray of matplotlib Axes
        One panel a name. Epochs are counted from 1.
    figure_ : matplotlib Figure
    lines_ : dict of matplotlib Line2D
        The curves by their name in `history`.

    See Also
    --------
    skface.DenseHeadClassifier : Its ``history_`` and ``best_epoch_``.

    Examples
    --------
    >>> from skface.displays import HistoryDisplay
    >>> history = {"loss": [0.7, 0.5, 0.4], "val_loss": [0.7, 0.6, 0.65]}
    >>> display = HistoryDisplay(history, best_epoch=1).plot()
    >>> display.lines_["val_loss"].get_ydata().tolist()
    [0.7, 0.6, 0.65]
    """

    def __init__(self, history, *, best_epoch=None):
        self.history = history
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator, *, ax=None) -> "HistoryDisplay":
        """Show how a head was trained.

        Parameters
        ----------
        estimator : fitted DenseHeadRegressor or DenseHeadClassifier
            Or a pipeline that ends with one, or a search whose best estimator does. Of
            a `SecondLook` its second look is shown; give ``look.first_`` for the first.
        ax : matplotlib Axes, default=None
            Its place is filled with the panels. A new figure without it.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            The head is not fitted.
        ParameterError
            The estimator keeps no history.

        Examples
        --------
        >>> import numpy as np
        >>> from skface import DenseHeadClassifier
        >>> from skface.displays import HistoryDisplay
        >>> X = np.random.default_rng(0).normal(size=(60, 5))
        >>> head = DenseHeadClassifier(0, epochs=2, random_state=0).fit(X, X > 0)
        >>> display = HistoryDisplay.from_estimator(head)
        >>> sorted(display.lines_)
        ['binary_accuracy', 'loss', 'val_binary_accuracy', 'val_loss']
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        head = last_step(estimator)
        check_is_fitted(head)
        if not hasattr(head, "history_"):
            raise ParameterError(
                f"{type(head).__name__} keeps no history_: give a skface head, or a "
                "pipeline or search that ends with one"
            )
        return cls(head.history_, best_epoch=head.best_epoch_).plot(ax)

    def plot(self, ax=None) -> "HistoryDisplay":
        """Draw one panel for the loss and one for each metric.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its place is filled with the panels. A new figure without it.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        InputError
            The history is empty.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        names = [name for name in self.history if not name.startswith("val_")]
        names.sort(key=lambda name: name != "loss")  # Keras' own order varies
        if not names or not len(self.history[names[0]]):
            raise InputError("the history has no epoch to show")
        self.ax_ = axes_or_new(ax, (_PANEL[0] * len(names), _PANEL[1]))
        self.figure_ = self.ax_.figure
        self.axes_ = split_axes(self.ax_, [1], len(names))
        self.lines_ = {}
        for panel, name in zip(self.axes_, names, strict=True):
            self._draw(panel, name)
        return self

    def _draw(self, panel, name):
        from matplotlib.ticker import MaxNLocator

        epochs = np.arange(1, len(self.history[name]) + 1)
        marker = "o" if len(epochs) == 1 else None
        curves = [(name, "train", BLUE), (f"val_{name}", "validation", ORANGE)]
        for key, label, color in curves:
            if key in self.history:
                (self.lines_[key],) = panel.plot(
                    epochs,
                    self.history[key],
                    color=color,
                    marker=marker,
                    label=label,
                )
        if self.best_epoch is not None and f"val_{name}" in self.history:
            best = self.best_epoch + 1
            panel.axvline(best, color=GREY, linewidth=1, linestyle=":", zorder=0)
            panel.plot(
                best,
                self.history[f"val_{name}"][self.best_epoch],
                "o",
                color=ORANGE,
                markeredgecolor=BLACK,
                label=f"best epoch: {best}",
            )
        values = np.concatenate(
            [self.history[key] for key, *_ in curves if key in self.history]
        )
        if values.min() > 0 and values.max() > _LOG_FROM * values.min():
            panel.set_yscale("log")
        panel.set(xlim=(0.5, len(epochs) + 0.5), xlabel="epoch", ylabel=readable(name))
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        bare(panel)
        legend_above(panel)
