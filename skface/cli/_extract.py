"""``skface extract``."""

import os

from sklearn.base import clone

from skface.cli._shared import (
    cache_dir,
    counted,
    find_photos,
    say,
    verbose,
    without_unreadable,
    write_out,
)
from skface.datasets import CelebALoader, available_targets
from skface.features import FeatureStore, VGG19Features
from skface.pipelines._presets import PRESETS, preset_of


def run(args):
    """Fill the store; return 1 where photos could not be read."""
    place = cache_dir(args)
    celeba = _celeba_targets(args.photos)
    targets = [args.target] if args.target else celeba or list(PRESETS)
    photos = None if celeba else find_photos(args.photos)
    jobs = {}  # photos of each transformer, by its parameters
    for target in targets:
        preset = preset_of(target, args.preset)  # a pipeline's head would load Keras
        features = VGG19Features(
            args.weights, cache_dir=place, verbose=verbose(args), **preset.features
        )
        if celeba:
            loader = CelebALoader(args.photos[0], target)
            photos = loader.load("all")[0].paths
        _add(jobs, features, photos)
        mirrored = clone(features).set_params(mirror=True)
        if preset.mirror == "fit+predict":
            _add(jobs, mirrored, photos)
        elif preset.mirror and celeba:
            _add(jobs, mirrored, loader.load("train")[0].paths)

    store, bad = FeatureStore(place), set()
    n_before = len(store)
    for features, paths in jobs.values():
        paths = [path for path in paths if path not in bad]
        side = ", mirrored" if features.mirror else ""
        say(args, f"{counted(len(paths), 'photo')}, {features.layer}{side}")
        read, _ = without_unreadable(features.transform, paths)
        bad |= set(paths) - set(read)
    n_new = len(store) - n_before
    write_out(f"{counted(n_new, 'new row')}, {len(store):,} in all, in {store.path}")
    return int(bool(bad))


def _add(jobs, features, photos):
    """Photos for a transformer, each once however many targets want it."""
    _, paths = jobs.setdefault(repr(features.get_params()), (features, {}))
    paths.update(dict.fromkeys(photos))


def _celeba_targets(names):
    """Targets of the one CelebA folder that is named; none of other folders."""
    if len(names) > 1 or not os.path.isdir(names[0]):
        return []
    return available_targets(names[0])
