"""``skface extract``."""

import os

from skface._presets import PRESETS, recipe
from skface.cli._common import (
    cache_dir,
    find_photos,
    say,
    verbose,
    without_unreadable,
    write_out,
)
from skface.datasets import CelebALoader, available_targets
from skface.features import FeatureStore, VGG19Features


def run(args):
    """Fill the store; return 1 where photos could not be read."""
    place = cache_dir(args)
    celeba = _celeba_targets(args.photos)
    targets = [args.target] if args.target else celeba or list(PRESETS)
    photos = None if celeba else find_photos(args.photos)
    jobs = {}  # photos of each transformer, by its parameters
    for target in targets:
        options, _ = recipe(target, args.preset)  # a pipeline's head would load Keras
        features = VGG19Features(
            args.weights, cache_dir=place, verbose=verbose(args), **options
        )
        if celeba:
            photos = CelebALoader(args.photos[0], target).load("all")[0].paths
        _, paths = jobs.setdefault(repr(features.get_params()), (features, {}))
        paths.update(dict.fromkeys(photos))

    store = FeatureStore(place)
    n_before, n_bad = len(store), 0
    for features, paths in jobs.values():
        say(args, f"{len(paths):,} photos, {features.layer}")
        read, _ = without_unreadable(features.transform, list(paths))
        n_bad += len(paths) - len(read)
    n_new = len(store) - n_before
    write_out(f"{n_new:,} new rows, {len(store):,} in all, in {store.path}")
    return int(n_bad > 0)


def _celeba_targets(names):
    """Targets of the one CelebA folder that is named; none of other folders."""
    if len(names) > 1 or not os.path.isdir(names[0]):
        return []
    return available_targets(names[0])
