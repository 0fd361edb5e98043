"""``skface evaluate``."""

from skface.cli._report import (
    evaluated,
    figures_text,
    report_of,
    write_pictures,
    write_report,
)
from skface.cli._shared import as_json, load_model, new_folder, say, write_out


def run(args):
    folder = None if args.output is None else new_folder(args.output)
    pipe, target = load_model(args)
    evaluation, bunch = evaluated(pipe, target, args)
    about = {"model": args.model, "data": args.data, "split": args.split}
    if folder is not None:
        write_report(folder, evaluation, **about)
        write_pictures(folder, pipe, evaluation, bunch.images)
        names = ", ".join(sorted(path.name for path in folder.iterdir()))
        say(args, f"in {folder}: {names}")
    if args.json:
        write_out(as_json(report_of(evaluation, **about)))
    else:
        say(args, f"{target} of {len(bunch.images):,} photos of {args.data}")
        write_out(figures_text(evaluation))
