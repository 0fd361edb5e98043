"""The presets on real photos, beside plain scikit-learn and the answer of no photo.

Attributes, boxes and landmarks; each trained on the official train photos and measured
on the test photos, with the valid photos for early stopping, thresholds, and the
strength of scikit-learn's models:

- the trivial answer: the commoner one, the mean box, the mean shape;
- ridge and logistic regression on the features of the preset "best";
- the presets "paper" and "best", from several seeds: the mean, and the spread;
- the preset "best" with one choice changed at a time: what the choice is worth.

All photos go through VGG19 together, for every layer at once. ::

    python benchmarks/real_photos.py --attributes CELEBA --points MTFL --weights FILE

Without arguments it draws its own faces.
"""

import sys
import warnings
from time import perf_counter

import numpy as np
import pandas as pd
from _common import parsed, study
from scipy.special import expit
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier

from skface import CelebALoader
from skface.evaluation import Evaluation
from skface.pipelines import MAKERS
from skface.search import extract_for
from skface.targets import as_target

COSINE = {
    "head__learning_rate_schedule": "cosine",
    "head__epochs": 40,
    "head__patience": 40,
}
POINTS = {
    "layer block5_pool": {"features__layer": "block5_pool"},
    "layer block4_pool, 14 x 14": {"features__pooling": (14, 14)},
    "no mirror images": {"mirror": False},
    "mirror images in training alone": {"mirror": "fit"},
    "2 layers of 512 units": {"head__n_layers": 2, "head__n_units": 512},
    "mean squared error": {"head__loss": "mean_squared_error"},
    "wing loss": {"head__loss": "wing"},
    "constant learning rate, patience 8": {
        "head__learning_rate_schedule": None,
        "head__patience": 8,
    },
}
CHANGES = {
    "attributes": {
        "layer block5_pool": {"features__layer": "block5_pool"},
        "layers block4_pool and block5_pool": {
            "features__layer": ["block4_pool", "block5_pool"]
        },
        "length 1, no square root": {"features__normalize": "l2"},
        "no mirror images": {"mirror": False},
        "mirror images in prediction too": {"mirror": "fit+predict"},
        "1 layer of 512 units, dropout 0.5": {
            "head__n_layers": 1,
            "head__dropout": 0.5,
        },
        "balanced class weights": {"head__class_weight": "balanced"},
        "cosine learning rate": COSINE,
    },
    "bbox": POINTS,
    "landmarks": POINTS,
}
ALPHAS = (1, 3, 10, 30, 100)  # of ridge
CS = (0.003, 0.03)  # of logistic regression


