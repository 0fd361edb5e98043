"""How much do missing labels cost? Test accuracy with all labels and with a part.

Removes a share of the training and validation labels at random, each by itself, trains
the attribute pipeline of preset "best" on the rest, and scores it on all test labels.

    python benchmarks/missing_labels.py --data CELEBA --weights VGG19.h5 --cache-dir DIR
"""

import argparse
import tempfile

import numpy as np
import pandas as pd
from sklearn.base import clone

from skface import CelebALoader, make_attribute_pipeline
from skface.datasets import drawn_celeba
from skface.metrics import attribute_accuracy, attribute_balanced_accuracy

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--cache-dir", help="folder that keeps the features")
parser.add_argument("--share", type=float, default=0.3, help="of the labels, removed")
parser.add_argument("--n-seeds", type=int, default=3)
args = parser.parse_args()


def without(labels, share, rng):
    return np.where(rng.uniform(size=labels.shape) < share, np.nan, labels)


pipe = make_attribute_pipeline(
    weights=args.weights, cache_dir=args.cache_dir or tempfile.mkdtemp()
)
loader = CelebALoader(args.data or drawn_celeba(), "attributes")
train, valid, test = (loader.load_bunch(part) for part in ("train", "valid", "test"))

rows = []
for seed in range(args.n_seeds):
    for share in (0, args.share):
        rng = np.random.default_rng(seed)
        y_train, y_valid = (without(part.target, share, rng) for part in (train, valid))
        fitted = clone(pipe).set_params(head__random_state=seed)
        fitted.fit(train.images, y_train, X_val=valid.images, y_val=y_valid)
        y_pred = fitted.predict(test.images)
        rows.append(
            {
                "seed": seed,
                "labels removed": f"{share:.0%}",
                "accuracy": attribute_accuracy(test.target, y_pred),
                "balanced accuracy": attribute_balanced_accuracy(test.target, y_pred),
            }
        )

table = pd.DataFrame(rows).pivot(index="seed", columns="labels removed")
majority = np.tile(train.target.mean(axis=0) > 0.5, (len(test.target), 1)).astype(int)
print(table.map("{:.2%}".format).to_string())
print(f"majority baseline: accuracy {attribute_accuracy(test.target, majority):.2%}")
for score in ("accuracy", "balanced accuracy"):
    full, part = table[score]["0%"], table[score][f"{args.share:.0%}"]
    lost = 100 * (full - part)
    print(
        f"{score}: {full.mean():.2%} with all labels, {part.mean():.2%} without "
        f"{args.share:.0%} of them; lost {lost.mean():.2f} points (from "
        f"{lost.min():.2f} to {lost.max():.2f})"
    )
