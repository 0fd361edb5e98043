"""``skface fit``."""

import difflib
import os
import secrets
import shlex
from datetime import datetime, timezone
from pathlib import Path
from time import perf_counter

from skface._files import write_file
from skface._version import __version__
from skface.cli._evaluate import figures_text, write_pictures, write_report
from skface.cli._shared import (
    as_json,
    cache_dir,
    new_folder,
    say,
    verbose,
)
from skface.cli._streams import write_out
from skface.datasets import CelebALoader
from skface.evaluation import Evaluation
from skface.exceptions import ParameterError
from skface.persistence import save
from skface.pipelines import MAKERS


def run(args):
    splits = load_splits(loader_of(args))
    pipe = make_pipeline(args)
    fit_into(run_folder(args), pipe, splits, args)


def loader_of(args):
    return CelebALoader(args.data, args.target, verbose=verbose(args))


def load_splits(loader):
    """Photos and targets of train, valid and test."""
    return {split: loader.load_bunch(split) for split in ("train", "valid", "test")}


def make_pipeline(args):
    """The pipeline that the arguments describe, with a seed.

    Raises
    ------
    ParameterError
        It has no such parameter.
    """
    if args.random_state is None:
        args.random_state = secrets.randbelow(2**31)
        args.arguments += ["--random-state", str(args.random_state)]
    pipe = MAKERS[args.target](
        args.preset,
        weights=args.weights,
        cache_dir=cache_dir(args),
        random_state=args.random_state,
        verbose=verbose(args),
    )
    known = settable_params(pipe)
    for name, value in args.set:
        if name not in known:
            near = difflib.get_close_matches(name, known, cutoff=0)
            raise ParameterError(
                f"--set {name}: the pipeline has no such parameter; near to it are "
                f"{', '.join(near)}"
            )
        pipe.set_params(**{name: value})
    return pipe


def settable_params(pipe):
    """Parameters of the steps, and those of the pipeline that shape what it learns."""
    return {
        name: value
        for name, value in pipe.get_params().items()
        if "__" in name or name == "mirror"
    }


def run_folder(args):
    """A folder for the run, made before the work that it shall hold."""
    if args.output is None:
        time = datetime.now().strftime("%Y%m%d-%H%M%S")
        args.output = os.path.join("skface-runs", f"{args.target}-{time}")
    return new_folder(args.output)


def fit_into(folder, pipe, splits, args, **more):
    """Fit, measure, and write everything into the folder."""
    train, valid, test = splits.values()
    say(args, f"fitting {args.target} on {len(train.images):,} photos of {args.data}")
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    start = perf_counter()
    pipe.fit(train.images, train.target, X_val=valid.images, y_val=valid.target)
    seconds = perf_counter() - start
    _save(folder / "model.skface", pipe, train.target_names, args)
    settings = {
        "command": shlex.join(["skface", *args.arguments]),
        "working_directory": os.getcwd(),
        "skface": __version__,
        "started": started,
        "data": Path(args.data).resolve(),
        "target": args.target,
        "n_photos": {split: len(bunch.images) for split, bunch in splits.items()},
        "preset": args.preset,
        "random_state": args.random_state,
        "pipeline": settable_params(pipe),
        **more,
    }
    write_file(folder / "settings.json", as_json(settings) + "\n")
    epochs = {"n_epochs": pipe[-1].n_epochs_, "best_epoch": pipe[-1].best_epoch_ + 1}
    say(args, "{n_epochs} epochs, the best {best_epoch}".format(**epochs))

    evaluation = Evaluation.from_estimator(
        pipe,
        test.images,
        test.target,
        y_train=train.target,
        names=train.target_names,
        image_sizes=test.image_sizes,
    )
    write_report(
        folder, evaluation, split="test", **epochs, fit_seconds=round(seconds, 1)
    )
    write_pictures(folder, pipe, evaluation, test.images)
    say(args, f"on {len(test.images):,} test photos:")
    write_out(figures_text(evaluation))
    names = ", ".join(sorted(path.name for path in folder.iterdir()))
    say(args, f"in {folder}: {names}")


def _save(path, pipe, target_names, args):
    """Write the pipeline as one that shows no bars, as in Python it need not."""
    pipe.set_params(features__verbose=0, head__verbose=0)
    save(pipe, path, target_names=target_names)
    pipe.set_params(features__verbose=verbose(args))
