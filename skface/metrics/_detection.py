"""Scores of detectors, which find any number of faces in a photo."""

from numbers import Real

import numpy as np

from skface._boxes import as_boxes, ious
from skface.exceptions import InputError, ParameterError

# A face of just the least size may be found a little too small.
_SLACK = 0.8
_HIT, _FALSE, _NEITHER = 1, 0, -1


def detection_average_precision(y_true, y_pred, *, iou=0.5, min_size=0) -> float:
    """Average precision of found faces: 1 is perfect.

    The area under `detection_curve`, as PASCAL VOC [1]_ and WIDER FACE compute it:
    each precision is the best that this recall or a higher one has.

    Parameters
    ----------
    y_true : sequence of n_photos array-likes of shape (n_faces, 4)
        x, y, width, height of the faces of each photo, of which there may be none, as
        fractions of the photo's width and height.
    y_pred : sequence of n_photos array-likes of shape (n_found, 5)
        The same of those that were found, and their scores, in any order.
    iou : float, default=0.5
        A face is found by a box of at least this intersection over union with it.
    min_size : float, default=0
        Faces of less height than this share of the photo's are neither asked for nor
        counted against: nor are boxes that find one, or that find nothing and are
        smaller than 0.8 of it.

    Returns
    -------
    float

    Raises
    ------
    InputError
        They are no boxes or not of the same photos, or there is no face to be found.
    ParameterError
        `iou` or `min_size` has no such value.

    Notes
    -----
    In each photo the boxes take their faces in the order of their scores: the face of
    the highest overlap among those that no box before has taken. A second box on a face
    is false.

    References
    ----------
    .. [1] M. Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge",
       IJCV 2010.

    Examples
    --------
    >>> from skface.metrics import detection_average_precision
    >>> faces = [[[0.1, 0.1, 0.2, 0.2], [0.6, 0.1, 0.2, 0.2]], []]
    >>> found = [[[0.1, 0.1, 0.2, 0.2, 0.9]], [[0.5, 0.5, 0.1, 0.1, 0.3]]]
    >>> detection_average_precision(faces, found)
    0.5
    """
    precision, recall, _ = detection_curve(y_true, y_pred, iou=iou, min_size=min_size)
    return curve_average_precision(precision, recall)


def detection_curve(
    y_true, y_pred, *, iou=0.5, min_size=0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision and recall of found faces by the least score.

    Parameters
    ----------
    y_true, y_pred, iou, min_size
        As for `detection_average_precision`.

    Returns
    -------
    precision : ndarray of shape (n_scores + 1,)
        Share of faces among the boxes of at least the score ``thresholds[i]``. The last
        is 1, as in `sklearn.metrics.precision_recall_curve`.
    recall : ndarray of shape (n_scores + 1,)
        Share of the faces that those boxes find. The last is 0.
    thresholds : ndarray of shape (n_scores,)
        Scores of the boxes that count, each once, the lowest first.

    Raises
    ------
    InputError
        They are no boxes or not of the same photos, or there is no face to be found.
    ParameterError
        `iou` or `min_size` has no such value.

    Examples
    --------
    >>> from skface.metrics import detection_curve
    >>> faces = [[[0.1, 0.1, 0.2, 0.2], [0.6, 0.1, 0.2, 0.2]], []]
    >>> found = [[[0.1, 0.1, 0.2, 0.2, 0.9]], [[0.5, 0.5, 0.1, 0.1, 0.3]]]
    >>> precision, recall, thresholds = detection_curve(faces, found)
    >>> precision.tolist(), recall.tolist(), thresholds.tolist()
    ([0.5, 1.0, 1.0], [0.5, 0.5, 0.0], [0.3, 0.9])
    """
    if not (isinstance(iou, Real) and 0 < iou <= 1):
        raise ParameterError(f"iou must be above 0 and up to 1, got {iou!r}")
    if not (isinstance(min_size, Real) and 0 <= min_size < 1):
        raise ParameterError(
            "min_size must be a share of the photo's height, 0 or more and less than "
            f"1, got {min_size!r}"
        )
    y_true = as_boxes(y_true, "y_true", 4)
    y_pred = as_boxes(y_pred, "y_pred", 5)
    if len(y_true) != len(y_pred):
        raise InputError(f"y_true is of {len(y_true)} photos, y_pred of {len(y_pred)}")
    n_faces = sum(int((boxes[:, 3] >= min_size).sum()) for boxes in y_true)
    if not n_faces:
        raise InputError("y_true holds no face that could be found")
    judged = [
        _judged(faces, found, iou, min_size)
        for faces, found in zip(y_true, y_pred, strict=True)
    ]
    scores, verdicts = map(np.concatenate, zip(*judged, strict=True))
    counted = verdicts != _NEITHER
    scores, is_hit = scores[counted], verdicts[counted] == _HIT
    order = np.argsort(-scores, kind="stable")
    scores = scores[order]
    is_last = np.append(np.diff(scores) != 0, True)[: len(scores)]  # of equal scores
    n_found = 1 + np.flatnonzero(is_last)
    hits = np.cumsum(is_hit[order])[is_last]
    return (
        np.append((hits / n_found)[::-1], 1.0),
        np.append(hits[::-1] / n_faces, 0.0),
        scores[is_last][::-1],
    )


def curve_average_precision(precision, recall):
    """The area under a `detection_curve`."""
    best = np.maximum.accumulate(precision[:-1])  # from the highest recall down
    return float((recall[:-1] - recall[1:]) @ best)


def _judged(faces, found, iou, min_size):
    """Scores of what was found in a photo, and whether each is a face."""
    found = found[np.argsort(-found[:, 4], kind="stable")]
    shared = ious(found[:, None], faces[None])
    is_large = found[:, 3] >= _SLACK * min_size
    verdicts = np.where(is_large, _FALSE, _NEITHER)
    is_free = np.ones(len(faces), dtype=bool)
    for k in np.flatnonzero(shared.max(axis=1, initial=0) >= iou):
        free = np.where(is_free, shared[k], 0)
        best = free.argmax()
        if free[best] >= iou:
            is_free[best] = False
            verdicts[k] = _HIT if faces[best, 3] >= min_size else _NEITHER
        else:
            verdicts[k] = _FALSE
    return found[:, 4], verdicts
