"""Estimators as records of plain data, and back.

A record is what ``pipeline.json`` says of an estimator: its class, its parameters and,
of a head, its architecture and what it learnt; the weights are arrays beside it.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline

from skface._validation import as_names, validate_params
from skface.exceptions import ParameterError, SavedFileError, SkfaceError
from skface.features import VGG19Features, native_input_size, weights_identity
from skface.heads import Architecture, DenseHeadClassifier, DenseHeadRegressor
from skface.persistence._archive import MANIFEST
from skface.persistence._fitted import are_probabilities, check_fitted
from skface.persistence._values import from_json, to_json
from skface.photos import as_image_size
from skface.pipelines import FacePipeline
from skface.targets import as_target

_HEADS = {head.__name__: head for head in (DenseHeadClassifier, DenseHeadRegressor)}
_PIPELINES = {"FacePipeline": FacePipeline, "Pipeline": Pipeline}
# Where and how this machine works is no other's business, least of all a stranger's.
_OF_THE_MACHINE = {"cache_dir", "checkpoint_path", "memory", "n_jobs", "verbose"}
_MOST = {"n_layers": 1000, "n_units": 2**17, "batch_size": 2**20}
_MOST_SIDE = 1024  # pixels
_MOST_PIXELS = 2**24  # of a batch of photos
_CONTAINERS = ("default", "pandas", "polars")


class Contents(NamedTuple):
    """What a manifest says, looked at; the weights are not in it."""

    pipe: Any  # not fitted, as is its head
    head: Any
    architecture: Architecture
    fitted: dict
    weights_identity: dict | None
    target_names: list | None


def head_of(pipe):
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


def record_of(estimator, prefix, leave_out=frozenset()):
    """Class and parameters of an estimator."""
    params = {
        name: to_json(value, prefix + name)
        for name, value in estimator.get_params(deep=False).items()
        if name not in leave_out | _OF_THE_MACHINE
    }
    record = {"class": type(estimator).__name__, "params": params}
    if "_sklearn_output_config" in vars(estimator):
        record["output"] = estimator._sklearn_output_config
    return record


def features_record(name, features):
    size = features.input_size or native_input_size(features.weights)
    height_width = as_image_size(size, "input_size")
    return {
        **record_of(features, f"{name}."),
        "input_size": list(height_width),
        "weights_identity": weights_identity(features.weights),
    }


def head_record(head, prefix, arrays):
    state = head.__getstate__()
    for name in (*head.get_params(), "_metadata_request", "_sklearn_output_config"):
        state.pop(name, None)
    architecture = state.pop("_architecture")._asdict()
    for index, weight in enumerate(state.pop("model_")):
        arrays[f"weights_{index}.npy"] = np.ascontiguousarray(weight)
    state.pop("target_names_", None)
    return {
        **record_of(head, prefix),
        "architecture": architecture,
        "fitted": {
            name: to_json(value, prefix + name) for name, value in state.items()
        },
    }


def contents_of(manifest):
    """The estimators that a manifest records, not fitted, and what they have learnt.

    Parameters
    ----------
    manifest : dict
        Anything that JSON can say.

    Returns
    -------
    Contents

    Raises
    ------
    SavedFileError
        It is none of `save`, or what it says does not go together.
    """
    record = _field(manifest, "estimator", dict)
    names = [_field(record, "class", str)]
    steps = []
    if names[0] not in _HEADS and "steps" in record:
        steps = _field(record, "steps", list)
        steps = [step if isinstance(step, list) else [] for step in steps]
        names += [_field(step[-1] if step else None, "class", str) for step in steps]
    known = [_PIPELINES, {"VGG19Features"}, _HEADS] if names[0] not in _HEADS else []
    for name, classes in zip(names, known, strict=False):
        if name not in classes:
            raise SavedFileError(
                f"names the class {name!r}, which skface does not load"
            )
    if known and len(names) != len(known):
        raise SavedFileError(f"holds a pipeline of {names[1:]}, not of two steps")
    record_of_head = steps[1][-1] if steps else record
    head, architecture, fitted = _head(record_of_head)
    pipe, identity = head, None
    if steps:
        features, identity = _features(steps[0][-1], architecture)
        pipe = _pipeline(record, [step[0] for step in steps], features, head)
    target_names = manifest.get("target_names")
    if target_names is not None:
        target_names = _names(target_names, architecture.n_outputs)
    return Contents(pipe, head, architecture, fitted, identity, target_names)


def fill(contents, archive):
    """Give the head of `contents` its weights, and what it has learnt."""
    _, head, architecture, fitted, *_ = contents
    n_layers = architecture.n_layers + 1
    if 2 * n_layers > archive.n_arrays:
        raise SavedFileError(
            f"holds {archive.n_arrays} arrays for {n_layers} layers of two each"
        )
    shapes = enumerate(architecture.weight_shapes)
    weights = archive.arrays({f"weights_{i}.npy": shape for i, shape in shapes})
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


def _head(record):
    architecture = Architecture.checked(_field(record, "architecture", dict))
    fitted = _field(record, "fitted", dict)
    fitted = {name: from_json(value, name) for name, value in fitted.items()}
    n_outputs = architecture.n_outputs
    params = _field(record, "params", dict)
    if record["class"] == DenseHeadRegressor.__name__ and "target" not in params:
        # skface 0.1 took any four outputs for a box and any ten for landmarks.
        params = {**params, "target": {4: "bbox", 10: "landmarks"}.get(n_outputs)}
    head = _with_params(_HEADS[record["class"]](), record, params)
    activation = getattr(head, "output_activation", "sigmoid")
    if architecture.output_activation != activation:
        raise SavedFileError(
            f"its network ends in {architecture.output_activation!r}, its parameters "
            f"say {activation!r}"
        )
    check_fitted(fitted, head, architecture)
    target = getattr(head, "target", None)
    if target is not None:
        n_columns = _refused(lambda: len(as_target(target).columns(n_outputs)))
        if n_columns != n_outputs:
            raise SavedFileError(
                f"its target has {n_columns} columns, its network {n_outputs} outputs"
            )
    threshold = getattr(head, "threshold", 0.5)
    if not isinstance(threshold, str | float | int) and not are_probabilities(
        threshold, n_outputs
    ):
        raise SavedFileError(f"its threshold must hold {n_outputs} probabilities")
    return head, architecture, fitted


def _features(record, architecture):
    params = dict(_field(record, "params", dict))
    if params.pop("mirror", False) is not False:
        raise SavedFileError(
            "its VGG19Features saw mirror images (mirror=True), which are frames of "
            "photos now: fit the pipeline again on photos.framed(photos.frames."
            "mirrored()), or read the file with skface 0.1"
        )
    if "weights" not in params:  # whose default would be downloaded
        raise SavedFileError("does not say which VGG19 weights its features are of")
    features = _with_params(VGG19Features(), record, params)
    size = features.input_size or native_input_size(features.weights)
    height, width = _refused(lambda: as_image_size(size, "input_size"))
    if max(height, width) > _MOST_SIDE:
        raise SavedFileError(
            f"its input_size is {height}x{width}, more than {_MOST_SIDE} a side"
        )
    if features.batch_size * height * width > _MOST_PIXELS:
        raise SavedFileError(
            f"its batch_size of {features.batch_size} photos of {height}x{width} takes "
            f"more than {_MOST_PIXELS:,} pixels at once"
        )
    n_features = _refused(lambda: features.n_features_out)
    if n_features != architecture.n_features:
        raise SavedFileError(
            f"its layer and pooling give {n_features:,} features, its head takes "
            f"{architecture.n_features:,}"
        )
    identity = _field(record, "weights_identity", dict)
    if len(identity) > 2 or not all(
        isinstance(each, str) for each in identity.values()
    ):
        raise SavedFileError("its weights_identity cannot be read: it is no hashes")
    return features, identity


def _pipeline(record, names, features, head):
    pipe = _PIPELINES[record["class"]](list(zip(names, (features, head), strict=True)))
    taken = [*pipe.get_params(deep=False), names[0]]
    for name, others in zip(names, (taken[:-1], taken), strict=True):
        if not isinstance(name, str) or not name or "__" in name or name in others:
            raise SavedFileError(f"names a step {name!r}")
    return _with_params(pipe, record, _field(record, "params", dict))


def _with_params(estimator, record, params):
    """Set the record's parameters, which must be those of a constructor."""
    known = estimator.get_params(deep=False).keys() - {"steps"}
    unknown = params.keys() - known
    if unknown:
        raise SavedFileError(
            f"sets the parameter {min(unknown)!r}, which {record['class']} of this "
            "skface does not have: upgrade skface"
        )
    values = {
        name: from_json(value, name)
        for name, value in params.items()
        if name not in _OF_THE_MACHINE
    }
    estimator.set_params(**values)
    _refused(lambda: validate_params(estimator))
    for name, most in _MOST.items():
        if values.get(name, 0) > most:
            raise SavedFileError(f"its {name} is {values[name]:,}, more than {most:,}")
    output = record.get("output", {})
    if output != {} and output not in [{"transform": each} for each in _CONTAINERS]:
        raise SavedFileError(f"sets the output {output!r}")
    return estimator.set_output(**output) if output else estimator


def _names(value, n_names):
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SavedFileError("target_names cannot be read: they are no list of names")
    return _refused(lambda: as_names(value, "target_names", n_names, "targets"))


def _field(record, name, kind):
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, kind):
        raise SavedFileError(
            f"{MANIFEST} cannot be read: {name!r} is missing, or is no {kind.__name__}"
        )
    return value


def _refused(check):
    """What `check` gives; what it refuses is the file's fault."""
    try:
        return check()
    except SkfaceError as error:
        raise SavedFileError(str(error)) from None
