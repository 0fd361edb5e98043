"""3.9: landmarks of faces that are partly hidden.

Faces of photos in the wild, through frames near their true points, are hidden by 10, 25
and 50 %. Visibility, and heads "with occluders", have seen noise, pieces of photos and
bars; grey, hands and masks are new in the test. Rows of photos: passes of VGG19 =
3 x train + 2 x valid + (1 + 3 x kinds) x test, 9,000 with masks.
"""

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score

from skface import DenseHeadRegressor
from skface.pipelines import PRESETS, FacePipeline
from skface.systems import (
    CellVisibility,
    RecoveredFeatures,
    ShapePrior,
    hidden_cells,
    random_parts,
)
from skface.systems._shape_prior import visible_beside

from ._covers import LEARNT, covered, kinds, map_features, told
from ._shared import framed_faces

SHARES = (0.1, 0.25, 0.5)
N_PHOTOS = {"train": 1200, "valid": 300, "test": 300}
N_COPIES = {"train": 2, "valid": 1}
_FACE = (0, 0, 1, 1)  # the frame shows hardly more
_FINE = 56  # cells a side, to tell which points are hidden


def run(args):
    features = map_features(args)
    photos, y = {}, {}
    for seed, part in enumerate(N_PHOTOS):
        faces, y[part] = framed_faces(
            args, part, "face", random_state=seed, n_photos=N_PHOTOS[part]
        )
        photos[part] = np.asarray(faces.resized((224, 224)))
    clean = {part: features.transform(photos[part]) for part in photos}
    hidden, seen, truth = {}, {}, {}
    for part, n in N_COPIES.items():
        pieces = [hidden_copy(photos[part], 100 * n + i) for i in range(n)]
        hidden[part] = np.concatenate([features.transform(each) for each, _ in pieces])
        seen[part] = np.concatenate([each for _, each in pieces])
        truth[part] = np.tile(y[part], (n, 1))
    tests = hidden_tests(args, photos["test"], y["test"], features)

    whole = {part: np.ones((len(y[part]), 49)) for part in y}
    both = {p: np.concatenate([clean[p], hidden[p]]) for p in N_COPIES}
    y_both = {p: np.concatenate([y[p], truth[p]]) for p in N_COPIES}
    seen_both = {p: np.concatenate([whole[p], seen[p]]) for p in N_COPIES}
    visibility = CellVisibility().fit(both["train"], seen_both["train"])

    def recovery(n_components):
        recovery = RecoveredFeatures(visibility, n_components, random_state=0)
        return recovery.fit(clean["train"])

    mean, components = recovery(0), recovery(64)
    plain = RecoveredFeatures(None, 0).fit(clean["train"])  # scales the rows alone
    # What is learnt from, by what recovers, and whether the true mask is known.
    ways = {
        "plain": (plain, False, False),
        "plain, with occluders": (plain, True, False),
        "recovery": (components, False, False),
        "weights, with occluders": (mean, True, False),
        "recovery, with occluders": (components, True, False),
        "true mask, with occluders": (components, True, True),
    }
    found = {"mean shape": [errors(tests, lambda X, _: mean_shape(y["train"], X))]}
    params = PRESETS["landmarks"]["best"].head
    if args.weights == "synthetic":  # drawn faces only show that the script works
        params = {**params, "n_layers": 1, "epochs": 5}
    for seed in range(args.n_seeds):
        for name, (step, with_occluders, is_known) in ways.items():
            X, Y, V = (both, y_both, seen_both) if with_occluders else (clean, y, whole)

            def seen_by(step, X, V, is_known=is_known):
                return step.transform(X, visible=V) if is_known else step.transform(X)

            head = DenseHeadRegressor(
                **params, target="landmarks", random_state=seed
            ).fit(
                seen_by(step, X["train"], V["train"]),
                Y["train"],
                X_val=seen_by(step, X["valid"], V["valid"]),
                y_val=Y["valid"],
            )

            def read(X, V, step=step, head=head, seen_by=seen_by):
                return head.predict(seen_by(step, X, V))

            found.setdefault(name, []).append(errors(tests, read))
            pipe = FacePipeline([("recover", step), ("head", head)])
            prior = ShapePrior(FrozenEstimator(pipe), visibility).fit(
                clean["train"], y["train"], X_val=both["valid"], y_val=y_both["valid"]
            )

            def adjusted(X, V, read=read, prior=prior, is_known=is_known):
                points = read(X, V)
                V = V if is_known else visibility.predict(X)
                return prior.adjusted(points, visible_beside(V, points))

            found.setdefault(f"{name} + prior", []).append(errors(tests, adjusted))
    rows = []
    for what in ("all", "seen", "hidden"):
        for name, seeds in found.items():
            row = {"figure": f"NME of {what} points, %", "way": name}
            for share in (0, *SHARES):
                if share or what != "hidden":
                    values = [each[share][what] for each in seeds]
                    row[f"{share:.0%} hidden"] = told(values)
            rows.append(row)
    rows += visibility_rows(tests, visibility)
    n = ", ".join(f"{len(y[part])} {part}" for part in y)
    print(f"photos: {n}; {args.n_seeds} seeds of the heads")
    return pd.DataFrame(rows).set_index(["figure", "way"]).fillna("")


