"""Features and a search on a Dask cluster of local processes, against one process.

The features must be the same bit for bit, and the search must find the same. On one
machine the processes share the cores that one process uses too: the wall times tell
what spreading costs, not what more machines gain.

    python benchmarks/dask_cluster.py --data CELEBA --weights VGG19.h5
"""

import hashlib
import os
import tempfile
from time import perf_counter

import numpy as np
from _common import alone, arguments, load_photos
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from skface import make_attribute_pipeline


def run(args, cache_dir):
    """Digest of the features, what the search finds, and the seconds of both."""
    X, y = load_photos(args)
    pipe = make_attribute_pipeline(
        weights=args.weights, cache_dir=cache_dir, random_state=0
    ).set_params(head__epochs=args.epochs)
    start = perf_counter()
    features = pipe["features"].transform(X)
    extracted = perf_counter()
    grid = {"head__n_layers": [0, 1], "head__n_units": [32, 64]}
    search = GridSearchCV(pipe, grid, cv=3).fit(X, y)
    searched = perf_counter()
    return {
        "digest": hashlib.sha256(np.asarray(features).tobytes()).hexdigest(),
        "best": search.best_params_,
        "scores": search.cv_results_["mean_test_score"].tolist(),
        "features": extracted - start,
        "search": searched - extracted,
    }


def run_on_cluster(args, cache_dir):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=args.n_workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):
        # Keras is imported here and there before the clock starts.
        client.run(import_heads)
        with parallel_config(backend="dask"):
            return run(args, cache_dir)


def import_heads():
    import skface.heads  # noqa: F401


def main():
    parser = arguments(__doc__, n_photos=300)
    parser.add_argument("--n-workers", type=int, default=2, help="%(default)s")
    parser.add_argument("--epochs", type=int, default=20, help="at most; %(default)s")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        local = alone(run, args, os.path.join(folder, "local"))
        cluster = alone(run_on_cluster, args, os.path.join(folder, "cluster"))
    print(f"{args.n_photos} photos, {args.n_workers} worker processes")
    print(f"same features: {cluster['digest'] == local['digest']}")
    print(f"same scores: {cluster['scores'] == local['scores']}")
    print(f"best_params_: {local['best']}, on the cluster {cluster['best']}")
    for part in ("features", "search"):
        print(
            f"{part}: local {local[part]:.1f} s, cluster {cluster[part]:.1f} s, "
            f"cluster / local {cluster[part] / local[part]:.2f}"
        )
    assert cluster["digest"] == local["digest"]
    assert cluster["best"] == local["best"]


if __name__ == "__main__":
    main()
