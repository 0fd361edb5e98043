"""Faces turned upright by how far a photo is off, without landmarks."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from skface._validation import Interval, of_photos, validate_params
from skface.exceptions import ParameterError
from skface.heads import DenseHeadRegressor
from skface.photos import Frames, as_images, framed, frames_seen, row_keys, sizes_of
from skface.pipelines import (
    FacePipeline,
    PhotosToPhotos,
    frames_near,
    predicted_through,
    seen_upright,
)
from skface.targets import CORNERS


class LandmarkFreeAlignment(PhotosToPhotos, MetaEstimatorMixin, BaseEstimator):
    """Photos as upright as those that it has learnt from, without landmarks.

    It learns from aligned photos that nobody has labelled: each is seen through frames
    that are turned, scaled and shifted by known amounts, and a regressor on frozen
    features tells where the corners of the aligned photo lie. To align a photo, the
    frame that it tells is looked at again, as often as asked, and the frame is kept
    that was told to be off by the least.

    Parameters
    ----------
    regressor : FacePipeline
        Features and a `DenseHeadRegressor`, as ``make_landmark_pipeline(looks=1)``
        makes; the target and the activation of its head are replaced.
    n_looks : int, default=3
        How often a photo is looked at. Each look tells the next frame, but for the
        last: with 1 photos stay as they are. Each sends the photo through VGG19 once,
        or twice where the regressor reads both sides.
    n_frames : int, default=2
        Frames a photo to learn from, every second one mirrored.
    degrees, log_scale, shift : float, default=30.0, 0.25 and 0.12
        How far these are off: standard deviations of the turn, of the logarithm of the
        scale, and of the shift along each side of the frame, as a part of it.
    random_state : int, default=0
        Of the frames. A photo has the same ones in every fit and fold, so that each
        goes through VGG19 once.

    Attributes
    ----------
    regressor_ : FacePipeline
        Fitted; it predicts `skface.targets.CORNERS`, as fractions of the photo.
    aspect_ : float
        Height over width of the aligned photos. A photo of another shape is first seen
        through the least frame of this one that holds it.

    See Also
    --------
    skface.AlignedFaces : Aligns by landmarks.

    Notes
    -----
    The corners are those of DeTone et al. [1]_, who tell homographies by them: four
    points lie on one scale, where an angle, a logarithm and two shifts do not. The
    similarity of least squares through them is the next frame. How far a frame is off
    is the mean squared distance of the corners told from its own, in its own sides.

    AFFAIR [2]_ finds such a transformation from the loss of the attributes alone.

    References
    ----------
    .. [1] D. DeTone, T. Malisiewicz and A. Rabinovich, "Deep Image Homography
       Estimation", 2016.
    .. [2] J. Li, F. Zhao, J. Feng, S. Roy, S. Yan and T. Sim, "Landmark Free Face
       Attribute Prediction", IEEE Transactions on Image Processing, 2018.

    Examples
    --------
    >>> from skface import make_landmark_pipeline
    >>> from skface.systems import LandmarkFreeAlignment
    >>> align = LandmarkFreeAlignment(make_landmark_pipeline("fast", looks=1))
    >>> align.n_passes
    3
    """

    _parameter_constraints = {
        "regressor": [FacePipeline],
        "n_looks": [Interval(Integral, 1, None, closed="left")],
        "n_frames": [Interval(Integral, 1, None, closed="left")],
        "degrees": [Interval(Real, 0, None, closed="left")],
        "log_scale": [Interval(Real, 0, None, closed="left")],
        "shift": [Interval(Real, 0, None, closed="left")],
        "random_state": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        regressor,
        *,
        n_looks=3,
        n_frames=2,
        degrees=30.0,
        log_scale=0.25,
        shift=0.12,
        random_state=0,
    ):
        self.regressor = regressor
        self.n_looks = n_looks
        self.n_frames = n_frames
        self.degrees = degrees
        self.log_scale = log_scale
        self.shift = shift
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn how far photos are off, from warps of aligned ones.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
            Aligned photos.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ParameterError, InputError
            A parameter or X cannot be used, found before photos go through VGG19.
        ImageError
            Photos cannot be read.
        """
        self.check_fit(X)
        regressor = self._regressor()
        near, corners, rows = self.frames_of(X)
        regressor.fit(near, corners, **regressor.fit_parameters(groups=rows))
        self.aspect_ = self._aspect(X)
        self.regressor_ = regressor
        return self

    def transform(self, X):
        """The photos through upright frames.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        ImageArray, or of an array an array; of X's shape

        Raises
        ------
        sklearn.exceptions.NotFittedError
        InputError
            X is not photos.
        ImageError
            Photos cannot be read.
        """
        check_is_fitted(self)
        validate_params(self)
        images = as_images(X, keeps_aspect=True)
        seen = _unmirrored(images)
        frames = best = seen.with_aspect(self.aspect_)
        sizes, least = seen.image_sizes, np.full(len(seen), np.inf)
        upright = Frames.whole(len(seen)).corners
        for _ in range(self.n_looks):
            corners = predicted_through(
                self.regressor_, framed(images, frames), frames, CORNERS
            )
            off = np.square(frames.to_frame(corners, CORNERS) - upright).mean(axis=1)
            is_nearer = (off < least)[:, None, None]
            best = Frames(np.where(is_nearer, frames.matrices, best.matrices), sizes)
            least = np.minimum(off, least)
            frames = Frames.from_corners(corners, sizes, aspect=self.aspect_)
        return seen_upright(images, best)

    @property
    def n_passes(self) -> int:
        """How often a photo goes through VGG19 to be aligned."""
        return self.n_looks * getattr(self, "regressor_", self.regressor).n_passes

    def frames_of(self, X) -> tuple:
        """The warped photos that the regressor learns from.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        images : ImageArray of length n_frames * n, or ndarray
            All photos once, then once more.
        corners : ndarray of shape (n_frames * n, 8)
            Of the aligned photos, as fractions of the photo; of an array, which does
            not know its frames, of these.
        rows : ndarray of shape (n_frames * n,)
            Of X.
        """
        images = as_images(X, keeps_aspect=True)
        frames = _unmirrored(images).with_aspect(self._aspect(X))
        return frames_near(
            images,
            frames,
            frames.corners,
            CORNERS,
            seeds=row_keys(images)[:, :4].copy().view(np.uint32)[:, 0].astype(int),
            n_frames=self.n_frames,
            random_state=self.random_state,
            degrees=self.degrees,
            log_scale=self.log_scale,
            shift=self.shift,
        )

    def check_fit(self, X):
        """Raise what `fit` would, before photos go through VGG19.

        Parameters
        ----------
        X : as for `fit`
        """
        validate_params(self)
        images, regressor = as_images(X, keeps_aspect=True), self._regressor()
        regressor.check_fit(images, np.tile(Frames.whole(1).corners, (len(images), 1)))

    def _regressor(self):
        regressor = clone(self.regressor)
        head = regressor[-1]
        if not isinstance(head, DenseHeadRegressor):
            raise ParameterError(
                "regressor must end in a DenseHeadRegressor, got "
                f"{type(head).__name__}: make_landmark_pipeline(looks=1) makes one"
            )
        head.set_params(target=CORNERS, output_activation="linear")
        return regressor

    @staticmethod
    def _aspect(X):
        return float(np.median(_unmirrored(as_images(X, keeps_aspect=True)).aspects))

    def __sklearn_tags__(self):
        return of_photos(super().__sklearn_tags__())


def _unmirrored(images):
    """What is seen of the photos, left and right as in them."""
    return Frames(frames_seen(images).matrices, sizes_of(images)).unmirrored()
