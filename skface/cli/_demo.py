"""``skface demo``: data, three pipelines, a search, and pictures, in minutes."""

import shlex
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from skface._files import user_cache
from skface.cli._streams import write_out
from skface.datasets import CelebALoader, available_targets, drawn_celeba
from skface.displays import FacesDisplay, SearchDisplay, check_matplotlib
from skface.evaluation import Evaluation
from skface.exceptions import DatasetError
from skface.persistence import save
from skface.pipelines import MAKERS
from skface.search import N_LAYERS, N_UNITS, head_search

_N_LAYERS, _N_UNITS = [1, 2, 3], [64, 256]
_N_PICTURED = 12
_DPI = 120


def run(args):
    """Fit box, landmarks and attributes, search a head, and write it all to a folder.

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
    root = Path(args.data) if args.data else drawn_celeba(verbose=verbose)
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
    for target in targets:
        pipe, rows = fit_and_score(root, target, weights, verbose=verbose)
        save(pipe, output / f"{target}.skface")
        pipelines[target] = pipe
        figures.append(rows)
    table = pd.concat(figures, ignore_index=True)
    say(f"\nOn the test photos:\n{table.round(3).to_string(index=False)}")

    target = targets[-1]
    search = _search(root, target, pipelines[target], say)
    heat_map = SearchDisplay.from_estimator(search).figure_
    heat_map.savefig(output / "search.png", dpi=_DPI, bbox_inches="tight")
    _picture(root, pipelines, ["bbox"], output / "boxes.png")
    _picture(root, pipelines, ["landmarks", "attributes"], output / "faces.png")
    names = ", ".join(sorted(path.name for path in output.iterdir()))
    say(f"\nIn {output.resolve()}: {names}")
    model = shlex.quote(str(output / f"{targets[0]}.skface"))
    say(f"{perf_counter() - start:.0f} s in all. A photo of your own:\n")
    say(f"    skface predict {model} me.jpg")


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
    pipe : FacePipeline
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


def _search(root, target, pipe, say):
    """Layer count x width on the official split; the features are known by now."""
    loader = CelebALoader(root, target)
    search = head_search(pipe, loader, _N_LAYERS, _N_UNITS)
    say(f"\nSearch of the head for {target} on the validation photos …")
    search.fit(*loader.load("train+valid"))
    results = pd.DataFrame(search.cv_results_).pivot(
        index=f"param_{N_LAYERS}",
        columns=f"param_{N_UNITS}",
        values="mean_test_score",
    )
    say(results.round(4).to_string())
    say(f"best: {search.best_params_}")
    return search


def _picture(root, pipelines, targets, file):
    """Test photos with what the pipelines of some targets find in them."""
    bunches = {
        target: CelebALoader(root, target).load_bunch("test")
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
    FacesDisplay.from_estimator(
        [pipelines[target] for target in bunches],
        first.images,
        [bunch.target for bunch in bunches.values()],
        n_faces=_N_PICTURED,
        image_sizes=first.image_sizes,
    ).figure_.savefig(file, dpi=_DPI, bbox_inches="tight")
