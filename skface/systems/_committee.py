"""Attributes told by several segments of the face, each seen by itself."""

from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.utils.validation import check_is_fitted

from skface._validation import (
    HasMethods,
    Interval,
    StrOptions,
    as_maps,
    validate_params,
)
from skface.exceptions import ParameterError
from skface.heads import CRITERIA, best_threshold, by_attribute
from skface.photos import as_images, cropped
from skface.pipelines import FacePipeline, UsesFitted
from skface.systems._parts import SEGMENTS, as_boxes
from skface.systems._photo_classifier import PhotoClassifier
from skface.targets import forget_names

_ERRORS_ABOVE_CHANCE = 2  # standard errors by which a segment must beat it
_LEAST_WEIGHT = 1e-6  # of all segments together


class SegmentCommittee(PhotoClassifier, UsesFitted):
    """Attributes from several segments of aligned faces, by those that are seen.

    A pipeline a segment learns all attributes. A segment keeps an attribute where it
    ranks validation photos better than chance; the committee's probability is the mean
    over those segments, weighted by that score and by how much of each is seen.

    Parameters
    ----------
    pipeline : FacePipeline
        Of attributes, such as ``make_attribute_pipeline("fast")``. A clone of it learns
        each segment.
    segments : dict of (x, y, width, height), default=None
        Boxes as fractions of the photo, by name. None takes ten of CelebA's aligned
        photos: whole, upper, lower, left, right, eyes, nose, mouth, hair, jaw.
    visibility : fitted estimator, default=None
        Tells from photos how much of each cell of a map is seen, such as a FacePipeline
        of `VGG19Features` and `CellVisibility`. It is used as it is: neither `fit` nor
        `clone` touches it. None takes all for seen, unless `predict_proba` is told.
    sharpness : float, default=4.0
        A segment of which the share v is seen counts by v ** sharpness.
    threshold : float or {"balanced_accuracy", "f1"}, default=0.5
        Of the committee's probability, as for `skface.DenseHeadClassifier`: a score's
        name chooses it for each attribute on the validation photos, nothing hidden.
    validation_fraction : float in (0, 1), default=0.2
        Share of the photos that scores and thresholds are taken on when `fit` gets no
        X_val.
    random_state : int, default=0
        Of these photos.

    Attributes
    ----------
    pipelines_ : list of FacePipeline
        Fitted, one a segment.
    segments_ : dict of (x, y, width, height)
    scores_ : ndarray of shape (n_segments, n_attributes)
        Area under the receiver operating characteristic; 0.5 where the validation
        photos do not tell.
    weights_ : ndarray of shape (n_segments, n_attributes)
        2 scores - 1, or 0 where a segment does not keep an attribute: where its score
        is not two standard errors above that of chance. An attribute that no segment
        keeps is told by all alike.
    thresholds_ : ndarray of shape (n_attributes,)
        Probabilities above which `predict` takes attributes for present.
    prevalence_ : ndarray of shape (n_attributes,)
        The answer where no segment that tells an attribute is seen.
    classes_ : ndarray of shape (n_attributes, 2)

    Notes
    -----
    Each segment is cut from the photo and goes through VGG19 by itself, `n_passes` in
    all: slices of one map would be cheaper, but a cell of `block4_pool` sees 124 of 224
    pixels, so that what hides one segment leaks into those beside it. At 112 x 112 a
    pass costs a quarter.

    SPLITFACE [1]_ lets a network a segment learn features, and finds from data which
    attribute lives in which segment.

    References
    ----------
    .. [1] U. Mahbub, S. Sarkar and R. Chellappa, "Segment-based Methods for Facial
       Attribute Detection from Partial Faces", IEEE Transactions on Affective
       Computing, 2018 (arXiv 1801.03546).

    Examples
    --------
    >>> from skface import make_attribute_pipeline
    >>> from skface.systems import SegmentCommittee
    >>> committee = SegmentCommittee(make_attribute_pipeline("fast"))
    >>> committee.n_passes
    10
    """

    _parameter_constraints = {
        "pipeline": [FacePipeline],
        "segments": [dict, None],
        "visibility": [HasMethods(["predict"]), None],
        "sharpness": [Interval(Real, 0, None, closed="left")],
        "threshold": [Interval(Real, 0, 1, closed="both"), StrOptions(set(CRITERIA))],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": [Interval(Integral, 0, None, closed="left")],
    }

    _used = "visibility"

    def __init__(
        self,
        pipeline,
        segments=None,
        *,
        visibility=None,
        sharpness=4.0,
        threshold=0.5,
        validation_fraction=0.2,
        random_state=0,
    ):
        self.pipeline = pipeline
        self.segments = segments
        self.visibility = visibility
        self.sharpness = sharpness
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def fit(self, X, y, *, X_val=None, y_val=None):
        """Fit a pipeline a segment, and see which attributes each tells.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
            Aligned faces.
        y : array-like of shape (n, n_attributes)
            In {0, 1}; NaN is a missing label.
        X_val, y_val : like X and y, default=None
            Validation data of the pipelines, which scores are taken on too.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, InputError
            As from the pipeline's `fit`, or segments are no boxes.
        sklearn.exceptions.NotFittedError
            `visibility` is not fitted.
        """
        validate_params(self)
        self._check_used()
        segments = as_boxes(self._segments(), "segments")
        if not segments:
            raise ParameterError("segments holds none")
        if self.pipeline.is_aligning:
            raise ParameterError(
                "pipeline aligns the photos that it sees, but is shown segments of "
                "aligned faces: leave its first step out, and align the photos before"
            )
        self._check(self.pipeline, X, y, X_val, y_val)
        for name, value in self.pipeline.get_params().items():
            if name.endswith("__crop") and value is not None:
                raise ParameterError(
                    "pipeline sees a part of the photo by itself, but is shown "
                    f"segments: set_params({name}=None)"
                )
        X, X_val, y, y_val = self._split(self.pipeline, X, y, X_val, y_val)
        labels_val = np.asarray(y_val, float)
        found, pipelines = [], []
        for box in segments.values():
            seen, seen_val = cropped(X, box), cropped(X_val, box)
            pipe = clone(self.pipeline).fit(seen, y, X_val=seen_val, y_val=y_val)
            found.append(pipe.predict_proba(seen_val))
            pipelines.append(pipe)
        self.segments_, self.pipelines_ = segments, pipelines
        self.scores_ = np.array([aucs(labels_val, each) for each in found])
        self.weights_ = _weights(self.scores_, labels_val)
        self.thresholds_ = self._thresholds(labels_val, np.array(found))
        self.prevalence_ = np.nanmean(np.asarray(y, float), axis=0)
        self.classes_ = np.tile([0, 1], (y.shape[1], 1))
        forget_names(self)
        return self

    def predict_proba(self, X, visible=None):
        """Probability that each attribute is present.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        visible : array-like of shape (n, rows, columns) or (n, n_cells), default=None
            How much of each cell of a map of the photo is seen, in 0 to 1, where that
            is known; otherwise `visibility` tells it. Without rows and columns the map
            is square.

        Returns
        -------
        ndarray of shape (n, n_attributes)

        Raises
        ------
        InputError
            X is not photos, or `visible` is no map of them.
        """
        check_is_fitted(self)
        validate_params(self)
        images = as_images(X)
        if visible is None and self.visibility is not None:
            visible = self.visibility.predict(images)
        shares = self._shares(visible, len(images))
        total = np.zeros((len(images), len(self.prevalence_)))
        weights = np.zeros_like(total)
        for share, weight, box, pipe in zip(
            shares.T,
            self.weights_,
            self.segments_.values(),
            self.pipelines_,
            strict=True,
        ):
            rows = np.flatnonzero(share)
            if not len(rows) or not weight.any():
                continue
            own = share[rows, None] ** self.sharpness * weight
            total[rows] += own * pipe.predict_proba(cropped(images[rows], box))
            weights[rows] += own
        told = weights > _LEAST_WEIGHT
        return np.where(told, total / np.where(told, weights, 1), self.prevalence_)

    def predict(self, X, visible=None):
        """Which attributes are more probable than their thresholds.

        Parameters
        ----------
        X, visible
            As for `predict_proba`.

        Returns
        -------
        ndarray of shape (n, n_attributes), int
        """
        return (self.predict_proba(X, visible) > self.thresholds_).astype(int)

    @property
    def n_passes(self) -> int:
        """How often a photo goes through VGG19 to be predicted."""
        n_passes = len(self._segments()) * self.pipeline.n_passes
        return n_passes + getattr(self.visibility, "n_passes", 0)

    def _segments(self):
        return SEGMENTS if self.segments is None else self.segments

    @property
    def _pipeline(self):
        return self.pipelines_[0]

    def _thresholds(self, labels, found):
        """Of what all segments together say of the validation photos."""
        if not isinstance(self.threshold, str):
            return np.full(labels.shape[1], self.threshold, float)
        p = np.einsum("snk,sk->nk", found, self.weights_ / self.weights_.sum(axis=0))
        best = partial(best_threshold, criterion=self.threshold)
        return by_attribute(best, labels, p, np.ones(len(p)), ~np.isnan(labels))

    def _shares(self, visible, n):
        """How much of each segment is seen, (n, n_segments)."""
        if visible is None:
            return np.ones((n, len(self.segments_)))
        maps = np.clip(as_maps(visible, n), 0, 1)
        shares = [
            np.einsum(
                "nrc,r,c->n",
                maps,
                _overlaps(y, height, maps.shape[1]),
                _overlaps(x, width, maps.shape[2]),
            )
            for x, y, width, height in self.segments_.values()
        ]
        return np.stack(shares, axis=1)


