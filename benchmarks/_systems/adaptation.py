"""Attributes learnt from aligned photos, read in the wild, no label of which is known.

Balanced accuracy on photos in the wild that nothing has learnt from, by what was read
of them and by what was done to their features:

- source only: nothing;
- mean and variance: of each feature, made those of the source;
- CORAL: their covariance as well, in a space of principal components;
- CORAL, source moved: the source made like the target, and the head fitted again;
- oracle: a head that has learnt from the target's labels.

Beside them the squared MMD between the features read and the source's, and that of two
halves of the source.
"""

import numpy as np
import pandas as pd

from skface import CelebALoader, Frames
from skface.metrics import attribute_report
from skface.systems import CORAL, mmd

from ._shared import aligned, attribute_pipeline, fitted, load_part, spread

NAMES = ["Eyeglasses", "Male", "Smiling"]
_MOST = 1000  # rows of an MMD


def run(args):
    pipe = attribute_pipeline(args)
    of_source = aligned(args)
    source, y_source, validation = labelled(of_source)
    print_rates("source", y_source)
    half = len(source[:_MOST]) // 2
    apart = mmd(source[:half], source[half : 2 * half])
    print(f"squared MMD of two halves of the source: {apart:.4f}")
    rows = []
    for view, (train, y_train, test, y_test) in in_the_wild(args, pipe).items():
        print_rates(f"target, {view}", np.vstack([y_train, y_test]))
        own = len(train) // 10  # of the oracle's validation
        coral, back = aligning(source, train), aligning(train, source)
        moved = back.transform(source)
        reads = {
            "source only": (source, test),
            "mean and variance": (source, standardised(source, train, test)),
            "CORAL": (source, coral.transform(test)),
            "CORAL, source moved": (moved, test),
            "oracle": (train, test),
        }
        for seed in range(args.n_seeds):
            plain = fitted(pipe["head"], seed, source, y_source, *validation)
            heads = {
                "CORAL, source moved": fitted(
                    pipe["head"],
                    seed,
                    moved,
                    y_source,
                    back.transform(validation[0]),
                    validation[1],
                ),
                "oracle": fitted(
                    pipe["head"],
                    seed,
                    train[own:],
                    y_train[own:],
                    train[:own],
                    y_train[:own],
                ),
            }
            for way, (learnt_from, X) in reads.items():
                y_pred = heads.get(way, plain).predict(X)
                report = attribute_report(y_test, y_pred, names=NAMES)
                balanced = report["balanced_accuracy"]
                rows.append(
                    {
                        "read": view,
                        "features": way,
                        **balanced,
                        "mean": balanced.mean(),
                        "accuracy": report["accuracy"].mean(),
                        "squared MMD": mmd(learnt_from[:_MOST], X[:_MOST]),
                    }
                )
    return spread(pd.DataFrame(rows), ["read", "features"])


def labelled(of_source):
    """Features and the three labels of the source, and those of its validation."""

    def part(name):
        features, bunch = of_source[name]
        return np.asarray(features, np.float32), three(bunch)

    source, y = part("train")
    return source, y, part("valid")


def in_the_wild(args, pipe):
    """Features and labels by view: those that are aligned with, and those measured."""
    loaders = {
        target: CelebALoader(args.points, target, aligned=False, verbose=0)
        for target in ("attributes", "bbox", "landmarks")
    }
    views = {}
    for view, target in (
        ("aligned by true points", "landmarks"),
        ("crop of 1.8 true boxes", "bbox"),
    ):
        found = []
        for split in ("train", "valid", "test"):
            places = load_part(loaders[target], split, args)
            labels = loaders["attributes"].load_bunch(split)
            by_name = pd.DataFrame(three(labels), labels.image_ids)
            frames = (
                Frames.from_boxes(places.target, places.image_sizes, margin=0.4)
                if target == "bbox"
                else Frames.from_landmarks(places.target, places.image_sizes)
            )
            features = pipe["features"].fit_transform(places.images.framed(frames))
            y = by_name.loc[places.image_ids].to_numpy()
            found.append((np.asarray(features, np.float32), y))
        (train, y_train), *others = found
        test, y_test = map(np.concatenate, zip(*others, strict=True))
        views[view] = train, y_train, test, y_test
    return views


def aligning(source, target):
    domain = ["source"] * len(source) + ["target"] * len(target)
    return CORAL(random_state=0).fit(np.vstack([source, target]), domain=domain)


def standardised(source, target, X):
    """X, its mean and variance of each feature being made those of the source."""
    scale = source.std(axis=0) / np.maximum(target.std(axis=0), 1e-6)
    return (X - target.mean(axis=0)) * scale + source.mean(axis=0)


def three(bunch):
    names = list(bunch.target_names)
    return bunch.target[:, [names.index(name) for name in NAMES]]


def print_rates(what, y):
    rates = zip(NAMES, y.mean(axis=0), strict=True)
    print(f"{what}: " + ", ".join(f"{name} {rate:.1%}" for name, rate in rates))
