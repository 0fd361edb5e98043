"""The pipeline of each target, from a preset."""

from collections.abc import Callable
from numbers import Integral

from skface.exceptions import ParameterError
from skface.features import VGG19Features
from skface.heads import DenseHeadClassifier, DenseHeadRegressor
from skface.pipelines._aligned import AlignedFaces
from skface.pipelines._pipeline import FacePipeline
from skface.pipelines._presets import preset_of
from skface.pipelines._second_look import SecondLook


def make_bbox_pipeline(
    preset="best",
    *,
    looks=None,
    weights="imagenet",
    cache_dir=None,
    random_state=None,
    verbose=0,
) -> FacePipeline | SecondLook:
    """Estimator that finds the bounding box of the face.

    Parameters
    ----------
    preset : {"best", "fast", "paper"}, default="best"
        "best" is the recipe that measured best on real photos; "fast" sees photos at
        112 x 112 pixels, once, in a fraction of the time; "paper" is the recipe of Yang
        and Yow [1]_.
    looks : int, default=None
        How often a photo is looked at, see `SecondLook`; 1 makes a pipeline that looks
        at the whole photo alone. None takes the preset's: 3 in "best", else 1.
    weights : "imagenet", "synthetic", path-like or None, default="imagenet"
        Of VGG19, see `skface.VGG19Features`.
    cache_dir : path-like, default=None
        Folder that keeps the features, so that each photo goes through VGG19 once. One
        that fails is an error; ``set_params(features__on_cache_error="warn")`` makes it
        a warning.
    random_state : int, RandomState or None, default=None
        Of the heads.
    verbose : int, default=0
        1 shows bars.

    Returns
    -------
    FacePipeline or SecondLook
        The pipeline has the steps "features" and "head"; `SecondLook` has two such
        pipelines, `first` and `second`, and sets ``head__n_layers`` in both. y and
        predictions are x, y, width, height as fractions of the photo; `score` is the
        mean IoU.

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
    >>> pipe = make_bbox_pipeline(weights=None, looks=1)
    >>> pipe.set_params(head__n_layers=2)["head"].n_layers
    2
    """
    return _looking("bbox", preset, looks, weights, cache_dir, random_state, verbose)


def make_landmark_pipeline(
    preset="best",
    *,
    looks=None,
    weights="imagenet",
    cache_dir=None,
    random_state=None,
    verbose=0,
) -> FacePipeline | SecondLook:
    """Estimator that finds the eyes, the nose tip and the corners of the mouth.

    Parameters
    ----------
    preset : {"best", "finest", "fast", "paper"}, default="best"
        As for `make_bbox_pipeline`. "finest" errs less: block 5 of VGG19 learns in the
        second look, for half an hour on two cores with two and a half thousand photos.
    looks, weights, cache_dir, random_state, verbose
        As for `make_bbox_pipeline`; "finest" looks twice or more.

    Returns
    -------
    FacePipeline or SecondLook
        As from `make_bbox_pipeline`. y and predictions are x, y of left eye, right eye,
        nose, left and right mouth corner as fractions of the photo; `score` is minus
        the normalised mean error.

    Raises
    ------
    ParameterError
        There is no such preset; or "finest" gets no weights to begin with, or one look.

    Examples
    --------
    >>> from skface import make_landmark_pipeline
    >>> make_landmark_pipeline("paper")["head"].n_units
    4096
    """
    return _looking(
        "landmarks", preset, looks, weights, cache_dir, random_state, verbose
    )


def make_attribute_pipeline(
    preset="best",
    *,
    align=None,
    weights="imagenet",
    cache_dir=None,
    random_state=None,
    verbose=0,
) -> FacePipeline:
    """Pipeline that tells which attributes a face has.

    Parameters
    ----------
    preset : {"best", "finest", "fast", "paper"}, default="best"
        As for `make_bbox_pipeline`. "finest" tells more: it sees the face alone, where
        it lies in aligned photos, and block 5 of VGG19 learns too, for twenty minutes
        on two cores with five thousand photos.
    weights, cache_dir, random_state, verbose
        As for `make_bbox_pipeline`.
    align : fitted estimator, default=None
        Finds the landmarks by which `AlignedFaces` turns the faces of photos in the
        wild upright, to learn from and to predict. Without it photos must be aligned,
        as CelebA's are.

    Returns
    -------
    FacePipeline
        Steps "features" and "head", after "align" where it is asked for. y and
        predictions are in {0, 1}, one column an attribute; `score` is the accuracy
        averaged over them.

    Raises
    ------
    ParameterError
        There is no such preset; or "finest" gets no weights to begin with.

    Examples
    --------
    >>> from skface import make_attribute_pipeline
    >>> make_attribute_pipeline("paper")["features"].layer
    'block5_pool'
    """
    preset = preset_of("attributes", preset)
    head = DenseHeadClassifier(random_state=random_state, verbose=verbose)
    pipe = _pipeline(preset, head, weights, cache_dir, verbose)
    return pipe if align is None else pipe.behind(AlignedFaces(align))


def _looking(target, name, looks, weights, cache_dir, random_state, verbose):
    """One look or several at boxes or landmarks."""
    preset = preset_of(target, name)
    if looks is not None and not (isinstance(looks, Integral) and looks >= 1):
        raise ParameterError(f"looks must be 1 or more, or None, got {looks!r}")

    def pipeline(preset):
        head = DenseHeadRegressor(
            target=target, random_state=random_state, verbose=verbose
        )
        return _pipeline(preset, head, weights, cache_dir, verbose)

    if looks == 1 and preset.second is not None:
        raise ParameterError(
            f"preset {name!r} is finer in the second look: looks must be 2 or more"
        )
    if looks == 1 or (looks is None and preset.second_look is None):
        return pipeline(preset)
    # The first of several looks may be rough: one side will do.
    mirror = "predict" if preset.mirror == "fit+predict" else False
    look = SecondLook(
        pipeline(preset._replace(mirror=False)),
        pipeline((preset.second or preset)._replace(mirror=mirror)),
        **(preset.second_look or {}),
    )
    return look if looks is None else look.set_params(n_looks=looks)


def _pipeline(preset, head, weights, cache_dir, verbose):
    features = VGG19Features(
        weights, cache_dir=cache_dir, verbose=verbose, **preset.features
    )
    head.set_params(**preset.head)
    if preset.tail:
        if weights is None:
            raise ParameterError(
                "block 5 learns in preset 'finest' from weights that were trained: "
                "give weights='imagenet', or a path"
            )
        head.set_params(tail=weights)
    return FacePipeline([("features", features), ("head", head)], mirror=preset.mirror)


MAKERS: dict[str, Callable] = {
    "bbox": make_bbox_pipeline,
    "landmarks": make_landmark_pipeline,
    "attributes": make_attribute_pipeline,
}
