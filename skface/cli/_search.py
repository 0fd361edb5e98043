"""``skface search``."""

from skface._files import write_file
from skface._pictures import as_png, has_matplotlib
from skface.cli._fit import (
    fit_into,
    load_splits,
    loader_of,
    make_pipeline,
    run_folder,
)
from skface.cli._shared import as_csv, say
from skface.cli._streams import write_out
from skface.displays import SearchDisplay
from skface.exceptions import ParameterError
from skface.search import (
    N_LAYERS,
    N_UNITS,
    extract_for,
    head_search,
    search_report,
)


def run(args):
    loader = loader_of(args)
    splits = load_splits(loader)
    pipe = make_pipeline(args)
    folder = run_folder(args)
    X, y = loader.load("train+valid")
    train = splits["train"]
    n_layers, n_units = sorted(set(args.n_layers)), sorted(set(args.n_units))
    say(args, f"VGG19 on {len(train.images):,} train photos of {args.data}")
    extract_for([pipe], train.images, train.target)
    n_heads = len(n_layers) * len(n_units)
    say(args, f"{n_heads} heads, each scored on the valid photos")
    search = head_search(pipe, loader, n_layers, n_units)
    try:
        search.fit(X, y)
    except ValueError as error:  # scikit-learn's, its last line being the first cause
        cause = str(error).splitlines()[-1]
        raise ParameterError(f"no candidate could be fitted: {cause}") from error
    report = search_report(search)
    _write_search(folder, search, report)
    write_out(scores_by_size(report))
    best = search.best_params_
    say(args, "best: " + ", ".join(f"{name}={best[name]}" for name in best))
    fit_into(folder, pipe.set_params(**best), splits, args, best=best)


def _write_search(folder, search, report):
    write_file(folder / "search.csv", as_csv(report, "%.6g"))
    if has_matplotlib():
        display = SearchDisplay(
            search.cv_results_,
            rows=N_LAYERS,
            columns=N_UNITS,
            best_index=search.best_index_,
        )
        write_file(folder / "search.png", as_png(display.plot()))


def scores_by_size(report):
    """Scores by layer count and width, as text."""
    table = report.pivot(index="n_layers", columns="n_units", values="mean_test_score")
    return table.round(4).to_string()
