"""Four searches over the same heads and photos: how good, how long, how often VGG19.

Grid, halving (with epochs as the resource), randomized and Optuna's search choose the
attribute head's layer count and width on the official split. Randomized search and
Optuna try as many candidates as `--trials` says, half of the grid without it. Each
search has a process of its own, as Keras compiles a head once in a process, and its
seconds are those of its ``fit``: all candidates, and the best one again on train and
valid. ::

    python benchmarks/searches.py --data CELEBA --weights VGG19.h5 --cache-dir DIR

Without arguments it draws its own faces.
"""

import argparse
import logging
import tempfile
import warnings
from pathlib import Path
from time import perf_counter

import optuna
import pandas as pd
from _common import alone
from optuna.distributions import CategoricalDistribution
from optuna_integration import OptunaSearchCV
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)

from skface import (
    CelebALoader,
    FeatureStore,
    extract_once,
    make_attribute_pipeline,
    search_report,
)
from skface._keras import import_keras
from skface.datasets import drawn_celeba
from skface.metrics import attribute_accuracy

SEARCHES = ("grid", "halving", "randomized", "optuna")


def make_search(name, pipe, args, cv):
    grid = {"head__n_layers": args.n_layers, "head__n_units": args.n_units}
    n_trials = args.trials or (len(args.n_layers) * len(args.n_units) + 1) // 2
    if name == "grid":
        return GridSearchCV(pipe, grid, cv=cv)
    if name == "halving":
        return HalvingGridSearchCV(
            pipe,
            grid,
            resource="head__epochs",
            max_resources=args.epochs,
            min_resources="exhaust",
            factor=3,
            return_train_score=False,  # its default differs from the others'
            cv=cv,
            random_state=args.seed,
        )
    if name == "randomized":
        return RandomizedSearchCV(
            pipe, grid, n_iter=n_trials, cv=cv, random_state=args.seed
        )
    # its first ten trials are random unless it is told otherwise
    sampler = optuna.samplers.TPESampler(seed=args.seed, n_startup_trials=3)
    return OptunaSearchCV(
        pipe,
        {key: CategoricalDistribution(values) for key, values in grid.items()},
        n_trials=n_trials,
        study=optuna.create_study(direction="maximize", sampler=sampler),
        cv=cv,
    )


def run(name, args):
    """A row of the table."""
    import_keras()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore")
    loader = CelebALoader(args.data, "attributes")
    X, y = loader.load("train+valid")
    search = make_search(name, make_pipe(args), args, loader.predefined_split())
    n_rows = len(FeatureStore(args.cache_dir))
    start = perf_counter()
    search.fit(X, y)
    seconds = perf_counter() - start
    n_passes = len(FeatureStore(args.cache_dir)) - n_rows
    report = search_report(search)
    best = report.iloc[0]
    print(f"\n{name}\n{report.round(4).to_string(index=False)}", flush=True)
    return {
        "search": name,
        "candidates": len(report),
        "n_layers": best["n_layers"],
        "n_units": best["n_units"],
        "valid": best["mean_test_score"],
        "test": search.score(*loader.load("test")),
        "seconds": seconds,
        "VGG19 passes": n_passes,
    }


def make_pipe(args):
    pipe = make_attribute_pipeline(
        weights=args.weights, cache_dir=args.cache_dir, random_state=args.seed
    )
    return pipe.set_params(head__epochs=args.epochs)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
    parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
    parser.add_argument("--cache-dir", help="folder that keeps the features")
    parser.add_argument("--n-layers", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--n-units", type=int, nargs="+", default=[128, 256, 512])
    parser.add_argument("--epochs", type=int, default=27, help="at most")
    parser.add_argument("--trials", type=int, help="of randomized search and Optuna")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.data = args.data or drawn_celeba()
    args.cache_dir = args.cache_dir or Path(tempfile.mkdtemp(), "features")
    return args


def main():
    args = parse_args()
    loader = CelebALoader(args.data, "attributes")
    X, y = loader.load("train+valid")
    X_test, y_test = loader.load("test")
    pipe = make_pipe(args)
    n_rows = len(FeatureStore(args.cache_dir))
    start = perf_counter()
    extract_once(make_search("grid", pipe, args, cv=None), X)
    pipe["features"].transform(X_test)
    seconds = perf_counter() - start
    n_passes = len(FeatureStore(args.cache_dir)) - n_rows
    majority = DummyClassifier(strategy="most_frequent").fit(y, y).predict(y_test)

    rows = []
    for name in SEARCHES:
        rows.append(alone(run, name, args))
    print(f"\n{len(X)} photos to search on, {len(X_test)} to test on")
    print(f"extraction for all: {n_passes} VGG19 passes, {seconds:.0f} s")
    print(f"majority baseline on test: {attribute_accuracy(y_test, majority):.4f}\n")
    table = pd.DataFrame(rows).round({"valid": 4, "test": 4, "seconds": 1})
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
