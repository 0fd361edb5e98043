"""``skface evaluate``, and the report that it has in common with ``skface fit``."""

import warnings

from skface._files import write_file
from skface._pictures import (
    faces_picture,
    has_matplotlib,
    history_pictures,
    scores_picture,
)
from skface.cli._shared import (
    as_csv,
    as_json,
    is_aligned,
    load_model,
    names_in,
    new_folder,
    say,
)
from skface.cli._streams import write_out
from skface.datasets import CelebALoader
from skface.evaluation import Evaluation
from skface.exceptions import DatasetError, ImageError, InputError, SkfaceWarning

_DIGITS = 3
_FLOAT = "%.6g"


def run(args):
    folder = None if args.output is None else new_folder(args.output)
    pipe, target = load_model(args)
    evaluation, bunch = _evaluated(pipe, target, args)
    about = {"model": args.model, "data": args.data, "split": args.split}
    if folder is not None:
        write_report(folder, evaluation, **about)
        write_pictures(folder, pipe, evaluation, bunch.images)
        say(args, f"in {folder}: {names_in(folder)}")
    if args.json:
        write_out(as_json(_report_of(evaluation, **about)))
    else:
        say(args, f"{target.name} of {len(bunch.images):,} photos of {args.data}")
        write_out(figures_text(evaluation))


def load_split(loader, split, names):
    """Photos of one split, and the columns of its target in the order of `names`.

    Raises
    ------
    InputError
        The folder does not have them all.
    """
    bunch = loader.load_bunch(split)
    missing = [name for name in names if name not in bunch.target_names]
    if missing:
        raise InputError(
            f"{loader.root}: its list has no {', '.join(missing)}, which the model "
            f"tells; it has {', '.join(bunch.target_names)}"
        )
    columns = [bunch.target_names.index(name) for name in names]
    bunch.update(target=bunch.target[:, columns], target_names=list(names))
    return bunch


def training_targets(loader, names):
    """y of the train split; None where the folder has none, or a broken photo in it.

    Warns
    -----
    SkfaceWarning
        Of a broken photo: the baseline is another without the train split.
    """
    try:
        return load_split(loader, "train", names).target
    except DatasetError:
        return None
    except ImageError as error:
        warnings.warn(
            "the baseline is that of the photos evaluated, as those of train cannot "
            f"all be read: {error}",
            SkfaceWarning,
            stacklevel=2,
        )
        return None


def _evaluated(pipe, target, args):
    """An evaluation on ``args.split`` of ``args.data``, with its photos."""
    loader = CelebALoader(args.data, target, aligned=is_aligned(args))
    names = pipe.target_names_
    bunch = load_split(loader, args.split, names)
    evaluation = Evaluation.from_estimator(
        pipe,
        bunch.images,
        bunch.target,
        target=target,
        y_train=training_targets(loader, names),
        names=names,
        image_sizes=bunch.image_sizes,
    )
    return evaluation, bunch


def figures_text(evaluation):
    """The figures as a table for the terminal."""
    return evaluation.figures().round(_DIGITS).to_string(index=False)


def _report_of(evaluation, **more):
    """All figures in JSON's types."""
    report = {
        "target": evaluation.target.name,
        **more,
        "n_photos": len(evaluation.y_true),
        "figures": evaluation.figures().to_dict("records"),
    }
    if not evaluation.target.is_coordinates:
        report["attributes"] = evaluation.attributes().reset_index().to_dict("records")
    return report


def write_report(folder, evaluation, **more):
    """report.csv and report.json; of attributes, attributes.csv too."""
    write_file(folder / "report.csv", as_csv(evaluation.figures(), _FLOAT))
    if not evaluation.target.is_coordinates:
        table = evaluation.attributes().reset_index()
        write_file(folder / "attributes.csv", as_csv(table, _FLOAT))
    write_file(folder / "report.json", as_json(_report_of(evaluation, **more)) + "\n")


def write_pictures(folder, pipe, evaluation, images):
    """Training, scores and the worst photos, where matplotlib is installed."""
    if not has_matplotlib():
        return
    pictures = {
        **history_pictures(pipe),
        "errors" if evaluation.target.is_coordinates else "attributes": (
            scores_picture(evaluation)
        ),
        "worst": faces_picture(evaluation, images, "worst"),
    }
    for name, png in pictures.items():
        write_file(folder / f"{name}.png", png)
