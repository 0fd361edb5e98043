"""Photos seen so that their faces are upright and of one size."""

from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skface._naming import last_step
from skface._validation import (
    MOST_FRACTION,
    HasMethods,
    StrOptions,
    as_floats,
    of_photos,
    validate_params,
)
from skface.exceptions import InputError, ParameterError
from skface.photos import TEMPLATES, ImageArray, as_images, sizes_of
from skface.pipelines._around import frames_around, seen_upright
from skface.pipelines._as_it_is import UsesFitted
from skface.targets import LANDMARKS, as_target

_NOT_FITTED = (
    "landmarks, a %(name)s, is not fitted yet: fit it on photos in the wild. A search "
    "clones the values of its grid; of landmarks that are fitted it is one over the "
    "step: {'align': [AlignedFaces(one), AlignedFaces(other)]}"
)


class PhotosToPhotos(TransformerMixin):
    """A transformer that gives photos, which no container holds."""

    def set_output(self, *, transform=None) -> "PhotosToPhotos":
        """Do nothing: a pipeline asks all of its steps.

        Returns
        -------
        self
        """
        return self


class AlignedFaces(PhotosToPhotos, UsesFitted):
    """Photos in the wild as photos like CelebA's aligned ones.

    Landmarks are found in each photo, and the photo is seen through the frame in which
    they lie where they lie in a template. An attribute pipeline that has learnt from
    aligned photos reads those frames as it reads its own photos.

    Parameters
    ----------
    landmarks : fitted estimator
        Finds the five landmarks, as `make_landmark_pipeline` makes it. It is used as it
        is: neither `fit` nor `clone` touches it, and where `set_params` sets its own
        parameters, a copy takes its place.
    template : {"celeba", "face"}, default="celeba"
        As for `Frames.from_landmarks`.

    Notes
    -----
    A photo without a face is seen through some frame all the same; one in which the
    landmarks coincide is seen whole.

    Examples
    --------
    >>> from skface import AlignedFaces, make_attribute_pipeline, make_landmark_pipeline
    >>> landmarks = make_landmark_pipeline()  # to be fitted on photos in the wild
    >>> pipe = make_attribute_pipeline(align=landmarks)
    >>> list(pipe.named_steps)
    ['align', 'features', 'head']
    """

    _parameter_constraints = {
        "landmarks": [HasMethods(["predict"])],
        "template": [StrOptions(set(TEMPLATES))],
    }

    _used = "landmarks"

    def __init__(self, landmarks, template="celeba"):
        self.landmarks = landmarks
        self.template = template

    @property
    def n_passes(self) -> int:
        """How often a photo goes through VGG19 to be aligned."""
        return getattr(self.landmarks, "n_passes", 0)

    def fit(self, X, y=None):
        """Check the parameters and the form of X; there is nothing to learn.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ParameterError, InputError
        sklearn.exceptions.NotFittedError
            `landmarks` is not fitted.
        """
        validate_params(self)
        check_is_fitted(self.landmarks, msg=_NOT_FITTED)
        told = getattr(last_step(self.landmarks), "target", None)
        if told is not None and as_target(told) != LANDMARKS:
            raise ParameterError(
                f"landmarks must find the five points, not {as_target(told).plural}"
            )
        as_images(X, keeps_aspect=True)
        return self

    def transform(self, X):
        """The photos through upright frames.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        ImageArray of shape (n, 218, 178, 3) with the template "celeba", of shape \
(n, 224, 224, 3) with "face"; of an array an array of X's shape

        Raises
        ------
        InputError
            X is not photos, or what `landmarks` predict is no fractions of them.
        ImageError
            Photos cannot be read.
        """
        images = as_images(X, keeps_aspect=True)
        points = LANDMARKS.checked(self.landmarks.predict(X), "landmarks' prediction")
        points = as_floats(points, "landmarks' prediction")
        largest = abs(points).max(initial=0)
        if len(points) != len(images) or largest > MOST_FRACTION:
            raise InputError(
                f"landmarks predict {len(points)} rows of up to {largest:g} for "
                f"{len(images)} photos: they must be fractions of the photos' sides"
            )
        frames = frames_around(points, LANDMARKS, sizes_of(images), self.template)
        upright = seen_upright(images, frames)
        if isinstance(upright, ImageArray):
            return upright.resized(TEMPLATES[self.template].image_size)
        return upright

    def __sklearn_tags__(self):
        tags = of_photos(super().__sklearn_tags__())
        tags.requires_fit = False
        return tags
