"""``skface demo``: data, pipelines, a search, every face, and pictures, in minutes."""

import shlex
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from skface._files import user_cache, write_file
from skface._pictures import as_png
from skface.cli._search import scores_by_size
from skface.cli._shared import names_in
from skface.cli._streams import write_out
from skface.datasets import (
    CelebALoader,
    WiderFaceLoader,
    available_targets,
    drawn_celeba,
    drawn_wider,
)
from skface.detection import FaceDetector, FaceReader
from skface.displays import (
    FacesDisplay,
    GroupDisplay,
    SearchDisplay,
    check_matplotlib,
)
from skface.evaluation import Evaluation
from skface.exceptions import DatasetError
from skface.persistence import save
from skface.photos import photo_sizes
from skface.pipelines import MAKERS, AlignedFaces, SecondLook
from skface.search import head_search, search_report

_N_FACES, _N_GROUPS = 600, 60  # drawn photos of one person, and of several
_N_LAYERS, _N_UNITS = [1, 2, 3], [64, 256]
_N_PICTURED, _N_GROUPS_PICTURED = 12, 4
_N_FRAMES = 2  # a photo: of drawn faces more teach little
# Of CelebA's forty attributes, some that a picture shows to anyone.
_SHOWN = {
    *("Bald", "Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"),
    *("Eyeglasses", "Goatee", "Mustache", "Smiling", "Mouth_Slightly_Open"),
    *("Wearing_Hat", "Wearing_Earrings", "Wearing_Lipstick", "Wearing_Necktie"),
}


def run(args):
    """Fit box, landmarks and attributes, search a head, and write it all to a folder.

    Without a folder of the user's own it ends with every face of drawn groups.

    Raises
    ------
    DatasetError
        ``args.data`` has no photos or lists for any target.
    ImportError
        matplotlib is missing.
    """
    start = perf_counter()
    check_matplotlib("the demo")
    verbose, weights = int(not args.quiet), args.weights
    say = write_out if verbose else lambda text: None
    root = Path(args.data or drawn_celeba(_N_FACES, verbose=verbose))
    say(f"Data: {root}")

    pipelines, figures = {}, []
    targets = available_targets(root)
    if not targets:
        raise DatasetError(
            f"{root}: has photos, lists and a partition for no target; CelebALoader "
            "tells the layouts it reads"
        )
    output = Path(args.output)
    output.mkdir(parents=True, exist_ok=True)
    aligned = dict.fromkeys(targets)
    if has_landmarks_in_the_wild(root):
        aligned["landmarks"] = False
    for target in targets:
        pipe, rows = fit_and_score(
            root, target, weights, aligned=aligned[target], verbose=verbose
        )
        save(pipe, output / f"{target}.skface")
        pipelines[target] = pipe
        figures.append(rows)
    table = pd.concat(figures, ignore_index=True)
    say(f"\nOn the test photos:\n{table.round(3).to_string(index=False)}")

    target = targets[-1]
    search = _search(root, target, aligned[target], pipelines[target], say)
    heat_map = as_png(SearchDisplay.from_estimator(search))
    write_file(output / "search.png", heat_map)
    _picture(root, pipelines, ["bbox"], aligned, output / "boxes.png")
    shown = dict(pipelines)
    if aligned.get("landmarks") is False and "attributes" in pipelines:
        align = AlignedFaces(pipelines["landmarks"])
        shown["attributes"] = pipelines["attributes"].behind(align)
        aligned["attributes"] = False
    both = ["landmarks", "attributes"]
    _picture(root, shown, both, aligned, output / "faces.png")
    command, model = "predict", f"{targets[0]}.skface"
    if args.data is None:
        command, model = "read", "reader.skface"
        _read_groups(pipelines, weights, output, say, verbose)
    say(f"\nIn {output.resolve()}: {names_in(output)}")
    say(f"{perf_counter() - start:.0f} s in all. A photo of your own:\n")
    say(f"    skface {command} {shlex.quote(str(output / model))} me.jpg")


def has_landmarks_in_the_wild(root):
    """Whether a CelebA folder has landmarks of its photos in the wild."""
    try:
        CelebALoader(root, "landmarks", aligned=False).load("test")
    except DatasetError:
        return False
    return True


