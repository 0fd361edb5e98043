"""What tail, views, sides and seeds give the attributes of aligned photos.

Presets "best", whose VGG19 is frozen, and "finest", whose block 5 learns, on CelebA's
official split: of the whole photo, of the face alone, and the mean of what both say;
from one side and both; and the mean over the seeds. Passes are those of VGG19 a photo.
Choices belong on the valid photos, ``--split valid``, which choose the epochs too;
``--split valid test`` tells both of one fit. ::

    python benchmarks/finest.py --attributes CELEBA --weights FILE --cache-dir FOLDER \\
        [--views whole] [--presets best finest] [--n-train 2000] \\
        [--set head__epochs=5]

Without arguments it draws its own faces.
"""

import warnings
from itertools import product
from time import perf_counter

import numpy as np
import pandas as pd
from _common import parsed, study, take_settings

from skface import CelebALoader, make_attribute_pipeline
from skface.metrics import attribute_report
from skface.photos import CELEBA_FACE

VIEWS = {"whole": None, "face": CELEBA_FACE}
SIDES = {"one": "fit", "both": "fit+predict"}
FIGURES = ["accuracy", "balanced_accuracy", "average_precision"]


def main():
    parser = study(__doc__, in_the_wild=False)
    parser.add_argument("--views", nargs="+", default=list(VIEWS), choices=VIEWS)
    parser.add_argument("--presets", nargs="+", default=["best", "finest"])
    parser.add_argument(
        "--split", nargs="+", default=["test"], choices=["valid", "test"]
    )
    parser.add_argument("--n-train", type=int, help="photos to learn from; all")
    take_settings(parser)
    args = parsed(parser)
    warnings.simplefilter("ignore")
    loader = CelebALoader(args.attributes, "attributes", verbose=0)
    parts = {part: loader.load_bunch(part) for part in ("train", "valid", "test")}
    told, seconds = {}, {}
    for seed, preset, view in product(range(args.n_seeds), args.presets, args.views):
        start = perf_counter()
        pipe = make_attribute_pipeline(
            preset, weights=args.weights, cache_dir=args.cache_dir, random_state=seed
        ).set_params(features__crop=VIEWS[view], **dict(args.set))
        train, valid = parts["train"], parts["valid"]
        X, y = (each[: args.n_train] for each in (train.images, train.target))
        pipe.fit(X, y, X_val=valid.images, y_val=valid.target)
        seconds.setdefault((preset, view), []).append(perf_counter() - start)
        losses = " ".join(f"{e:.4f}" for e in pipe["head"].history_["val_loss"])
        print(f"{preset}, {view}, seed {seed}: {losses}", flush=True)
        for split, (side, mirror) in product(args.split, SIDES.items()):
            p = pipe.set_params(mirror=mirror).predict_proba(parts[split].images)
            told.setdefault(split, {}).setdefault((preset, view, side), []).append(p)
        if (preset, view) == (args.presets[-1], args.views[-1]):
            for split in args.split:
                shown = table(told[split], seconds, parts, split, args)
                print(f"{split}, {seed + 1} seeds\n{shown}\n", flush=True)


def table(told, seconds, parts, split, args):
    """What each way of reading has told of a split, and the mean of views."""
    truth, told = parts[split].target, dict(told)
    if len(args.views) > 1:
        for preset, side in product(args.presets, SIDES):
            both = [told[preset, view, side] for view in args.views]
            told[preset, "both", side] = list(np.mean(both, axis=0))
    commoner = np.tile(parts["train"].target.mean(axis=0), (len(truth), 1))
    rows = [row("the commoner answer", "", "", 0, truth, [commoner])]
    for (preset, view, side), found in told.items():
        n_passes = (2 if view == "both" else 1) * (2 if side == "both" else 1)
        what = view, side, n_passes, truth
        rows.append(row(preset, *what, found, seconds.get((preset, view))))
        if len(found) > 1:
            rows.append(row(f"{preset}, mean of seeds", *what, [np.mean(found, 0)]))
    return pd.DataFrame(rows).to_string(index=False)


def row(preset, view, side, n_passes, y, found, seconds=()):
    """Mean and standard deviation over seeds, in percent."""
    reports = [attribute_report(y, p > 0.5, y_score=p) for p in found]
    figures = [100 * report[FIGURES].mean().to_numpy() for report in reports]
    texts = [f"{mean:.2f}" for mean in np.mean(figures, axis=0)]
    if len(found) > 1:
        spread = np.std(figures, axis=0, ddof=1)
        texts = [f"{text} ± {s:.2f}" for text, s in zip(texts, spread, strict=True)]
    return {
        **{"preset": preset, "view": view, "sides": side, "passes": n_passes},
        **dict(zip(FIGURES, texts, strict=True)),
        "fit, s": round(np.mean(seconds)) if seconds else "",
    }


if __name__ == "__main__":
    main()
