"""Kinds of the survey's systems."""

import copy
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skface._validation import shown, validate_params
from skface.exceptions import SavedFileError
from skface.features import VGG19Features
from skface.heads import DenseHeadClassifier
from skface.persistence._kinds import (
    MOST_PIXELS,
    Kind,
    aspect_of,
    field,
    refused,
)
from skface.persistence._values import from_json, to_json
from skface.pipelines import FacePipeline
from skface.systems import (
    CORAL,
    AttributeClusterer,
    GeneralToSpecific,
    LandmarkFreeAlignment,
)
from skface.targets import CORNERS, target_of


class _OfFeatures(Kind):
    """One that has learnt from columns, and makes no y."""

    @classmethod
    def learnt(cls, estimator, name, arrays):
        check_is_fitted(estimator)
        names = getattr(estimator, "feature_names_in_", None)
        return super().learnt(estimator, name, arrays) | {
            "n_features_in": estimator.n_features_in_,
            "feature_names_in": to_json(names, f"{name}feature_names_in_"),
        }

    def check(self, record):
        self.n_features = whole_number(record, "n_features_in")
        names = from_json(record.get("feature_names_in"), "feature_names_in")
        if names is not None and not (
            isinstance(names, np.ndarray)
            and names.dtype == object
            and names.shape == (self.n_features,)
        ):
            raise SavedFileError("its feature_names_in cannot be read")
        self.names_in = names

    def fill(self, arrays):
        super().fill(arrays)
        self.estimator.n_features_in_ = self.n_features
        if self.names_in is not None:
            self.estimator.feature_names_in_ = self.names_in


class _Coral(_OfFeatures):
    array_names = ("source_mean", "target_mean", "components", "mapping")

    @classmethod
    def learnt(cls, estimator, name, arrays):
        record = super().learnt(estimator, name, arrays)
        return {**record, "n_components": len(estimator.components_)}

    def check(self, record):
        super().check(record)
        n, n_components = self.n_features, whole_number(record, "n_components")
        shapes = (n,), (n,), (n_components, n), (n_components, n_components)
        names = [f"{array}.npy" for array in self.array_names]
        self.shapes = dict(zip(names, shapes, strict=True))


class _Clusterer(_OfFeatures):
    @classmethod
    def learnt(cls, estimator, name, arrays):
        record = super().learnt(estimator, name, arrays)
        # one array, which has rows where there is no cluster, too
        arrays["rates.npy"] = np.vstack(
            [estimator.base_rate_, estimator.cluster_means_]
        )
        labels = estimator.labels_.astype(np.int64)
        return {
            **record,
            "labels": to_json(labels, f"{name}labels_"),
            "n_distinct_rows": estimator.n_distinct_rows_,
        }

    def check(self, record):
        super().check(record)
        self.labels = from_json(record.get("labels"), "labels")
        found = np.unique(self.labels) if _are_labels(self.labels) else [None]
        n_clusters = len(found) - (found[0] == -1)
        if list(found[-n_clusters:] if n_clusters else []) != [*range(n_clusters)]:
            raise SavedFileError("its labels cannot be read: they are no clusters")
        self.n_distinct_rows = whole_number(record, "n_distinct_rows")
        self.shapes = {"rates.npy": (1 + n_clusters, self.n_features)}

    def fill(self, arrays):
        super().fill(arrays)
        clusterer = self.estimator
        clusterer.base_rate_, *means = arrays["rates.npy"]
        clusterer.cluster_means_ = np.reshape(means, (len(means), self.n_features))
        clusterer.labels_ = self.labels.astype(np.intp)
        clusterer.cluster_sizes_ = np.bincount(
            self.labels[self.labels >= 0], minlength=len(means)
        )
        clusterer.n_distinct_rows_ = self.n_distinct_rows
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a row without names
            refused(clusterer.predict, np.zeros((1, self.n_features)))


def whole_number(record, name):
    """A positive int of a record."""
    value = record.get(name)
    if type(value) is not int or value < 1:
        raise SavedFileError(
            f"its {name} must be a positive integer, got {shown(value)}"
        )
    return value


def _are_labels(value):
    return (
        isinstance(value, np.ndarray)
        and value.dtype == np.int64
        and value.ndim == 1
        and value.size > 0
        and value.min() >= -1
    )


class _LandmarkFreeAlignment(Kind):
    names = ("regressor",)
    classes = (({FacePipeline},),)
    made_of = "a FacePipeline"

    @classmethod
    def parts_of(cls, estimator):
        check_is_fitted(estimator)
        return [("regressor", estimator.regressor_)]

    @classmethod
    def learnt(cls, estimator, name, arrays):
        return {"aspect": estimator.aspect_}

    def check(self, record):
        target = refused(target_of, self.estimator.regressor)
        if target != CORNERS:
            raise SavedFileError(f"its regressor finds {target!r}, not corners")
        self.aspect = aspect_of(record)
        if self.aspect is None:
            raise SavedFileError("does not say the aspect of the photos it learnt from")

    def fill(self, arrays):
        align = self.estimator
        align.aspect_, align.regressor_ = self.aspect, align.regressor
        align.regressor = clone(align.regressor)


class _GeneralToSpecific(Kind):
    names = ("general",)
    classes = (({FacePipeline},),)
    made_of = "a FacePipeline"
    array_names = ("coef", "crop_coef", "intercept")

    @classmethod
    def parts_of(cls, estimator):
        check_is_fitted(estimator)
        return [("general", estimator.general_)]

    @classmethod
    def learnt(cls, estimator, name, arrays):
        super().learnt(estimator, name, arrays)
        return {
            "choices": to_json(estimator.choices_, f"{name}choices_"),
            "crops": to_json(estimator.crops_, f"{name}crops_"),
            "crop_size": estimator.crop_size_,
        }

    def check(self, record):
        (general,) = self.parts
        fitted = {"crops", "crop_size"} & record.keys()
        fitted = {name: from_json(record[name], name) for name in fitted}
        model = copy.copy(self.estimator).set_params(**fitted)
        refused(validate_params, model)
        refused(model.check_crops)
        *_, features, head = general.parts
        ends = [type(part.estimator) for part in (features, head)]
        if ends != [VGG19Features, DenseHeadClassifier]:
            raise SavedFileError("its first stage is no pipeline of attributes")
        n_crop_features = refused(lambda: model.crop_features().n_features_out)
        most = MOST_PIXELS // model.crop_size**2  # no answer depends on it
        features.estimator.batch_size = min(features.estimator.batch_size, most)
        n_attributes = head.architecture.n_outputs
        self.shapes = {
            "coef.npy": (n_attributes, n_attributes),
            "crop_coef.npy": (n_attributes, n_crop_features),
            "intercept.npy": (n_attributes,),
        }
        self.crops, self.crop_size = dict(model._crops()), model.crop_size
        self.choices = field(record, "choices", list)
        known = model.choices_of_crops()
        if len(self.choices) != n_attributes or any(
            each not in known for each in self.choices
        ):
            raise SavedFileError(f"its choices must be {n_attributes} of {known}")

    def fill(self, arrays):
        super().fill(arrays)
        model = self.estimator
        model.general_, model.choices_ = model.general, self.choices
        model.crops_, model.crop_size_ = self.crops, self.crop_size
        model.general = clone(model.general)
        model.classes_ = model.general_[-1].classes_


KINDS = {
    CORAL: _Coral,
    AttributeClusterer: _Clusterer,
    LandmarkFreeAlignment: _LandmarkFreeAlignment,
    GeneralToSpecific: _GeneralToSpecific,
}
