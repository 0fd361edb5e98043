"""Coordinates read twice: of the whole photo, then of the frame that was found."""

from numbers import Integral, Real
from zlib import crc32

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skface._validation import (
    Interval,
    as_array,
    as_floats,
    of_photos,
    validate_params,
)
from skface.photos import as_images, framed, sizes_of
from skface.pipelines._around import frames_around, frames_near, predicted_through
from skface.pipelines._pipeline import FacePipeline
from skface.targets import forget_names, target_of


class SecondLook(RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    """Finds boxes or landmarks in the whole photo, and again in a frame round them.

    Parameters
    ----------
    first : FacePipeline
        Reads whole photos, as one of `make_landmark_pipeline` does.
    second : FacePipeline
        Reads frames round what was found: of boxes an upright square of 1.8 times the
        longer side, of landmarks a square in which the face is upright.
    n_looks : int, default=3
        How often a photo is looked at to predict: 1 asks `first` alone, 2 `second`
        once, 3 lets `second` look again at its own answer. Each look sends the photo
        through VGG19 once, or twice where its pipeline reads both sides.
    average : bool, default=False
        Whether the mean of all looks is told, not the last one: where y is noisy, as
        boxes are, looks that see the face in other frames err in other directions.
    n_frames : int, default=4
        Frames a photo that `second` learns from, every second one mirrored. They are
        drawn round the truth: what `first` says of the photos that it has learnt from
        is too good to learn from.
    degrees, log_scale, shift : float, default=8.0, 0.1 and 0.05
        How far they are from it: standard deviations of the turn, of the logarithm of
        the scale, and of the shift along each side of the frame, as a part of it.
    random_state : int, default=0
        Of the frames. A photo has the same ones in every fit, fold and search, so that
        each goes through VGG19 once.

    Attributes
    ----------
    first_, second_ : FacePipeline
        Fitted.

    Notes
    -----
    A parameter of a pipeline is set in one look by its name, such as
    ``second__head__n_layers``, and in both without it: ``head__n_layers``.

    Examples
    --------
    >>> from skface import SecondLook, make_landmark_pipeline
    >>> look = SecondLook(*(make_landmark_pipeline(looks=1) for _ in range(2)))
    >>> look = look.set_params(head__n_layers=2)
    >>> look.first["head"].n_layers, look.second["head"].n_layers
    (2, 2)
    """

    _parameter_constraints = {
        "first": [FacePipeline],
        "second": [FacePipeline],
        "n_looks": [Interval(Integral, 1, None, closed="left")],
        "average": ["boolean"],
        "n_frames": [Interval(Integral, 1, None, closed="left")],
        "degrees": [Interval(Real, 0, None, closed="left")],
        "log_scale": [Interval(Real, 0, None, closed="left")],
        "shift": [Interval(Real, 0, None, closed="left")],
        "random_state": [Interval(Integral, 0, None, closed="left")],
    }

    __metadata_request__fit = {"X_val": True, "y_val": True}

    def __init__(
        self,
        first,
        second,
        *,
        n_looks=3,
        average=False,
        n_frames=4,
        degrees=8.0,
        log_scale=0.1,
        shift=0.05,
        random_state=0,
    ):
        self.first = first
        self.second = second
        self.n_looks = n_looks
        self.average = average
        self.n_frames = n_frames
        self.degrees = degrees
        self.log_scale = log_scale
        self.shift = shift
        self.random_state = random_state

    def set_params(self, **params) -> "SecondLook":
        """Set parameters; what is not of one look alone is set in both.

        Returns
        -------
        self
        """
        own = self.get_params()
        super().set_params(**{name: params[name] for name in params if name in own})
        of_both = {name: params[name] for name in params if name not in own}
        if of_both:
            self.first.set_params(**of_both)
            own = {name: clone(of_both[name], safe=False) for name in of_both}
            self.second.set_params(**own)
        return self

    def fit(self, X, y, *, X_val=None, y_val=None):
        """Fit both looks.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : array-like of shape (n, n_targets)
            Fractions of the photo.
        X_val, y_val : like X and y, default=None
            Validation data of both heads.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, InputError
            As from `FacePipeline.fit`, before photos go through VGG19.
        """
        of_second = self._checked(X, y, X_val, y_val)
        first = clone(self.first).fit(X, y, X_val=X_val, y_val=y_val)
        second = clone(self.second).fit(**of_second)
        self.first_, self.second_ = first, second  # or the fit before is left
        forget_names(self)
        return self

    def check_fit(self, X, y, *, X_val=None, y_val=None):
        """Raise what `fit` would, before photos go through VGG19.

        Parameters
        ----------
        X, y, X_val, y_val
            As for `fit`.
        """
        self._checked(X, y, X_val, y_val)

    def predict(self, X):
        """What the last look says, or all of them on `average`.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        ndarray of shape (n, n_targets)
            Fractions of the photo.

        Raises
        ------
        ParameterError, InputError
            A parameter or X cannot be used.
        ImageError
            Photos cannot be read.
        """
        check_is_fitted(self)
        validate_params(self)
        if self.n_looks > 1:
            X = as_images(X, keeps_aspect=True)
            sizes = sizes_of(X)
        looks = [self.first_.predict(X)]
        for _ in range(self.n_looks - 1):
            frames = frames_around(looks[-1], self.target, sizes)
            seen = framed(X, frames)
            looks.append(predicted_through(self.second_, seen, frames, self.target))
        return np.mean(looks, axis=0) if self.average else looks[-1]

    def score(self, X, y, sample_weight=None):
        """The field's number for the target; higher is better.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : array-like of shape (n, n_targets)
        sample_weight : array-like of shape (n,), default=None

        Returns
        -------
        float
        """
        target = self.target
        return target.score(target.arranged(y), self.predict(X), sample_weight)

    @property
    def target(self):
        """What the columns of y mean, as the second look says."""
        return target_of(self.second)

    @property
    def n_passes(self) -> int:
        """How often a photo goes through VGG19 to be predicted."""
        first = getattr(self, "first_", self.first)
        second = getattr(self, "second_", self.second)
        return first.n_passes + (self.n_looks - 1) * second.n_passes

    def frames_of(self, X, y, n_frames=None) -> tuple:
        """The frames near the truth that `second` learns from.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : array-like of shape (n, n_targets)
            Fractions of the photo.
        n_frames : int, default=None
            Of each photo; the parameter's number without it.

        Returns
        -------
        images : ImageArray of length n_frames * n, or ndarray
            The photos through the frames, all photos once, then once more.
        y : ndarray of shape (n_frames * n, n_targets)
            Fractions of the photo; of an array, which does not know its frames, of
            these.
        rows : ndarray of shape (n_frames * n,)
            Of X.
        """
        target, images = self.target, as_images(X, keeps_aspect=True)
        y = target.checked(as_array(target.arranged(y), "y"))
        as_floats(y, "y")  # or it is no place for a frame
        return frames_near(
            images,
            frames_around(y, target, sizes_of(images)),
            y,
            target,
            seeds=np.array([crc32(row.tobytes()) for row in np.round(y, 6) + 0.0]),
            n_frames=self.n_frames if n_frames is None else n_frames,
            random_state=self.random_state,
            degrees=self.degrees,
            log_scale=self.log_scale,
            shift=self.shift,
        )

    def _checked(self, X, y, X_val, y_val):
        """What `second` is fitted on."""
        validate_params(self)
        first, second = clone(self.first), clone(self.second)
        first.check_fit(X, y, X_val=X_val, y_val=y_val)
        near, truth, rows = self.frames_of(X, y)
        of_second = {"X": near, "y": truth}
        if has_fit_parameter(second[-1], "groups"):
            of_second |= second.fit_parameters(groups=rows)
        if X_val is not None:
            near_val, truth_val, _ = self.frames_of(X_val, y_val, n_frames=1)
            of_second |= {"X_val": near_val, "y_val": truth_val}
        second.check_fit(**of_second)
        return of_second

    def __sklearn_tags__(self):
        tags = of_photos(super().__sklearn_tags__())
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags
