"""``skface fit --target faces``: a detector, and a reader of every face."""

from datetime import datetime, timezone
from time import perf_counter

import pandas as pd

from skface._files import write_file
from skface._pictures import as_png, has_matplotlib
from skface.cli._fit import draw_seed, run_folder, set_params, write_settings
from skface.cli._shared import (
    as_csv,
    as_json,
    cache_dir,
    counted,
    names_in,
    say,
    verbose,
)
from skface.cli._streams import write_out
from skface.datasets import WiderFaceLoader
from skface.detection import FaceDetector, FaceReader
from skface.displays import DetectionDisplay, GroupDisplay
from skface.exceptions import InputError, ParameterError
from skface.metrics import detection_average_precision, detection_curve
from skface.persistence import load, save
from skface.pipelines import FacePipeline, SecondLook
from skface.targets import target_of

_LARGE = 0.1  # of the photo's height
_N_PICTURED = 6
_DIGITS = 3


def run(args):
    """Fit the detector on the train photos, and measure it on the val photos.

    Raises
    ------
    ParameterError
        A model is missing, or an option is of models of one face a photo.
    """
    _check_options(args)
    draw_seed(args)
    loader = WiderFaceLoader(args.data, verbose=verbose(args))
    splits = {split: loader.load_bunch(split) for split in ("train", "val")}
    train, val = splits.values()
    where = cache_dir(args)
    detector = FaceDetector(
        args.weights,
        cache_dir=where,
        random_state=args.random_state,
        verbose=verbose(args),
    )
    set_params(detector, args.set, detector.get_params())
    reader = FaceReader(
        detector,
        _model(args, "landmarks", SecondLook, where),
        _model(args, "attributes", FacePipeline, where),
    )
    folder = run_folder(args)
    say(args, f"fitting faces on {len(train.images):,} photos of {args.data}")
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    start = perf_counter()
    reader.fit(boxes=(train.images, train.target))
    seconds = round(perf_counter() - start, 1)
    save(reader, folder / "model.skface")
    write_settings(
        folder,
        args,
        started,
        splits,
        detector=detector.get_params(),
        landmarks=args.landmarks,
        attributes=args.attributes,
    )
    found = detector.candidates(val.images)
    figures = _figures(val.target, found, detector.threshold)
    write_file(folder / "report.csv", as_csv(figures, "%.6g"))
    report = {
        "target": "faces",
        "split": "val",
        "n_photos": len(val.images),
        "fit_seconds": seconds,
        "figures": figures.to_dict("records"),
    }
    write_file(folder / "report.json", as_json(report) + "\n")
    if has_matplotlib():
        curve = DetectionDisplay.from_predictions(val.target, found)
        write_file(folder / "precision.png", as_png(curve))
        _picture(folder, reader, val.images)
    n_faces = counted(sum(map(len, val.target)), "face")
    say(args, f"on {len(val.images):,} val photos with {n_faces}:")
    write_out(figures.round(_DIGITS).to_string(index=False))
    say(args, f"in {folder}: {names_in(folder)}")


def _check_options(args):
    for option in ("landmarks", "attributes"):
        if getattr(args, option) is None:
            raise ParameterError(
                f"--target faces needs --{option} MODEL, a file of `skface fit "
                f"--target {option}`"
            )
    is_given = {
        "wild": args.wild,
        "looks": args.looks is not None,
        "preset": args.preset != "best",
    }
    for option, given in is_given.items():
        if given:
            raise ParameterError(
                f"--{option}: is for models of one face a photo; leave it out"
            )


def _model(args, target, kind, where):
    """The model of an option.

    Raises
    ------
    InputError
        It is not one that a reader takes.
    """
    path = getattr(args, target)
    model = load(path, cache_dir=where)
    if not isinstance(model, kind) or target_of(model).plural != target:
        looks = " --wild --looks 3" * (kind is SecondLook)
        raise InputError(
            f"--{target} {path}: a reader takes no such model, but one of `skface fit "
            f"--target {target}{looks}`"
        )
    return model


def _figures(y_true, y_pred, threshold):
    """Figures of a detector, as a table."""
    sure = [faces[faces[:, 4] >= threshold] for faces in y_pred]
    precision, recall, _ = detection_curve(y_true, sure)
    large = f", faces of {_LARGE} of the height"
    rows = {
        "average precision": detection_average_precision(y_true, y_pred),
        f"average precision{large}": detection_average_precision(
            y_true, y_pred, min_size=_LARGE
        ),
        f"precision at score {threshold}": precision[0],
        f"recall at score {threshold}": recall[0],
    }
    return pd.DataFrame(
        {"figure": list(rows), "better": "higher", "skface": list(rows.values())}
    )


def _picture(folder, reader, X):
    reading = reader.read(X[:_N_PICTURED])
    if len(reading):
        display = GroupDisplay.from_reading(reading)
        write_file(folder / "faces.png", as_png(display))
