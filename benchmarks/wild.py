"""Photos in the wild: a second look at coordinates, and attributes of upright faces.

- points: boxes and landmarks by the number of looks and of training frames, several
  seeds, beside the constant answer;
- attributes: learnt from aligned photos, read in the wild: from the whole photo, from a
  crop of 1.8 true boxes, from faces turned upright by the landmarks of the first look,
  of the last look, and by the true ones;
- robustness: aligned photos that were turned, shifted and scaled, read as they are and
  turned upright by landmarks that have learnt from the photos in the wild.

Choices belong on the valid photos, ``--split valid``; ``--preset`` is that of what
finds boxes and landmarks, and ``--set`` sets its parameters. ::

    python benchmarks/wild.py --attributes CELEBA --points MTFL --weights FILE
    python benchmarks/wild.py ... --only landmarks --preset finest --n-looks 2 3

Without arguments it draws its own faces.
"""

import tempfile
import warnings
from functools import cache
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from _common import figures, parsed, study, take_settings
from PIL import Image

from skface import (
    AlignedFaces,
    CelebALoader,
    Frames,
    ImageArray,
    make_attribute_pipeline,
)
from skface.metrics import attribute_report
from skface.pipelines import MAKERS

SEEN_IN_THE_WILD = ("Eyeglasses", "Male", "Smiling")
DAMAGES = {
    "as they are": lambda frames: frames,
    "turned by 15°": lambda frames: frames.turned(15),
    "turned by 30°": lambda frames: frames.turned(30),
    "turned by 45°": lambda frames: frames.turned(45),
    "turned by 90°": lambda frames: frames.turned(90),
    "shifted by 20 %": lambda frames: frames.shifted(0.2, 0),
    "half as large": lambda frames: frames.scaled(2),
    "twice as large": lambda frames: frames.scaled(0.5),
}


def points(target, args):
    """Figures by seed, training frames and looks."""
    read, rows = load(args.points, target, args.split), []
    y_train = load(args.points, target, "train").target
    for n_frames in args.n_frames or [None]:
        for seed in range(args.n_seeds):
            look = fitted(target, args, seed, n_frames)
            n_looks_of_preset = look.n_looks
            for n_looks in args.n_looks:
                look.set_params(n_looks=n_looks)
                found = figures(look, read, y_train).set_index("figure")
                key = {"frames a photo": look.n_frames, "looks": n_looks}
                rows.append({**key, **found["skface"]})
            look.set_params(n_looks=n_looks_of_preset)
    of_none = {"frames a photo": 0, "looks": 0, **found["baseline"]}
    return spread(pd.DataFrame([of_none, *rows]), ["frames a photo", "looks"])


def attributes(args):
    """Balanced accuracy of what both data sets label, by what was read.

    The thresholds of which it is best are chosen on aligned photos too.
    """
    pipe = fitted_attributes(args, threshold="balanced_accuracy")
    chosen = pipe["head"].thresholds_[columns(pipe.target_names_)]
    rows = []
    for seed in range(args.n_seeds):
        for name, y, p in read_in_the_wild(pipe, seed, args):
            for threshold, least in {"0.5": 0.5, "chosen": chosen}.items():
                report = attribute_report(y, p > least, names=list(SEEN_IN_THE_WILD))
                balanced = report["balanced_accuracy"]
                key = {"threshold": threshold, "read": name}
                rows.append({**key, **balanced, "mean": balanced.mean()})
    return spread(
        pd.DataFrame(rows).sort_values("threshold", kind="stable"),
        ["threshold", "read"],
    )


def read_in_the_wild(pipe, seed, args):
    """Yield what was read, y and probabilities; no photo trained its landmarks."""
    of_points, of_boxes, of_labels = (
        load(args.points, target, "all")
        for target in ("landmarks", "bbox", "attributes")
    )
    labels = of_labels.target[:, columns(of_labels.target_names)]
    known = columns(pipe.target_names_)
    found = {}
    for fold, look in looks_of(of_points, seed, args):
        images, sizes = of_points.images[fold], of_points.image_sizes[fold]
        seen = {
            "whole photo": images,
            "crop of 1.8 true boxes": images.framed(
                Frames.from_boxes(of_boxes.target[fold], sizes, margin=0.4)
            ),
            "aligned by the first look": AlignedFaces(look.first_).transform(images),
            "aligned by the last look": AlignedFaces(look).transform(images),
            "aligned by true points": images.framed(
                Frames.from_landmarks(of_points.target[fold], sizes)
            ),
        }
        for name, photos in seen.items():
            p = pipe.predict_proba(photos)[:, known]
            found.setdefault(name, []).append((labels[fold], p))
    for name, parts in found.items():
        yield name, *map(np.concatenate, zip(*parts, strict=True))


