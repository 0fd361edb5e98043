"""``skface predict``."""

import os

import pandas as pd

from skface._files import write_file
from skface.cli._annotate import annotate, check_folder
from skface.cli._finding import find_photos
from skface.cli._shared import (
    as_csv,
    as_json,
    counted,
    is_formula,
    load_model,
    say,
    without_unreadable,
)
from skface.cli._streams import write_out
from skface.exceptions import InputError
from skface.photos import photo_sizes, to_pixels

_PIXEL_DIGITS, _FRACTION_DIGITS = 2, 6


def run(args):
    """Predict, and return 1 where photos could not be read."""
    given = find_photos(args)
    if args.annotate is not None:
        check_folder(args.annotate, given)
    pipe, target = load_model(args)
    if args.proba and not hasattr(pipe, "predict_proba"):
        raise InputError(
            f"--proba is for attributes; {args.model} finds {target.plural}"
        )

    say(args, counted(len(given), "photo"))
    predict = pipe.predict_proba if args.proba else pipe.predict
    photos, y = without_unreadable(predict, given)
    if photos:
        if y.dtype.kind == "f":
            y = y.astype(float)  # float32 would be written with all its digits
        digits, shown = _FRACTION_DIGITS, y
        if target.is_coordinates and not args.fractions:
            digits, shown = _PIXEL_DIGITS, to_pixels(y, photo_sizes(photos))
        table = pd.DataFrame(shown, columns=pipe.target_names_)
        table.insert(0, "photo", photos, allow_duplicates=True)
        _write(table, digits, args)
        if args.annotate is not None:
            annotate(photos, y, target, pipe.target_names_, args.annotate)
            say(args, f"{counted(len(photos), 'annotated photo')} in {args.annotate}")
    return int(len(photos) < len(given))


def _write(table, digits, args):
    if args.json or (args.output or "").endswith(".json"):
        text = as_json(table.round(digits).to_dict("records")) + "\n"
    else:
        table.isetitem(0, [_no_formula(photo) for photo in table.iloc[:, 0]])
        text = as_csv(table, f"%.{digits}f")
    if args.output is None:
        write_out(text)
    else:
        write_file(args.output, text)
        say(args, f"{counted(len(table), 'line')} in {args.output}")


def _no_formula(photo):
    """Another path of the same photo, where a spreadsheet would compute this one."""
    return os.path.join(os.curdir, photo) if is_formula(photo) else photo
