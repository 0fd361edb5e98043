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
    check_looks,
    is_aligned,
    names_in,
    new_folder,
    say,
    verbose,
)
from skface.cli._streams import write_out
from skface.datasets import CelebALoader
from skface.evaluation import Evaluation
from skface.exceptions import ParameterError
from skface.persistence import save
from skface.pipelines import MAKERS, SecondLook


def run(args):
    if args.target == "faces":
        from skface.cli import _fit_faces  # which needs what is here

        _fit_faces.run(args)
        return
    for option in ("landmarks", "attributes"):
        if getattr(args, option) is not None:
            raise ParameterError(f"--{option}: is for --target faces; leave it out")
    splits = load_splits(loader_of(args))
    pipe = make_pipeline(args)
    fit_into(run_folder(args), pipe, splits, args)


def loader_of(args):
    return CelebALoader(
        args.data, args.target, aligned=is_aligned(args), verbose=verbose(args)
    )


def load_splits(loader):
    """Photos and targets of train, valid and test."""
    return {split: loader.load_bunch(split) for split in ("train", "valid", "test")}


def make_pipeline(args):
    """The pipeline that the arguments describe, with a seed.

    Raises
    ------
    ParameterError
        It has no such parameter, or attributes were to be looked for more than once.
    """
    draw_seed(args)
    check_looks(args)
    looks = {} if args.looks is None else {"looks": args.looks}
    pipe = MAKERS[args.target](
        args.preset,
        weights=args.weights,
        cache_dir=cache_dir(args),
        random_state=args.random_state,
        verbose=verbose(args),
        **looks,
    )
    known = settable_params(pipe)
    if isinstance(pipe, SecondLook):  # what is set in both looks, too
        known |= settable_params(pipe.second)
    set_params(pipe, args.set, known)
    return pipe


def draw_seed(args):
    """A seed where none was given, which the command that is written down has."""
    if args.random_state is None:
        args.random_state = secrets.randbelow(2**31)
        args.arguments += ["--random-state", str(args.random_state)]


def set_params(estimator, settings, known):
    """Set the parameters of ``--set``.

    Raises
    ------
    ParameterError
        One is not among the `known`.
    """
    for name, value in settings:
        if name not in known:
            near = difflib.get_close_matches(name, known, cutoff=0)
            raise ParameterError(
                f"--set {name}: the pipeline has no such parameter; near to it are "
                f"{', '.join(near)}"
            )
        estimator.set_params(**{name: value})


def settable_params(pipe):
    """Parameters of the steps, and those of the pipeline that shape what it learns."""
    if isinstance(pipe, SecondLook):
        own = pipe.get_params(deep=False)
        looks = {name: own.pop(name) for name in ("first", "second")}
        of_looks = {
            f"{look}__{name}": value
            for look in looks
            for name, value in settable_params(looks[look]).items()
        }
        return own | of_looks
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
    save(pipe, folder / "model.skface", target_names=train.target_names)
    parameters = settable_params(pipe)
    write_settings(
        folder, args, started, splits, preset=args.preset, pipeline=parameters, **more
    )
    epochs = _epochs(pipe)
    for look, numbers in epochs.items():
        say(args, "{}{n_epochs} epochs, the best {best_epoch}".format(look, **numbers))
    told = epochs.get("") or {"looks": list(epochs.values())}

    evaluation = Evaluation.from_estimator(
        pipe,
        test.images,
        test.target,
        y_train=train.target,
        names=train.target_names,
        image_sizes=test.image_sizes,
    )
    write_report(
        folder, evaluation, split="test", **told, fit_seconds=round(seconds, 1)
    )
    write_pictures(folder, pipe, evaluation, test.images)
    say(args, f"on {len(test.images):,} test photos:")
    write_out(figures_text(evaluation))
    say(args, f"in {folder}: {names_in(folder)}")


def write_settings(folder, args, started, splits, **more):
    """settings.json, which tells how to repeat a run."""
    settings = {
        "command": shlex.join(["skface", *args.arguments]),
        "working_directory": os.getcwd(),
        "skface": __version__,
        "started": started,
        "data": Path(args.data).resolve(),
        "target": args.target,
        "n_photos": {split: len(bunch.images) for split, bunch in splits.items()},
        "random_state": args.random_state,
        **more,
    }
    write_file(folder / "settings.json", as_json(settings) + "\n")


def _epochs(pipe):
    """Epochs of each head, and which was the best, by what is said before them."""
    looks = {"": pipe}
    if isinstance(pipe, SecondLook):
        looks = {"first look: ": pipe.first_, "second look: ": pipe.second_}
    heads = {look: each[-1] for look, each in looks.items()}
    return {
        look: {"n_epochs": head.n_epochs_, "best_epoch": head.best_epoch_ + 1}
        for look, head in heads.items()
    }
