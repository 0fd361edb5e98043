"""Targets as they stand in the lists, and what is left out of them."""

import warnings

import numpy as np

from skface.exceptions import DatasetError, SkfaceWarning

_N_NAMED = 5


def as_binary(values, columns, names):
    """-1 to 0; a list that already holds 0 and 1 stays as it is."""
    negative = -1 if (values == -1).any() else 0
    bad = ~np.isin(values, (negative, 1))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DatasetError(
            f"{columns[column]} of {names[row]} is {values[row, column]}: "
            "attributes must be -1 and 1, or 0 and 1"
        )
    return (values == 1).astype(np.int64)


def inside(boxes, sizes, names):
    """Boxes clipped to their photos, and which of them have an area."""
    corner = np.clip(boxes[:, :2], 0, sizes)
    opposite = np.clip(boxes[:, :2] + boxes[:, 2:], 0, sizes)
    clipped = np.hstack([corner, opposite - corner])
    has_area = (boxes[:, 2:] > 0).all(axis=1) & (clipped[:, 2:] > 0).all(axis=1)
    if not has_area.any():
        raise DatasetError(
            f"no photo is left: all {len(names)} boxes, of {listed(names)}, have no "
            "area in their photo"
        )
    if not has_area.all():
        warn(names[~has_area], "left out: the box has no area in the photo")
    changed = has_area & (clipped != boxes).any(axis=1)
    if changed.any():
        warn(names[changed], "clipped: the box leaves the photo")
    return clipped, has_area


def listed(names):
    rest = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
    return ", ".join(names[:_N_NAMED]) + rest


def warn(names, what):
    counted = "1 photo is" if len(names) == 1 else f"{len(names)} photos are"
    # 6 levels up is who called load or load_bunch.
    warnings.warn(f"{counted} {what}: {listed(names)}", SkfaceWarning, stacklevel=6)
