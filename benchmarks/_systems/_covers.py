"""Photos hidden in several ways, once, whatever the seed of what learns from them."""

from pathlib import Path

import numpy as np
from PIL import Image

from skface import VGG19Features
from skface.systems import hidden_cells, hide

LEARNT = ("noise", "photo", "bar")  # other kinds are met in the test alone
CELLS = (7, 7)


def map_features(args):
    """The preset's maps before they are scaled, which hidden cells are told from."""
    return VGG19Features(
        args.weights, layer="block4_pool", pooling=CELLS, cache_dir=args.cache_dir
    )


def pictures(args):
    """RGBA of the pictures that hide faces; none without --occluders."""
    paths = sorted(Path(args.occluders).glob("*.png")) if args.occluders else []
    return [np.asarray(Image.open(path).convert("RGBA")) for path in paths]


def kinds(args):
    """Covers by their names; a mask is one of several pictures."""
    found = {name: [name] for name in ("grey", "noise", "photo", "hand")}
    return {**found, "mask": pictures(args)} if args.occluders else found


def covered(photos, parts, covers, seed):
    """Photos hidden by covers in turn, and how much of each cell is seen.

    Parameters
    ----------
    photos : uint8 ndarray of shape (n, height, width, 3)
    parts : Frames of length n
    covers : list
        Photo i has cover i modulo their number.
    seed : int

    Returns
    -------
    photos : uint8 ndarray of shape (n, height, width, 3)
    seen : ndarray of shape (n, n_cells)
    """
    hidden, seen = photos.copy(), np.empty((len(photos), np.prod(CELLS)))
    for i, cover in enumerate(covers):
        rows = np.arange(len(photos))[i :: len(covers)]
        if not len(rows):
            continue
        # pieces come from all photos, so that two are enough
        is_piece = isinstance(cover, str) and cover == "photo"
        others = np.delete(np.arange(len(photos)), rows) if is_piece else rows[:0]
        some = np.concatenate([rows, others])
        made = hide(photos[some], parts[some], cover, random_state=seed + i)
        hidden[rows] = made[: len(rows)]
        cells = hidden_cells(parts[rows], CELLS, cover)
        seen[rows] = 1 - cells.reshape(len(rows), -1)
    return hidden, seen


def told(values, scale=100):
    """Mean and standard deviation over seeds."""
    values = scale * np.asarray(values, float)
    spread = f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else ""
    return f"{values.mean():.2f}{spread}"
