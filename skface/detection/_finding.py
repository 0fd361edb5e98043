"""Faces in the maps of a photo: candidates, and a second look at each."""

import numpy as np

from skface.detection._boxes import moved, suppressed
from skface.detection._cells import anchors, windows
from skface.detection._looks import looks

_LEAST_SCORE = 0.005  # of a cell that is looked at again
_MOST_CELLS = 300  # of a level, the best
_MOST_CANDIDATES = 100  # of a photo
_SAME_CANDIDATE = 0.6  # the overlap of candidates that are looked at once


def candidates(levels, score_head, box_head):
    """Boxes that may hold a face, the best first.

    Parameters
    ----------
    levels : list of ndarray of shape (rows, columns, channels)
    score_head, box_head : fitted heads

    Returns
    -------
    boxes : ndarray of shape (k, 4)
        Fractions of the photo.
    scores : ndarray of shape (k,)
    """
    boxes, scores = [np.empty((0, 4))], [np.empty(0)]
    for level in levels:
        seen = windows(level)
        score = score_head.predict_proba(seen)[:, 0]
        cells = np.argsort(-score, kind="stable")[:_MOST_CELLS]
        cells = cells[score[cells] >= _LEAST_SCORE]
        if len(cells):
            shape = level.shape[:2]
            box = moved(anchors(shape)[cells], box_head.predict(seen[cells]))
            boxes.append(box / np.tile(shape[::-1], 2))
            scores.append(score[cells])
    return suppressed(
        np.concatenate(boxes), np.concatenate(scores), _SAME_CANDIDATE, _MOST_CANDIDATES
    )


def looked_at(levels, boxes, scores, score_head, box_head):
    """Candidates moved to the faces that they hold, and how sure both looks are.

    The second is the mean of what is seen, and of its mirror image.

    Parameters
    ----------
    levels : list of ndarray of shape (rows, columns, channels)
    boxes, scores : ndarray of shape (k, 4) and (k,)
        Of the candidates.
    score_head, box_head : fitted heads

    Returns
    -------
    boxes : ndarray of shape (k, 4)
    scores : ndarray of shape (k,)
        The geometric mean of both looks'.
    """
    if not len(boxes):
        return boxes, scores
    deltas, again = 0, 0
    for is_mirrored, side in ((False, [1, 1, 1, 1]), (True, [-1, 1, 1, 1])):
        seen = looks(levels, boxes, is_mirrored)
        deltas = deltas + box_head.predict(seen) * side / 2
        again = again + score_head.predict_proba(seen)[:, 0] / 2
    return moved(boxes, deltas), np.sqrt(scores * again)
