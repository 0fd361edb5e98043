"""How each kind of estimator is written and read; what it holds is written likewise.

A record is what ``pipeline.json`` says of an estimator: its class, its parameters, the
records of its parts, and what its kind adds, such as the architecture of a head and
what it has learnt. Arrays lie beside it, named by the parts that lead to them.
"""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skface._validation import validate_params
from skface.exceptions import SavedFileError, SkfaceError
from skface.features import VGG19Features, native_input_size, weights_identity
from skface.heads import Architecture, DenseHeadClassifier, DenseHeadRegressor
from skface.persistence._archive import MANIFEST
from skface.persistence._fitted import are_probabilities, check_fitted
from skface.persistence._values import from_json, to_json
from skface.photos import as_image_size
from skface.pipelines import AlignedFaces, FacePipeline, SecondLook
from skface.systems import (
    CORAL,
    CellVisibility,
    LandmarkFreeAlignment,
    RecoveredFeatures,
    ShapePrior,
)
from skface.targets import BBOX, LANDMARKS, as_target, target_of

_HEADS = {DenseHeadClassifier, DenseHeadRegressor}
_PIPELINES = {FacePipeline, Pipeline}
_ALIGNING = {AlignedFaces, LandmarkFreeAlignment}
# Where and how this machine works is no other's business, least of all a stranger's.
_OF_THE_MACHINE = {"cache_dir", "checkpoint_path", "memory", "n_jobs", "verbose"}
_MOST = {
    "n_layers": 1000,
    "n_units": 2**17,
    "batch_size": 2**20,
    "n_looks": 16,
    "n_frames": 1000,
}
_MOST_ASPECT = 65_535  # of a JPEG
MOST_PIXELS = 2**24  # of a batch of photos
_CONTAINERS = ("default", "pandas", "polars")


class Kind:
    """An estimator that a record describes; subclasses know what theirs adds to it.

    Parameters
    ----------
    cls : type
    record : dict
        Anything that JSON can say.
    parts : list of (name, Kind)
        The last one makes y.

    Attributes
    ----------
    estimator : estimator
        Not fitted before `fill`, as are those of the parts.
    parts : list of Kind
    weights_identity : dict or None
        Hashes of the VGG19 weights that its parameter `weights` names.
    shapes : dict of tuple of int
        Of its arrays, by file name.

    Raises
    ------
    SavedFileError
        The record is none of `save`, or what it says does not go together.
    """

    is_outermost = True  # may be all that a file holds
    names: tuple = ()  # of the parts
    classes: tuple = ((),)  # one set a part, in each way of being made
    made_of = "no parts"
    array_names: tuple = ()  # of fitted attributes, less the underscore

    weights_identity = None
    shapes = {}

    def __init__(self, cls, record, parts):
        self.parts = [part for _, part in parts]
        made = self.made(cls, [(name, part.estimator) for name, part in parts])
        self.estimator = self._with_params(made, record)
        self.check(record)

    @classmethod
    def takes(cls, classes):
        """Whether estimators of these classes are its parts."""
        return any(
            len(way) == len(classes) and all(map(set.__contains__, way, classes))
            for way in cls.classes
        )

    @classmethod
    def parts_of(cls, estimator):
        """The parts of an estimator, fitted, as pairs of a name and an estimator."""
        return [(name, getattr(estimator, name)) for name in cls.names]

    @classmethod
    def with_records(cls, record, records):
        """A record with those of its parts, which are pairs of a name and a record."""
        return {**record, "parts": dict(records)} if records else record

    @classmethod
    def records_of(cls, record):
        """The inverse of `with_records`."""
        parts = field(record, "parts", dict) if cls.names else {}
        return [(name, field(parts, name, dict)) for name in cls.names]

    @classmethod
    def stem_of(cls, name):
        """What the names of a part's arrays begin with."""
        return f"{name}."

    @classmethod
    def params_of(cls, estimator, name):
        """The parameters that are written; `name` is for the error's text."""
        return {
            key: to_json(value, name + key)
            for key, value in estimator.get_params(deep=False).items()
            if key not in {"steps", *cls.names, *_OF_THE_MACHINE}
        }

    @classmethod
    def learnt(cls, estimator, name, arrays):
        """What the record says beside class, parameters and parts.

        Parameters
        ----------
        estimator : fitted estimator
        name : str
            For the error's text.
        arrays : dict of ndarray, by file name
            To be added to.
        """
        if cls.array_names:
            check_is_fitted(estimator)
        for each in cls.array_names:
            arrays[f"{each}.npy"] = np.ascontiguousarray(getattr(estimator, f"{each}_"))
        return {}

    def made(self, cls, parts):
        """An estimator of these parts, its parameters being the defaults."""
        return cls(**dict(parts))

    def params(self, record):
        """The record's parameters, as this skface has them."""
        return field(record, "params", dict)

    def check(self, record):
        """Look at what the record says beside parameters and parts, and keep it."""

    def fill(self, arrays):
        """Give the estimator, whose parts have theirs, what it has learnt."""
        for each in self.array_names:
            setattr(self.estimator, f"{each}_", arrays[f"{each}.npy"])

    def _with_params(self, estimator, record):
        """Set the record's parameters, which must be those of a constructor."""
        params = self.params(record)
        known = estimator.get_params(deep=False).keys() - {"steps", *self.names}
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
        refused(validate_params, estimator)
        for name, most in _MOST.items():
            if values.get(name, 0) > most:
                raise SavedFileError(
                    f"its {name} is {values[name]:,}, more than {most:,}"
                )
        output = record.get("output", {})
        if output != {} and output not in [{"transform": each} for each in _CONTAINERS]:
            raise SavedFileError(f"sets the output {output!r}")
        return estimator.set_output(**output) if output else estimator


