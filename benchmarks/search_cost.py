"""What a search over the head costs: with the feature store, and without.

GridSearchCV over the head's depth and width, three folds, refit, on the best preset for
attributes, without the mirror images that it trains on too. scikit-learn transforms the
photos anew for every candidate and fold, to fit and to score: VGG19 sees each photo
3 x 12 + 1 times. With ``Pipeline(memory=...)`` candidates share what they fit on, but
not what they are scored on. With the store it sees each photo once, and in a later
search not at all.

Every way runs in a process of its own. The two slow ones are measured on the first
candidates of the search (``--n-measured``) and extrapolated: by the photos that the
whole search sends through VGG19, which is counted where it is measured; their head fits
cost what they cost with the store. The reading and writing of ``memory`` is left out,
in its favour.

    python benchmarks/search_cost.py --data CELEBA --weights VGG19.h5
"""

import os
import tempfile
from time import perf_counter

from _common import Passes, alone, arguments, load_photos
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skface import make_attribute_pipeline

N_FOLDS = 3


def candidates(args):
    grid = {"head__n_layers": args.n_layers, "head__n_units": args.n_units}
    return list(ParameterGrid(grid))


def search(args, n_candidates, cache_dir=None, memory=None):
    """Figures of the search, run in this process."""
    X, y = load_photos(args)
    pipe = make_attribute_pipeline(
        weights=args.weights, cache_dir=cache_dir, random_state=0
    ).set_params(mirror=False, memory=memory, head__epochs=args.epochs)
    grid = [
        {name: [value] for name, value in candidate.items()}
        for candidate in candidates(args)[:n_candidates]
    ]
    passes = Passes()
    start = perf_counter()
    found = GridSearchCV(pipe, grid, cv=N_FOLDS).fit(X, y)
    whole = perf_counter() - start
    return {
        "n_photos": passes.n_photos,
        "features": passes.transform_seconds,
        "build": passes.build_seconds,
        "heads": whole - passes.transform_seconds - passes.build_seconds,
        "whole": whole,
        "best": found.best_params_,
    }


def without_store(args, heads, n_passes, **options):
    """The search without the store: measured on a part, the rest extrapolated."""
    n_candidates = len(candidates(args))
    n_measured = min(args.n_measured, n_candidates)
    part = alone(search, args, n_measured, None, options.get("memory"))
    assert part["n_photos"] == n_passes(n_measured) * args.n_photos
    if n_measured == n_candidates:
        return part
    n_photos = n_passes(n_candidates) * args.n_photos
    features = part["features"] * n_photos / part["n_photos"]
    return part | {
        "n_photos": n_photos,
        "features": features,
        "heads": heads,
        "whole": part["build"] + features + heads,
    }


def main():
    parser = arguments(__doc__, n_photos=300)
    parser.add_argument("--n-layers", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--n-units", type=int, nargs="+", default=[16, 32, 64, 128])
    parser.add_argument("--epochs", type=int, default=100, help="at most; %(default)s")
    parser.add_argument(
        "--n-measured",
        type=int,
        default=1,
        help="candidates that the ways without the store are measured on; "
        "%(default)s. As many as there are: nothing is extrapolated",
    )
    args = parser.parse_args()
    n = len(candidates(args))
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "store")
        ways = {
            "store, cold": alone(search, args, n, store),
            "store, warm": alone(search, args, n, store),
        }
        cold = ways["store, cold"]
        assert cold["n_photos"] == args.n_photos
        assert ways["store, warm"]["n_photos"] == 0
        ways["Pipeline(memory=)"] = without_store(
            args,
            cold["heads"],
            lambda n: N_FOLDS + n,
            memory=os.path.join(folder, "memory"),
        )
        ways["neither"] = without_store(args, cold["heads"], lambda n: N_FOLDS * n + 1)

    print(f"{n} candidates x {N_FOLDS} folds over {args.n_photos} photos\n")
    print("| way | photos through VGG19 | features | network | head fits | whole |")
    print("|---|---|---|---|---|---|")
    for name, way in ways.items():
        figures = [way[part] for part in ("features", "build", "heads", "whole")]
        times = " | ".join(f"{figure:.1f} s" for figure in figures)
        print(f"| {name} | {way['n_photos']:,} | {times} |")
    if args.n_measured < n:
        print(
            f"\nThe last two: measured on {args.n_measured} of {n} candidates, "
            "extrapolated by the photos."
        )
    print(f"\nFound with the store: {cold['best']}")
    for name in ("Pipeline(memory=)", "neither"):
        for part in ("features", "whole"):
            what = "features" if part == "features" else "the whole search"
            ratios = [
                ways[name][part] / ways[f"store, {t}"][part] for t in ("cold", "warm")
            ]
            print(
                f"{what} against {name}: {ratios[0]:.1f} times faster cold, "
                f"{ratios[1]:.1f} warm"
            )


if __name__ == "__main__":
    main()
