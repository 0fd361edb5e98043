"""3.5: attributes told again by what is told of the others, and by crops.

Preset "best", one side of each photo: 1,100 photos of CelebA to learn from, 300 to
choose on, 400 to test on. Passes of 224 x 224: 1,800, and as many for each four crops
of 112 x 112, seven of the face and seven random ones of the same sizes; 8,100.
Gains are over the general stage alone, paired: their error is that of one seed's mean
over the test photos.
"""

import numpy as np
import pandas as pd

from skface import CelebALoader, make_attribute_pipeline
from skface.metrics import attribute_balanced_accuracy
from skface.systems import FACE_CROPS, GeneralToSpecific
from skface.systems._parts import parts_of

from ._shared import PARTS, load_part

N_PHOTOS = {"train": 1100, "valid": 300, "test": 400}


def run(args):
    loader = CelebALoader(args.attributes, "attributes", verbose=0)
    X, y = {}, {}
    for part in PARTS:
        bunch = load_part(loader, part, args, N_PHOTOS[part])
        X[part], y[part] = bunch.images, bunch.target
    parts = np.array(parts_of(bunch.target_names))
    constant = np.broadcast_to(y["train"].mean(axis=0) > 0.5, y["test"].shape)
    rows = []
    for seed in range(args.n_seeds):
        general, told = None, {"the commoner answer": (constant, 0)}
        for name, crops in {
            "+ task-aware": {},
            "+ crops": None,
            "+ random crops": random_crops(),
        }.items():
            model = GeneralToSpecific(
                make_attribute_pipeline(
                    weights=args.weights, cache_dir=args.cache_dir, random_state=seed
                ).set_params(mirror=False),
                crops=crops,
                random_state=seed,
            ).fit(X["train"], y["train"], X_val=X["valid"], y_val=y["valid"])
            if general is None:
                general = model.general_.predict(X["test"])
                told["general only"] = general, model.general_.n_passes
            told[name] = model.predict(X["test"]), model.n_passes
        for name, (found, n_passes) in told.items():
            rows += figures(name, y["test"], found, general, parts, n_passes)
    return (
        pd.DataFrame(rows)
        .groupby(["read", "attributes"], sort=False)
        .agg(["mean", "std"])
        .round(4)
    )


def random_crops():
    """Crops as large as those of the face, anywhere in the photo."""
    rng = np.random.default_rng(0)
    return {
        f"random {name}": (
            *rng.uniform(0, [1 - width, 1 - height]).tolist(),
            width,
            height,
        )
        for name, (_, _, width, height) in FACE_CROPS.items()
    }


def figures(name, y, found, general, parts, n_passes):
    """Accuracy and paired gains, of all attributes and of those of each part."""
    rows = []
    for part in ["all", *dict.fromkeys(parts)]:
        own = (parts == part) | (part == "all")
        right, before = ((each == y)[:, own].mean(axis=1) for each in (found, general))
        gain = right - before
        rows.append(
            {
                "read": name,
                "attributes": part,
                "accuracy": right.mean(),
                "balanced": attribute_balanced_accuracy(y[:, own], found[:, own]),
                "gain": gain.mean(),
                "error of the gain": gain.std() / np.sqrt(len(gain)),
                "passes": n_passes,
            }
        )
    return rows
