"""Every public function, called with what it cannot take: no raw error comes out."""

import traceback
from functools import partial
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from joblib import parallel_config
from public_api import PUBLIC
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

import skface
from skface import datasets, displays, features, metrics, systems, targets
from skface.exceptions import SkfaceError

JUNK = [
    None,
    3,
    -1,
    float("nan"),
    True,
    "nonsense",
    "",
    "\0",
    b"bytes",
    [],
    {},
    set(),
    ["a", "b"],
    [None],
    [[1], [1, 2]],
    [[]],
    {"a": 1},
    object(),
    print,
]
ARRAYS = [np.zeros(0), np.zeros((2, 2)), np.array(["a"]), np.array([{}], object)]
DATA = {
    "digests",
    "groups",
    "image_sizes",
    "matrices",
    "names",
    "paths",
    "rows",
    "sample_weight",
    "target_names",
    "X",
    "X_val",
    "y",
    "y_pred",
    "y_score",
    "y_train",
    "y_true",
    "y_val",
}


@pytest.fixture(scope="module")
def given(tmp_path_factory, celeba_root):
    """What the calls below take."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("given")
    photos = rng.integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    labels = np.tile([[0, 1], [1, 0]], (3, 1))
    transformer = skface.VGG19Features(None, "block1_pool", "avg", input_size=32)
    transformer.set_params(cache_dir=str(folder / "store"), compute_dtype="float32")
    head = skface.DenseHeadClassifier(0, epochs=1, early_stopping=False)
    pipe = skface.pipelines.FacePipeline([("features", transformer), ("head", head)])
    pipe.fit(photos, labels)
    skface.save(pipe["head"], folder / "head.skface")
    store = skface.FeatureStore(folder / "rows")
    rows = store.specification({"n_features": 2})
    rows.write([bytes(16)], np.ones((1, 2)))
    grid = {"head__l2": [0, 0.1], "head__learning_rate": [1e-3, 1e-2]}
    point_head = skface.DenseHeadRegressor(
        0, epochs=1, early_stopping=False, target="landmarks"
    )
    face = [0.4, 0.4, 0.6, 0.4, 0.5, 0.5, 0.4, 0.6, 0.6, 0.6]
    steps = [("features", transformer), ("head", point_head)]
    finder = skface.pipelines.FacePipeline(steps)
    look = skface.SecondLook(finder, finder).fit(photos, np.tile(face, (6, 1)))
    searched = GridSearchCV(pipe, grid, cv=2).fit(photos, labels)
    return SimpleNamespace(
        root=celeba_root,
        photos=photos,
        labels=labels,
        boxes=rng.uniform(0.2, 0.6, (6, 4)),
        points=rng.uniform(0.2, 0.6, (6, 10)),
        look=look,
        transformer=transformer,
        pipe=pipe,
        saved=folder / "head.skface",
        store=store,
        spare=skface.FeatureStore(folder / "spare"),
        rows=rows,
        search=searched,
    )


def load_celeba(split, **params):
    skface.CelebALoader(**params).load_bunch(split)


def load_wider(split, **params):
    datasets.WiderFaceLoader(**params).load_bunch(split)


def transform(X, **params):
    skface.VGG19Features(**params).fit_transform(X)


def head_fitted(head, given, y):
    def fit(X, y, sample_weight, X_val, y_val, **params):
        fast = {"n_layers": 0, "n_units": 4, "epochs": 1}
        fitted = head(**fast | params).fit(X, y, sample_weight, X_val, y_val)
        fitted.score(X, y, sample_weight)

    params = head(random_state=0).get_params()
    for name in ("n_layers", "n_units", "epochs"):
        del params[name]
    X = given.photos[:, 0, :, 0].astype(float)
    data = {"X": X, "y": y, "sample_weight": np.ones(6), "X_val": X, "y_val": y}
    return fit, data | params


def pipeline_made(maker):
    own = "align" if maker is skface.make_attribute_pipeline else "looks"
    return maker, {
        own: None,
        "preset": "best",
        "weights": None,
        "cache_dir": None,
        "random_state": 0,
        "verbose": 0,
    }


def looked(given):
    head = skface.DenseHeadRegressor(0, epochs=1, early_stopping=False, target="bbox")
    steps = [("features", given.transformer), ("head", head)]
    pipe = skface.pipelines.FacePipeline(steps)

    def fit(X, y, X_val, y_val, sample_weight, **params):
        look = skface.SecondLook(pipe, pipe, **params)
        look.fit(X, y, X_val=X_val, y_val=y_val).score(X, y, sample_weight)

    params = skface.SecondLook(pipe, pipe).get_params(deep=False)
    del params["first"], params["second"]
    X, y = given.photos, given.boxes
    data = {"X": X, "y": y, "X_val": X, "y_val": y, "sample_weight": np.ones(6)}
    return fit, data | params


def detected(X, boxes, **params):
    with pytest.MonkeyPatch.context() as patch:
        for work in ("_project", "_fit_first", "_fit_second"):  # takes seconds
            patch.setattr(skface.FaceDetector, work, lambda *args: None)
        skface.FaceDetector(**params).fit(X, boxes)


def read(X, **params):
    skface.FaceReader(**params).read(X)


def aligned(X, **params):
    skface.AlignedFaces(**params).fit(X).transform(X)


def upright(given):
    regressor = clone(given.look.first)

    def align(X, **params):
        systems.LandmarkFreeAlignment(regressor, **params).fit(X).transform(X)

    params = {"n_looks": 2, "n_frames": 1, "degrees": 9.0, "log_scale": 0.1}
    return align, {"X": given.photos, **params, "shift": 0.1, "random_state": 0}


def told_twice(given):
    def fit(X, y, X_val, y_val, **params):
        model = systems.GeneralToSpecific(given.pipe, **params)
        model.fit(X, y, X_val=X_val, y_val=y_val).score(X, y)

    X, y = given.photos, given.labels
    data = {"X": X, "y": y, "X_val": X, "y_val": y}
    params = {"crops": {"left": (0, 0, 0.5, 1)}, "crop_size": 32, "cv": 2}
    params |= {"n_components": 2, "C": 1.0, "validation_fraction": 0.5}
    return fit, data | params | {"random_state": 0}


def adapted(X, domain, **params):
    systems.CORAL(**params).fit(X, domain=domain).transform(X, domain=domain)


def clustered(X, **params):
    systems.AttributeClusterer(**params).fit(X)


def cells_seen(X, y, **params):
    systems.CellVisibility(**params).fit(X, y).predict(X)


def recovered(X, visible, **params):
    systems.RecoveredFeatures(**params).fit(X).transform(X, visible)


def moved(X, y, y_seen, visible, shape):
    cells = systems.CellVisibility().fit(X, np.ones((6, 4)))
    prior = systems.ShapePrior(LinearRegression(), cells, shape=shape).fit(X, y)
    prior.adjusted(y_seen, visible)
    prior.score(X, y)


def told_together(given):
    def fit(X, y, X_val, y_val, visible, **params):
        committee = systems.SegmentCommittee(given.pipe, **params)
        committee.fit(X, y, X_val=X_val, y_val=y_val).predict(X, visible)

    X, y = given.photos, given.labels
    data = {"X": X, "y": y, "X_val": X, "y_val": y, "visible": np.ones((6, 4))}
    params = systems.SegmentCommittee(given.pipe).get_params(deep=False)
    del params["pipeline"]
    return fit, data | params | {"segments": {"whole": (0, 0, 1, 1)}}


def pipeline_fitted(given):
    def fit(X, y, X_val, y_val):
        given.pipe.fit(X, y, X_val=X_val, y_val=y_val)

    X, y = given.photos, given.labels
    return fit, {"X": X, "y": y, "X_val": X, "y_val": y}


def detections_scored(score):
    return lambda given: (
        score,
        {
            "y_true": [given.boxes, []],
            "y_pred": [np.column_stack([given.boxes, np.ones(6)]), []],
            "iou": 0.5,
            "min_size": 0.1,
        },
    )


def closed(draw):
    """The same, and its figure is gone."""

    def draw_and_close(**arguments):
        try:
            draw(**arguments)
        finally:
            plt.close("all")

    return draw_and_close


CALLS = {
    "skface.CelebALoader": lambda given: (
        load_celeba,
        {
            "root": given.root,
            "target": "bbox",
            "split": "train",
            "image_size": 32,
            "aligned": None,
            "on_error": "raise",
            "verbose": 0,
        },
    ),
    "skface.ImageArray": lambda given: (
        skface.ImageArray,
        {"paths": ["a.jpg"], "image_size": 32},
    ),
    "skface.to_pixels": lambda given: (
        skface.to_pixels,
        {"y": given.boxes, "image_sizes": (178, 218)},
    ),
    "skface.datasets.to_fractions": lambda given: (
        datasets.to_fractions,
        {"y": given.boxes, "image_sizes": (178, 218)},
    ),
    "skface.datasets.mirrored": lambda given: (
        datasets.mirrored,
        {"y": given.boxes},
    ),
    "skface.datasets.photo_size": lambda given: (
        datasets.photo_size,
        {"path": next(given.root.rglob("*.jpg"))},
    ),
    "skface.datasets.available_targets": lambda given: (
        datasets.available_targets,
        {"root": given.root},
    ),
    "skface.datasets.make_celeba": lambda given: (
        datasets.make_celeba,
        {"root": "new", "n_samples": 1, "random_state": 0, "n_jobs": 1},
    ),
    "skface.datasets.drawn_celeba": lambda given: (
        datasets.drawn_celeba,
        {"n_samples": 1},
    ),
    "skface.datasets.make_wider": lambda given: (
        datasets.make_wider,
        {"root": "new", "n_samples": 1, "random_state": 0, "n_jobs": 1},
    ),
    "skface.datasets.drawn_wider": lambda given: (
        datasets.drawn_wider,
        {"n_samples": 1},
    ),
    "skface.datasets.WiderFaceLoader": lambda given: (
        load_wider,
        {
            "root": datasets.drawn_wider(1),
            "split": "train",
            "min_size": 0.1,
            "verbose": 0,
        },
    ),
    "skface.Frames": lambda given: (
        skface.Frames,
        {"matrices": np.tile([[1.0, 0, 0], [0, 1, 0]], (2, 1, 1)), "image_sizes": None},
    ),
    "skface.targets.Boxes": lambda given: (
        targets.Boxes().mirrored,
        {"y": given.boxes},
    ),
    "skface.targets.Landmarks": lambda given: (
        targets.Landmarks,
        {"points": ("a", "b"), "pairs": (("a", "b"),), "eyes": ("a", "b")},
    ),
    "skface.targets.Attributes": lambda given: (targets.Attributes, {"names": None}),
    "skface.targets.Joint": lambda given: (
        targets.Joint,
        {"targets": ("bbox", "landmarks")},
    ),
    "skface.targets.Target": lambda given: (
        targets.LANDMARKS.score,
        {"y_true": given.points, "y_pred": given.points, "sample_weight": None},
    ),
    "skface.targets.as_target": lambda given: (targets.as_target, {"value": "bbox"}),
    "skface.targets.target_of": lambda given: (
        targets.target_of,
        {"estimator": given.pipe, "given": None, "y": given.labels},
    ),
    "skface.VGG19Features": lambda given: (
        transform,
        {"X": given.photos} | given.transformer.get_params(),
    ),
    "skface.FeatureStore": lambda given: (
        skface.FeatureStore,
        {"path": given.store.path},
    ),
    "skface.FeatureStore.specification": lambda given: (
        given.store.specification,
        {"parameters": {"n_features": 2}},
    ),
    "skface.FeatureStore.prune": lambda given: (
        given.spare.prune,
        {"keep": []},
    ),
    "skface.FeatureStore.specification.read": lambda given: (
        given.rows.read,
        {"digests": [bytes(16)]},
    ),
    "skface.FeatureStore.specification.contains": lambda given: (
        given.rows.contains,
        {"digests": [bytes(16)]},
    ),
    "skface.FeatureStore.specification.write": lambda given: (
        given.rows.write,
        {"digests": [bytes(16)], "rows": np.ones((1, 2))},
    ),
    "skface.features.FeatureArray": lambda given: (
        features.FeatureArray,
        {"store_rows": given.rows, "digests": [bytes(16)]},
    ),
    "skface.features.extract_together": lambda given: (
        features.extract_together,
        {"transformers": [given.transformer], "X": given.photos},
    ),
    "skface.DenseHeadClassifier": lambda given: head_fitted(
        skface.DenseHeadClassifier, given, given.labels
    ),
    "skface.DenseHeadRegressor": lambda given: head_fitted(
        skface.DenseHeadRegressor, given, given.boxes
    ),
    "skface.make_bbox_pipeline": lambda given: pipeline_made(skface.make_bbox_pipeline),
    "skface.make_landmark_pipeline": lambda given: pipeline_made(
        skface.make_landmark_pipeline
    ),
    "skface.make_attribute_pipeline": lambda given: pipeline_made(
        skface.make_attribute_pipeline
    ),
    "skface.make_face_reader": lambda given: (
        skface.make_face_reader,
        skface.make_face_reader.__kwdefaults__ | {"preset": "best", "weights": None},
    ),
    "skface.FaceDetector": lambda given: (
        detected,
        skface.FaceDetector.__init__.__kwdefaults__
        | {"X": given.photos[:2], "boxes": [[[0.2, 0.2, 0.5, 0.5]]] * 2}
        | {"weights": "synthetic"},
    ),
    "skface.FaceReader": lambda given: (
        read,
        {
            "X": given.photos,
            "detector": lambda photo: [[4, 4, 20, 20]],
            "landmarks": given.look,
            "attributes": given.pipe,
            "verbose": 0,
        },
    ),
    "skface.pipelines.FacePipeline": pipeline_fitted,
    "skface.SecondLook": looked,
    "skface.AlignedFaces": lambda given: (
        aligned,
        {
            "X": given.photos,
            "landmarks": DummyRegressor().fit(given.points, given.points),
            "template": "celeba",
        },
    ),
    "skface.systems.LandmarkFreeAlignment": upright,
    "skface.systems.GeneralToSpecific": told_twice,
    "skface.metrics.iou_score": lambda given: (
        metrics.iou_score,
        {"y_true": given.boxes, "y_pred": given.boxes, "sample_weight": None},
    ),
    "skface.metrics.detection_average_precision": detections_scored(
        metrics.detection_average_precision
    ),
    "skface.metrics.detection_curve": detections_scored(metrics.detection_curve),
    "skface.metrics.nme_score": lambda given: (
        metrics.nme_score,
        {
            "y_true": given.points,
            "y_pred": given.points,
            "image_sizes": (178, 218),
            "sample_weight": None,
        },
    ),
    "skface.metrics.failure_rate": lambda given: (
        metrics.failure_rate,
        {
            "y_true": given.points,
            "y_pred": given.points,
            "threshold": 0.1,
            "image_sizes": None,
            "sample_weight": None,
        },
    ),
    "skface.metrics.attribute_accuracy": lambda given: (
        metrics.attribute_accuracy,
        {"y_true": given.labels, "y_pred": given.labels, "sample_weight": None},
    ),
    "skface.metrics.attribute_balanced_accuracy": lambda given: (
        metrics.attribute_balanced_accuracy,
        {"y_true": given.labels, "y_pred": given.labels, "sample_weight": None},
    ),
    "skface.metrics.attribute_report": lambda given: (
        metrics.attribute_report,
        {
            "y_true": given.labels,
            "y_pred": given.labels,
            "y_score": given.labels,
            "names": ["a", "b"],
            "sample_weight": None,
            "groups": [0, 0, 0, 1, 1, 1],
        },
    ),
    "skface.metrics.get_scorer": lambda given: (metrics.get_scorer, {"name": "iou"}),
    "skface.make_cost_aware_scorer": lambda given: (
        skface.make_cost_aware_scorer,
        {"scoring": None, "target": 1, "cost": "time", "exponent": -0.01},
    ),
    "skface.systems.CORAL": lambda given: (
        adapted,
        {
            "X": given.boxes,
            "domain": ["source", "target"] * 3,
            "n_components": 2,
            "random_state": 0,
        },
    ),
    "skface.systems.mmd": lambda given: (
        systems.mmd,
        {"X": given.boxes, "Z": given.boxes, "gamma": 1.0},
    ),
    "skface.systems.compare_attributes": lambda given: (
        systems.compare_attributes,
        {
            "models": {"one": (given.labels, given.labels), "other": given.pipe},
            "y": given.labels,
            "X": given.photos,
            "names": ["a", "b"],
            "groups": [0, 0, 0, 1, 1, 1],
            "y_train": given.labels,
            "n_resamples": 2,
            "random_state": 0,
        },
    ),
    "skface.systems.AttributeClusterer": lambda given: (
        clustered,
        {"X": given.boxes} | systems.AttributeClusterer(2).get_params(),
    ),
    "skface.systems.identities_left": lambda given: (
        systems.identities_left,
        {"labels": [0, 0, 0, 1, 1, 1], "identities": [1, 2, 3, 4, 4, 4]},
    ),
    "skface.systems.hide": lambda given: (
        systems.hide,
        {
            "X": given.photos,
            "parts": systems.face_parts("left", 6),
            "cover": "noise",
            "random_state": 0,
        },
    ),
    "skface.systems.hidden_cells": lambda given: (
        systems.hidden_cells,
        {"parts": systems.face_parts("left", 6), "shape": 2, "cover": "grey"},
    ),
    "skface.systems.face_parts": lambda given: (
        systems.face_parts,
        {"part": "left", "n": 2, "face": (0, 0, 1, 1)},
    ),
    "skface.systems.random_parts": lambda given: (
        systems.random_parts,
        {"n": 2, "share": 0.5, "face": (0, 0, 1, 1), "random_state": 0},
    ),
    "skface.systems.CellVisibility": lambda given: (
        cells_seen,
        {"X": given.boxes, "y": np.ones((6, 2)), "alpha": 1.0},
    ),
    "skface.systems.RecoveredFeatures": lambda given: (
        recovered,
        {
            "X": given.boxes,
            "visible": np.ones((6, 2)),
            "n_components": 2,
            "random_state": 0,
        },
    ),
    "skface.systems.ShapePrior": lambda given: (
        moved,
        {
            "X": given.boxes,
            "y": given.points,
            "y_seen": given.points,
            "visible": np.ones((6, 5)),
            "shape": (2, 2),
        },
    ),
    "skface.systems.SegmentCommittee": told_together,
    "skface.extract_once": lambda given: (
        skface.extract_once,
        {"search": given.search, "X": given.photos},
    ),
    "skface.search_report": lambda given: (
        skface.search_report,
        {"search": given.search, "metric": None},
    ),
    "skface.save": lambda given: (
        skface.save,
        {"pipe": given.pipe["head"], "path": "new", "target_names": ["a", "b"]},
    ),
    "skface.load": lambda given: (
        skface.load,
        {"path": given.saved, "weights": None, "cache_dir": None},
    ),
    "skface.AttributesDisplay": lambda given: (
        closed(displays.AttributesDisplay.from_predictions),
        {
            "y_true": given.labels,
            "y_pred": given.labels,
            "y_score": given.labels,
            "names": ["a", "b"],
            "groups": None,
            "column": "recall",
        },
    ),
    "skface.ClustersDisplay": lambda given: (
        closed(displays.ClustersDisplay.from_estimator),
        {
            "estimator": systems.AttributeClusterer(2, random_state=0).fit(given.boxes),
            "X": given.photos,
            "names": list("abcd"),
            "n_clusters": 2,
            "n_attributes": 1,
        },
    ),
    "skface.VisibilityDisplay": lambda given: (
        closed(lambda **parts: displays.VisibilityDisplay(**parts).plot()),
        {"photos": given.photos, "visible": np.ones((6, 4))},
    ),
    "skface.DetectionDisplay": detections_scored(
        closed(displays.DetectionDisplay.from_predictions)
    ),
    "skface.GroupDisplay": lambda given: (
        closed(displays.GroupDisplay.from_predictions),
        {
            "X": [next(given.root.rglob("*.jpg"))],
            "y_pred": [np.column_stack([given.boxes, np.ones(6)])],
            "y_true": [given.boxes],
            "n_photos": 1,
            "n_columns": 1,
        },
    ),
    "skface.ErrorsDisplay": lambda given: (
        closed(displays.ErrorsDisplay.from_predictions),
        {
            "y_true": given.points,
            "y_pred": given.points + 0.1,
            "target": "landmarks",
            "y_baseline": given.points[0],
            "image_sizes": (178, 218),
        },
    ),
    "skface.FacesDisplay": lambda given: (
        closed(displays.FacesDisplay.from_predictions),
        {
            "X": given.photos,
            "y_pred": given.labels,
            "y_true": given.labels,
            "target": "attributes",
            "n_faces": 1,
            "order": "worst",
            "names": ["a", "b"],
            "image_sizes": (178, 218),
            "frames": None,
            "n_columns": 1,
            "n_attributes": 1,
        },
    ),
    "skface.HistoryDisplay": lambda given: (
        closed(displays.HistoryDisplay.from_estimator),
        {"estimator": given.pipe},
    ),
    "skface.SaliencyDisplay": lambda given: (
        closed(partial(displays.SaliencyDisplay.from_estimator, given.pipe)),
        {
            "X": given.photos[:1],
            "attribute": "a",
            "names": ["a", "b"],
            "patch": 16,
            "stride": 16,
            "image_sizes": (178, 218),
        },
    ),
    "skface.SearchDisplay": lambda given: (
        closed(displays.SearchDisplay.from_estimator),
        {"search": given.search, "kind": "time", "metric": None},
    ),
    "skface.card": lambda given: (
        lambda **arguments: skface.card(given.pipe, **arguments),
        {
            "X": given.photos,
            "y": given.labels,
            "target": None,
            "target_names": ["a", "b"],
            "groups": None,
            "y_train": given.labels,
        },
    ),
}


def raw_error(call, arguments):
    """The traceback of an error that is none of skface's or scikit-learn's."""
    try:
        call(**arguments)
    except (SkfaceError, NotFittedError):
        return None
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1].filename
        told = any(name in last for name in ("sklearn", "joblib"))
        if isinstance(error, ValueError | TypeError) and told:
            return None
        return f"{type(error).__name__}: {error} at {last}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_no_raw_error_comes_out(name, given, untraced, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("skface._card._making.has_matplotlib", lambda: False)  # slow
    call, valid = CALLS[name](given)
    with parallel_config(backend="threading"):
        call(**valid)
        found = [
            f"{argument}={junk!r}: {error}"
            for argument in valid
            for junk in (JUNK + ARRAYS if argument in DATA else JUNK)
            if (error := raw_error(call, valid | {argument: junk}))
        ]
    assert not found, "\n".join(found)


MISTAKES = {
    "words for coordinates": (
        lambda given: datasets.mirrored([["a"] * 4]),
        "y must hold numbers",
    ),
    "a word for a threshold": (
        lambda given: metrics.failure_rate(
            given.points, given.points, threshold="strict"
        ),
        "threshold must be 0 or more, got 'strict'",
    ),
    "one name": (
        lambda given: metrics.attribute_report(given.labels, given.labels, names="ab"),
        r"names must be a sequence of names: \['ab'\]",
    ),
    "a name twice": (
        lambda given: metrics.attribute_report(
            given.labels, given.labels, names=["a", "a"]
        ),
        "names has 'a' twice",
    ),
    "groups of other predictions": (
        lambda given: metrics.attribute_report(
            given.labels, given.labels[1:], groups=[0] * 6
        ),
        r"must have one shape .*, got \(6, 2\) and \(5, 2\)",
    ),
    "rows of two lengths": (
        lambda given: metrics.attribute_accuracy([[0], [0, 1]], [[0], [0, 1]]),
        "y_true must have rows of one length",
    ),
    "a pipeline for a search": (
        lambda given: skface.extract_once(given.pipe, given.photos),
        "search must be a search of scikit-learn or Optuna, with a grid or dist",
    ),
    "no search": (
        lambda given: skface.search_report(None),
        "search must be a fitted search, an Optuna study, or a cv_results_, got None",
    ),
    "no results": (
        lambda given: skface.search_report({"mean_fit_time": [1.0]}),
        "a cv_results_ has params and mean_test_score; this has not",
    ),
    "one transformer": (
        lambda given: features.extract_together(given.transformer, given.photos),
        "transformers must be a list of VGG19Features, got VGG19Features",
    ),
    "a specification of no dict": (
        lambda given: given.store.specification(None),
        "needs n_features, the length of a row",
    ),
    "words for digests": (
        lambda given: given.rows.read(["a" * 16]),
        "digests must be a sequence of bytes",
    ),
    "words for rows": (
        lambda given: given.rows.write([bytes(16)], [["a", "b"]]),
        "rows must hold numbers",
    ),
    "a number to prune": (
        lambda given: given.store.prune(3),
        "3 fits 0 specifications of the store, not one",
    ),
    "features of no store": (
        lambda given: features.FeatureArray("store", [bytes(16)]),
        "store_rows must be what FeatureStore.specification gives, got 'store'",
    ),
    "features of words": (
        lambda given: features.FeatureArray(given.rows, "abc"),
        "digests must be a sequence of bytes",
    ),
    "a list for a preset": (
        lambda given: skface.make_bbox_pipeline(["best"]),
        r"preset must be in \['paper', 'fast', 'best'\], got \['best'\]",
    ),
    "no file to save": (
        lambda given: skface.save(given.pipe["head"], None),
        "path must be the path of a file, got None",
    ),
    "no file to load": (
        lambda given: skface.load(""),
        "path must be the path of a file, got ''",
    ),
    "numbers for weights": (
        lambda given: features.weights_identity(3),
        "weights must be .*, got 3",
    ),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_an_error_says_what_is_wrong(given, call, message):
    with pytest.raises(SkfaceError, match=message):
        call(given)


def test_every_public_function_is_called():
    callables = {name for name, value in PUBLIC.items() if callable(value)}
    errors = {name for name in callables if name.startswith("skface.exceptions.")}
    assert callables - errors - {"skface.metrics.get_scorer_names"} <= set(CALLS)
