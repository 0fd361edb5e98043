"""Photos to predictions: the transformer and a head as one estimator."""

import copy
from typing import Any

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.metaestimators import available_if

from skface._validation import Options, StrOptions, as_array
from skface.exceptions import InputError, ParameterError
from skface.features import VGG19Features
from skface.photos import CELEBA_FACE, seen_from
from skface.pipelines._shapes import (
    common_aspect,
    warn_of_others,
    warn_of_unaligned,
)
from skface.targets import as_target, by_name, forget_names, target_of

# where both sides of a photo are seen
_MIRROR = {
    False: (),
    "fit": ("fit",),
    "predict": ("predict",),
    "fit+predict": ("fit", "predict"),
}
_OF_PHOTOS = ("sample_weight", "domain")  # parameters with a value a photo


def _if_head_has(method):
    return available_if(lambda pipe: hasattr(pipe.steps[-1][1], method))


class FacePipeline(Pipeline):
    """A scikit-learn Pipeline whose head can validate, and see photos from both sides.

    `fit` sends `X_val` through the steps before the head, and the mirror images of X
    where `mirror` asks for them.

    Parameters
    ----------
    steps : list of (name, estimator)
        As for `sklearn.pipeline.Pipeline`.
    mirror : {False, "fit", "predict", "fit+predict"}, default=False
        "fit" trains the head on the mirror image of each photo too; boxes and landmarks
        are mirrored with it. "predict" reads both sides of a photo to predict, and
        averages what the head says. Each takes another pass of VGG19, which `cache_dir`
        of the features keeps as it keeps the first.
    transform_input, memory, verbose
        As for `sklearn.pipeline.Pipeline`.

    Attributes
    ----------
    aspect_ : float or None
        Height over width of the files that a classifier has learnt from, where nearly
        all have the same, as aligned photos have; else None. A prediction warns where
        most files plainly have another.

    Notes
    -----
    Early stopping, thresholds and calibration see one side of the validation photos.

    Examples
    --------
    >>> from skface import make_landmark_pipeline
    >>> make_landmark_pipeline(looks=1).mirror
    'fit+predict'

    To predict in half the time, a bit less exactly:

    >>> pipe = make_landmark_pipeline(looks=1).set_params(mirror="fit")
    """

    _parameter_constraints = {
        **Pipeline._parameter_constraints,
        "mirror": [StrOptions(set(_MIRROR) - {False}), Options(bool, {False})],
    }

    def __init__(
        self, steps, *, mirror=False, transform_input=None, memory=None, verbose=False
    ):
        self.mirror = mirror
        super().__init__(
            steps, transform_input=transform_input, memory=memory, verbose=verbose
        )

    def fit(self, X, y=None, *, X_val=None, y_val=None, **params):
        """Fit all steps.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : array-like of shape (n, n_targets)
        X_val, y_val : like X and y, default=None
            Validation data of the head. Without them it sets rows of X aside.
        **params : dict
            As for `sklearn.pipeline.Pipeline.fit`, such as ``head__sample_weight``.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            `mirror` has no such value, or no step can mirror photos, or a parameter of
            the head has no such value.
        InputError
            X, y or their validation parts cannot be used. This is found before the
            photos go through VGG19.
        """
        self.check_fit(X, y, X_val=X_val, y_val=y_val, **params)
        head, n_sides = self.steps[-1][1], self._n_sides("fit")
        photos = X
        if self._needs_alike and np.array_equal(self._of_photos[0].crop, CELEBA_FACE):
            warn_of_unaligned(photos, stacklevel=2)
        for step in self._of_photos[:-1]:
            X = step.fit(X).transform(X)
        X, frames = seen_from(X, n_sides)
        if n_sides == 2:
            y, params = self._doubled(y, params)
        y = self._into(frames, y)
        if X_val is not None:
            X_val, frames = self._seen(X_val)
            y_val = self._into(frames, y_val)
        of_steps, of_head = self._routed(params)
        if len(self.steps) > 1:
            steps = self.after_aligning[:-1]
            X = steps.fit_transform(X, y, **of_steps)
            self.steps[-1 - len(steps) : -1] = steps.steps  # `memory` fits copies
            if X_val is not None:
                X_val = steps.transform(X_val)
        if X_val is not None:
            of_head = {**of_head, "X_val": X_val, "y_val": y_val}
        aspect = common_aspect(photos) if self._needs_alike else None
        head.fit(X, y, **of_head)
        self.aspect_ = aspect
        forget_names(self)
        return self

    @_if_head_has("predict")
    def predict(self, X, **params):
        """What the head says of each photo.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        **params : dict
            As for `sklearn.pipeline.Pipeline.predict`.

        Returns
        -------
        ndarray of shape (n, n_targets)
        """
        head = self._head_now()
        if hasattr(head, "outputs") and not params:
            return head.predictions(self._outputs(head, X))
        X, frames = self._seen(X)
        y = super(FacePipeline, self.after_aligning).predict(X, **params)
        return self._out_of(frames, y)

    @_if_head_has("predict_proba")
    def predict_proba(self, X, **params):
        """Probability that each attribute is present.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        **params : dict
            As for `sklearn.pipeline.Pipeline.predict_proba`.

        Returns
        -------
        ndarray of shape (n, n_attributes)
        """
        head = self._head_now()
        if hasattr(head, "probabilities") and not params:
            return head.probabilities(self._outputs(head, X))
        return super().predict_proba(X, **params)

    @_if_head_has("score")
    def score(self, X, y=None, sample_weight=None, **params):
        """The head's score of its predictions.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : array-like of shape (n, n_targets)
        sample_weight : array-like of shape (n,), default=None
        **params : dict
            As for `sklearn.pipeline.Pipeline.score`.

        Returns
        -------
        float
        """
        head = self._head_now()
        if hasattr(head, "scored") and not params:
            y_pred = head.predictions(self._outputs(head, X))
            return head.scored(by_name(self, y, "y"), y_pred, sample_weight)
        X, frames = self._seen(X)
        y, pipe = self._into(frames, y), self.after_aligning
        return super(FacePipeline, pipe).score(X, y, sample_weight, **params)

    @_if_head_has("outputs")
    def outputs(self, X) -> np.ndarray:
        """What the head's network says, of both sides of a photo where `mirror` asks.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        ndarray of shape (n, n_outputs), float32
            Coordinates are fractions of the photo, whatever frame it is seen through.
        """
        return self._outputs(self._head_now(), X)

    def aligned(self, X) -> Any:
        """Photos as VGG19 sees them: through upright frames, after `AlignedFaces`.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        ImageArray or ndarray; X where no step aligns
        """
        for step in self._of_photos[:-1]:
            X = step.transform(X)
        return X

    def behind(self, align) -> "FacePipeline":
        """This pipeline for photos in the wild: behind a step that aligns them.

        The steps are shared, not copied: where they are fitted, so is what comes out.

        Parameters
        ----------
        align : AlignedFaces, or another transformer of photos

        Returns
        -------
        FacePipeline
            Its first step is "align"; `mirror` is kept.

        Raises
        ------
        ParameterError
            A step of it aligns photos already.

        Examples
        --------
        >>> from skface import AlignedFaces, make_attribute_pipeline
        >>> from skface import make_landmark_pipeline
        >>> align = AlignedFaces(make_landmark_pipeline())
        >>> list(make_attribute_pipeline().behind(align).named_steps)
        ['align', 'features', 'head']
        """
        if self.is_aligning:
            raise ParameterError(
                f"the pipeline aligns photos already, by its step {self.steps[0][0]!r}"
            )
        pipe = copy.copy(self)
        pipe.steps = [("align", align), *self.steps]
        pipe.__dict__.pop("aspect_", None)  # which photos behind an alignment all have
        return pipe

    @property
    def is_aligning(self) -> bool:
        """Whether a step before VGG19, as `AlignedFaces`, turns faces upright."""
        return len(self._of_photos) > 1

    @property
    def after_aligning(self) -> "FacePipeline":
        """The pipeline that reads photos which are `aligned` already."""
        pipe = self[self._n_before if self._of_photos else 0 :]
        pipe.mirror = self.mirror
        return pipe

    @property
    def n_passes(self) -> int:
        """How often a photo goes through VGG19 to be predicted."""
        if not self._of_photos:
            return 0
        n_before = sum(getattr(step, "n_passes", 0) for step in self._of_photos[:-1])
        return n_before + self._n_sides("predict")

    def _outputs(self, head, X):
        photos, n_sides = X, self._n_sides("predict")
        X, frames = self._seen(X, n_sides)
        features = self.after_aligning[:-1].transform(X) if len(self) > 1 else X
        n = len(features) // n_sides  # a call each: a row's bits depend on its batch
        outputs = [
            head.outputs(features[side * n : (side + 1) * n]) for side in range(n_sides)
        ]
        outputs = self._out_of(frames, np.concatenate(outputs))
        aspect = getattr(self, "aspect_", None)
        if aspect is not None and self._needs_alike:
            warn_of_others(photos, aspect, stacklevel=3)  # at who called predict
        return sum(np.split(outputs, n_sides)) / n_sides

    @property
    def _of_photos(self):
        """The steps that see photos: VGG19Features and, before it, what aligns them."""
        before = [step for _, step in self.steps[: self._n_before]]
        if self._n_before == len(self.steps):
            return []
        aligning = [step for step in before if step not in (None, "passthrough")]
        return [*aligning, self.steps[self._n_before][1]]

    @property
    def _n_before(self):
        """How many steps stand before VGG19Features; all where there is none."""
        are = [isinstance(step, VGG19Features) for _, step in self.steps]
        return [*are, True].index(True)

    @property
    def _needs_alike(self):
        """Whether faces are to lie in the photos as in those that it learns from."""
        is_first = len(self._of_photos) == 1
        return is_first and is_classifier(self.steps[-1][1])

    def _seen(self, X, n_sides=1):
        """`aligned` photos, from one side or both, and their frames."""
        return seen_from(self.aligned(X), n_sides)

    def _n_sides(self, method):
        return 2 if method in _MIRROR[self.mirror] else 1

    def _head_now(self):
        """The head as it is fitted now, whatever a fit does to it meanwhile."""
        head = self[-1]
        return head.snapshot() if hasattr(head, "snapshot") else head

    def _into(self, frames, y):
        """Targets of whole photos as the head sees them, through frames."""
        if frames is None:
            return y
        target = target_of(self.steps[-1][1], y=y)
        if not target.has_coordinates:
            return y
        y = target.arranged(y)
        moved = frames.to_frame(y, target)
        return pd.DataFrame(moved, columns=y.columns) if hasattr(y, "iloc") else moved

    def _out_of(self, frames, y):
        """What the head says of frames, as targets of the whole photos."""
        if frames is None:
            return y
        target = target_of(self.steps[-1][1], y=y)
        return frames.to_photo(y, target) if target.has_coordinates else y

    def _doubled(self, y, params):
        """y and what else belongs to photos, for their mirror images too."""
        n = len(y)
        rows = np.tile(np.arange(n), 2)

        def twice(value, name):
            value = as_array(value, name)
            if len(value) != n:
                raise InputError(f"{name} has {len(value)} values for {n} photos")
            return value[rows]

        y = y.iloc[rows] if hasattr(y, "iloc") else as_array(y, "y")[rows]
        params = {
            name: twice(value, name)
            if name.endswith(_OF_PHOTOS) and value is not None
            else value
            for name, value in params.items()
        }
        (name,) = self.fit_parameters(groups=None)
        groups = params.get(name)
        groups = rows if groups is None else twice(groups, "groups")
        return y, {**params, name: groups}

    def fit_parameters(self, **of_head) -> dict:
        """Parameters of the head's `fit` as `fit` of the pipeline takes them."""
        if get_config()["enable_metadata_routing"]:
            return of_head  # the head asks for them
        return {f"{self.steps[-1][0]}__{name}": of_head[name] for name in of_head}

    def _routed(self, params):
        """Fit parameters of the steps before the head, and of the head."""
        name = self.steps[-1][0]
        if not get_config()["enable_metadata_routing"]:
            prefix = f"{name}__"
            own = {key: params[key] for key in params if key.startswith(prefix)}
            others = {key: params[key] for key in params if key not in own}
            return others, {key[len(prefix) :]: own[key] for key in own}
        routed = process_routing(self, "fit", **params)
        wanted = {
            key
            for step, _ in self.steps[:-1]
            for method in routed[step].values()
            for key in method
        }
        return {key: params[key] for key in wanted}, dict(routed[name].fit)

    def check_fit(self, X, y=None, *, X_val=None, y_val=None, **params):
        """Raise what `fit` would, before photos go through VGG19.

        Parameters
        ----------
        X, y, X_val, y_val, **params
            As for `fit`.
        """
        if self.mirror not in list(_MIRROR):
            raise ParameterError(
                f"mirror must be in {list(_MIRROR)}, got {self.mirror!r}"
            )
        name, head = self.steps[-1]
        if self.mirror and not self._of_photos:
            raise ParameterError(
                "mirror needs a step that sees photos, as VGG19Features does"
            )
        named = getattr(head, "target", None)
        is_of_places = named is not None and as_target(named).has_coordinates
        if len(self._of_photos) > 1 and is_of_places:
            raise ParameterError(
                "aligned faces are for attributes: boxes and landmarks are read twice "
                "by SecondLook"
            )
        if self.mirror and not hasattr(head, "outputs"):
            raise ParameterError(f"mirror={self.mirror!r} needs a head of skface")
        for step in self._of_photos:
            check = getattr(step, "check_fit", step.fit)  # others learn nothing
            check(X)
            if X_val is not None:
                check(X_val)
        if hasattr(head, "check_fit"):
            weight = params.get(f"{name}__sample_weight", params.get("sample_weight"))
            groups = params.get(f"{name}__groups", params.get("groups"))
            n_val = None if X_val is None else len(X_val)
            head.check_fit(len(X), y, weight, n_val, y_val, groups)
