"""Before a search: its features from one pass, and the search of a head."""

from functools import partial

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skface.exceptions import ParameterError
from skface.features import VGG19Features, extract_together
from skface.photos import as_images, with_mirror_images
from skface.pipelines import AlignedFaces, FacePipeline, SecondLook

_SPACES = ("param_grid", "param_distributions")
_FRAMES = ("n_frames", "degrees", "log_scale", "shift", "random_state")


def extract_once(search, X, y=None) -> int:
    """Send each photo through VGG19 once for all candidates of a search.

    A search over ``features__layer``, ``features__pooling`` or ``features__normalize``
    would run the network again for each of their values. Called before ``search.fit``,
    this fills the store of the pipeline's `VGG19Features` with the rows of all of them
    from one pass, up to the deepest layer; the search then only reads.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, a halving search, or OptunaSearchCV
        It need not be fitted. Of the features' parameters every combination of the
        listed values (in Optuna's distributions, of the categorical choices) is
        extracted, also where the search will try only some.
    X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        The photos that the search will be fitted on, and any others.
    y : array-like of shape (n, n_targets), default=None
        Needed by a `SecondLook`, which learns from frames round them.

    Returns
    -------
    n_passes : int
        How many photos went through VGG19: none of those that the store knew.

    Raises
    ------
    ParameterError
        The search has no `VGG19Features`, or it has no `cache_dir`, or it is one over
        a `SecondLook`, and y is missing.
    ImageError, InputError, WeightsError, StoreError
        As from `VGG19Features.transform`. What was extracted until then is kept.

    Notes
    -----
    A row takes two bytes a feature on disk, for each combination. Combinations that
    cannot be, such as a grid finer than a layer's map, are left to the search, which
    reports them as failed. The parameters that change what the network sees,
    ``weights``, ``preprocessing``, ``input_size``, cost a pass for each of their
    values, and so do mirror images where the pipeline takes them. The frames in which a
    `SecondLook` predicts, and those that a `LandmarkFreeAlignment` finds, are known
    only when a candidate is fitted; those are left to the search too, as are the parts
    of photos that a `SegmentCommittee` and a `GeneralToSpecific` read.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skface import extract_once, make_bbox_pipeline
    >>> folder = tempfile.TemporaryDirectory()
    >>> pipe = make_bbox_pipeline(looks=1, weights=None, cache_dir=folder.name)
    >>> pipe = pipe.set_params(features__input_size=32, head__epochs=1)
    >>> grid = {"features__layer": ["block1_pool", "block2_pool"],
    ...         "features__pooling": ["avg", (2, 2)]}
    >>> search = GridSearchCV(pipe, grid, cv=2)
    >>> X = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    >>> extract_once(search, X)  # both sides of 8 photos
    16
    >>> folder.cleanup()
    """
    if not any(hasattr(search, name) for name in _SPACES):
        raise ParameterError(
            "search must be a search of scikit-learn or Optuna, with a grid or "
            f"distributions; got {search!r}"
        )
    estimators = [
        clone(search.estimator).set_params(**settings) for settings in _settings(search)
    ]
    if not any(map(_features, estimators)):
        raise ParameterError(f"no VGG19Features in the search's {search.estimator!r}")
    return extract_for(estimators, X, y)


N_LAYERS, N_UNITS = "head__n_layers", "head__n_units"


def head_search(pipe, loader, n_layers, n_units):
    """A search, not fitted, of heads in a pipeline; the best is not fitted again.

    Parameters
    ----------
    pipe : FacePipeline or SecondLook
        Both looks have the same head. Its candidates show no bars.
    loader : CelebALoader
        Whose ``load("train+valid")`` the search will be fitted on.
    n_layers, n_units : list of int
    """
    return GridSearchCV(
        clone(pipe).set_params(features__verbose=0, head__verbose=0),
        {N_LAYERS: n_layers, N_UNITS: n_units},
        cv=loader.predefined_split(),
        refit=False,
    )


def extract_for(estimators, X, y=None) -> int:
    """`extract_together` of every VGG19Features that fits of the estimators run.

    Parameters
    ----------
    estimators : list of estimator
    X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
    y : array-like of shape (n, n_targets), default=None
        As for `extract_once`.

    Returns
    -------
    n_passes : int
    """
    views: dict[tuple, tuple] = {}
    for estimator in estimators:
        for key, see, part in _views(estimator):
            _, found = views.setdefault(key, (see, []))
            found += [each for each in _features(part).values() if _can_be(each, X)]
    n_passes = 0
    for see, found in views.values():
        n_passes += extract_together(found, see(X, y)) if found else 0
    return n_passes


def _views(estimator):
    """Yield a key of what a part sees, how that is made of X and y, and the part."""
    if isinstance(estimator, SecondLook):
        yield from _views(estimator.first)
        yield _view_near(estimator, estimator.second)
        return
    is_mirrored, steps = bool(getattr(estimator, "mirror", False)), []
    if isinstance(estimator, FacePipeline):
        for _, step in estimator.steps:
            if hasattr(step, "frames_of"):  # a LandmarkFreeAlignment
                yield from _views(step.regressor)
                yield _view_near(step, step.regressor)
                return  # what it finds is known only when it is fitted
        steps = [step for _, step in estimator.steps if isinstance(step, AlignedFaces)]
        estimator = estimator.after_aligning
    key = is_mirrored, *((id(step.landmarks), step.template) for step in steps)
    yield key, partial(_sides_of, steps, is_mirrored), estimator


def _view_near(learner, pipe):
    """The view of a pipeline that learns from frames which the learner draws."""
    drawn = [getattr(learner, name) for name in _FRAMES]
    key = type(learner), pipe.mirror, *drawn
    return key, partial(_frames_of, learner, pipe.mirror), pipe


def _frames_of(learner, mirror, X, y):
    needs_y = isinstance(learner, SecondLook)
    if needs_y and y is None:
        raise ParameterError("y is needed for the frames that a SecondLook learns from")
    frames, *_ = learner.frames_of(X, y) if needs_y else learner.frames_of(X)
    return with_mirror_images(frames) if "fit" in str(mirror) else frames


def _sides_of(steps, is_mirrored, X, y):
    for step in steps:
        X = step.transform(X)
    return with_mirror_images(as_images(X)) if is_mirrored else X


def _features(estimator):
    return {
        name: value
        for name, value in estimator.get_params().items()
        if isinstance(value, VGG19Features)
    }


def _settings(search):
    """Yield each combination of what is listed for what the network sees."""
    names, own = list(_features(search.estimator)), ["mirror"]
    for name, value in search.estimator.get_params().items():
        if isinstance(value, FacePipeline):
            own.append(f"{name}__mirror")
        if hasattr(value, "frames_of"):
            own += [f"{name}__{each}" for each in _FRAMES]
    if isinstance(search.estimator, SecondLook):  # what is set in both looks, too
        own += _FRAMES
        names += [name.partition("__")[2] for name in names]
    own, prefixes = [*own, *names], tuple(f"{name}__" for name in names)
    spaces = next(getattr(search, name) for name in _SPACES if hasattr(search, name))
    for space in [spaces] if isinstance(spaces, dict) else spaces:
        listed = {
            name: getattr(values, "choices", values)
            for name, values in space.items()
            if name in own or name.startswith(prefixes)
        }
        yield from ParameterGrid(
            {name: list(values) for name, values in listed.items() if _is_list(values)}
        )


def _is_list(values):
    return hasattr(values, "__len__")  # and is no distribution


def _can_be(transformer, X):
    try:
        transformer.fit(X)
    except ParameterError:
        return False
    return True
