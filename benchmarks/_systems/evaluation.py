"""Heads on the same features, compared by part of the face, by group, and by photo.

The head of preset "paper", seven layers of 512 units, the linear head of preset "best",
and that with balanced weights or tuned thresholds, all on the features of "best"; the
commoner answer beside them. Differences are those to the paper's head; their intervals
are the means of the seeds' intervals, and "significant" counts the attributes whose own
interval leaves out 0, in the first seed.
"""

import pandas as pd

from skface.systems import compare_attributes

from ._shared import aligned, attribute_pipeline, fitted

HEADS = {
    "paper's head": ("paper", {}),
    "best": ("best", {}),
    "best, balanced weights": ("best", {"class_weight": "balanced"}),
    "best, tuned thresholds": ("best", {"threshold": "balanced_accuracy"}),
}
# Means of accuracy on the official test split, 19,962 photos, by their authors.
PUBLISHED = {
    "LNets+ANet": 0.8733,
    "MCNN-AUX": 0.9129,
    "DMM-CNN": 0.9170,
    "APS": 0.9212,
}
GROUPS = ("Male", "Young")


def run(args):
    (X, train), (X_val, valid), (X_test, test) = aligned(args).values()
    names = list(test.target_names)
    groups = {
        name: test.target[:, names.index(name)] for name in GROUPS if name in names
    }
    tables = []
    for seed in range(args.n_seeds):
        models = {
            name: fitted(
                attribute_pipeline(args, preset)["head"],
                seed,
                X,
                train.target,
                X_val,
                valid.target,
                **({} if preset == "best" else {"input_scale": 10.0}),
                **params,
            )
            for name, (preset, params) in HEADS.items()
        }
        table = compare_attributes(
            models,
            test.target,
            X_test,
            names=names,
            groups=groups,
            y_train=train.target,
        )
        tables.append(table.assign(seed=seed))
    print("published, all of the test split: " + str(PUBLISHED))
    return summary(pd.concat(tables, ignore_index=True))


def summary(table):
    """One row a scope, figure and model; attributes are counted, not listed."""
    keys = ["scope", "name", "figure", "model"]
    first = table[table["seed"] == 0]
    first = first.assign(significant=(first["low"] > 0) | (first["high"] < 0))
    counts = first[first["scope"] == "attribute"].groupby(keys[2:])["significant"].sum()
    shown = table[table["scope"] != "attribute"]
    rows = shown.groupby(keys, sort=False).agg(
        value=("value", "mean"),
        std=("value", "std"),
        difference=("difference", "mean"),
        low=("low", "mean"),
        high=("high", "mean"),
    )
    everything = rows.xs(("all", "all"), drop_level=False).index
    rows.loc[everything, "significant"] = [counts[key[2:]] for key in everything]
    return rows.round(4)
