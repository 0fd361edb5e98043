"""What maps show inside of boxes."""

import numpy as np

GRID = 8  # points a side
_MARGIN = 0.3  # seen on each side of a box, as a part of its longer side


def looks(levels, boxes, is_mirrored=False) -> np.ndarray:
    """A grid of points in a square round each box, from the level that fits best.

    RoIAlign with one point a cell of the grid.

    Parameters
    ----------
    levels : list of ndarray of shape (rows, columns, channels)
    boxes : ndarray of shape (n, 4)
        Fractions of the photo.
    is_mirrored : bool or ndarray of bool of shape (n,), default=False
        Whether left and right are exchanged.

    Returns
    -------
    ndarray of shape (n, GRID ** 2 * channels), float32
        Values between cells are bilinear, those beyond the border zero.
    """
    found = np.zeros((len(boxes), GRID, GRID, levels[0].shape[2]), np.float32)
    sizes = np.array([level.shape[1::-1] for level in levels])
    sides = (1 + 2 * _MARGIN) * (boxes[:, 2:] * sizes[:, None]).max(axis=2)
    best = np.abs(np.log(sides / GRID)).argmin(axis=0)
    steps = (np.arange(GRID) + 0.5) / GRID - 0.5
    for i, level in enumerate(levels):
        rows = np.flatnonzero(best == i)
        if not len(rows):
            continue
        middles = (boxes[rows, :2] + boxes[rows, 2:] / 2) * sizes[i] - 0.5
        x, y = (middles[:, [axis]] + steps * sides[i, rows, None] for axis in (0, 1))
        found[rows] = _between(level, x, y)
    flipped = np.broadcast_to(is_mirrored, len(boxes))
    found[flipped] = found[flipped, :, ::-1]
    return found.reshape(len(boxes), GRID**2 * levels[0].shape[2])


def _between(level, x, y):
    """Values at the points of grids, x and y of shape (n, GRID), in cells."""
    n_rows, n_columns, _ = level.shape
    padded = np.pad(level.astype(np.float32), [(1, 1), (1, 1), (0, 0)])
    x, y = np.clip(x + 1, 0, n_columns + 1), np.clip(y + 1, 0, n_rows + 1)
    left = np.minimum(x.astype(int), n_columns)
    top = np.minimum(y.astype(int), n_rows)
    right = (x - left).astype(np.float32)[:, None, :, None]
    below = (y - top).astype(np.float32)[:, :, None, None]
    left, top = left[:, None, :], top[:, :, None]
    upper = padded[top, left] * (1 - right) + padded[top, left + 1] * right
    lower = padded[top + 1, left] * (1 - right) + padded[top + 1, left + 1] * right
    return upper * (1 - below) + lower * below
