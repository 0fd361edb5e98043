"""What the packaged weights can do, on drawn faces and on photos.

On fresh faces, drawn with a seed that the weights were not trained on::

    python benchmarks/packaged_weights.py

On photos, beside ImageNet weights::

    python benchmarks/packaged_weights.py --data CELEBA --weights synthetic VGG19.h5
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd
from _common import figures

from skface import CelebALoader
from skface.datasets import DRAWN_ATTRIBUTES, available_targets, make_celeba
from skface.metrics import attribute_report
from skface.pipelines import MAKERS

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", nargs="+", help="CelebA folders; fresh faces without it")
parser.add_argument("--weights", nargs="+", default=["synthetic"])
parser.add_argument("--n-faces", type=int, default=1500)
parser.add_argument("--seed", type=int, default=77)
args = parser.parse_args()

roots = args.data
if not roots:
    folder = Path(tempfile.mkdtemp(), "fresh")
    make_celeba(folder, args.n_faces, random_state=args.seed, n_jobs=-1, verbose=1)
    roots = [folder]


def fit_and_score(root, target, weights, aligned=None):
    """The preset "best" with one look, fitted, and its figures on the test photos."""
    loader = CelebALoader(root, target, aligned=aligned)
    train, valid, test = map(loader.load_bunch, ("train", "valid", "test"))
    looks = {} if target == "attributes" else {"looks": 1}
    pipe = MAKERS[target](weights=weights, random_state=0, **looks)
    pipe.fit(train.images, train.target, X_val=valid.images, y_val=valid.target)
    return pipe, figures(pipe, test, train.target)


def named(found, data, weights):
    return found.assign(data=data, weights=Path(weights).name)


tables = []
for root in roots:
    for target in available_targets(root):
        for weights in args.weights:
            pipe, found = fit_and_score(root, target, weights)
            tables.append(named(found, Path(root).name, weights))
            if target == "attributes" and not args.data:
                test = CelebALoader(root).load_bunch("test")
                report = attribute_report(
                    test.target, pipe.predict(test.images), names=test.target_names
                )
                drawn = report.loc[list(DRAWN_ATTRIBUTES)].sort_values(
                    "balanced_accuracy"
                )
                print(drawn[["prevalence", "accuracy", "balanced_accuracy"]].round(3))
                print(f"drawn attributes: {drawn['balanced_accuracy'].mean():.3f}")
    if not args.data:
        for weights in args.weights:
            _, found = fit_and_score(root, "landmarks", weights, aligned=False)
            tables.append(named(found, "fresh, wild", weights))
columns = ["data", "weights", "figure", "better", "baseline", "skface"]
print(pd.concat(tables)[columns].round(3).to_string(index=False))
