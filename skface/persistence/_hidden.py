"""Kinds of what reads faces that are partly hidden, and of committees of segments."""

import math

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skface.exceptions import SavedFileError
from skface.heads import DenseHeadClassifier, DenseHeadRegressor
from skface.persistence._kinds import Kind, field
from skface.persistence._values import from_json, to_json
from skface.pipelines import FacePipeline
from skface.systems import (
    CellVisibility,
    RecoveredFeatures,
    SegmentCommittee,
    ShapePrior,
)

_MOST_FEATURES = 2**20
_MOST_SEGMENTS = 100
_MOST_SHARPNESS = 1000


class _MayKnowVisibility(Kind):
    """A kind whose first part, a fitted estimator of visibility, may be missing."""

    @classmethod
    def parts_of(cls, estimator):
        check_is_fitted(estimator)
        visibility = estimator.visibility
        return [] if visibility is None else [("visibility", visibility)]

    @classmethod
    def records_of(cls, record):
        parts = record.get("parts", {})
        if not isinstance(parts, dict) or len(parts) > _MOST_SEGMENTS:
            raise SavedFileError("its parts cannot be read")
        return [(name, field(parts, name, dict)) for name in parts]


class _CellVisibility(Kind):
    array_names = ("mean", "scale", "coef")

    @classmethod
    def learnt(cls, estimator, name, arrays):
        super().learnt(estimator, name, arrays)
        fitted = {
            "shape": list(estimator.mean_.shape),
            "intercept": to_json(estimator.intercept_, f"{name}intercept_"),
            "y_ndim": estimator._y_ndim,
        }
        return {"fitted": fitted}

    def check(self, record):
        fitted = field(record, "fitted", dict)
        n_cells, n_channels = _counts(fitted.get("shape"), 2)
        self.n_features = n_cells * n_channels
        self.intercept = _number(from_json(fitted.get("intercept"), "intercept"))
        self.y_ndim = fitted.get("y_ndim")
        if self.y_ndim not in (2, 1 + (n_cells > 1)):
            raise SavedFileError("its visibility does not fit its cells")
        self.shapes = {
            "mean.npy": (n_cells, n_channels),
            "scale.npy": (n_channels,),
            "coef.npy": (2 * n_channels,),
        }

    def fill(self, arrays):
        super().fill(arrays)
        visibility = self.estimator
        visibility.intercept_, visibility._y_ndim = self.intercept, self.y_ndim
        visibility.n_features_in_ = self.n_features


class _RecoveredFeatures(_MayKnowVisibility):
    names = ("visibility",)
    classes = ((), ({CellVisibility},))
    made_of = "a CellVisibility, or nothing"
    array_names = ("mean", "components", "explained_variance")

    @classmethod
    def learnt(cls, estimator, name, arrays):
        super().learnt(estimator, name, arrays)
        noise = to_json(estimator.noise_variance_, f"{name}noise_variance_")
        return {"shape": list(estimator.components_.shape), "noise_variance": noise}

    def check(self, record):
        shape = record.get("shape")
        least = 0 if self.estimator.n_components == 0 else 1
        n_components, self.n_features = _counts(shape, 2, least)
        self.noise = _number(from_json(record.get("noise_variance"), "noise_variance"))
        if self.noise <= 0:
            raise SavedFileError("its noise_variance is not positive")
        _check_same([*self.parts, self])
        self.shapes = {
            "mean.npy": (self.n_features,),
            "components.npy": (n_components, self.n_features),
            "explained_variance.npy": (n_components,),
        }

    def fill(self, arrays):
        super().fill(arrays)
        self.estimator.noise_variance_ = self.noise
        self.estimator.n_features_in_ = self.n_features


class _ShapePrior(_MayKnowVisibility):
    names = ("visibility", "regressor")
    classes = (
        ({DenseHeadRegressor, FacePipeline},),
        ({CellVisibility}, {DenseHeadRegressor, FacePipeline}),
    )
    made_of = "a CellVisibility and a regressor, or a regressor alone"
    array_names = ("mean", "components", "explained_variance", "noise_variance")

    @classmethod
    def parts_of(cls, estimator):
        return [*super().parts_of(estimator), ("regressor", estimator.regressor_)]

    @classmethod
    def learnt(cls, estimator, name, arrays):
        super().learnt(estimator, name, arrays)
        return {"n_columns": len(estimator.mean_)}

    def check(self, record):
        (n_columns,) = _counts([record.get("n_columns")], 1)
        regressor = self.parts[-1]
        while not hasattr(regressor, "architecture"):
            regressor = regressor.parts[-1]
        if regressor.architecture.n_outputs != n_columns or n_columns % 2:
            raise SavedFileError("its shape is of other points than its regressor's")
        _check_same(self.parts)
        self.n_features = self.parts[-1].n_features
        self.shapes = {
            "mean.npy": (n_columns,),
            "components.npy": (n_columns, n_columns),
            "explained_variance.npy": (n_columns,),
            "noise_variance.npy": (2,),
        }

    def fill(self, arrays):
        super().fill(arrays)
        prior = self.estimator
        prior.regressor_, prior.regressor = prior.regressor, clone(prior.regressor)
        prior.n_features_in_ = self.n_features


