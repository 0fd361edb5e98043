"""``skface search``."""

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skface._pictures import as_png, has_matplotlib
from skface.cli._common import say, write_file, write_out
from skface.cli._fit import fit_into, load_splits, make_pipeline, run_folder
from skface.datasets import CelebALoader
from skface.displays import SearchDisplay
from skface.exceptions import ParameterError
from skface.search import search_report

_ROWS, _COLUMNS = "head__n_layers", "head__n_units"


def run(args):
    splits = load_splits(args)
    pipe = make_pipeline(args)
    folder = run_folder(args)
    loader = CelebALoader(args.data, args.target)
    X, y = loader.load("train+valid")
    grid = {_ROWS: sorted(set(args.n_layers)), _COLUMNS: sorted(set(args.n_units))}
    say(args, f"VGG19 on {len(X):,} train and valid photos of {args.data}")
    pipe[0].transform(X)
    say(args, f"{len(ParameterGrid(grid))} heads, each scored on the valid photos")
    search = GridSearchCV(
        clone(pipe).set_params(features__verbose=0, head__verbose=0),
        grid,
        cv=loader.predefined_split(),
        refit=False,
    )
    try:
        search.fit(X, y)
    except ValueError as error:  # scikit-learn's, its last line being the first cause
        cause = str(error).splitlines()[-1]
        raise ParameterError(f"no candidate could be fitted: {cause}") from error
    report = search_report(search)
    _write_search(folder, search, report)
    write_out(_table(report))
    best = search.best_params_
    say(args, "best: " + ", ".join(f"{name}={best[name]}" for name in best))
    fit_into(folder, pipe.set_params(**best), splits, args, best=best)


def _write_search(folder, search, report):
    write_file(
        folder / "search.csv",
        report.to_csv(index=False, float_format="%.6g", lineterminator="\n"),
    )
    if has_matplotlib():
        display = SearchDisplay(
            search.cv_results_,
            rows=_ROWS,
            columns=_COLUMNS,
            best_index=search.best_index_,
        )
        write_file(folder / "search.png", as_png(display.plot()))


def _table(report):
    """Scores by layer count and width, as text."""
    table = report.pivot(index="n_layers", columns="n_units", values="mean_test_score")
    return table.round(4).to_string()
