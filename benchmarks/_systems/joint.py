"""DMM-CNN on frozen features: dynamic weights, adaptive thresholds, landmarks beside.

Every head but the preset's has one hidden layer, since without one the outputs share
nothing that another task, or another weight, could change.
"""

from itertools import product

import numpy as np
import pandas as pd

from skface import DenseHeadClassifier, make_landmark_pipeline
from skface.metrics import attribute_accuracy, attribute_balanced_accuracy
from skface.targets import LANDMARKS, Attributes

from ._shared import PARTS, aligned, framed_faces

HIDDEN = {"n_layers": 1, "n_units": 64, "input_scale": 10.0, "dropout": 0.5}
# Of DMM-CNN no list is public: what a stranger could not settle by looking closely.
SUBJECTIVE = ["Attractive", "Big_Lips", "Big_Nose", "Chubby", "Heavy_Makeup"]
SUBJECTIVE += ["High_Cheekbones", "Narrow_Eyes", "Oval_Face", "Pale_Skin"]
SUBJECTIVE += ["Pointy_Nose", "Young"]


def run(args):
    """Accuracy, balanced accuracy and mean |FP - FN| on test, in percent."""
    names, parts = read(args)
    rows = [figures("the commoner answer", parts["test"][1], constant(names, parts))]
    for seed in range(args.n_seeds):
        for name, params, decided in heads(names):
            rows += [
                figures(f"{name}, {thresholds}", parts["test"][1], y)
                for thresholds, y in answers(params, decided, parts, seed, len(names))
            ]
    table = pd.DataFrame(rows).groupby("head", sort=False)
    return table.agg(["mean", "std"]).round(2)


def read(args):
    """Names of the attributes, and features, attributes and landmarks by part.

    One side of whole aligned photos, as preset "best" sees them.
    """
    teacher, parts = fitted_teacher(args), {}
    for part, (X, bunch) in aligned(args).items():
        parts[part] = np.asarray(X), bunch.target, teacher.predict(bunch.images)
    return list(bunch.target_names), parts


def fitted_teacher(args):
    """Tells the landmarks of aligned photos, whose list few samples of CelebA bring.

    It has learnt from photos in the wild, aligned by their true points.
    """
    teacher = make_landmark_pipeline(
        "fast", looks=1, weights=args.weights, cache_dir=args.cache_dir, random_state=0
    )
    return teacher.fit(*framed_faces(args, "train", "celeba", random_state=0))


def heads(names):
    """Name, parameters, and how each of the heads decides."""
    for weights, landmarks in product(("plain", "dynamic weights"), (False, True)):
        params = {"attribute_weight": None if weights == "plain" else "dynamic"}
        if landmarks:
            params["target"] = (Attributes(tuple(names)), LANDMARKS)
        name = f"{weights} + landmarks" if landmarks else weights
        yield name, {**HIDDEN, **params}, "adaptive"
    yield "plain", HIDDEN, "balanced_accuracy"
    yield 'class_weight="balanced"', {**HIDDEN, "class_weight": "balanced"}, "adaptive"
    subjective = [name for name in SUBJECTIVE if name in names]
    branches = {"n_units": HIDDEN["n_units"] // 2, "branches": [subjective]}
    yield "two branches", {**HIDDEN, **branches}, "adaptive"
    yield "preset best", {"n_layers": 0, "input_scale": 10.0}, "adaptive"


def answers(params, decided, parts, seed, n_attributes):
    """Decisions on test, by the head's thresholds and, as they train alike, by 1/2."""
    head = DenseHeadClassifier(**params, threshold=decided, random_state=seed)
    X, y, points = zip(*(parts[part] for part in PARTS), strict=True)
    if "target" in params:
        y = [np.hstack(pair) for pair in zip(y, points, strict=True)]
    head.fit(X[0], y[0], X_val=X[1], y_val=y[1])
    p = head.predict_proba(X[2])[:, :n_attributes]
    if decided == "adaptive":
        yield "threshold 1/2", p > 0.5
    yield f"{decided} thresholds", p > head.thresholds_[:n_attributes]


def constant(names, parts):
    answer = Attributes(tuple(names)).constant(parts["train"][1])
    return np.tile(answer, (len(parts["test"][1]), 1))


def figures(name, y, y_pred):
    excess = np.abs(y_pred.mean(axis=0) - y.mean(axis=0)).mean()  # (FP - FN) / n
    return {
        "head": name,
        "accuracy": 100 * attribute_accuracy(y, y_pred),
        "balanced accuracy": 100 * attribute_balanced_accuracy(y, y_pred.astype(int)),
        "|FP - FN|": 100 * excess,
    }
