"""What the heads of a detector learn from."""

import numpy as np

from skface._boxes import ious
from skface.detection._boxes import deltas_to, moved
from skface.detection._cells import (
    anchors,
    faces_of_levels,
    middles_of_cells,
    windows,
)
from skface.detection._looks import looks

BATCH_SIZE = 256
_MAY_BE_A_FACE = 0.1  # the score above which unlabelled places teach nothing
_BACKGROUND_CELLS = 40  # a level
_BACKGROUND_LOOKS = 40  # a photo
_IS_FACE, _IS_NEAR = 0.5, 0.3  # a candidate's overlap with the nearest face
_SURE, _UNSURE = 1, -1  # labels of faces; background is 0
_NEAR_BOXES = 2  # that are looked at beside the candidates, for each face
_JITTER = (0.12, 0.12, 0.15, 0.15)  # of their middles and of their sides' logarithms


class Samples:
    """Rows for two heads, gathered photo by photo as float16.

    Parameters
    ----------
    n_parts : int
        How often rows are added.
    n_most : int
        Rows in all.
    rng : numpy.random.Generator
    """

    def __init__(self, n_parts, n_most, rng):
        self._share = max(2, n_most // n_parts)
        self._taken = min(1, n_most / (self._share * n_parts))  # of the parts
        self._rng = rng
        self._rows, self._labels, self._deltas = [], [], []

    def add(self, see, faces, is_sure, deltas, background, n_background):
        """Rows of some places, every second of them mirrored.

        Parameters
        ----------
        see : callable
            Gives the rows of places, an array of indices, mirrored or not.
        faces : ndarray of int
            Places that hold a face, more or less.
        is_sure : ndarray of bool of shape (len(faces),)
            Whether they hold it well enough; the others only teach where its box is.
        deltas : ndarray of shape (len(faces), 4)
            From their boxes to those of the faces.
        background : ndarray of int
            Places that hold none.
        n_background : int
            Of which so many are seen at most.
        """
        if self._taken < 1 and self._rows and self._rng.random() > self._taken:
            return
        some = self._some(len(faces), self._share // 2)
        faces, is_sure, deltas = faces[some], is_sure[some], deltas[some]
        n_most = min(n_background, self._share - len(faces))
        background = background[self._some(len(background), n_most)]
        places = np.concatenate([faces, background])
        is_mirrored = self._rng.random(len(places)) < 0.5
        sides = np.where(is_mirrored[: len(faces), None], [-1, 1, 1, 1], 1)
        self._rows.append(see(places, is_mirrored).astype(np.float16))
        labels = np.where(is_sure, _SURE, _UNSURE)
        self._labels.append(np.pad(labels, (0, len(background))))
        self._deltas.append(deltas * sides)

    def fit(self, score_head, box_head, steps):
        """Train both heads, the second on the faces and for twice as many steps."""
        rows, labels = np.concatenate(self._rows), np.concatenate(self._labels)
        self._rows.clear()  # as large as all else together
        is_face, is_clear = labels != 0, labels != _UNSURE
        box_head.set_params(epochs=_epochs(2 * steps, is_face.sum()))
        box_head.fit(rows[is_face], np.concatenate(self._deltas))
        score_head.set_params(epochs=_epochs(steps, is_clear.sum()))
        score_head.fit(rows[is_clear], labels[is_clear, None])

    def _some(self, n, n_most):
        return np.sort(self._rng.permutation(n)[:n_most])


def add_cells(samples, levels, boxes, score_head=None, is_complete=True):
    """The cells of one photo.

    Parameters
    ----------
    samples : Samples
    levels : list of ndarray of shape (rows, columns, channels)
        The last of them is to find large faces too.
    boxes : ndarray of shape (k, 4)
        Of the faces, as fractions of the photo.
    score_head : fitted head, default=None
        Of a round before.
    is_complete : bool, default=True
        Whether the photo has no other face. If not, cells are background inside of the
        boxes, and where `score_head` sees nothing like a face.
    """
    shapes = [level.shape[:2] for level in levels]
    of_levels = faces_of_levels(boxes, shapes)
    for level, shape, found in zip(levels, shapes, of_levels, strict=True):
        own = boxes * np.tile(shape[::-1], 2)
        is_background = found == -1
        if not is_complete:
            is_known = _are_within(middles_of_cells(shape), own)
            if score_head is not None:
                scores = score_head.predict_proba(windows(level))[:, 0]
                is_known |= scores < _MAY_BE_A_FACE
            is_background &= is_known
        faces = np.flatnonzero(found >= 0)
        samples.add(
            lambda cells, is_mirrored, level=level: windows(level, cells, is_mirrored),
            faces,
            np.ones(len(faces), bool),
            deltas_to(anchors(shape)[faces], own[found[faces]]),
            np.flatnonzero(is_background),
            _BACKGROUND_CELLS,
        )


def add_looks(samples, levels, boxes, found, scores, rng, is_complete=True):
    """The candidates of one photo, and boxes near its faces.

    Parameters
    ----------
    samples : Samples
    levels : list of ndarray of shape (rows, columns, channels)
    boxes : ndarray of shape (k, 4)
        Of the faces.
    found : ndarray of shape (n, 4)
        Candidates: what holds no face among them are hard negatives.
    scores : ndarray of shape (n,)
    rng : numpy.random.Generator
    is_complete : bool, default=True
        As for `add_cells`.
    """
    near = np.repeat(boxes, _NEAR_BOXES, axis=0)
    near = moved(near, rng.normal(size=near.shape) * _JITTER)
    places = np.concatenate([found, near])
    # the last column is no face
    common = np.pad(ious(places[:, None], boxes[None]), [(0, 0), (0, 1)])
    best = common.max(axis=1)
    is_background = best < _IS_NEAR
    if not is_complete:
        is_known = _are_within(places[:, :2] + places[:, 2:] / 2, boxes)
        is_known[: len(scores)] |= scores < _MAY_BE_A_FACE
        is_background &= is_known
    faces = np.flatnonzero(best >= _IS_NEAR)
    samples.add(
        lambda some, is_mirrored: looks(levels, places[some], is_mirrored),
        faces,
        best[faces] >= _IS_FACE,
        deltas_to(places[faces], boxes[common[faces].argmax(axis=1)]),
        np.flatnonzero(is_background),
        _BACKGROUND_LOOKS,
    )


def _epochs(steps, n_rows):
    return max(1, round(steps * BATCH_SIZE / max(n_rows, BATCH_SIZE)))


def _are_within(points, boxes):
    """Which points lie in one of the boxes."""
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    is_within = (points[:, None] >= low) & (points[:, None] <= high)
    return is_within.all(axis=2).any(axis=1)
