"""The estimator for photos with any number of faces."""

import os
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skface._boxes import as_boxes
from skface._validation import (
    Interval,
    StrOptions,
    of_photos,
    refitted,
    validate_params,
)
from skface._work import progress_bar
from skface.detection._boxes import suppressed
from skface.detection._cells import LOW, faces_of_levels
from skface.detection._finding import candidates, looked_at
from skface.detection._learning import BATCH_SIZE, Samples, add_cells, add_looks
from skface.detection._looks import GRID
from skface.detection._scenes import Projection, Scenes, sampled_cells, sampled_photos
from skface.exceptions import InputError, ParameterError
from skface.features import COMPUTE_DTYPES, Pyramid, VGG19Features
from skface.heads import DenseHeadClassifier, DenseHeadRegressor
from skface.metrics import detection_average_precision
from skface.photos import as_whole_photos, size_of

_LAYER = "block4_conv4"
_PASS = 224 * 224  # pixels
_N_COMPONENTS = 128
_MOST_CELLS, _MOST_LOOKS = 120_000, 25_000  # that are learnt from
_ROUNDS = 3  # where photos hold faces without a box
_MOST_FACES = 100  # of a photo
_LEAST_SCORE = 0.01  # of a face that counts for the average precision
_HEAD = {
    "n_layers": 2,
    "n_units": 256,
    "learning_rate": 1e-3,
    "learning_rate_schedule": "cosine",
    "dropout": 0.5,
    "batch_size": BATCH_SIZE,
    "early_stopping": False,
}