class _Committee(_MayKnowVisibility):
    """Its parts are ``visibility`` and, numbered, a pipeline a segment."""

    names = ("visibility", "pipeline")
    made_of = "a FacePipeline a segment, perhaps after one of visibility"
    array_names = ("scores", "weights", "thresholds", "prevalence")

    @classmethod
    def takes(cls, classes):
        return len(classes) > 0 and set(classes) == {FacePipeline}

    @classmethod
    def parts_of(cls, estimator):
        pipelines = [(f"pipeline{i}", p) for i, p in enumerate(estimator.pipelines_)]
        return [*super().parts_of(estimator), *pipelines]

    @classmethod
    def learnt(cls, estimator, name, arrays):
        super().learnt(estimator, name, arrays)
        return {"boxes": to_json(estimator.segments_, f"{name}segments_")}

    def made(self, cls, parts):
        self.names_of_parts = [name for name, _ in parts]
        pipelines = [part for name, part in parts if name != "visibility"]
        self.pipelines = pipelines
        return cls(pipelines[0] if pipelines else None, **_visibility(parts))

    def check(self, record):
        boxes = from_json(record.get("boxes"), "boxes")
        are_boxes = isinstance(boxes, dict) and all(map(_is_box, boxes.values()))
        wanted = [f"pipeline{i}" for i in range(len(boxes) if are_boxes else 0)]
        found = [name for name in self.names_of_parts if name != "visibility"]
        heads = [
            part.parts[-1]
            for name, part in zip(self.names_of_parts, self.parts, strict=True)
            if name != "visibility"
        ]
        if not wanted or found != wanted:
            raise SavedFileError("its segments are not those of its pipelines")
        if not all(isinstance(each.estimator, DenseHeadClassifier) for each in heads):
            raise SavedFileError("its pipelines do not tell attributes")
        n_attributes = {head.architecture.n_outputs for head in heads}
        if len(n_attributes) > 1:
            raise SavedFileError("its pipelines tell several numbers of attributes")
        if self.estimator.sharpness > _MOST_SHARPNESS:
            raise SavedFileError(f"its sharpness is more than {_MOST_SHARPNESS}")
        self.boxes = boxes
        shape = len(boxes), n_attributes.pop()
        self.shapes = {
            "scores.npy": shape,
            "weights.npy": shape,
            "thresholds.npy": shape[1:],
            "prevalence.npy": shape[1:],
        }

    def fill(self, arrays):
        super().fill(arrays)
        committee = self.estimator
        committee.segments_, committee.pipelines_ = self.boxes, self.pipelines
        committee.classes_ = np.tile([0, 1], (len(committee.prevalence_), 1))
        committee.pipeline = clone(self.pipelines[0])


def _visibility(parts):
    return {name: part for name, part in parts if name == "visibility"}


def _counts(value, n, least=1):
    """n counts of features and the like, the first `least` or more, the others 1."""
    is_list = isinstance(value, list) and len(value) == n
    if not is_list or not all(type(each) is int for each in value):
        raise SavedFileError("its shape cannot be read")
    is_low = value[0] < least or min(value[1:], default=1) < 1
    if is_low or max(value) > _MOST_FEATURES:
        raise SavedFileError(f"its shape is {value}")
    return value


def _number(value):
    if type(value) not in (int, float) or not math.isfinite(value):
        raise SavedFileError("holds a number that is none")
    return float(value)


def _is_box(value):
    is_tuple = isinstance(value, tuple) and len(value) == 4
    return is_tuple and all(
        type(each) in (int, float) and math.isfinite(each) for each in value
    )


def _check_same(parts):
    counts = {part.n_features for part in parts}
    if len(counts) > 1:
        raise SavedFileError(f"its parts take {sorted(counts)} features")


KINDS = {
    CellVisibility: _CellVisibility,
    RecoveredFeatures: _RecoveredFeatures,
    ShapePrior: _ShapePrior,
    SegmentCommittee: _Committee,
}