def looks_of(photos, seed, args):
    """Yield rows of photos, and landmarks that have not learnt from them."""
    n = len(photos.target)
    if not args.all_photos:
        learnt_from = load(args.points, "landmarks", "train").images.paths
        rows = np.flatnonzero(~np.isin(photos.images.paths, learnt_from))
        yield rows, fitted("landmarks", args, seed)
        return
    for rows in np.array_split(np.random.default_rng(0).permutation(n), 3):
        train = np.setdiff1d(np.arange(n), rows)
        look = made("landmarks", args, random_state=seed)
        yield rows, look.fit(photos.images[train], photos.target[train])


def robustness(args):
    """Accuracy on damaged aligned photos, with and without AlignedFaces."""
    test = CelebALoader(args.attributes, "attributes", verbose=0).load_bunch("test")
    images, y = test.images[: args.n_damaged], test.target[: args.n_damaged]
    rows = []
    for name, damage in DAMAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            photos = damaged(images, test.image_sizes[: args.n_damaged], damage, folder)
            for seed in range(args.n_seeds):
                pipe = fitted_attributes(args, seed)
                aligning = AlignedFaces(fitted("landmarks", args, seed))
                rows.append(
                    {
                        "photos": name,
                        "as they come": pipe.score(photos, y),
                        "aligned": pipe.behind(aligning).score(photos, y),
                    }
                )
    constant = (y.mean(axis=0) > 0.5) == y
    print(f"the commoner answer: {constant.mean():.4f}, {len(y)} photos")
    return spread(pd.DataFrame(rows), ["photos"])


def damaged(images, sizes, damage, folder):
    """Files of what is left of photos: what a frame shows, as large as the photo."""
    frames, paths = damage(Frames.whole(len(images), sizes)), []
    for i, (width, height) in enumerate(sizes):
        one = ImageArray(images.paths[[i]], (height, width), frames[i : i + 1])
        paths.append(Path(folder, f"{i:05}.png"))
        Image.fromarray(np.asarray(one)[0]).save(paths[-1])
    return ImageArray(paths)


@cache
def load(root, target, part):
    """Photos in the wild."""
    return CelebALoader(root, target, aligned=False, verbose=0).load_bunch(part)


_fitted = {}


def fitted(target, args, seed=0, n_frames=None):
    """What has learnt from the train photos, its epochs chosen on the valid ones."""
    key = target, seed, n_frames
    if key not in _fitted:
        train, valid = (load(args.points, target, part) for part in ("train", "valid"))
        model = made(target, args, seed)
        if n_frames:
            model.set_params(n_frames=n_frames)
        start = perf_counter()
        model.fit(train.images, train.target, X_val=valid.images, y_val=valid.target)
        print(f"{target}, seed {seed}: {perf_counter() - start:.0f} s to fit")
        _fitted[key] = model
    return _fitted[key]


def fitted_attributes(args, seed=0, threshold=0.5):
    key = "attributes", seed, threshold
    if key not in _fitted:
        loader = CelebALoader(args.attributes, "attributes", verbose=0)
        train, valid = (loader.load_bunch(part) for part in ("train", "valid"))
        pipe = make_attribute_pipeline(
            weights=args.weights, cache_dir=args.cache_dir, random_state=seed
        ).set_params(head__threshold=threshold)
        pipe.fit(train.images, train.target, X_val=valid.images, y_val=valid.target)
        pipe.target_names_ = train.target_names
        _fitted[key] = pipe
    return _fitted[key]


def made(target, args, random_state=0):
    return MAKERS[target](
        args.preset,
        weights=args.weights,
        cache_dir=args.cache_dir,
        random_state=random_state,
    ).set_params(**dict(args.set))


def columns(names):
    """Where the attributes that both data sets have stand in the columns."""
    return [list(names).index(name) for name in SEEN_IN_THE_WILD]


def spread(rows, by):
    """Mean and standard deviation over seeds."""
    return rows.groupby(by, sort=False).agg(["mean", "std"]).round(4)


EXPERIMENTS = {
    "landmarks": lambda args: points("landmarks", args),
    "bbox": lambda args: points("bbox", args),
    "attributes": attributes,
    "robustness": robustness,
}


def main():
    parser = study(__doc__)
    parser.add_argument(
        "--only", nargs="+", default=list(EXPERIMENTS), choices=EXPERIMENTS
    )
    parser.add_argument("--split", default="test", choices=["valid", "test"])
    parser.add_argument("--preset", default="best", help="of points; %(default)s")
    parser.add_argument(
        "--n-frames", type=int, nargs="+", help="of points; those of the preset"
    )
    parser.add_argument(
        "--n-looks", type=int, nargs="+", default=[1, 2, 3], help="at points; 1 2 3"
    )
    parser.add_argument(
        "--all-photos",
        action="store_true",
        help="read all photos in the wild, by landmarks of the other two thirds; else "
        "those of valid and test, the first of which have chosen the epochs",
    )
    take_settings(parser)
    parser.add_argument("--n-damaged", type=int, default=600, help="%(default)s")
    args = parsed(parser)
    warnings.simplefilter("ignore")
    for name in args.only:
        start = perf_counter()
        table = EXPERIMENTS[name](args)
        print(
            f"{name}, {perf_counter() - start:.0f} s\n{table.to_string()}\n", flush=True
        )


if __name__ == "__main__":
    main()
