"""The candidates of any search, best first."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.utils.validation import check_is_fitted

from skface.exceptions import InputError, ParameterError

_MEASURED = re.compile(r"(mean|std|split\d+)_((test|train)_score|(fit|score)_time)")


class Candidates(NamedTuple):
    """The candidates of a search, best first.

    Attributes
    ----------
    params : list of dict
        What each tried.
    table : DataFrame, one row a candidate
        The columns of `search_report` but for the parameters.
    metric : str
        By which they are ranked.
    n_folds : int
        Evaluations behind each mean.
    """

    params: list
    table: pd.DataFrame
    metric: str
    n_folds: int

    @property
    def parameter_names(self):
        """Dict of the parameters: the full name, and its last part if that is clear."""
        names = list(dict.fromkeys(name for each in self.params for name in each))
        last = {name: name.rpartition("__")[2] for name in names}
        taken = Counter([*last.values(), *self.table.columns])
        return {name: last[name] if taken[last[name]] == 1 else name for name in names}


def read_candidates(search, metric=None) -> Candidates:
    """What a search found, as the report and the displays read it.

    Parameters
    ----------
    search : fitted search, optuna Study, or dict
        As for `skface.search_report`.
    metric : str, default=None
        The scorer of several that ranks the candidates; that of ``refit``, or the
        first one, without it.

    Returns
    -------
    Candidates
        ``params``, a list of dict, and ``table``, a DataFrame of the other columns of
        `skface.search_report`, both best first; ``metric`` and ``n_folds``;
        ``parameter_names``, a dict of full names to short ones.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        The search is not fitted.
    ParameterError
        There is no such metric.
    InputError
        An Optuna study has no finished trial, or several objectives.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skface.search import read_candidates
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> search = GridSearchCV(tree, {"max_depth": [1, 2]})
    >>> candidates = read_candidates(search.fit(*load_iris(return_X_y=True)))
    >>> candidates.params
    [{'max_depth': 2}, {'max_depth': 1}]
    >>> candidates.n_folds
    5
    """
    results = _cv_results(search)
    metrics = [
        name.removeprefix("mean_test_")
        for name in results
        if str(name).startswith("mean_test_")
    ]
    if not metrics or "params" not in results:
        raise InputError("a cv_results_ has params and mean_test_score; this has not")
    if metric is None:
        refit = getattr(search, "refit", None)
        metric = refit if refit in metrics else metrics[0]
    if metric not in metrics:
        raise ParameterError(
            f"the search has no metric {metric!r}; it has {metrics}: name one by "
            "metric="
        )
    folds = [
        values
        for name, values in results.items()
        if name.startswith("split") and name.endswith(f"_test_{metric}")
    ] or [results[f"mean_test_{metric}"]]

    table = pd.DataFrame(
        {
            name: np.asarray(results[name], float)
            for each in metrics
            for name in _score_names(each)
            if name in results
        }
    )
    table["rank"] = _ranks(results, metric)
    for name in ("fit_time", "score_time"):
        if f"mean_{name}" in results:
            table[f"mean_{name}"] = np.asarray(results[f"mean_{name}"], float)
            table[f"total_{name}"] = len(folds) * table[f"mean_{name}"]
    table["failed"] = table[f"mean_test_{metric}"].isna()
    table["n_failed_folds"] = np.isnan(np.asarray(folds, float)).sum(axis=0)
    params = results["params"]
    if "iter" in results:
        table["iteration"] = np.asarray(results["iter"])
        table["n_resources"] = np.asarray(results["n_resources"])
        table = _at_last_iteration(table, params)
    table = table.sort_values("rank", kind="stable")
    return Candidates([params[i] for i in table.index], table, metric, len(folds))


def _score_names(metric):
    return [
        f"{figure}_{part}_{metric}"
        for part in ("test", "train")
        for figure in ("mean", "std")
    ]


def _ranks(results, metric):
    """1 for the best; failed candidates share the last rank."""
    ranks = results.get(f"rank_test_{metric}")
    if ranks is None:
        means = np.asarray(results[f"mean_test_{metric}"], float)
        ranks = rankdata(np.where(np.isnan(means), np.inf, -means), method="min")
    return np.asarray(ranks, int)


def _at_last_iteration(table, params):
    """Each candidate of a halving search where it got furthest, ranked by that."""
    who = [repr(sorted(each.items())) for each in params]
    last = table.groupby(who)["iteration"].transform("max") == table["iteration"]
    totals = [name for name in table if name.startswith("total_")]
    table[totals] = table.groupby(who)[totals].transform("sum")
    table = table[last]
    order = len(params) * -table["iteration"] + table["rank"]
    return table.assign(rank=order.rank(method="min").astype(int))


def _cv_results(search):
    """scikit-learn's ``cv_results_``, whatever the search."""
    if isinstance(search, Mapping):
        return search
    study = getattr(search, "study_", search)
    if hasattr(study, "trials"):
        return _of_study(study)
    if hasattr(search, "fit"):
        check_is_fitted(search, "cv_results_")
    results = getattr(search, "cv_results_", None)
    if not isinstance(results, Mapping):
        raise InputError(
            "search must be a fitted search, an Optuna study, or a cv_results_, got "
            f"{search!r}"
        )
    resource = getattr(search, "resource", None)  # of a halving search
    if resource in results["params"][0]:
        params = [
            {name: value for name, value in each.items() if name != resource}
            for each in results["params"]
        ]
        results = {**results, "params": params}
    return results


def _of_study(study):
    """An Optuna study; OptunaSearchCV keeps what it measures as user attributes."""
    if len(study.directions) > 1:
        raise InputError(
            f"the study has {len(study.directions)} objectives: candidates can be "
            "ranked by one only"
        )
    trials = [trial for trial in study.trials if trial.state.is_finished()]
    if not trials:
        raise InputError("the study has no finished trial")
    values = np.array([trial.value for trial in trials], float)
    sign = 1 if study.direction.name == "MAXIMIZE" else -1
    complete = [trial.state.name == "COMPLETE" for trial in trials]
    # Pruned trials have an intermediate value, failed ones have none.
    stage = np.select([complete, ~np.isnan(values)], [0, 1], 2)
    within = rankdata(np.nan_to_num(-sign * values), method="min")
    measured = dict.fromkeys(
        name
        for trial in trials
        for name in trial.user_attrs
        if _MEASURED.fullmatch(name)
    )
    return {
        "params": [trial.params for trial in trials],
        "mean_fit_time": [
            trial.duration.total_seconds() if trial.duration else np.nan
            for trial in trials
        ],
        **{
            name: [trial.user_attrs.get(name, np.nan) for trial in trials]
            for name in measured
        },
        "mean_test_score": values,
        "rank_test_score": rankdata(len(trials) * stage + within, method="min"),
    }