def hidden_copy(photos, seed):
    """Photos of which one of the shares is hidden, by one of the kinds learnt."""
    shares = np.resize(np.repeat(SHARES, len(LEARNT)), len(photos))
    parts = random_parts(len(photos), shares, face=_FACE, random_state=seed)
    return covered(photos, parts, list(LEARNT), seed)


def hidden_tests(args, photos, y, features):
    """(features, seen cells, y, which points are hidden) by share and kind."""
    nothing = np.zeros((len(y), y.shape[1] // 2), bool)
    tests = {(0, ""): (features.transform(photos), np.ones((len(y), 49)), y, nothing)}
    for share in SHARES:
        parts = random_parts(
            len(photos), share, face=_FACE, random_state=int(100 * share)
        )
        for kind, covers in kinds(args).items():
            made, seen = covered(photos, parts, covers, 7)
            is_hidden = np.empty_like(nothing)
            for i, cover in enumerate(covers):
                fine = hidden_cells(parts[i :: len(covers)], _FINE, cover)
                fine = fine.reshape(len(fine), -1)
                points = y[i :: len(covers)]
                is_hidden[i :: len(covers)] = visible_beside(fine, points) > 0.5
            tests[share, kind] = features.transform(made), seen, y, is_hidden
    return tests


def mean_shape(y, X):
    return np.tile(y.mean(axis=0), (len(X), 1))


def errors(tests, read):
    """NME of hidden, seen and all points, by share, all kinds together."""
    found = {}
    for (share, _), (X, seen, y, is_hidden) in tests.items():
        points = y.reshape(len(y), -1, 2)
        apart = np.linalg.norm(
            read(X, seen).reshape(points.shape) - points, axis=2
        ) / np.linalg.norm(points[:, :1] - points[:, 1:2], axis=2)
        for what, some in (
            ("hidden", is_hidden),
            ("seen", ~is_hidden),
            ("all", is_hidden | True),
        ):
            if some.any():
                found.setdefault(share, {}).setdefault(what, []).append(apart[some])
    return {
        share: {what: np.concatenate(each).mean() for what, each in parts.items()}
        for share, parts in found.items()
    }


def visibility_rows(tests, visibility):
    """Area under the curve of the map's cells, by kind and share."""
    rows = {}
    for (share, kind), (X, seen, _, _) in tests.items():
        if not share:
            continue
        known = "learnt" if kind in LEARNT else "new"
        row = rows.setdefault(
            kind, {"figure": "AUC of cells", "way": f"{kind}, {known}"}
        )
        is_hidden = seen.ravel() < 0.5
        auc = roc_auc_score(is_hidden, 1 - visibility.predict(X).ravel())
        row[f"{share:.0%} hidden"] = f"{auc:.3f}"
    return list(rows.values())
