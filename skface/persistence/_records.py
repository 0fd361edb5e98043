"""Estimators as records of plain data, and back.

A record is what ``pipeline.json`` says of an estimator: its class, its parameters and,
of a head, its architecture and what it learnt; the weights are arrays beside it.
"""

import warnings

import numpy as np
from sklearn.pipeline import Pipeline

from skface._validation import validate_params
from skface.exceptions import ParameterError, SavedFileError, SkfaceError
from skface.features import VGG19Features, native_input_size, weights_identity
from skface.heads import Architecture, DenseHeadClassifier, DenseHeadRegressor
from skface.persistence._values import from_json, to_json
from skface.photos import as_image_size
from skface.pipelines import FacePipeline

_HEADS = {head.__name__: head for head in (DenseHeadClassifier, DenseHeadRegressor)}
_PIPELINES = {"FacePipeline": FacePipeline, "Pipeline": Pipeline}
# Where this machine writes is no other machine's business, least of all a stranger's.
_PLACES = {"cache_dir", "checkpoint_path", "memory"}


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
        name: None if name in _PLACES else to_json(value, prefix + name)
        for name, value in estimator.get_params(deep=False).items()
        if name not in leave_out
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


def records_in(manifest):
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


def head_from(record, archive):
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


def pipeline_from(record, head):
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
    known = estimator.get_params(deep=False).keys() - {"steps"}
    unknown = params.keys() - known
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
