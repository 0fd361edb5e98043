"""Before a search: its features from one pass, and the search of a head."""

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skface.exceptions import ParameterError
from skface.features import VGG19Features, extract_together
from skface.photos import as_images, with_mirror_images

_SPACES = ("param_grid", "param_distributions")


def extract_once(search, X) -> int:
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

    Returns
    -------
    n_passes : int
        How many photos went through VGG19: none of those that the store knew.

    Raises
    ------
    ParameterError
        The search has no `VGG19Features`, or it has no `cache_dir`.
    ImageError, InputError, WeightsError, StoreError
        As from `VGG19Features.transform`. What was extracted until then is kept.

    Notes
    -----
    A row takes two bytes a feature on disk, for each combination. Combinations that
    cannot be, such as a grid finer than a layer's map, are left to the search, which
    reports them as failed. The parameters that change what the network sees,
    ``weights``, ``preprocessing``, ``input_size``, cost a pass for each of their
    values, and so do mirror images where the pipeline takes them.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skface import extract_once, make_bbox_pipeline
    >>> folder = tempfile.TemporaryDirectory()
    >>> pipe = make_bbox_pipeline(weights=None, cache_dir=folder.name)
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
    return extract_for(estimators, X)


N_LAYERS, N_UNITS = "head__n_layers", "head__n_units"


def head_search(pipe, loader, n_layers, n_units):
    """A search, not fitted, of heads in a pipeline; the best is not fitted again.

    Parameters
    ----------
    pipe : FacePipeline
        Its candidates show no bars.
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


def extract_for(estimators, X) -> int:
    """`extract_together` of every VGG19Features that fits of the estimators run.

    Parameters
    ----------
    estimators : list of estimator
    X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

    Returns
    -------
    n_passes : int
    """
    plain, both = [], []
    for estimator in estimators:
        found = [each for each in _features(estimator).values() if _can_be(each, X)]
        (both if getattr(estimator, "mirror", False) else plain).extend(found)
    n_passes = extract_together(both, with_mirror_images(as_images(X))) if both else 0
    return n_passes + (extract_together(plain, X) if plain else 0)


def _features(estimator):
    return {
        name: value
        for name, value in estimator.get_params().items()
        if isinstance(value, VGG19Features)
    }


def _settings(search):
    """Yield each combination of what is listed for the features' parameters."""
    steps = list(_features(search.estimator))
    own, prefixes = [*steps, "mirror"], tuple(f"{step}__" for step in steps)
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
