"""``skface search``."""

import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skface._pictures import as_png, has_matplotlib
from skface.cli._common import say, write_file, write_out
from skface.cli._fit import fit_into, load_splits, make_pipeline, run_folder
from skface.datasets import CelebALoader
from skface.displays import SearchDisplay
from skface.exceptions import ParameterError

_ROWS, _COLUMNS = "head__n_layers", "head__n_units"


def run(args):
    splits = load_splits(args)
    pipe = make_pipeline(args)
    folder = run_folder(args)
    loader = CelebALoader(args.data, args.target)
    X, y = loader.load("train+valid")
    grid = {_ROWS: args.n_layers, _COLUMNS: args.n_units}
    say(args, f"VGG19 on {len(X):,} train and valid photos of {args.data}")
    pipe[0].transform(X)
    n_candidates = len(args.n_layers) * len(args.n_units)
    say(args, f"{n_candidates} heads, each scored on the valid photos")
    search = GridSearchCV(
        clone(pipe).set_params(features__verbose=0, head__verbose=0),
        grid,
        cv=loader.predefined_split(),
        refit=False,
    )
    search.fit(X, y)
    results = pd.DataFrame(search.cv_results_)
    if results["mean_test_score"].isna().all():
        raise ParameterError("no candidate could be fitted; see the warnings above")
    _write_search(folder, search, results)
    write_out(_table(results))
    best = search.best_params_
    say(args, "best: " + ", ".join(f"{name}={best[name]}" for name in best))
    fit_into(folder, pipe.set_params(**best), splits, args, best=best)


def _write_search(folder, search, results):
    names = {
        f"param_{_ROWS}": _ROWS,
        f"param_{_COLUMNS}": _COLUMNS,
        "mean_test_score": "score",
        "rank_test_score": "rank",
        "mean_fit_time": "fit_seconds",
        "mean_score_time": "score_seconds",
    }
    table = results[list(names)].rename(columns=names).sort_values("rank")
    write_file(
        folder / "search.csv",
        table.to_csv(index=False, float_format="%.6g", lineterminator="\n"),
    )
    if has_matplotlib():
        display = SearchDisplay(
            search.cv_results_,
            rows=_ROWS,
            columns=_COLUMNS,
            best_index=search.best_index_,
        )
        write_file(folder / "search.png", as_png(display.plot()))


def _table(results):
    """Scores by layer count and width, as text."""
    table = results.pivot(
        index=f"param_{_ROWS}",
        columns=f"param_{_COLUMNS}",
        values="mean_test_score",
    )
    table = table.rename_axis(index="n_layers", columns="n_units")
    return table.astype(float).round(4).to_string()