class Study:
    """One target on one data set, its features in a store."""

    def __init__(self, target, args):
        self.target, self.args = target, args
        self.of_points = as_target(target).is_coordinates
        root = args.points if self.of_points else args.attributes
        loader = CelebALoader(root, target)
        self.train, self.valid, self.test = (
            loader.load_bunch(split) for split in ("train", "valid", "test")
        )
        self.photos, _ = loader.load("all")
        # One look: what a further one is worth is another study.
        self.paper, self.best = (self._pipeline(preset) for preset in ("paper", "best"))
        self.changed = {
            what: self._pipeline("best").set_params(**change)
            for what, change in CHANGES[target].items()
        }

    def extract(self):
        """Send the photos through VGG19; return how many passes that took."""
        pipes = [self.paper, self.best, *self.changed.values()]
        return extract_for(pipes, self.photos)

    def run(self):
        """Figures on the test photos, one row a way and seed."""
        rows, _ = self._seeds("paper", self.paper, self._n_seeds_of_paper())
        rows += self._scikit_learn()
        seeds, fitted = self._seeds("best", self.best, self.args.n_seeds)
        rows, self.fitted = rows + seeds, fitted[0]
        if not self.of_points:
            tuned = clone(self.best).set_params(head__threshold="balanced_accuracy")
            rows += self._seeds("best, tuned thresholds", tuned, self.args.n_seeds)[0]
        else:
            mean = Mean(fitted)
            rows.append(self._row("mean of these heads", mean, self.test.images))
        for what, pipe in self.changed.items():
            rows += self._seeds(f"best, but {what}", pipe, 1)[0]
        return pd.DataFrame([self._trivial, *rows])

    def by_group(self):
        """Whom best, its first seed, serves how well: a row a group of photos."""
        names = list(self.test.target_names)
        groups = {
            name: self.test.target[:, names.index(name)] for name in ("Male", "Young")
        }
        evaluation = self._evaluation(self.fitted, self.test.images, self.test)
        table = evaluation.by_group(groups)
        return table.pivot(
            index=["group", "n_photos"], columns="figure", values=["baseline", "skface"]
        )

    def _n_seeds_of_paper(self):
        # Its head of 7 x 4,096 for landmarks takes minutes, and collapses.
        return 1 if self.target == "landmarks" else self.args.n_seeds

    def _pipeline(self, preset):
        pipe = MAKERS[self.target](
            preset,
            weights=self.args.weights,
            cache_dir=self.args.cache_dir,
            **({"looks": 1} if self.of_points else {}),
        )
        # which the packaged weights need as well to have 7 x 7 cells in block5_pool
        return pipe.set_params(features__input_size=224)

    def _seeds(self, way, pipe, n_seeds):
        rows, pipes = [], []
        for seed in range(n_seeds):
            start = perf_counter()
            fitted = clone(pipe).set_params(head__random_state=seed)
            fitted.fit(
                self.train.images,
                self.train.target,
                X_val=self.valid.images,
                y_val=self.valid.target,
            )
            seconds = perf_counter() - start
            rows.append(self._row(way, fitted, self.test.images, seconds))
            pipes.append(fitted)
        return rows, pipes

    def _scikit_learn(self):
        """Models of scikit-learn on the features of best, as strong as valid likes."""
        features = self.best["features"]
        X, X_valid, X_test = (
            10 * np.asarray(features.transform(part.images), np.float32)
            for part in (self.train, self.valid, self.test)
        )
        if not self.of_points:
            ways = {
                "ridge": [RankingRidge(alpha) for alpha in ALPHAS],
                "logistic regression": [
                    OneVsRestClassifier(LogisticRegression(C=C), n_jobs=-1) for C in CS
                ],
            }
        else:
            ways = {"ridge": [Ridge(alpha) for alpha in ALPHAS]}
        for way, models in ways.items():
            start = perf_counter()
            for model in models:
                model.fit(X, self.train.target)
            seconds = (perf_counter() - start) / len(models)
            model = max(models, key=lambda model: self._quality(model, X_valid))
            yield self._row(way, model, X_test, seconds)

    def _quality(self, model, X_valid):
        first = self._evaluation(model, X_valid, self.valid).figures().iloc[0]
        return first["skface"] if first["better"] == "higher" else -first["skface"]

    def _row(self, way, model, X, seconds=np.nan):
        figures = self._evaluation(model, X, self.test).figures().set_index("figure")
        self._trivial = {"way": "trivial", **figures["baseline"]}
        row = {"way": way, **figures["skface"], "seconds": seconds}
        print(self.target, row, file=sys.stderr, flush=True)
        return row

    def _evaluation(self, model, X, part):
        return Evaluation.from_estimator(
            model,
            X,
            part.target,
            target=self.target,
            y_train=self.train.target,
            image_sizes=part.image_sizes,
        )


class RankingRidge(RidgeClassifier):
    """Ridge whose decisions, squeezed into [0, 1], rank the photos."""

    def predict_proba(self, X):
        return expit(self.decision_function(X))


class Mean(RegressorMixin, BaseEstimator):
    """What several fitted pipelines say, averaged."""

    def __init__(self, pipes):
        self.pipes = pipes

    def predict(self, X):
        return np.mean([pipe.predict(X) for pipe in self.pipes], axis=0)


def table(rows):
    """Markdown: the mean of each way's seeds, and their standard deviation."""
    by_way = rows.groupby("way", sort=False)
    mean, spread, n_seeds = by_way.mean(), by_way.std(), by_way.size()
    lines = [f"| way | {' | '.join(mean)} |", f"|---|{'---|' * mean.shape[1]}"]
    for way in mean.index:
        cells = []
        for name in mean:
            cell = "" if np.isnan(mean.loc[way, name]) else f"{mean.loc[way, name]:.4f}"
            if n_seeds[way] > 1:
                cell += f" ± {spread.loc[way, name]:.4f}"
            cells.append(cell)
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = study(__doc__)
    parser.add_argument("--targets", nargs="+", default=list(CHANGES), choices=CHANGES)
    args = parsed(parser)
    warnings.simplefilter("ignore")
    start = perf_counter()
    studies = [Study(target, args) for target in args.targets]
    for each in studies:
        n_passes = each.extract()
        print(f"{each.target}: {n_passes} passes of VGG19", flush=True)
    print(f"extraction: {perf_counter() - start:.0f} s\n", flush=True)
    for each in studies:
        parts = [len(part.target) for part in (each.train, each.valid, each.test)]
        print(f"{each.target}, {' / '.join(map(str, parts))} photos\n")
        print(f"{table(each.run())}\n", flush=True)
        if not each.of_points:
            print(f"{each.by_group().round(4).to_string()}\n", flush=True)
    print(f"the whole study: {perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
