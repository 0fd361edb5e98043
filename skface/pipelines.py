"""Photos to predictions: the transformer and a head as one estimator."""

from sklearn.pipeline import Pipeline

from skface.exceptions import ParameterError
from skface.features import VGG19Features
from skface.heads import DenseHeadClassifier, DenseHeadRegressor

__all__ = [
    "FacePipeline",
    "make_attribute_pipeline",
    "make_bbox_pipeline",
    "make_landmark_pipeline",
]

_PAPER_FEATURES = {"layer": "block5_pool", "preprocessing": "unit"}
_BEST_FEATURES = {
    "layer": "block4_pool",
    "pooling": (7, 7),
    "normalize": "sqrt_l2",
}
_COORDINATES = {
    "n_layers": 2,
    "input_scale": 10.0,
    "loss": "mean_absolute_error",
    "learning_rate": 3e-4,
    "patience": 8,
}

# features and head of each preset
_BBOX = {
    "paper": (_PAPER_FEATURES, {}),
    "best": (_BEST_FEATURES, _COORDINATES),
}
_LANDMARKS = {
    "paper": (_PAPER_FEATURES, {"n_units": 4096}),
    "best": (_BEST_FEATURES, _COORDINATES),
}
_ATTRIBUTES = {
    "paper": (_PAPER_FEATURES, {}),
    "best": (_BEST_FEATURES, {"n_layers": 0, "input_scale": 10.0}),
}


class FacePipeline(Pipeline):
    """A scikit-learn Pipeline whose last step can validate on photos.

    It differs in `fit` alone, which sends `X_val` through the steps before the head.

    Parameters
    ----------
    steps, transform_input, memory, verbose
        As for `sklearn.pipeline.Pipeline`.
    """

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
        """
        if X_val is not None:
            # The steps before the head are fitted here, and once more, on the same X,
            # by Pipeline.fit; VGG19Features has nothing to fit.
            features = self[:-1].fit(X, y)
            name = self.steps[-1][0]
            params = {
                **params,
                f"{name}__X_val": features.transform(X_val),
                f"{name}__y_val": y_val,
            }
        return super().fit(X, y, **params)


def make_bbox_pipeline(
    preset="best", *, weights="imagenet", cache_dir=None, random_state=None, verbose=0
):
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
        _BBOX, DenseHeadRegressor, preset, weights, cache_dir, random_state, verbose
    )


def make_landmark_pipeline(
    preset="best", *, weights="imagenet", cache_dir=None, random_state=None, verbose=0
):
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
        _LANDMARKS,
        DenseHeadRegressor,
        preset,
        weights,
        cache_dir,
        random_state,
        verbose,
    )


def make_attribute_pipeline(
    preset="best", *, weights="imagenet", cache_dir=None, random_state=None, verbose=0
):
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
        _ATTRIBUTES,
        DenseHeadClassifier,
        preset,
        weights,
        cache_dir,
        random_state,
        verbose,
    )


def _make(presets, head_class, preset, weights, cache_dir, random_state, verbose):
    if preset not in presets:
        raise ParameterError(f"preset must be in {list(presets)}, got {preset!r}")
    features, head = presets[preset]
    features = VGG19Features(weights, cache_dir=cache_dir, verbose=verbose, **features)
    head = head_class(random_state=random_state, verbose=verbose, **head)
    return FacePipeline([("features", features), ("head", head)])
