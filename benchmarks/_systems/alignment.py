"""3.7: attributes of photos that are turned, scaled and shifted.

Preset "fast" throughout, 112 x 112 pixels, so that a pass is a quarter of one of 224:
4,800 photos of CelebA to learn from, each as it is, mirrored, and warped twice; 300 of
its test photos, damaged into files of their own, in which what the frame does not show
is lost; the valid and test photos of MTFL, whole. Some 48,000 passes, as many as 12,000
of 224 x 224.
"""

import tempfile

import numpy as np
import pandas as pd
from wild import SEEN_IN_THE_WILD, damaged

from skface import (
    CelebALoader,
    Frames,
    ImageArray,
    make_attribute_pipeline,
    make_landmark_pipeline,
)
from skface.metrics import attribute_accuracy, attribute_balanced_accuracy
from skface.systems import LandmarkFreeAlignment
from skface.targets import CORNERS

from ._shared import PARTS, load_part

N_TEST = 300
# Degrees, size of the face, and shift as a part of the photo; every second photo is
# turned and shifted the other way.
DAMAGES = {
    "as they are": (0, 1, 0),
    "turned by 15°": (15, 1, 0),
    "turned by 30°": (30, 1, 0),
    "turned by 45°": (45, 1, 0),
    "shifted by 10 %": (0, 1, 0.1),
    "shifted by 20 %": (0, 1, 0.2),
    "0.7 as large": (0, 0.7, 0),
    "1.3 as large": (0, 1.3, 0),
    "all: 30°, 0.7, 10 %": (30, 0.7, 0.1),
}


def run(args):
    loader = CelebALoader(args.attributes, "attributes", verbose=0)
    train, valid = (load_part(loader, part, args) for part in ("train", "valid"))
    test = load_part(loader, "test", args, N_TEST)
    aligns = [
        fitted_alignment(args, seed, train.images) for seed in range(args.n_seeds)
    ]
    readers = [
        {
            "plain": plain(args, seed, train, valid),
            "trained with the warps": with_warps(args, seed, aligns[0], train, valid),
        }
        for seed in range(args.n_seeds)
    ]
    rows = on_damaged(aligns, readers, test, train.target)
    rows += in_the_wild(args, aligns, readers, train.target_names)
    return (
        pd.DataFrame(rows)
        .groupby(["photos", "read"], sort=False)
        .agg(["mean", "std"])
        .round(4)
    )


def on_damaged(aligns, readers, test, y_train):
    """Accuracy on damaged photos by what is read, and how far off the face is."""
    images, y, sizes = test.images, test.target, test.image_sizes
    constant = np.tile(y_train.mean(axis=0) > 0.5, (len(y), 1))
    rows = [row("any", "the commoner answer", y, constant)]
    sign = np.resize([1, -1], len(y))
    for name, (degrees, size, part) in DAMAGES.items():
        turn, shift = sign * degrees, sign * part

        def damage(frames, turn=turn, size=size, shift=shift):
            return frames.turned(turn).scaled(1 / size).shifted(shift, 0)

        whole = Frames.whole(len(y), sizes)
        truth = whole.shifted(-shift, 0).scaled(size).turned(-turn)
        with tempfile.TemporaryDirectory() as folder:
            photos = damaged(images, sizes, damage, folder)
            for align, pipes in zip(aligns, readers, strict=True):
                upright = align.transform(photos)
                seen = {
                    "": (photos, whole),
                    "aligned, ": (upright, upright.frames),
                    "true inverse, ": (photos.framed(truth), truth),
                }
                rows += [
                    row(name, how + who, y, pipe.predict(X), off(frames, truth))
                    for how, (X, frames) in seen.items()
                    for who, pipe in pipes.items()
                ]
    return rows


def in_the_wild(args, aligns, readers, names):
    """Three attributes of whole photos; no photo has trained anything."""
    parts = {}
    for target in ("attributes", "landmarks"):
        loader = CelebALoader(args.points, target, aligned=False, verbose=0)
        parts[target] = [load_part(loader, part, args) for part in PARTS[1:]]
    images = joined([part.images for part in parts["attributes"]])
    labels = parts["attributes"][0].target_names
    own, known = (
        [list(each).index(name) for name in SEEN_IN_THE_WILD]
        for each in (labels, names)
    )
    y = np.concatenate([part.target for part in parts["attributes"]])[:, own]
    points = np.concatenate([part.target for part in parts["landmarks"]])
    sizes = np.concatenate([part.image_sizes for part in parts["landmarks"]])
    truth = Frames.from_landmarks(points, sizes)
    rows = []
    for align, pipes in zip(aligns, readers, strict=True):
        upright = align.transform(images)
        seen = {
            "": (images, Frames.whole(len(y), sizes)),
            "aligned, ": (upright, upright.frames),
            "by true landmarks, ": (images.framed(truth), truth),
        }
        rows += [
            row("MTFL", how + who, y, pipe.predict(X)[:, known], off(frames, truth))
            for how, (X, frames) in seen.items()
            for who, pipe in pipes.items()
        ]
    return rows


def row(photos, read, y, y_pred, off=np.nan):
    return {
        "photos": photos,
        "read": read,
        "accuracy": attribute_accuracy(y, y_pred),
        "balanced": attribute_balanced_accuracy(y, y_pred),
        "off": off,
    }


def off(frames, truth):
    """How far the corners are from the true ones, in true sides: the median photo."""
    apart = truth.to_frame(frames.corners, CORNERS) - Frames.whole(1).corners
    return np.median(np.sqrt(np.square(apart).mean(axis=1)))


def fitted_alignment(args, seed, images):
    regressor = make_landmark_pipeline(
        "fast",
        looks=1,
        weights=args.weights,
        cache_dir=args.cache_dir,
        random_state=seed,
    )
    # The frames are mirrored already.
    return LandmarkFreeAlignment(regressor.set_params(mirror=False)).fit(images)


def plain(args, seed, train, valid):
    pipe = make_attribute_pipeline(
        "fast", weights=args.weights, cache_dir=args.cache_dir, random_state=seed
    )
    return pipe.fit(train.images, train.target, X_val=valid.images, y_val=valid.target)


def with_warps(args, seed, align, train, valid):
    """The same, which has seen every photo as it is and in the alignment's frames."""
    pipe = make_attribute_pipeline(
        "fast", weights=args.weights, cache_dir=args.cache_dir, random_state=seed
    )
    data = []
    for part in (train, valid):
        near, _, rows = align.frames_of(part.images)
        y = np.concatenate([part.target, part.target[rows]])
        data += [joined([part.images, near]), y]
    X, y, X_val, y_val = data
    return pipe.set_params(mirror=False).fit(X, y, X_val=X_val, y_val=y_val)


def joined(several):
    """Photos, and then others, as one array."""
    return ImageArray(
        np.concatenate([images.paths for images in several]),
        several[0].image_size,
        Frames.concatenated([images.frames for images in several]),
    )
