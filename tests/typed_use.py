"""Code of a user, for `make types`: it is checked and never run.

Each ``type: ignore`` is a mistake that the checker has to find, or it complains of the
ignore itself.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from typing_extensions import assert_type

    from skface import (
        AlignedFaces,
        AttributesDisplay,
        CelebALoader,
        ClustersDisplay,
        DenseHeadClassifier,
        DenseHeadRegressor,
        DetectionDisplay,
        ErrorsDisplay,
        FaceDetector,
        FaceReader,
        FacesDisplay,
        FeatureStore,
        Frames,
        GroupDisplay,
        HistoryDisplay,
        ImageArray,
        SaliencyDisplay,
        SearchDisplay,
        SecondLook,
        VGG19Features,
        VisibilityDisplay,
        __version__,
        card,
        datasets,
        exceptions,
        extract_once,
        features,
        load,
        make_attribute_pipeline,
        make_bbox_pipeline,
        make_cost_aware_scorer,
        make_face_reader,
        make_landmark_pipeline,
        metrics,
        persistence,
        pipelines,
        save,
        search_report,
        systems,
        targets,
        to_pixels,
    )


if TYPE_CHECKING:
    from skface import make_box_pipeline  # type: ignore[attr-defined]  # noqa: F401


def use_data(root: str) -> None:
    assert_type(__version__, str)
    assert_type(datasets.drawn_celeba(20), Path)
    assert_type(datasets.make_celeba(root, 20, random_state=0), Path)
    assert_type(datasets.make_wider(root, 20, random_state=0), Path)
    assert_type(datasets.drawn_wider(20), Path)
    photos, faces = datasets.WiderFaceLoader(root, min_size=0.1).load("val")
    assert_type(photos, ImageArray)
    assert_type(metrics.detection_average_precision(faces, faces, iou=0.5), float)
    precision, _, _ = metrics.detection_curve(faces, faces)
    assert_type(precision, np.ndarray)
    assert_type(datasets.available_targets(root), list[str])
    loader = CelebALoader(root, target="landmarks", image_size=224)
    X, y = loader.load("train")
    assert_type(X, ImageArray)
    assert_type(X.shape, tuple[int, int, int, int])
    assert_type(y, np.ndarray)
    assert_type(to_pixels(y, (178, 218)), np.ndarray)
    assert_type(datasets.to_fractions(y, (178, 218)), np.ndarray)
    assert_type(datasets.mirrored(y, "landmarks"), np.ndarray)
    assert_type(datasets.ATTRIBUTE_NAMES + datasets.DRAWN_ATTRIBUTES, tuple[str, ...])
    names: tuple[str, ...] = datasets.BBOX_NAMES + datasets.LANDMARK_NAMES
    print(names)
    assert_type(datasets.photo_size("me.jpg"), tuple[int, int])

    CelebALoader(root, targets="bbox")  # type: ignore[call-arg]
    loader.load_all()  # type: ignore[attr-defined]
    datasets.make_celebs(root)  # type: ignore[attr-defined]
    X.paths_()  # type: ignore[attr-defined]


def use_targets(X: "ImageArray", y: np.ndarray, fitted: object) -> None:
    eyes = targets.Landmarks(("left", "right"), (("left", "right"),), ("left", "right"))
    assert_type(eyes.columns(), list[str])
    assert_type(targets.as_target("bbox"), targets.Target)
    assert_type(targets.target_of(fitted).mirrored(y), np.ndarray)
    both = targets.Joint((targets.BBOX, targets.LANDMARKS))
    assert_type(both.score(y, y), float)
    print(targets.Attributes(("Smiling",)), targets.ATTRIBUTES, targets.Boxes())
    print(targets.CORNERS)
    frames = Frames.from_boxes(y, (178, 218), margin=0.5).mirrored()
    assert_type(frames.to_photo(y, "bbox"), np.ndarray)
    assert_type(X.framed(frames), ImageArray)

    targets.Landmarks(names=("left",))  # type: ignore[call-arg]
    frames.flipped()  # type: ignore[attr-defined]


def use_features(photos: "ImageArray", folder: str) -> None:
    transformer = VGG19Features(weights=None, layer="block4_pool", cache_dir=folder)
    assert_type(features.extract_together([transformer], photos), int)
    store = FeatureStore(folder)
    assert_type(store.info().n_rows, int)
    assert_type(store.verify(delete=True).n_checked, int)
    assert_type(store.prune(keep="ab"), int)
    rows = store.specification({"n_features": 2})
    assert_type(rows.read([b"digest"]), np.ndarray)
    assert_type(features.FeatureArray(rows, []).shape, tuple[int, int])

    VGG19Features(layers="block4_pool")  # type: ignore[call-arg]
    store.shrink()  # type: ignore[attr-defined]


def use_pipelines(X: "ImageArray", y: np.ndarray, path: str) -> None:
    pipe = make_attribute_pipeline("paper", weights=None, random_state=0)
    assert_type(pipe, pipelines.FacePipeline)
    looking = make_bbox_pipeline(looks=2)
    assert_type(looking, pipelines.FacePipeline | pipelines.SecondLook)
    looking.fit(X, y, X_val=X, y_val=y).predict(["me.jpg"])
    assert_type(looking.n_passes, int)
    make_landmark_pipeline(cache_dir=path)
    make_attribute_pipeline(align=looking)
    AlignedFaces(looking).fit(X).transform(X)
    assert_type(SecondLook(pipe, pipe, n_looks=2).frames_of(X, y), tuple)
    reader = make_face_reader("fast", weights=path)
    assert_type(reader, FaceReader)
    FaceReader(FaceDetector(path).fit(X, y), looking, pipe).fit(landmarks=(X, y))
    assert_type(reader.read(["me.jpg"]), pd.DataFrame)
    assert_type(next(reader.read_in_parts(X)), pd.DataFrame)
    assert_type(reader.aligned(reader.read(X)), ImageArray)
    assert_type(reader.n_passes, int)
    pipe.fit(X, y, X_val=X, y_val=y).predict(["me.jpg"])
    save(pipe, path, target_names=["Smiling"])
    persistence.load(path).predict(["me.jpg"])
    load(path, weights="imagenet")
    assert_type(card(pipe, X, y).html, str)
    DenseHeadClassifier(2, 128, threshold="f1").fit(y, y)
    DenseHeadRegressor(n_layers=0, loss="wing").fit(y, y)

    make_bbox_pipeline(layers=3)  # type: ignore[call-arg]
    DenseHeadRegressor(hidden=3)  # type: ignore[call-arg]
    save(pipe)  # type: ignore[call-arg]


def use_metrics(y_true: np.ndarray, y_pred: np.ndarray) -> None:
    assert_type(metrics.attribute_accuracy(y_true, y_pred), float)
    assert_type(metrics.attribute_balanced_accuracy(y_true, y_pred), float)
    assert_type(metrics.failure_rate(y_true, y_pred, threshold=0.05), float)
    report = metrics.attribute_report(y_true, y_pred, names=["Smiling"])
    assert_type(report, pd.DataFrame)
    metrics.iou_score(y_true, y_pred, average=False)
    metrics.nme_score(y_true, y_pred, image_sizes=(178, 218))
    for name in metrics.get_scorer_names():
        assert_type(metrics.get_scorer(name)(None, y_true, y_pred), float)
    make_cost_aware_scorer("iou", target=1e6)

    metrics.iou(y_true, y_pred)  # type: ignore[attr-defined]
    make_cost_aware_scorer("iou")  # type: ignore[call-arg]


def use_searches(fitted: object, X: "ImageArray") -> None:
    assert_type(extract_once(fitted, X), int)
    assert_type(search_report(fitted, metric="iou"), pd.DataFrame)


def use_systems(fitted: object, X: "ImageArray", y: np.ndarray) -> None:
    systems.CORAL(64).fit(y, domain=["source"]).transform(y)
    assert_type(systems.mmd(y, y), float)
    models = {"one": fitted, "other": (y, None)}
    assert_type(systems.compare_attributes(models, y, X), pd.DataFrame)
    clusterer = systems.AttributeClusterer(8, method="hdbscan").fit(y)
    assert_type(clusterer.describe(), pd.DataFrame)
    assert_type(systems.identities_left(y, y), pd.Series)
    print(systems.ATTRIBUTE_PARTS["hair"])
    assert_type(systems.PolicyGradientSampler(seed=0).reseed_rng(), None)
    align = systems.LandmarkFreeAlignment(make_landmark_pipeline(looks=1), n_looks=2)
    assert_type(align.n_passes, int)
    align.fit(X).transform(X)
    model = systems.GeneralToSpecific(
        make_attribute_pipeline(), crops=systems.FACE_CROPS
    )
    assert_type(model.crop_features(), VGG19Features)
    model.fit(X, y).predict(X)
    assert_type(ClustersDisplay.from_estimator(clusterer, X), ClustersDisplay)

    assert_type(systems.face_parts("lower", 3), Frames)
    parts = systems.random_parts(3, 0.25, random_state=0)
    assert_type(systems.hide(X, parts, "noise"), np.ndarray)
    assert_type(systems.hidden_cells(parts, (7, 7)), np.ndarray)
    seen = systems.CellVisibility(alpha=1.0).fit(y, y)
    systems.RecoveredFeatures(seen, 8).fit(y).transform(y)
    systems.ShapePrior(fitted, seen).fit(y, y).predict(y)
    committee = systems.SegmentCommittee(make_attribute_pipeline())
    committee.fit(X, y).predict_proba(X)
    assert_type(VisibilityDisplay.from_estimator(fitted, X), VisibilityDisplay)

    systems.CORAL(n_component=3)  # type: ignore[call-arg]


def use_displays(fitted: object, X: "ImageArray", y: np.ndarray) -> None:
    scores = AttributesDisplay.from_predictions(y, y)
    assert_type(scores.plot(column="recall"), AttributesDisplay)
    assert_type(DetectionDisplay.from_predictions([y], [y]), DetectionDisplay)
    assert_type(GroupDisplay.from_predictions(["a.jpg"], [y]), GroupDisplay)
    assert_type(ErrorsDisplay.from_predictions(y, y, target="bbox"), ErrorsDisplay)
    assert_type(FacesDisplay.from_predictions(X, y, target="bbox"), FacesDisplay)
    assert_type(HistoryDisplay.from_estimator(fitted), HistoryDisplay)
    assert_type(SaliencyDisplay.from_estimator(fitted, X, "Smiling"), SaliencyDisplay)
    assert_type(SearchDisplay.from_estimator(fitted), SearchDisplay)

    FacesDisplay.from_photos(X)  # type: ignore[attr-defined]


def use_errors() -> None:
    try:
        load("model.skface")
    except exceptions.ImageError as error:
        print(error.paths)
        error.photos  # type: ignore[attr-defined]  # noqa: B018
    except (
        exceptions.CheckpointError,
        exceptions.DatasetError,
        exceptions.ForkError,
        exceptions.InputError,
        exceptions.ParameterError,
        exceptions.SavedFileError,
        exceptions.StoreError,
        exceptions.WeightsError,
    ) as error:
        print(error)
    except (exceptions.SkfaceError, exceptions.SkfaceWarning):
        raise
