"""Kinds of what finds and reads many faces."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skface.detection import FaceDetector, FaceReader
from skface.exceptions import SavedFileError
from skface.features import weights_identity
from skface.heads import DenseHeadClassifier, DenseHeadRegressor
from skface.persistence._kinds import Kind, checked_identity, refused
from skface.persistence._values import from_json, to_json
from skface.pipelines import FacePipeline, SecondLook
from skface.targets import ATTRIBUTES, LANDMARKS, target_of

_N_POINTS = 10


class _Detector(Kind):
    names = ("score_head", "box_head", "second_score_head", "second_box_head")
    classes = (2 * ({DenseHeadClassifier}, {DenseHeadRegressor}),)
    made_of = "a classifier and a regressor for each of two looks"
    array_names = ("mean", "components")

    @classmethod
    def parts_of(cls, estimator):
        check_is_fitted(estimator)
        return [(name, getattr(estimator, f"{name}_")) for name in cls.names]

    @classmethod
    def learnt(cls, estimator, name, arrays):
        super().learnt(estimator, name, arrays)
        return {"weights_identity": weights_identity(estimator.weights)}

    def made(self, cls, parts):
        return cls()

    def params(self, record):
        params = super().params(record)
        if "weights" not in params:  # whose default would be downloaded
            raise SavedFileError("does not say which VGG19 weights its maps are of")
        return params

    def check(self, record):
        detector = self.estimator
        heads = [part.architecture for part in self.parts]
        n_components = heads[0].n_features // detector.n_seen(1)[0]
        first, second = detector.n_seen(n_components)
        found = [(head.n_features, head.n_outputs) for head in heads]
        wanted = [(first, 1), (first, 4), (second, 1), (second, 4)]
        if found != wanted:
            raise SavedFileError(
                f"its heads make {found} of numbers and outputs, not {wanted}"
            )
        n_channels = refused(lambda: detector.n_channels)
        self.shapes = {
            "mean.npy": (n_channels,),
            "components.npy": (n_channels, n_components),
        }
        self.weights_identity = checked_identity(record)

    def fill(self, arrays):
        super().fill(arrays)
        for name, part in zip(self.names, self.parts, strict=True):
            setattr(self.estimator, f"{name}_", part.estimator)


class _Reader(Kind):
    names = ("detector", "landmarks", "attributes")
    classes = (({FaceDetector}, {SecondLook}, {FacePipeline}),)
    made_of = "a FaceDetector, a SecondLook and a FacePipeline"

    @classmethod
    def learnt(cls, estimator, name, arrays):
        points = getattr(estimator, "points_in_box_", None)
        return {"points_in_box": to_json(points, f"{name}points_in_box_")}

    def check(self, record):
        _, landmarks, attributes = (part.estimator for part in self.parts)
        for part, target in ((landmarks, LANDMARKS), (attributes, ATTRIBUTES)):
            found = refused(target_of, part)
            if found.plural != target.plural:
                raise SavedFileError(
                    f"its part for {target.plural} finds {found.plural}"
                )
        points = from_json(record.get("points_in_box"), "points_in_box")
        is_place = (
            isinstance(points, np.ndarray)
            and points.shape == (_N_POINTS,)
            and points.dtype.kind == "f"
            and np.isfinite(points).all()
        )
        if not (points is None or is_place):
            raise SavedFileError(
                f"its points_in_box cannot be read: they are no {_N_POINTS} numbers"
            )
        self.points_in_box = points

    def fill(self, arrays):
        if self.points_in_box is not None:
            self.estimator.points_in_box_ = self.points_in_box


KINDS = {FaceDetector: _Detector, FaceReader: _Reader}
