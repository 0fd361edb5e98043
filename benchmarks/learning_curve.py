"""What more photos would give: scores of attributes by how many were learnt from.

scikit-learn's learning curve of a preset on CelebA's official split: subsets of the
train photos, drawn anew for each seed, the valid photos for early stopping, scores on
the test photos. ::

    python benchmarks/learning_curve.py --attributes CELEBA --weights FILE \\
        --cache-dir FOLDER [--preset finest] [--plot FILE]

Without arguments it draws its own faces.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _common import parsed, study
from sklearn.model_selection import LearningCurveDisplay, learning_curve

from skface import CelebALoader, make_attribute_pipeline
from skface.metrics import get_scorer

PARTS = ("train", "test")
SIZES = (500, 1000, 2000, 4800)
SCORINGS = ("attribute_accuracy", "attribute_balanced_accuracy")


def main():
    parser = study(__doc__, in_the_wild=False)
    parser.add_argument("--preset", default="best", help="%(default)s")
    parser.add_argument("--plot", type=Path, help="a picture of the accuracy")
    args = parsed(parser)
    warnings.simplefilter("ignore")
    loader = CelebALoader(args.attributes, "attributes", verbose=0)
    X, y = loader.load("all")
    train, test = (np.isin(X.paths, loader.load(part)[0].paths) for part in PARTS)
    X_val, y_val = loader.load("valid")
    sizes = [size for size in SIZES if size <= train.sum()] or [int(train.sum())]
    pipe = make_attribute_pipeline(
        args.preset, weights=args.weights, cache_dir=args.cache_dir, random_state=0
    )
    rows = {}
    for scoring in SCORINGS:
        sizes, train_scores, test_scores = learning_curve(
            pipe,
            X,
            y,
            train_sizes=sizes,
            cv=[(np.flatnonzero(train), np.flatnonzero(test))] * args.n_seeds,
            scoring=get_scorer(scoring),
            shuffle=True,
            random_state=0,
            params={"X_val": X_val, "y_val": y_val},
        )
        rows[scoring, "mean"] = test_scores.mean(axis=1)
        rows[scoring, "std"] = test_scores.std(axis=1, ddof=1)
        if args.plot and scoring == SCORINGS[0]:
            curve = LearningCurveDisplay(
                train_sizes=sizes,
                train_scores=train_scores,
                test_scores=test_scores,
                score_name="accuracy",
            ).plot()
            curve.ax_.set(xlabel="photos learnt from", xscale="log")
            curve.figure_.savefig(args.plot, bbox_inches="tight")
    print(pd.DataFrame(rows, pd.Index(sizes, name="photos")).round(4).to_string())


if __name__ == "__main__":
    main()