class FaceDetector(BaseEstimator):
    """Find every face in photos with any number of them.

    Each photo goes through a frozen VGG19 as a whole, in its own aspect and at several
    sizes. A small head tells of each cell of the maps with its neighbours whether it is
    the middle of a face, and where that face's box is; a second pair of heads looks
    again at the boxes found, in the maps that are there already.

    Parameters
    ----------
    weights : "imagenet", "synthetic", path-like or None, default="imagenet"
        As for `skface.VGG19Features`.
    longest_side : int, default=448
        Of a photo at the finest of the sizes, in pixels; each next has half of it, down
        to 112; 2048 at most. Faces are found from about a fifteenth of it; time and
        memory grow with its square.
    threshold : float in [0, 1], default=0.5
        `predict` tells of faces with this score or more.
    overlap : float in (0, 1], default=0.35
        Boxes whose intersection over union is as large mean one face: their mean,
        weighted by score, is told.
    steps : int, default=500
        Batches of 256 samples that the heads that score learn from; those that place
        boxes learn from twice as many.
    cache_dir : path-like, default=None
        Folder of a `skface.FeatureStore` that keeps the maps, about 3 MB a photo at
        448 pixels, so that a photo goes through VGG19 once. None keeps nothing.
    compute_dtype : {"auto", "float32", "bfloat16", "float16", "int8"}, default="auto"
        As for `skface.VGG19Features`.
    random_state : int, RandomState or None, default=None
        Of the samples and of the heads.
    verbose : int, default=0
        1 shows bars.

    Attributes
    ----------
    mean_ : ndarray of shape (n_channels,), float32
    components_ : ndarray of shape (n_channels, n_components), float32
        What cells of the maps are projected on.
    score_head_, box_head_ : DenseHeadClassifier, DenseHeadRegressor
        Of the first look, at each cell.
    second_score_head_, second_box_head_ : DenseHeadClassifier, DenseHeadRegressor
        Of the second look, at the boxes that the first found.

    See Also
    --------
    skface.make_bbox_pipeline : Exactly one box a photo.
    skface.datasets.WiderFaceLoader : Photos and boxes in this form.

    Notes
    -----
    A fit holds one photo at a time, a fixed number of samples, and in temporary files
    the projected maps, about 1 MB a photo, and at first the maps of up to 200 photos.
    The heads have seen faces that are three to eight cells of eight pixels large; at
    the coarsest size larger ones too.

    The first look is that of a sliding window as in [1]_, carried out on maps; the
    second follows [2]_.

    References
    ----------
    .. [1] P. Sermanet, D. Eigen, X. Zhang, M. Mathieu, R. Fergus and Y. LeCun,
       "OverFeat: Integrated Recognition, Localization and Detection using Convolutional
       Networks", ICLR 2014.
    .. [2] R. Girshick, "Fast R-CNN", ICCV 2015.

    Examples
    --------
    >>> import tempfile
    >>> from skface import FaceDetector
    >>> from skface.datasets import WiderFaceLoader, make_wider
    >>> root = make_wider(tempfile.mkdtemp() + "/wider", 10, random_state=0)
    >>> X, boxes = WiderFaceLoader(root).load("train")
    >>> detector = FaceDetector(
    ...     "synthetic", longest_side=112, steps=10, random_state=0
    ... )
    >>> faces = detector.fit(X, boxes).predict(X[:2])
    >>> len(faces), faces[0].shape[1]
    (2, 5)
    """

    _parameter_constraints = {
        "weights": [str, os.PathLike, None],
        "longest_side": [Interval(Integral, 112, 2048, closed="both")],
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "overlap": [Interval(Real, 0, 1, closed="right")],
        "steps": [Interval(Integral, 1, None, closed="left")],
        "cache_dir": [str, os.PathLike, None],
        "compute_dtype": [StrOptions(set(COMPUTE_DTYPES))],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        weights="imagenet",
        *,
        longest_side=448,
        threshold=0.5,
        overlap=0.35,
        steps=500,
        cache_dir=None,
        compute_dtype="auto",
        random_state=None,
        verbose=0,
    ):
        self.weights = weights
        self.longest_side = longest_side
        self.threshold = threshold
        self.overlap = overlap
        self.steps = steps
        self.cache_dir = cache_dir
        self.compute_dtype = compute_dtype
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, boxes):
        """Learn from photos and the boxes of their faces.

        Parameters
        ----------
        X : ImageArray, sequence of n paths, or array-like of shape (n, h, w, 3)
            Files are read at their own aspect, whatever the ``image_size``.
        boxes : list of n array-likes of shape (k, 4), or ndarray of shape (n, 4)
            x, y, width, height of each face as fractions of the photo's width and
            height. A list tells of all faces of each photo, k being 0 where there is
            none; what is small or blurred belongs there too. An array tells of one face
            a photo, beside which there may be others: nothing that looks like a face
            is learnt from as background then.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            A parameter has no such value.
        InputError
            X is no photos, or boxes do not fit them.
        ImageError
            A photo cannot be read.
        WeightsError, StoreError
            As from `skface.VGG19Features.transform`.
        """
        validate_params(self)
        images = as_whole_photos(X)
        is_complete = not _is_one_each(boxes)
        boxes = _checked_boxes(boxes, len(images))
        self._check_faces(images, boxes)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        rng = np.random.default_rng(seed)
        with refitted(self) as learning, Scenes() as scenes:
            learning._project(images, scenes, rng)
            learning._fit_first(scenes, boxes, is_complete, seed, rng)
            learning._fit_second(scenes, boxes, is_complete, seed, rng)
        return self

    def predict(self, X):
        """The faces of each photo.

        Parameters
        ----------
        X : ImageArray, sequence of n paths, or array-like of shape (n, h, w, 3)

        Returns
        -------
        list of n ndarrays of shape (k, 5), float64
            x, y, width, height as fractions of the photo, and the score, best first; k
            is 0 where no face was found.

        Raises
        ------
        InputError, ImageError, WeightsError, StoreError
            As from `fit`.
        """
        return self._found(X, self.threshold)

    def candidates(self, X) -> list[np.ndarray]:
        """What may be faces, of which `score` is told.

        Parameters
        ----------
        X
            As for `predict`.

        Returns
        -------
        list of ndarray
            As from `predict`, of scores of 0.01 and more.
        """
        return self._found(X, _LEAST_SCORE)

    def score(self, X, boxes):
        """Average precision at an intersection over union of 0.5.

        Parameters
        ----------
        X : ImageArray, sequence of n paths, or array-like of shape (n, h, w, 3)
        boxes : list of n array-likes of shape (k, 4), or ndarray of shape (n, 4)
            As for `fit`, of all faces.

        Returns
        -------
        float
        """
        boxes = _checked_boxes(boxes, len(X))
        return detection_average_precision(boxes, self.candidates(X))

    @property
    def n_channels(self) -> int:
        """Of the maps that VGG19 makes with these weights."""
        features = VGG19Features(self.weights, layer=_LAYER, pooling=(1, 1))
        return features.n_features_out

    def n_passes(self, image_size) -> float:
        """What a photo costs, in passes of VGG19 over 224 x 224 pixels.

        Parameters
        ----------
        image_size : (width, height)
            In pixels.

        Returns
        -------
        float
        """
        return sum(map(np.prod, self._pyramid().sizes(image_size))) / _PASS

    @staticmethod
    def n_seen(n_components) -> tuple[int, int]:
        """How many numbers the heads of the first and of the second look are given."""
        return 9 * n_components, GRID**2 * n_components

    def _found(self, X, threshold):
        check_is_fitted(self)
        validate_params(self)
        images, found = as_whole_photos(X), []
        pyramid = self._pyramid()
        if self.n_channels != len(self.mean_):
            raise ParameterError(
                f"weights={self.weights!r} give maps of {self.n_channels} channels, "
                f"but the detector has learnt from {len(self.mean_)}: fit it again"
            )
        project = Projection(self.mean_, self.components_)
        with self._bar(len(images)) as progress:
            for photo in range(len(images)):
                levels = [project(level) for level in pyramid.levels(images, photo)]
                found.append(self._faces(levels, threshold))
                progress.update()
        return found

    def _faces(self, levels, threshold):
        """The faces of one photo from its projected maps."""
        boxes, scores = looked_at(
            levels,
            *candidates(levels, self.score_head_, self.box_head_),
            self.second_score_head_,
            self.second_box_head_,
        )
        is_sure = (scores >= threshold) & (scores > 0)
        boxes, scores = suppressed(
            boxes[is_sure], scores[is_sure], self.overlap, _MOST_FACES
        )
        low, high = np.clip([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 0, 1)
        is_seen = (high > low).all(axis=1)
        return np.column_stack([low, high - low, scores])[is_seen]

    def _check_faces(self, images, boxes):
        """Raise an InputError if there is none that the heads could learn from."""
        if not sum(map(len, boxes)):
            raise InputError("boxes hold no face: there is nothing to learn from")
        pyramid = self._pyramid()
        for photo, own in enumerate(boxes):
            shapes = pyramid.shapes(size_of(images, photo))
            if any((faces >= 0).any() for faces in faces_of_levels(own, shapes)):
                return
        least = LOW / pyramid.shapes((self.longest_side,) * 2)[0][0]
        raise InputError(
            f"boxes hold no face as large as {least:.2f} of the photo's longer side, "
            f"the least that longest_side={self.longest_side} can find: raise it"
        )

    def _project(self, images, scenes, rng):
        """Learn the projection, and fill the scenes."""
        pyramid, n_photos = self._pyramid(), len(images)
        some = set(sampled_photos(n_photos, rng).tolist())
        with self._bar(n_photos) as progress, Scenes() as seen:
            cells, places = [], {}
            for photo in some:
                levels = pyramid.levels(images, photo)
                cells.append(sampled_cells(levels, rng))
                places[photo] = len(seen)
                seen.append(levels)
                progress.update()
            project = Projection.fitted(np.concatenate(cells), _N_COMPONENTS)
            self.mean_, self.components_ = project.mean, project.components
            for photo in range(n_photos):
                is_seen = photo in places
                levels = (
                    seen[places[photo]] if is_seen else pyramid.levels(images, photo)
                )
                scenes.append([project(level) for level in levels])
                progress.update(not is_seen)

    def _fit_first(self, scenes, boxes, is_complete, seed, rng):
        score_head = None
        for _ in range(1 if is_complete else _ROUNDS):
            samples = Samples(scenes.n_levels, _MOST_CELLS, rng)
            for photo, own in enumerate(boxes):
                add_cells(samples, scenes[photo], own, score_head, is_complete)
            score_head, box_head = self._fitted_heads(samples, seed)
        self.score_head_, self.box_head_ = score_head, box_head

    def _fit_second(self, scenes, boxes, is_complete, seed, rng):
        samples = Samples(len(scenes), _MOST_LOOKS, rng)
        for photo, own in enumerate(boxes):
            levels = scenes[photo]
            found, scores = candidates(levels, self.score_head_, self.box_head_)
            add_looks(samples, levels, own, found, scores, rng, is_complete)
        heads = self._fitted_heads(samples, seed)
        self.second_score_head_, self.second_box_head_ = heads

    def _fitted_heads(self, samples, seed):
        """Heads for scores and for boxes."""
        options = _HEAD | {"random_state": seed, "verbose": self.verbose}
        score_head = DenseHeadClassifier(**options)
        box_head = DenseHeadRegressor(
            **options | {"dropout": 0.1},
            output_activation="linear",
            loss="mean_absolute_error",
        )
        samples.fit(score_head, box_head, self.steps)
        return score_head, box_head

    def _pyramid(self):
        return Pyramid(
            self.weights,
            _LAYER,
            self.longest_side,
            self.cache_dir,
            self.compute_dtype,
        )

    def _bar(self, n_photos):
        return progress_bar(n_photos, "VGG19", self.verbose, unit="photo")

    def __sklearn_tags__(self):
        tags = of_photos(super().__sklearn_tags__())
        tags.target_tags.required = True
        return tags


def _is_one_each(boxes):
    return isinstance(boxes, np.ndarray) and boxes.ndim == 2 and boxes.dtype != object


def _checked_boxes(boxes, n_photos):
    """One float64 array (k, 4) a photo."""
    if _is_one_each(boxes):
        boxes = boxes[:, None]
    boxes = as_boxes(boxes, "boxes", 4)
    if len(boxes) != n_photos:
        raise InputError(f"boxes are of {len(boxes)} photos, X holds {n_photos}")
    for row, own in enumerate(boxes):
        if not (own[:, 2:] > 0).all():
            raise InputError(f"boxes[{row}] holds a box without area: leave it out")
        if (own[:, :2] >= 1).any() or (own[:, :2] + own[:, 2:] <= 0).any():
            raise InputError(
                f"boxes[{row}] holds a box outside the photo: leave it out"
            )
    return boxes