class _Head(Kind):
    @classmethod
    def learnt(cls, estimator, name, arrays):
        check_is_fitted(estimator)
        state = estimator.__getstate__()
        params = estimator.get_params()
        for key in (*params, "_metadata_request", "_sklearn_output_config"):
            state.pop(key, None)
        state.pop("target_names_", None)
        state.pop("_are_labels", None)  # which its target tells
        architecture = state.pop("_architecture")._asdict()
        for index, weight in enumerate(state.pop("model_")):
            arrays[f"weights_{index}.npy"] = np.ascontiguousarray(weight)
        fitted = {key: to_json(value, name + key) for key, value in state.items()}
        return {"architecture": architecture, "fitted": fitted}

    def params(self, record):
        params = super().params(record)
        if record["class"] == DenseHeadRegressor.__name__ and "target" not in params:
            # skface 0.1 took any four outputs for a box and any ten for landmarks.
            n_outputs = self._architecture_of(record).n_outputs
            params = {**params, "target": {4: "bbox", 10: "landmarks"}.get(n_outputs)}
        return params

    def check(self, record):
        self.architecture = self._architecture_of(record)
        self.n_features = self.architecture.n_features
        fitted = field(record, "fitted", dict)
        self.fitted = {name: from_json(value, name) for name, value in fitted.items()}
        head, n_outputs = self.estimator, self.architecture.n_outputs
        activation = getattr(head, "output_activation", "sigmoid")
        if self.architecture.output_activation != activation:
            raise SavedFileError(
                f"its network ends in {self.architecture.output_activation!r}, its "
                f"parameters say {activation!r}"
            )
        check_fitted(self.fitted, head, self.architecture)
        target = getattr(head, "target", None)
        if target is not None:
            n_columns = refused(lambda: len(as_target(target).columns(n_outputs)))
            if n_columns != n_outputs:
                raise SavedFileError(
                    f"its target has {n_columns} columns, its network {n_outputs} "
                    "outputs"
                )
        threshold = getattr(head, "threshold", 0.5)
        if not isinstance(threshold, str | float | int) and not are_probabilities(
            threshold, n_outputs
        ):
            raise SavedFileError(f"its threshold must hold {n_outputs} probabilities")

    @property
    def shapes(self):
        shapes = enumerate(self.architecture.weight_shapes)
        return {f"weights_{index}.npy": shape for index, shape in shapes}

    def fill(self, arrays):
        self.estimator.__setstate__(
            {
                **self.estimator.__getstate__(),
                **self.fitted,
                "_architecture": self.architecture,
                "model_": list(arrays.values()),
            }
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            zeros = np.zeros((1, self.architecture.n_features), np.float32)
            row = self.estimator.predict(zeros)
        if row.shape not in {(1,), (1, self.architecture.n_outputs)}:
            raise SavedFileError(f"its head predicts the shape {row.shape} for one row")

    def _architecture_of(self, record):
        return Architecture.checked(field(record, "architecture", dict))


class _Features(Kind):
    is_outermost = False

    @classmethod
    def learnt(cls, estimator, name, arrays):
        return {"weights_identity": weights_identity(estimator.weights)}

    def params(self, record):
        params = dict(super().params(record))
        if params.pop("mirror", False) is not False:
            raise SavedFileError(
                "its VGG19Features saw mirror images (mirror=True), which are frames "
                "of photos now: fit the pipeline again on photos.framed(photos.frames."
                "mirrored()), or read the file with skface 0.1"
            )
        if "weights" not in params:  # whose default would be downloaded
            raise SavedFileError("does not say which VGG19 weights its features are of")
        return params

    def check(self, record):
        features = self.estimator
        self.n_features = refused(lambda: features.n_features_out)
        size = features.input_size or native_input_size(features.weights)
        height, width = as_image_size(size, "input_size")
        most = max(1, MOST_PIXELS // (height * width))  # no answer depends on it
        features.batch_size = min(features.batch_size, most)
        self.weights_identity = checked_identity(record)


class _Steps(Kind):
    """A pipeline, whose head's arrays have no other name than its own."""

    classes = (
        ({VGG19Features}, _HEADS),
        ({VGG19Features}, {CORAL}, _HEADS),
        (_ALIGNING, {VGG19Features}, _HEADS),
        (_ALIGNING, {VGG19Features}, {CORAL}, _HEADS),
        ({VGG19Features}, {RecoveredFeatures}, _HEADS),
        (_ALIGNING, {VGG19Features}, {RecoveredFeatures}, _HEADS),
        ({RecoveredFeatures}, _HEADS),
        ({VGG19Features}, {CellVisibility, ShapePrior}),
    )
    made_of = (
        "two steps, VGG19Features and a head, nor of these with CORAL or "
        "RecoveredFeatures between them or after AlignedFaces or LandmarkFreeAlignment"
    )

    @classmethod
    def parts_of(cls, estimator):
        return estimator.steps

    @classmethod
    def with_records(cls, record, records):
        return {**record, "steps": [list(pair) for pair in records]}

    @classmethod
    def records_of(cls, record):
        steps = field(record, "steps", list)
        if not all(isinstance(step, list) and len(step) == 2 for step in steps):
            raise SavedFileError(f"{MANIFEST} cannot be read: its steps are no pairs")
        return steps

    @classmethod
    def learnt(cls, estimator, name, arrays):
        aspect = getattr(estimator, "aspect_", None)
        return {} if aspect is None else {"aspect": aspect}

    @classmethod
    def stem_of(cls, name):
        return ""

    def made(self, cls, parts):
        pipe = cls(parts)
        taken = [*pipe.get_params(deep=False)]
        for name, _ in parts:
            if not isinstance(name, str) or not name or "__" in name or name in taken:
                raise SavedFileError(f"names a step {name!r}")
            taken.append(name)
        return pipe

    def check(self, record):
        counts = [part.n_features for part in self.parts if hasattr(part, "n_features")]
        self.n_features = counts[0]
        for n_taken in counts[1:]:
            if n_taken != self.n_features:
                raise SavedFileError(
                    f"its layer and pooling give {self.n_features:,} features, its "
                    f"head takes {n_taken:,}"
                )
        self.aspect = aspect_of(record)

    def fill(self, arrays):
        if isinstance(self.estimator, FacePipeline):
            self.estimator.aspect_ = self.aspect


class _SecondLook(Kind):
    names = ("first", "second")
    classes = ((_PIPELINES, {FacePipeline}),)
    made_of = "two pipelines, the second a FacePipeline"

    @classmethod
    def parts_of(cls, estimator):
        check_is_fitted(estimator)
        return [("first", estimator.first_), ("second", estimator.second_)]

    def check(self, record):
        first, second = (refused(target_of, part.estimator) for part in self.parts)
        if first != second or first not in (BBOX, LANDMARKS):
            raise SavedFileError(
                f"its looks find {first.plural} and {second.plural}, where both must "
                "find boxes, or the five landmarks"
            )

    def fill(self, arrays):
        look = self.estimator
        look.first_, look.second_ = look.first, look.second
        look.first, look.second = clone(look.first), clone(look.second)


class _AlignedFaces(Kind):
    is_outermost = False
    names = ("landmarks",)
    classes = (({*_PIPELINES, SecondLook},),)
    made_of = "a pipeline or a SecondLook"

    def check(self, record):
        target = refused(target_of, self.estimator.landmarks)
        if target != LANDMARKS:
            raise SavedFileError(
                f"finds {target.plural} to align faces by, not the five landmarks"
            )


KINDS = {
    DenseHeadClassifier: _Head,
    DenseHeadRegressor: _Head,
    VGG19Features: _Features,
    FacePipeline: _Steps,
    Pipeline: _Steps,
    SecondLook: _SecondLook,
    AlignedFaces: _AlignedFaces,
}


def aspect_of(record):
    """Height over width of the photos that were learnt from, or None."""
    aspect = record.get("aspect")
    if aspect is not None and not (type(aspect) is float and 0 < aspect < _MOST_ASPECT):
        raise SavedFileError("its aspect must be a photo's height over its width")
    return aspect


def field(record, name, kind):
    """A value of a record that is there, and of a type of JSON's."""
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, kind):
        raise SavedFileError(
            f"{MANIFEST} cannot be read: {name!r} is missing, or is no {kind.__name__}"
        )
    return value


def checked_identity(record):
    """The hashes of VGG19's weights in a record."""
    identity = field(record, "weights_identity", dict)
    if len(identity) > 2 or not all(
        isinstance(each, str) for each in identity.values()
    ):
        raise SavedFileError("its weights_identity cannot be read: it is no hashes")
    return identity


def refused(check, *args):
    """What `check` gives; what it refuses is the file's fault."""
    try:
        return check(*args)
    except SkfaceError as error:
        raise SavedFileError(str(error)) from None
