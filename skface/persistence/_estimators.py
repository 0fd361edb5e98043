"""Pipelines to plain data, and back."""

import os
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skface._validation import validate_params
from skface._version import __version__
from skface.datasets import as_image_size
from skface.exceptions import (
    InputError,
    ParameterError,
    SavedFileError,
    SkfaceError,
    WeightsError,
)
from skface.features import (
    VGG19Features,
    check_weights,
    native_input_size,
    weights_identity,
)
from skface.heads import Architecture, DenseHeadClassifier, DenseHeadRegressor
from skface.persistence._archive import open_archive, write_archive
from skface.persistence._values import from_json, to_json
from skface.pipelines import FacePipeline

_HEADS = {head.__name__: head for head in (DenseHeadClassifier, DenseHeadRegressor)}
_PIPELINES = {"FacePipeline": FacePipeline, "Pipeline": Pipeline}
_PACKAGES = ("numpy", "scikit-learn", "keras")
# Where this machine writes is no other machine's business, least of all a stranger's.
_PLACES = {"cache_dir", "checkpoint_path", "memory"}


def save(pipe, path, *, target_names=None):
    """Write a fitted pipeline to one file that holds no code.

    Parameters
    ----------
    pipe : FacePipeline, Pipeline, DenseHeadClassifier or DenseHeadRegressor
        Fitted. A Pipeline has two steps: `VGG19Features` and a head.
    path : path-like
        The file, such as ``smiles.skface``. What it held before is replaced once the
        new content is complete.
    target_names : sequence of str, default=None
        Of the columns of y, as in ``CelebALoader.load_bunch(...).target_names``. None
        takes ``pipe.target_names_``, which `load` sets, where it is.

    Raises
    ------
    ParameterError
        `pipe` is, or holds, what cannot be written, such as another estimator or a
        RandomState.
    sklearn.exceptions.NotFittedError
        `pipe` is not fitted.
    InputError
        There are more or fewer `target_names` than targets.
    WeightsError
        The file of VGG19's weights is gone.
    SavedFileError
        The file cannot be written.

    See Also
    --------
    load : The way back.

    Notes
    -----
    The file is a zip archive: the parameters, the training's figures, versions and
    names as JSON, the head's weights as plain ``.npy`` arrays, and a SHA-256 of each.
    VGG19's weights are not in it, only their hash. Neither are ``cache_dir``,
    ``checkpoint_path`` and ``memory``, the folders of this machine, nor requests of
    metadata routing.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import skface
    >>> X = np.random.default_rng(0).normal(size=(50, 5))
    >>> y = (X[:, :2] > 0).astype(int)
    >>> head = skface.DenseHeadClassifier(0, epochs=2, random_state=0).fit(X, y)
    >>> path = tempfile.mkdtemp() + "/smiles.skface"
    >>> skface.save(head, path, target_names=["Smiling", "Young"])
    >>> skface.load(path).target_names_
    ['Smiling', 'Young']
    """
    head = _head_of(pipe)
    check_is_fitted(pipe)
    arrays = {}
    if pipe is head:
        estimator = _head_record(head, "", arrays)
    else:
        features, head = pipe.steps
        estimator = {
            **_record(pipe, "", leave_out={"steps"}),
            "steps": [
                [features[0], _features_record(*features)],
                [head[0], _head_record(head[1], f"{head[0]}.", arrays)],
            ],
        }
    manifest = {
        "versions": {
            "skface": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
        "target_names": _checked_names(pipe, target_names),
        "estimator": estimator,
    }
    path = Path(path)
    try:
        write_archive(path, manifest, arrays)
    except (OSError, ValueError) as error:
        raise SavedFileError(
            f"{path}: cannot be written ({error}); free some space, or give a path in "
            "a folder that exists and can be written to"
        ) from error


def load(path, *, weights=None, cache_dir=None):
    """Read what `save` wrote; nothing in the file is executed, whoever made it.

    Parameters
    ----------
    path : path-like
    weights : "imagenet", "synthetic" or path-like, default=None
        Where this machine has VGG19's weights. None takes the name or the path that
        the pipeline was saved with. Either way they must be those that it was trained
        with, which their hash tells.
    cache_dir : path-like, default=None
        Folder that keeps the features, see `VGG19Features`.

    Returns
    -------
    FacePipeline, Pipeline, DenseHeadClassifier or DenseHeadRegressor
        It predicts what the saved one predicts, bit for bit on the same machine. Where
        the file names the targets, ``target_names_`` is a list of str.

    Raises
    ------
    SavedFileError
        The file is none of `save`, is damaged, was tampered with, or comes from a
        newer skface.
    WeightsError
        VGG19's weights cannot be had, or are not those that the pipeline was trained
        with.
    ParameterError
        `weights` or `cache_dir` were given for a head without VGG19.

    Notes
    -----
    The hashes tell a damaged file from a sound one, not a stranger's from a friend's:
    who can write the file can write its hashes too. What a stranger's file can do is
    predict nonsense.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import skface
    >>> X = np.random.default_rng(0).normal(size=(50, 5))
    >>> y = (X[:, :2] > 0).astype(int)
    >>> head = skface.DenseHeadClassifier(0, epochs=2, random_state=0).fit(X, y)
    >>> path = tempfile.mkdtemp() + "/smiles.skface"
    >>> skface.save(head, path)
    >>> np.array_equal(skface.load(path).predict(X), head.predict(X))
    True
    """
    path = Path(path)
    with open_archive(path) as archive:
        record, head_record = _records(archive.manifest)
        head = _head_from(head_record, archive)
        if record is head_record:
            pipe = head
            if weights is not None or cache_dir is not None:
                raise ParameterError(
                    f"{path} holds a head alone: it takes no weights and no cache_dir"
                )
        else:
            pipe = _pipeline_from(record, head)
            features = pipe[0].set_params(cache_dir=cache_dir)
            if weights is not None:
                features.set_params(weights=weights)
            _check_weights(features.weights, record["steps"][0][1], path)
        names = archive.manifest["target_names"]
        if names is not None:
            try:
                pipe.target_names_ = _checked_names(pipe, names)
            except InputError as error:
                raise SavedFileError(str(error)) from None
    return pipe


def _head_of(pipe):
    """The head of what can be saved."""
    if type(pipe) in _HEADS.values():
        return pipe
    steps = (
        [step for _, step in pipe.steps] if type(pipe) in _PIPELINES.values() else []
    )
    types = [type(step) for step in steps]
    if len(types) == 2 and types[0] is VGG19Features and types[1] in _HEADS.values():
        return steps[1]
    raise ParameterError(
        "skface.save takes a head of skface, or a Pipeline of VGG19Features and a "
        f"head, not {type(pipe).__name__}"
        + (f" of {[each.__name__ for each in types]}" if types else "")
        + ": of a search save best_estimator_; keep others with joblib"
    )


def _record(estimator, prefix, leave_out=frozenset()):
    """Class and parameters of an estimator."""
    params = {
        name: None if name in _PLACES else to_json(value, prefix + name)
        for name, value in estimator.get_params(deep=False).items()
        if name not in leave_out
    }
    record = {"class": type(estimator).__name__, "params": params}
    if "_sklearn_output_config" in vars(estimator):
        record["output"] = estimator._sklearn_output_config
    return record


def _features_record(name, features):
    weights = _expanded(features.weights)
    size = features.input_size or native_input_size(weights)
    height_width = as_image_size(size, "input_size")
    return {
        **_record(features, f"{name}."),
        "input_size": list(height_width),
        "weights_identity": weights_identity(weights),
    }


def _head_record(head, prefix, arrays):
    state = head.__getstate__()
    for name in (*head.get_params(), "_metadata_request", "_sklearn_output_config"):
        state.pop(name, None)
    architecture = state.pop("_architecture")._asdict()
    for index, weight in enumerate(state.pop("model_")):
        arrays[f"weights_{index}.npy"] = np.ascontiguousarray(weight)
    state.pop("target_names_", None)
    return {
        **_record(head, prefix),
        "architecture": architecture,
        "fitted": {
            name: to_json(value, prefix + name) for name, value in state.items()
        },
    }


def _checked_names(pipe, names):
    if names is None:
        names = getattr(pipe, "target_names_", None)
        if names is None:
            return None
    if isinstance(names, str):
        raise InputError(f"target_names must be a sequence of names: [{names!r}]")
    names = [str(name) for name in names]
    n_outputs = _head_of(pipe).model_.output_shape[-1]
    if len(names) != n_outputs:
        raise InputError(f"target_names has {len(names)} names for {n_outputs} targets")
    return names


def _records(manifest):
    """The records of the estimator and of its head, of known classes alone."""
    record = manifest["estimator"]
    if record["class"] in _HEADS:
        return record, record
    steps = [step for _, step in record["steps"]] if "steps" in record else []
    classes = [record["class"], *(step["class"] for step in steps)]
    known = [_PIPELINES, {"VGG19Features"}, _HEADS]
    for name, names in zip(classes, known, strict=False):
        if name not in names:
            raise SavedFileError(
                f"names the class {name!r}, which skface does not load"
            )
    if len(classes) != len(known):
        raise SavedFileError(f"holds a pipeline of {classes[1:]}, not of two steps")
    return record, steps[-1]


def _head_from(record, archive):
    architecture = Architecture.checked(record["architecture"])
    n_layers = architecture.n_layers + 1
    if 2 * n_layers > archive.n_arrays:
        raise SavedFileError(
            f"holds {archive.n_arrays} arrays for {n_layers} layers of two each"
        )
    shapes = enumerate(architecture.weight_shapes)
    weights = archive.arrays({f"weights_{i}.npy": shape for i, shape in shapes})
    head = _with_params(_HEADS[record["class"]], record)
    fitted = from_json(record["fitted"], "fitted")
    for name in fitted:
        if not name.isidentifier() or name[:2] == "__" or hasattr(head, name):
            raise SavedFileError(f"names a fitted attribute {name!r}")
    head.__setstate__(
        {
            **head.__getstate__(),
            **fitted,
            "_architecture": architecture,
            "model_": weights,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = head.predict(np.zeros((1, architecture.n_features), np.float32))
    if row.shape not in {(1,), (1, architecture.n_outputs)}:
        raise SavedFileError(f"its head predicts the shape {row.shape} for one row")
    return head


def _pipeline_from(record, head):
    (features_name, features_record), (head_name, _) = record["steps"]
    features = _with_params(VGG19Features, features_record)
    pipe = _PIPELINES[record["class"]]([(features_name, features), (head_name, head)])
    return _with_output(pipe.set_params(**_params(pipe, record)), record)


def _with_params(estimator_class, record):
    estimator = estimator_class()
    estimator.set_params(**_params(estimator, record))
    try:
        validate_params(estimator)
    except SkfaceError as error:
        raise SavedFileError(str(error)) from error
    return _with_output(estimator, record)


def _params(estimator, record):
    """The record's parameters, which must be those of a constructor."""
    params = from_json(record["params"], "params")
    unknown = params.keys() - estimator.get_params(deep=False).keys()
    if unknown:
        raise SavedFileError(
            f"sets the parameter {min(unknown)!r}, which {record['class']} of this "
            "skface does not have: upgrade skface"
        )
    return {name: value for name, value in params.items() if name not in _PLACES}


def _with_output(estimator, record):
    for method, container in record.get("output", {}).items():
        estimator.set_output(**{method: container})
    return estimator


def _check_weights(weights, record, path):
    try:
        check_weights(_expanded(weights), record["weights_identity"])
    except WeightsError as error:
        raise WeightsError(
            f"{path}: VGG19's weights that it was trained with are not here: {error}. "
            "load(path, weights=...) takes them from another place"
        ) from error


def _expanded(weights):
    return weights if weights is None else os.path.expanduser(weights)
