"""``skface card``."""

import json
from pathlib import Path

import pandas as pd

from skface import card
from skface.cli._evaluate import load_split, training_targets
from skface.cli._shared import is_aligned, load_model, say, writable_folder
from skface.datasets import CelebALoader
from skface.exceptions import InputError


def run(args):
    writable_folder(Path(args.output).parent, f"--output {args.output}")
    pipe, target = load_model(args)
    loader = CelebALoader(args.data, target, aligned=is_aligned(args))
    names = pipe.target_names_
    bunch = load_split(loader, args.split, names)
    card(
        pipe,
        bunch.images,
        bunch.target,
        target=target,
        path=args.output,
        target_names=names,
        groups=_groups(args, bunch),
        y_train=training_targets(loader, names),
        trained_on=args.trained_on or _trained_on(Path(args.model)),
        image_sizes=bunch.image_sizes,
        photos=args.photos,
    )
    stem = args.output.removesuffix(".md").removesuffix(".html")
    say(args, f"{stem}.md and {stem}.html")


def _groups(args, bunch):
    """Attributes to compare people by, in the order of the photos."""
    if not args.groups:
        return None
    other = CelebALoader(args.data, "attributes", aligned=is_aligned(args))
    other = other.load_bunch(args.split)
    unknown = [name for name in args.groups if name not in other.target_names]
    if unknown:
        raise InputError(
            f"--groups {' '.join(unknown)}: {args.data} has the attributes "
            f"{', '.join(other.target_names)}"
        )
    table = pd.DataFrame(
        other.target, index=other.image_ids, columns=other.target_names
    )
    return table.reindex(bunch.image_ids)[args.groups].reset_index(drop=True)


def _trained_on(model):
    """What the run folder around a model says about its training photos."""
    try:
        settings = json.loads((model.parent / "settings.json").read_text("utf-8"))
        counts = settings["n_photos"]
        return (
            f"{counts['train']:,} photos of {Path(settings['data']).name}, the "
            f"official train split; {counts['valid']:,} photos of the valid split "
            "chose the best epoch."
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
