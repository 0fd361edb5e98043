"""The pipeline of each target, from a preset."""

from skface.features import VGG19Features
from skface.heads import DenseHeadClassifier, DenseHeadRegressor
from skface.pipelines._pipeline import FacePipeline
from skface.pipelines._presets import preset_of
from skface.targets import as_target


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
    if as_target(target).is_coordinates:
        head.set_params(target=target)
    return FacePipeline([("features", features), ("head", head)], mirror=preset.mirror)


MAKERS = {
    "bbox": make_bbox_pipeline,
    "landmarks": make_landmark_pipeline,
    "attributes": make_attribute_pipeline,
}
