"""A search as arrays over two of its parameters."""

from numbers import Number

import numpy as np

from skface.exceptions import InputError, ParameterError


class SearchTable:
    """Candidates of a search by two parameters; the best of those at one place.

    Parameters
    ----------
    candidates : skface.search.Candidates
    rows, columns : str or None
        Found by themselves where exactly two parameters vary.

    Attributes
    ----------
    scores, deviations, times : ndarray of shape (n_rows, n_columns)
        NaN where nothing was tried, or the fit failed.
    tried : ndarray of shape (n_rows, n_columns), bool
    row_labels, column_labels : list of str
    row_name, column_name : str
    metric : str
    n_folds : int
    n_failed : int
        Candidates without a score.
    """

    def __init__(self, candidates, rows, columns):
        table, self.metric = candidates.table, candidates.metric
        self.n_folds, self.n_failed = candidates.n_folds, int(table["failed"].sum())
        if self.n_failed == len(table):
            raise InputError("no candidate of the search has a score")
        tried_first = np.argsort(table.index)
        params = [candidates.params[i] for i in tried_first]
        rows, columns = _two_parameters(params, rows, columns)
        self.row_name = candidates.parameter_names[rows]
        self.column_name = candidates.parameter_names[columns]
        self.row_labels, row = _levels([each.get(rows) for each in params])
        self.column_labels, column = _levels([each.get(columns) for each in params])
        cells = zip(row, column, strict=True)
        self._cells = dict(zip(table.index[tried_first], cells, strict=True))
        self._best = table.index[0]

        shape = len(self.row_labels), len(self.column_labels)
        self.scores, self.deviations, self.times = (
            np.full(shape, np.nan) for _ in "123"
        )
        self.tried = np.zeros(shape, bool)
        names = (f"mean_test_{self.metric}", f"std_test_{self.metric}", "mean_fit_time")
        figures = table.reindex(columns=names)
        # the best comes last, and overwrites
        for i, score, deviation, seconds in figures[::-1].itertuples():
            cell = self._cells[i]
            self.tried[cell] = True
            self.scores[cell] = score
            self.deviations[cell] = deviation
            self.times[cell] = seconds

    def index_of(self, candidate):
        """The cell of a candidate; of the best one where that is None."""
        return self._cells[self._best if candidate is None else candidate]


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
    return labels, [keys.index(repr(value)) for value in values]