def aucs(y, p):
    """Area under the curve of each attribute; 0.5 where one class is missing."""
    scores = np.full(y.shape[1], 0.5)
    for column, (truth, score) in enumerate(zip(y.T, p.T, strict=True)):
        there = ~np.isnan(truth)
        if len(np.unique(truth[there])) == 2:
            scores[column] = roc_auc_score(truth[there], score[there])
    return scores


def _weights(scores, y):
    """What segments weigh for the attributes that they keep.

    The variance of the area under the curve of chance is that of Mann and Whitney's U.
    """
    present, absent = (y == 1).sum(axis=0), (y == 0).sum(axis=0)
    errors = np.sqrt((present + absent + 1) / (12 * np.maximum(present * absent, 1)))
    kept = scores > 0.5 + _ERRORS_ABOVE_CHANCE * errors
    weights = np.where(kept, 2 * scores - 1, 0)
    return np.where(kept.any(axis=0), weights, 1.0)


def _overlaps(start, length, n_cells):
    """Shares of a side of the box that lie in each cell; outside the photo in none."""
    edges = np.arange(n_cells + 1) / n_cells
    low, high = np.maximum(edges[:-1], start), np.minimum(edges[1:], start + length)
    inside = np.clip(high - low, 0, None)
    return inside / max(inside.sum(), _LEAST_WEIGHT)
