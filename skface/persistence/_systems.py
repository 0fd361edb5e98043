"""Every kind: those of the survey's systems beside the others."""

import warnings

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skface.exceptions import SavedFileError
from skface.persistence import _detection
from skface.persistence._kinds import Kind, refused
from skface.persistence._values import from_json, to_json
from skface.systems import CORAL, AttributeClusterer


class _OfFeatures(Kind):
    """One that has learnt from columns, and makes no y."""

    @classmethod
    def learnt(cls, estimator, name, arrays):
        check_is_fitted(estimator)
        names = getattr(estimator, "feature_names_in_", None)
        return {
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
        self.estimator.n_features_in_ = self.n_features
        if self.names_in is not None:
            self.estimator.feature_names_in_ = self.names_in


class _Coral(_OfFeatures):
    _ARRAYS = ("source_mean", "target_mean", "components", "mapping")

    @classmethod
    def learnt(cls, estimator, name, arrays):
        record = super().learnt(estimator, name, arrays)
        for array in cls._ARRAYS:
            arrays[f"{array}.npy"] = np.ascontiguousarray(
                getattr(estimator, f"{array}_")
            )
        return {**record, "n_components": len(estimator.components_)}

    def check(self, record):
        super().check(record)
        n, n_components = self.n_features, whole_number(record, "n_components")
        shapes = (n,), (n,), (n_components, n), (n_components, n_components)
        names = [f"{array}.npy" for array in self._ARRAYS]
        self.shapes = dict(zip(names, shapes, strict=True))

    def fill(self, arrays):
        super().fill(arrays)
        for array in self._ARRAYS:
            setattr(self.estimator, f"{array}_", arrays[f"{array}.npy"])


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
            f"its {name} must be a positive integer, got {value!r:.80}"
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


KINDS = {
    **_detection.KINDS,
    CORAL: _Coral,
    AttributeClusterer: _Clusterer,
}
OUTERMOST = {*_detection.OUTERMOST, CORAL, AttributeClusterer}
