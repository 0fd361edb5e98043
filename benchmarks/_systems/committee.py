"""3.3: attributes of faces of which a half or the middle is hidden.

Each test photo is hidden once at each place, by one cover after the other: grey, noise,
a piece of another photo, a mask. The plain head "with hiding" and the map of visibility
learn from the same covers but for masks, half of them at the same places. Passes of
VGG19 at 224 x 224: 2 x (train + valid) + 6 x test; at 112 x 112, a quarter of the cost:
ten segments of train, valid and test, and those that are touched of each hidden photo,
44 of 50. With 1,100 / 250 / 300 photos that is 4,500 + 29,700 / 4 = 11,900.
"""

import numpy as np
import pandas as pd

from skface import CelebALoader, DenseHeadClassifier, Frames, make_attribute_pipeline
from skface.metrics import attribute_report
from skface.pipelines import PRESETS
from skface.systems import (
    ATTRIBUTE_PARTS,
    CellVisibility,
    RecoveredFeatures,
    SegmentCommittee,
    face_parts,
    random_parts,
)
from skface.systems._committee import aucs

from ._covers import covered, map_features, pictures, told
from ._shared import load_part

N_PHOTOS = {"train": 1100, "valid": 250, "test": 300}
_SIZE = (218, 178)  # of aligned photos
PLACES = ("lower", "upper", "left", "right", "middle")
FIGURES = ("balanced accuracy", "balanced accuracy, tuned", "AUC")
LEARNT = ["grey", "noise", "photo"]
# What shows where it is hidden; of left and right a half is always seen.
INSIDE = {
    "upper": ATTRIBUTE_PARTS["eyes"],
    "lower": ATTRIBUTE_PARTS["mouth"] + ATTRIBUTE_PARTS["beard"],
    "middle": ATTRIBUTE_PARTS["eyes"] + ATTRIBUTE_PARTS["nose"],
}


def run(args):
    features, photos, y, names = map_features(args), {}, {}, None
    loader = CelebALoader(args.attributes, "attributes", verbose=0)
    for part, n in N_PHOTOS.items():
        bunch = load_part(loader, part, args, n)
        photos[part], y[part] = bunch.images, bunch.target
        names = list(bunch.target_names)
    arrays = {p: np.asarray(each.resized(_SIZE)) for p, each in photos.items()}
    clean = {part: features.transform(arrays[part]) for part in arrays}
    hidden = {}
    for seed, part in enumerate(("train", "valid")):
        made, seen = covered(arrays[part], places(len(y[part]), seed), LEARNT, seed)
        hidden[part] = features.transform(made), seen
    tests = {"nothing": (arrays["test"], clean["test"], np.ones((len(y["test"]), 49)))}
    masks = pictures(args)
    covers = [each for mask in masks for each in (*LEARNT, mask)] or LEARNT
    for place in PLACES:
        parts = face_parts(place, len(y["test"]))
        made, seen = covered(arrays["test"], parts, covers, 7)
        tests[place] = made, features.transform(made), seen

    both = {part: np.concatenate([clean[part], hidden[part][0]]) for part in hidden}
    y_both = {part: np.tile(y[part], (2, 1)) for part in hidden}
    seen = np.concatenate([np.ones_like(hidden["train"][1]), hidden["train"][1]])
    visibility = CellVisibility().fit(both["train"], seen)
    scale = RecoveredFeatures(None, 0).fit(clean["train"]).transform
    commoner = np.tile(np.nanmean(y["train"], axis=0), (len(y["test"]), 1))
    found = {
        "commoner answer": [dict.fromkeys(tests, scores(y["test"], commoner, names))]
    }
    for seed in range(args.n_seeds):
        committee = made_committee(args, seed).fit(
            arrays["train"], y["train"], X_val=arrays["valid"], y_val=y["valid"]
        )
        plain, with_hiding = (
            DenseHeadClassifier(
                **PRESETS["attributes"]["best"].head,
                threshold="balanced_accuracy",
                random_state=seed,
            ).fit(
                scale(X["train"]), Y["train"], X_val=scale(X["valid"]), y_val=Y["valid"]
            )
            for X, Y in ((clean, y), (both, y_both))
        )
        whole, by_way = committee.pipelines_[0], {}
        for place, (photos, X, seen) in tests.items():
            told_by = {
                "plain": (plain, scale(X)),
                "plain, with hiding": (with_hiding, scale(X)),
                "whole at 112 alone": (whole, photos),
                "committee": (committee, photos),
                "committee, map of visibility": (
                    committee,
                    photos,
                    visibility.predict(X),
                ),
                "committee, true visibility": (committee, photos, seen),
            }
            for way, (model, *shown) in told_by.items():
                p = model.predict_proba(*shown)
                head = model[-1] if model is whole else model
                found_here = scores(y["test"], p, names, head.thresholds_)
                by_way.setdefault(way, {})[place] = found_here
        for way, by_place in by_way.items():
            found.setdefault(way, []).append(by_place)
    rows = []
    for figure in FIGURES:
        for where in ("all", "outside", "inside"):
            for way, seeds in found.items():
                row = {"figure": figure, "attributes": where, "way": way}
                for place in tests:
                    inside = INSIDE.get(place, ())
                    chosen = [n for n in names if (n in inside) == (where == "inside")]
                    chosen = names if where == "all" else chosen
                    if where == "all" or inside:
                        values = [each[place].loc[chosen, figure] for each in seeds]
                        row[place] = told([each.mean() for each in values])
                rows.append(row)
    n = ", ".join(f"{len(y[part])} {part}" for part in y)
    print(f"photos: {n}; {args.n_seeds} seeds of the heads; figures in %")
    print(kept(committee, names))
    return pd.DataFrame(rows).set_index(["figure", "attributes", "way"]).fillna("")


def places(n, seed):
    """Half of the parts at random, half those that are tested."""
    of_tests = [face_parts(place, -(-n // 10)) for place in PLACES]
    parts = [random_parts(n - n // 2, 0.4, random_state=seed), *of_tests]
    return Frames.concatenated(parts)[np.random.default_rng(seed).permutation(n)]


def made_committee(args, seed):
    pipe = make_attribute_pipeline(
        "fast", weights=args.weights, cache_dir=args.cache_dir, random_state=seed
    )
    pipe.set_params(mirror=False, head__threshold="balanced_accuracy")
    return SegmentCommittee(pipe, threshold="balanced_accuracy")


def scores(y, p, names, thresholds=0.5):
    """Of each attribute, by name: at 1/2, at thresholds, and at none."""
    balanced, tuned = (
        attribute_report(y, p > each, names=names)["balanced_accuracy"]
        for each in (0.5, thresholds)
    )
    there = (y == 1).any(axis=0) & (y == 0).any(axis=0)
    ranked = np.where(there, aucs(y.astype(float), p), np.nan)
    return pd.DataFrame(dict(zip(FIGURES, (balanced, tuned, ranked), strict=True)))


def kept(committee, names):
    """How many attributes each segment keeps, and those that it tells best."""
    rows = {}
    for name, weight in zip(committee.segments_, committee.weights_, strict=True):
        best = [names[column] for column in np.argsort(-weight)[:3]]
        rows[name] = {"keeps": int((weight > 0).sum()), "best": ", ".join(best)}
    return pd.DataFrame(rows).T.to_string()
