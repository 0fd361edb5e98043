"""Photos to predictions: the transformer and a head as one estimator."""

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.metaestimators import available_if

from skface._validation import as_array
from skface.exceptions import ParameterError
from skface.features import VGG19Features
from skface.photos import Frames, as_images, with_mirror_images
from skface.targets import ATTRIBUTES, target_of


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
    mirror : {False, "fit", "fit+predict"}, default=False
        "fit" trains the head on the mirror image of each photo too; boxes and landmarks
        are mirrored with it. "fit+predict" also reads both sides of a photo to predict,
        and averages what the head says. Each takes another pass of VGG19, which
        `cache_dir` of the features keeps as it keeps the first.
    transform_input, memory, verbose
        As for `sklearn.pipeline.Pipeline`.

    Notes
    -----
    Early stopping, thresholds and calibration see one side of the validation photos.

    Examples
    --------
    >>> from skface import make_landmark_pipeline
    >>> make_landmark_pipeline().mirror
    'fit+predict'

    To predict in half the time, a bit less exactly:

    >>> pipe = make_landmark_pipeline().set_params(mirror="fit")
    """

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
        self._check_before_work(X, y, X_val, y_val, params)
        vars(self).pop("target_names_", None)  # of an earlier fit, see skface.load
        head = self.steps[-1][1]
        if self.mirror:
            X, y, params = self._both_sides(X, y, params)
        of_steps, of_head = self._routed(params)
        if len(self.steps) > 1:
            steps = self[:-1]
            X = steps.fit_transform(X, y, **of_steps)
            self.steps[:-1] = steps.steps  # of which `memory` fits copies
            if X_val is not None:
                X_val = steps.transform(X_val)
        if X_val is not None:
            of_head = {**of_head, "X_val": X_val, "y_val": y_val}
        head.fit(X, y, **of_head)
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
        if self.mirror != "fit+predict":
            return super().predict(X, **params)
        head = self[-1].snapshot()
        return head.predictions(self._outputs(head, X))

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
        if self.mirror != "fit+predict":
            return super().predict_proba(X, **params)
        head = self[-1].snapshot()
        return head.probabilities(self._outputs(head, X))

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
        if self.mirror != "fit+predict":
            return super().score(X, y, sample_weight, **params)
        head = self[-1].snapshot()
        y_pred = head.predictions(self._outputs(head, X))
        return head.scored(y, y_pred, sample_weight)

    @_if_head_has("outputs")
    def outputs(self, X):
        """What the head's network says, of both sides of a photo where `mirror` asks.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        ndarray of shape (n, n_outputs), float32
            Coordinates are fractions of the photo.
        """
        return self._outputs(self[-1], X)

    def _outputs(self, head, X):
        if self.mirror != "fit+predict":
            return head.outputs(self[:-1].transform(X))
        features = self[:-1].transform(with_mirror_images(as_images(X)))
        n = len(features) // 2
        outputs, mirrored = head.outputs(features[:n]), head.outputs(features[n:])
        sides = Frames.whole(n).mirrored()
        return (outputs + sides.to_photo(mirrored, target_of(head, y=mirrored))) / 2

    def _both_sides(self, X, y, params):
        """Photos and their mirror images with all that belongs to them."""
        n = len(X)
        target = target_of(self.steps[-1][1], y=y)
        rows = np.tile(np.arange(n), 2)
        if target == ATTRIBUTES:
            y = y.iloc[rows] if hasattr(y, "iloc") else as_array(y, "y")[rows]
        else:
            y = target.arranged(y)
            sides = np.concatenate([as_array(y, "y"), target.mirrored(y)])
            y = pd.DataFrame(sides, columns=y.columns) if hasattr(y, "iloc") else sides
        params = {
            name: as_array(value, name)[rows]
            if name.endswith("sample_weight") and value is not None
            else value
            for name, value in params.items()
        }
        params[self._of_head("groups")] = rows
        return with_mirror_images(as_images(X)), y, params

    def _of_head(self, name):
        """A fit parameter of the head as the pipeline calls it."""
        if get_config()["enable_metadata_routing"]:
            return name  # the head asks for it
        return f"{self.steps[-1][0]}__{name}"

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

    def _check_before_work(self, X, y, X_val, y_val, params):
        """Raise what the last step would, before the photos go through VGG19."""
        if self.mirror not in (False, "fit", "fit+predict"):
            raise ParameterError(
                f'mirror must be False, "fit" or "fit+predict", got {self.mirror!r}'
            )
        first, (name, head) = self.steps[0][1], self.steps[-1]
        sees_photos = isinstance(first, VGG19Features)
        if self.mirror and not sees_photos:
            raise ParameterError(
                "mirror needs a first step that sees photos, as VGG19Features does"
            )
        if sees_photos:
            first.fit(X)
            if X_val is not None:
                first.fit(X_val)
        if hasattr(head, "check_fit"):
            weight = params.get(f"{name}__sample_weight", params.get("sample_weight"))
            n_val = None if X_val is None else len(X_val)
            head.check_fit(len(X), y, weight, n_val, y_val)
        if self.mirror and (target := target_of(head, y=y)) != ATTRIBUTES:
            target.mirrored(y)
