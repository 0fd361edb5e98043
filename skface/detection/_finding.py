"""Faces in the maps of a photo: candidates, and a second look at each."""

import numpy as np

from skface.detection._boxes import moved, suppressed
from skface.detection._cells import nominal_boxes, windows
from skface.detection._looks import looks

_LEAST_SCORE = 0.02  # of a cell that is looked at again
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
        cells = np.flatnonzero(score >= _LEAST_SCORE)
        if len(cells):
            shape = level.shape[:2]
            box = moved(nominal_boxes(shape)[cells], box_head.predict(seen[cells]))
            boxes.append(box / np.tile(shape[::-1], 2))
            scores.append(score[cells])
    return suppressed(
        np.concatenate(boxes), np.concatenate(scores), _SAME_CANDIDATE, _MOST_CANDIDATES
    )


def looked_at(levels, boxes, score_head, box_head):
    """Candidates moved to the faces that they hold, and how sure that is.

    Parameters
    ----------
    levels : list of ndarray of shape (rows, columns, channels)
    boxes : ndarray of shape (k, 4)
    score_head, box_head : fitted heads

    Returns
    -------
    boxes : ndarray of shape (k, 4)
    scores : ndarray of shape (k,)
    """
    if not len(boxes):
        return boxes, np.empty(0)
    seen = looks(levels, boxes)
    return moved(boxes, box_head.predict(seen)), score_head.predict_proba(seen)[:, 0]
