"""Photos to predictions: the transformer and a head as one estimator."""

from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if

from skface._presets import preset_of
from skface.exceptions import ParameterError
from skface.features import VGG19Features
from skface.heads import DenseHeadClassifier, DenseHeadRegressor

__all__ = [
    "FacePipeline",
    "make_attribute_pipeline",
    "make_bbox_pipeline",
    "make_landmark_pipeline",
]


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
        # The steps before the head are fitted here, and once more, on the same X, by
        # Pipeline.fit; VGG19Features has nothing to fit.
        prefix = f"{self.steps[-1][0]}__"
        if get_config()["enable_metadata_routing"]:
            prefix = ""  # the head asks for what follows
        if X_val is not None or self.mirror:
            features = self[:-1].fit(X, y)
        if X_val is not None:
            params[f"{prefix}X_val"] = features.transform(X_val)
            params[f"{prefix}y_val"] = y_val
        if self.mirror:
            params[f"{prefix}X_mirrored"] = _mirroring(features).transform(X)
        return super().fit(X, y, **params)

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
        return super().predict(X, **self._other_side(X), **params)

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
        return super().predict_proba(X, **self._other_side(X), **params)

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
        other_side = self._other_side(X)
        if not other_side:
            return super().score(X, y, sample_weight, **params)
        features = self[:-1].transform(X)
        return self[-1].score(features, y, sample_weight, **other_side)

    def _other_side(self, X):
        """The features of the mirror images, for a head that reads them too."""
        if self.mirror != "fit+predict":
            return {}
        return {"X_mirrored": _mirroring(self[:-1]).transform(X)}

    def _check_before_work(self, X, y, X_val, y_val, params):
        """Raise what the last step would, before the photos go through VGG19."""
        if self.mirror not in (False, "fit", "fit+predict"):
            raise ParameterError(
                f'mirror must be False, "fit" or "fit+predict", got {self.mirror!r}'
            )
        first, (name, head) = self.steps[0][1], self.steps[-1]
        if self.mirror:
            _mirroring(self[:-1])
        if isinstance(first, VGG19Features):
            first.fit(X)
            if X_val is not None:
                first.fit(X_val)
        if hasattr(head, "check_fit"):
            weight = params.get(f"{name}__sample_weight", params.get("sample_weight"))
            n_val = None if X_val is None else len(X_val)
            head.check_fit(len(X), y, weight, n_val, y_val, bool(self.mirror))


def _mirroring(steps):
    """The fitted steps before the head, those that can mirror photos set to do so."""
    able = {name for name, step in steps.steps if hasattr(step, "mirror")}
    if not able:
        raise ParameterError(
            "mirror needs a step that can mirror photos, as VGG19Features can"
        )
    return Pipeline(
        [
            (name, clone(step).set_params(mirror=True) if name in able else step)
            for name, step in steps.steps
        ]
    )


def make_bbox_pipeline(
    preset="best", *, weights="imagenet", cache_dir=None, random_state=None, verbose=0
) -> FacePipeline:
    """Pipeline that finds the bounding box of the face.

    Parameters
    ----------
    preset : {"best", "paper"}, default="best"
        "best" is the recipe that measured best on real photos; "paper" is that of
        Yang and Yow [1]_.
    weights : "imagenet", path-like or None, default="imagenet"
        Of VGG19, see `skface.VGG19Features`.
    cache_dir : path-like, default=None
        Folder that keeps the features, so that each photo goes through VGG19 once. One
        that fails is an error; ``set_params(features__on_cache_error="warn")`` makes it
        a warning.
    random_state : int, RandomState or None, default=None
        Of the head.
    verbose : int, default=0
        1 shows bars.

    Returns
    -------
    FacePipeline
        Steps "features" and "head". y and predictions are x, y, width, height as
        fractions of the photo; `score` is the mean IoU.

    Raises
    ------
    ParameterError
        There is no such preset.

    References
    ----------
    .. [1] J. Yang and K.-C. Yow, "Deep Learning on Facial Attributes Detection using
       Transfer Learning with VGG19 model".

    Examples
    --------
    >>> from skface import make_bbox_pipeline
    >>> pipe = make_bbox_pipeline(weights=None)
    >>> pipe.set_params(head__n_layers=2)["head"].n_layers
    2
    """
    return _make(
        "bbox", DenseHeadRegressor, preset, weights, cache_dir, random_state, verbose
    )


def make_landmark_pipeline(
    preset="best", *, weights="imagenet", cache_dir=None, random_state=None, verbose=0
) -> FacePipeline:
    """Pipeline that finds the eyes, the nose tip and the corners of the mouth.

    Parameters
    ----------
    preset, weights, cache_dir, random_state, verbose
        As for `make_bbox_pipeline`.

    Returns
    -------
    FacePipeline
        Steps "features" and "head". y and predictions are x, y of left eye, right eye,
        nose, left and right mouth corner as fractions of the photo; `score` is minus
        the normalised mean error.

    Examples
    --------
    >>> from skface import make_landmark_pipeline
    >>> make_landmark_pipeline("paper")["head"].n_units
    4096
    """
    return _make(
        "landmarks",
        DenseHeadRegressor,
        preset,
        weights,
        cache_dir,
        random_state,
        verbose,
    )


def make_attribute_pipeline(
    preset="best", *, weights="imagenet", cache_dir=None, random_state=None, verbose=0
) -> FacePipeline:
    """Pipeline that tells which attributes a face has.

    Parameters
    ----------
    preset, weights, cache_dir, random_state, verbose
        As for `make_bbox_pipeline`.

    Returns
    -------
    FacePipeline
        Steps "features" and "head". y and predictions are in {0, 1}, one column an
        attribute; `score` is the accuracy averaged over them.

    Examples
    --------
    >>> from skface import make_attribute_pipeline
    >>> make_attribute_pipeline("paper")["features"].layer
    'block5_pool'
    """
    return _make(
        "attributes",
        DenseHeadClassifier,
        preset,
        weights,
        cache_dir,
        random_state,
        verbose,
    )


def _make(target, head_class, name, weights, cache_dir, random_state, verbose):
    preset = preset_of(target, name)
    features = VGG19Features(
        weights, cache_dir=cache_dir, verbose=verbose, **preset.features
    )
    head = head_class(random_state=random_state, verbose=verbose, **preset.head)
    return FacePipeline([("features", features), ("head", head)], mirror=preset.mirror)
