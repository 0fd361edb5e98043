"""A search as a table."""

import numpy as np
import pandas as pd

from skface.search._candidates import read_candidates


def search_report(search, *, metric=None) -> pd.DataFrame:
    """The candidates of a search as a tidy table, best first.

    Parameters
    ----------
    search : fitted search, optuna Study, or dict
        `GridSearchCV`, `RandomizedSearchCV`, a halving search, Optuna's
        `OptunaSearchCV`, an Optuna study of one objective, or a ``cv_results_``.
    metric : str, default=None
        The scorer of several that ranks the candidates; that of ``refit``, or the
        first one, without it.

    Returns
    -------
    DataFrame, one row a candidate
        Its index is the candidate's position in ``cv_results_``, or its trial's among
        the finished ones. Columns, as far as the search measured them:

        - the parameters, by the last part of their names where that is clear:
          ``head__n_layers`` stands as ``n_layers``. NaN where a candidate has none;
        - ``mean_test_score`` and ``std_test_score`` over the folds, and the same of
          ``train_score``; of several scorers, each by its name;
        - ``rank``, 1 being the best. In a halving search, candidates that lasted longer
          come first, and each row is of the candidate's last iteration;
        - ``mean_fit_time`` and ``total_fit_time`` in seconds, the total over all folds
          and iterations, and the same of ``score_time``. In a study of your own the
          trial's duration stands as its fit time;
        - ``failed``: the candidate has no score;
        - ``n_failed_folds``: how many fits failed, with the search's
          ``error_score=np.nan``, which is the default;
        - ``iteration`` and ``n_resources`` of a halving search; the resource itself,
          such as ``head__epochs``, is not among the parameters.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        The search is not fitted.
    ParameterError
        There is no such metric.
    InputError
        An Optuna study has no finished trial, or several objectives.

    See Also
    --------
    skface.SearchDisplay : Draws the same.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skface import search_report
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> search = GridSearchCV(tree, {"max_depth": [1, 2, 3]})
    >>> report = search_report(search.fit(*load_iris(return_X_y=True)))
    >>> report[["max_depth", "mean_test_score", "rank", "failed"]].round(3)
       max_depth  mean_test_score  rank  failed
    2          3            0.960     1   False
    1          2            0.933     2   False
    0          1            0.667     3   False
    """
    candidates = read_candidates(search, metric)
    table = candidates.table
    for position, (name, short) in enumerate(candidates.parameter_names.items()):
        values = [each.get(name, np.nan) for each in candidates.params]
        column = pd.Series(values, index=table.index, dtype=object)
        if all(name in each for each in candidates.params):
            column = column.infer_objects()
        table.insert(position, short, column)
    return table
