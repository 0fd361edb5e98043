"""Cells of a map: what is seen there, and which face each one stands for."""

import numpy as np

_ANCHOR_SIDE = 5.0  # cells
LOW, HIGH = 3.0, 8.5  # sizes of the faces that a level is to find, in cells
_MIDDLE = 0.22  # how far from its middle cells stand for a face, in its sizes
_NEAR = 0.45  # how far cells are no background


def windows(level, cells=None, is_mirrored=False) -> np.ndarray:
    """Each cell with its eight neighbours, zeros beyond the border.

    Parameters
    ----------
    level : ndarray of shape (rows, columns, channels)
    cells : ndarray of int, default=None
        Flat indices; None takes all.
    is_mirrored : bool or ndarray of bool of shape (n_cells,), default=False
        Whether left and right are exchanged.

    Returns
    -------
    ndarray of shape (n_cells, 9 * channels), like the level
    """
    n_rows, n_columns, n_channels = level.shape
    if cells is None:
        cells = np.arange(n_rows * n_columns)
    row, column = np.divmod(cells, n_columns)
    padded = np.pad(level, [(1, 1), (1, 1), (0, 0)])
    side = np.where(is_mirrored, -1, 1)
    found = np.empty((len(cells), 9, n_channels), level.dtype)
    for i, (y, x) in enumerate(np.ndindex(3, 3)):
        found[:, i] = padded[row + y, column + 1 + (x - 1) * side]
    return found.reshape(len(cells), 9 * n_channels)


def anchors(shape) -> np.ndarray:
    """A box for each cell of a (rows, columns) map, in cells; of shape (n_cells, 4)."""
    corners = middles_of_cells(shape) - _ANCHOR_SIDE / 2
    return np.hstack([corners, np.full_like(corners, _ANCHOR_SIDE)])


def faces_of_cells(boxes, shape, largest=HIGH) -> np.ndarray:
    """Which face each cell stands for.

    Parameters
    ----------
    boxes : ndarray of shape (k, 4)
        Of the faces, in cells.
    shape : (rows, columns)
    largest : float
        Size of a face that is still looked for, in cells.

    Returns
    -------
    ndarray of shape (n_cells,), int
        Index of the face; -1 for background, -2 where that is not clear.
    """
    middles = middles_of_cells(shape)
    found = np.full(len(middles), -1)
    if not len(boxes):
        return found
    sizes = np.sqrt(boxes[:, 2] * boxes[:, 3])
    offsets = np.abs(middles[:, None] - boxes[:, :2] - boxes[:, 2:] / 2)
    distances = offsets.max(axis=2) / sizes
    is_small, is_large = sizes < LOW, sizes > largest
    is_within = (offsets <= boxes[:, 2:] / 2 + 0.5).all(axis=2)
    is_near = np.where(is_small, is_within, distances < _NEAR)
    found[(is_near & (sizes <= 1.5 * largest)).any(axis=1)] = -2
    distances[:, is_small | is_large] = np.inf
    nearest = distances.argmin(axis=1)
    # The cell next to the middle of a small face may be farther than _MIDDLE.
    reach = np.maximum(_MIDDLE, 0.5 / sizes[nearest])
    return np.where(distances.min(axis=1) <= reach, nearest, found)


def faces_of_levels(boxes, shapes) -> list:
    """`faces_of_cells` on each level of a photo, the last of which finds all larger.

    Parameters
    ----------
    boxes : ndarray of shape (k, 4)
        Of the faces, as fractions of the photo.
    shapes : list of (rows, columns)
        Of the levels, the finest first.
    """
    largest = [HIGH] * (len(shapes) - 1) + [np.inf]
    return [
        faces_of_cells(boxes * np.tile(shape[::-1], 2), shape, most)
        for shape, most in zip(shapes, largest, strict=True)
    ]


def middles_of_cells(shape) -> np.ndarray:
    """x, y of each cell of a (rows, columns) map, in cells, (n_cells, 2)."""
    row, column = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    return np.stack([column, row], axis=1) + 0.5
