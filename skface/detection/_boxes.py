"""Boxes moved to faces, and one of several that mean the same face."""

import numpy as np

from skface._boxes import ious


def suppressed(boxes, scores, threshold, n_most) -> tuple[np.ndarray, np.ndarray]:
    """Non-maximum suppression: one box a face, the mean of those that overlap the best.

    It is weighted by the scores.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
    scores : ndarray of shape (n,)
    threshold : float
        Boxes that overlap by as much mean one face.
    n_most : int
        Faces at most, the best.

    Returns
    -------
    boxes : ndarray of shape (k, 4)
    scores : ndarray of shape (k,)
        Of the best of each, falling.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    found, best = [], []
    while len(scores) and len(found) < n_most:
        is_same = ious(boxes[0], boxes) >= threshold
        is_same[0] = True
        found.append(np.average(boxes[is_same], axis=0, weights=scores[is_same]))
        best.append(scores[0])
        boxes, scores = boxes[~is_same], scores[~is_same]
    return np.reshape(found, (-1, 4)), np.array(best)


def moved(boxes, deltas) -> np.ndarray:
    """Boxes moved and stretched by deltas, in units of their own sides."""
    middles = boxes[:, :2] + boxes[:, 2:] / 2 + deltas[:, :2] * boxes[:, 2:]
    sides = boxes[:, 2:] * np.exp(np.clip(deltas[:, 2:], -2, 2))
    return np.hstack([middles - sides / 2, sides])


def deltas_to(boxes, targets) -> np.ndarray:
    """The deltas by which `moved` makes the targets of boxes."""
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    wanted = targets[:, :2] + targets[:, 2:] / 2
    return np.hstack(
        [(wanted - middles) / boxes[:, 2:], np.log(targets[:, 2:] / boxes[:, 2:])]
    )
