"""A controller by policy gradient beside random search, TPE and NSGA-II.

A small space is fitted once, point by point; the searchers then replay it.
"""

import warnings
from itertools import product

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import NSGAIISampler, RandomSampler, TPESampler

from skface import (
    CelebALoader,
    DenseHeadClassifier,
    VGG19Features,
    make_cost_aware_scorer,
)
from skface.features import extract_together
from skface.systems import PolicyGradientSampler

from ._shared import load_part

SPACE = {
    "layer": ["block4_pool", "block5_pool"],
    "pooling": ["avg", "grid"],
    "n_layers": [0, 1, 2],
    "n_units": [32, 128],
    "dropout": [0.0, 0.5],
}
N_TRAIN, N_VALID = 1500, 500
N_EPOCHS = 15
EXPONENT = -0.07
N_REPLAYS = 50
N_EVALUATIONS = (5, 10, 20, 40)
SEARCHERS = {
    "controller": PolicyGradientSampler,
    "random": RandomSampler,
    "TPE": TPESampler,
    "NSGA-II": lambda seed: NSGAIISampler(population_size=10, seed=seed),
}


def run(args):
    """Best reward and hypervolume by evaluations, over the replays.

    Both are shares of what lies between the mean of the whole space, or nothing, and
    the best that it holds; rewards are balanced accuracy times a power of the seconds.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    table = enumerated(args)
    best, mean = table["reward"].max(), table["reward"].mean()
    print(
        f"{len(table)} points: reward {mean:.4f} on average, {best:.4f} at best, of\n"
        f"{table.loc[[table['reward'].idxmax()]].to_string()}\n",
        flush=True,
    )
    whole = hypervolume(table, table)
    rows = []
    for name, seed in product(SEARCHERS, range(N_REPLAYS)):
        tried = replayed(name, seed, table)
        for n in N_EVALUATIONS:
            some = tried.iloc[:n]
            rows.append(
                {
                    "searcher": name,
                    "evaluations": n,
                    "best reward": (some["reward"].max() - mean) / (best - mean),
                    "found the best": some["reward"].max() == best,
                    "hypervolume": hypervolume(some, table) / whole,
                    "distinct points": len(some.index.unique()),
                }
            )
    by = pd.DataFrame(rows).groupby(["evaluations", "searcher"], sort=False)
    spread = by[["best reward", "hypervolume"]].agg(["mean", "std"])
    means = by[["found the best", "distinct points"]].mean()
    means.columns = pd.MultiIndex.from_product([means.columns, ["mean"]])
    return spread.join(means).round(3)


def enumerated(args):
    """Quality, cost and reward of every point of the space, fitted once.

    The cost is the head's time for a photo, in parts of the target's.
    """
    data = features(args)
    shapes = {}
    for point in product(*SPACE.values()):
        layer, pooling, n_layers, n_units, dropout = point
        # Without hidden layers width and dropout are nothing.
        shape = point if n_layers else (layer, pooling, 0, 32, 0.0)
        if shape not in shapes:
            (X, y), (X_val, y_val) = data[layer, pooling]
            head = DenseHeadClassifier(
                n_layers,
                n_units,
                dropout=dropout,
                input_scale=10.0,
                epochs=N_EPOCHS,
                random_state=0,
            )
            head.fit(X, y, X_val=X_val, y_val=y_val)
            shapes[shape] = measured(head, X_val, y_val)
        shapes[point] = shapes[shape]
    points = list(product(*SPACE.values()))
    index = pd.MultiIndex.from_tuples(points, names=list(SPACE))
    return pd.DataFrame([shapes[point] for point in points], index).sort_index()


def measured(head, X, y, target=1e-5):
    """Quality and reward by the scorer that users have, and the cost behind it."""
    scorer = make_cost_aware_scorer(
        "attribute_balanced_accuracy", target=target, cost="time", exponent=EXPONENT
    )
    quality = make_cost_aware_scorer(
        "attribute_balanced_accuracy", target=target, exponent=0
    )(head, X, y)
    reward = scorer(head, X, y)
    cost = (reward / quality) ** (1 / EXPONENT)
    return {"quality": quality, "cost": cost, "reward": reward}


def features(args):
    """Features and attributes of train and valid, by layer and pooling; one pass."""
    # The packaged network sees smaller photos.
    grid = (3, 3) if args.weights == "synthetic" else (7, 7)
    poolings = {"avg": "avg", "grid": grid}
    made = {
        (layer, name): VGG19Features(
            args.weights,
            layer=layer,
            pooling=poolings[name],
            normalize="sqrt_l2",
            cache_dir=args.cache_dir,
        )
        for layer, name in product(SPACE["layer"], SPACE["pooling"])
    }
    loader = CelebALoader(args.attributes, verbose=0)
    parts = {}
    for part, n in (("train", N_TRAIN), ("valid", N_VALID)):
        bunch = load_part(loader, part, args, n)
        X, y = bunch.images, bunch.target
        extract_together(list(made.values()), X)
        for key, transformer in made.items():
            rows = np.asarray(transformer.fit_transform(X))
            parts.setdefault(key, []).append((rows, y))
    return parts


def replayed(name, seed, table):
    """The rows of the table that a searcher asks for, in its order."""
    sampler = SEARCHERS[name](seed=seed)
    both = name == "NSGA-II"
    directions = ["maximize", "minimize"] if both else ["maximize"]
    study = optuna.create_study(directions=directions, sampler=sampler)
    points = []

    def objective(trial):
        point = tuple(
            trial.suggest_categorical(each, values) for each, values in SPACE.items()
        )
        points.append(point)
        row = table.loc[point]
        return (row["quality"], row["cost"]) if both else row["reward"]

    study.optimize(objective, max(N_EVALUATIONS))
    return table.loc[points]


def hypervolume(some, table):
    """Area of quality over log cost that points dominate, from the table's worst."""
    worst = table["quality"].min(), np.log(table["cost"].max())
    points = some[["quality", "cost"]].drop_duplicates().sort_values("cost")
    area, best = 0.0, worst[0]
    for quality, cost in points.to_numpy():
        area += max(quality - best, 0) * (worst[1] - np.log(cost))
        best = max(best, quality)
    return area