def fit_and_score(root, target, weights="synthetic", *, aligned=None, verbose=0):
    """Fit the best preset on the official train and valid photos, score it on test.

    Parameters
    ----------
    root : path-like
        A CelebA folder.
    target : {"bbox", "landmarks", "attributes"}
    weights : "synthetic", "imagenet" or path-like, default="synthetic"
    aligned : bool, default=None
        As for `CelebALoader`.
    verbose : int, default=0

    Returns
    -------
    pipe : FacePipeline or SecondLook
        Fitted, with ``target_names_``; its features are kept in the user's cache.
    figures : DataFrame, one row a figure
        figure: its name; better: "higher" or "lower"; baseline: the trivial baseline's;
        skface.
    """
    loader = CelebALoader(root, target, aligned=aligned, verbose=verbose)
    train, valid, test = (
        loader.load_bunch(split) for split in ("train", "valid", "test")
    )
    pipe = MAKERS[target](
        weights=weights,
        cache_dir=user_cache() / "features",
        random_state=0,
        verbose=verbose,
    )
    if isinstance(pipe, SecondLook):
        pipe.set_params(n_frames=_N_FRAMES)
    pipe.fit(train.images, train.target, X_val=valid.images, y_val=valid.target)
    pipe.target_names_ = test.target_names
    evaluation = Evaluation.from_estimator(
        pipe,
        test.images,
        test.target,
        y_train=train.target,
        image_sizes=test.image_sizes,
    )
    return pipe, evaluation.figures()


def _read_groups(pipelines, weights, output, say, verbose):
    """Fit a detector on drawn groups, and read every face of those not learnt from."""
    loader = WiderFaceLoader(drawn_wider(_N_GROUPS, verbose=verbose))
    detector = FaceDetector(
        weights,
        longest_side=320,
        threshold=0.8,
        steps=200,
        random_state=0,
        verbose=verbose,
    )
    reader = FaceReader(
        detector, pipelines["landmarks"], pipelines["attributes"], verbose=verbose
    )
    say("\nEvery face in photos of groups …")
    reader.fit(boxes=loader.load("train"))
    save(reader, output / "reader.skface")
    X, boxes = loader.load("val")
    reading = reader.read(X)
    say(
        f"{len(reading)} faces found in {len(X)} photos; {sum(map(len, boxes))} are "
        "there"
    )
    width, height = photo_sizes(X.paths).T
    n_faces = np.array(list(map(len, boxes)))
    largest = np.lexsort([-n_faces, width < height])  # of those that are wide
    shown = X.paths[largest[:_N_GROUPS_PICTURED]]
    is_shown = reading["photo"].isin(shown)
    if is_shown.any():
        left_out = {*reader.target_names_} - _SHOWN
        columns = [name for name in reading if name not in left_out]
        display = GroupDisplay.from_reading(reading.loc[is_shown, columns], n_columns=2)
        write_file(output / "groups.png", as_png(display))


def _search(root, target, aligned, pipe, say):
    """Layer count x width on the official split; the features are known by now."""
    loader = CelebALoader(root, target, aligned=aligned)
    search = head_search(pipe, loader, _N_LAYERS, _N_UNITS)
    say(f"\nSearch of the head for {target} on the validation photos …")
    search.fit(*loader.load("train+valid"))
    say(scores_by_size(search_report(search)))
    say(f"best: {search.best_params_}")
    return search


def _picture(root, pipelines, targets, aligned, file):
    """Test photos with what the pipelines of some targets find in them."""
    bunches = {
        target: CelebALoader(root, target, aligned=aligned[target]).load_bunch("test")
        for target in targets
        if target in pipelines
    }
    if not bunches:
        return
    first = next(iter(bunches.values()))
    bunches = {  # lists need not name the same photos
        target: bunch
        for target, bunch in bunches.items()
        if np.array_equal(bunch.images.paths, first.images.paths)
    }
    display = FacesDisplay.from_estimator(
        [pipelines[target] for target in bunches],
        first.images,
        [bunch.target for bunch in bunches.values()],
        n_faces=_N_PICTURED,
        image_sizes=first.image_sizes,
    )
    write_file(file, as_png(display))
