"""``skface extract``."""

import os

import numpy as np

from skface.cli._finding import find_photos
from skface.cli._shared import (
    cache_dir,
    check_looks,
    counted,
    is_aligned,
    say,
    verbose,
    without_unreadable,
)
from skface.cli._streams import write_out
from skface.datasets import CelebALoader, available_targets
from skface.features import FeatureStore, VGG19Features
from skface.photos import ImageArray, with_mirror_images
from skface.pipelines import PRESETS, preset_of


def run(args):
    """Fill the store; return 1 where photos could not be read."""
    check_looks(args)
    place = cache_dir(args)
    celeba = _celeba_targets(args.photos)
    known = [target for target in PRESETS if args.preset in PRESETS[target]]
    targets = [target for target in celeba or known if target in known]
    if args.target:
        targets = [args.target]
    photos = None if celeba else find_photos(args)
    jobs = {}  # photos of each transformer, and whether their mirror images too
    second_looks = {}  # target's loader, where the recipe looks again
    for target in targets:
        preset = preset_of(target, args.preset)  # a pipeline's head would load Keras
        features = VGG19Features(
            args.weights, cache_dir=place, verbose=verbose(args), **preset.features
        )
        if celeba:
            loader = CelebALoader(args.photos[0], target, aligned=is_aligned(args))
            photos = loader.load("all")[0].paths
        n_looks = args.looks or 1 + (preset.second_look is not None)
        looks_again = target != "attributes" and n_looks > 1
        mirrored = []  # the first of several looks reads one side
        if preset.mirror == "fit+predict" and not looks_again:
            mirrored = photos
        elif preset.mirror == "fit" and not looks_again and celeba:
            mirrored = loader.load("train")[0].paths
        if looks_again and celeba:
            second_looks[target] = loader
        # each once, however many targets want it
        _, sides = jobs.setdefault(repr(features.get_params()), (features, {}))
        sides |= {path: sides.get(path, False) for path in photos}
        sides |= dict.fromkeys(mirrored, True)

    store, bad = FeatureStore(place), set()
    n_before = len(store)
    for features, sides in jobs.values():
        for is_mirrored, text in ((True, ", both sides"), (False, "")):
            paths = [path for path in sides if sides[path] == is_mirrored]
            paths = [path for path in paths if path not in bad]
            if paths:
                say(args, f"{counted(len(paths), 'photo')}, {features.layer}{text}")
            bad |= _extract(features, paths, is_mirrored)
    for target, loader in second_looks.items():
        bad |= _extract_frames(target, loader, bad, args)
    n_new = len(store) - n_before
    write_out(f"{counted(n_new, 'new row')}, {len(store):,} in all, in {store.path}")
    return int(bool(bad))


def _extract(features, paths, is_mirrored):
    """Fill the store; the set of photos that could not be read."""

    def transform(paths):
        photos = ImageArray(paths)
        features.transform(with_mirror_images(photos) if is_mirrored else photos)

    read, _ = without_unreadable(transform, paths)
    return set(paths) - set(read)


def _extract_frames(target, loader, bad, args):
    """The frames that the second look of a target learns from, as `_extract`."""
    from skface.pipelines import MAKERS  # which loads Keras

    look = MAKERS[target](
        args.preset,
        looks=args.looks,
        weights=args.weights,
        cache_dir=cache_dir(args),
        verbose=verbose(args),
    )
    found = set()
    for split, n_frames in (("train", look.n_frames), ("valid", 1)):
        X, y = loader.load(split)
        good = ~np.isin(X.paths, [*bad, *found])
        if not good.any():
            continue
        frames, *_ = look.frames_of(X[good], y[good], n_frames)
        say(args, f"{counted(len(frames), 'frame')} for a second look, {target}")

        def transform(paths, frames=frames):
            features = look.second["features"]
            features.transform(frames[np.isin(frames.paths, paths)])

        paths = list(dict.fromkeys(frames.paths))
        found |= set(paths) - set(without_unreadable(transform, paths)[0])
    return found


def _celeba_targets(names):
    """Targets of the one CelebA folder that is named; none of other folders."""
    if len(names) > 1 or not os.path.isdir(names[0]):
        return []
    return available_targets(names[0])
