"""What the subcommands share."""

import csv
import json
import os
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

from skface._files import user_cache, write_file
from skface.cli._streams import tell, write_out
from skface.exceptions import ImageError, InputError, ParameterError
from skface.photos import check_photo

_N_NAMED = 3
_FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")  # to a spreadsheet


def say(args, text):
    """A line for people, beside the data."""
    if not args.quiet:
        tell(text)


def counted(n, noun):
    """A number of things, such as "1 photo" or "1,200 photos"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def some(names):
    """The first of several names, in brackets."""
    more = ", …" if len(names) > _N_NAMED else ""
    return f"({', '.join(names[:_N_NAMED])}{more})"


def verbose(args):
    """1, for bars, on a terminal; in a pipe the lines of `say` must do."""
    return int(sys.stderr.isatty() and not args.quiet)


def cache_dir(args):
    """Where features are kept; None where none are to be."""
    if getattr(args, "no_cache", False):
        return None
    return args.cache_dir or user_cache() / "features"


def is_aligned(args):
    """`aligned` of the CelebALoader."""
    return False if args.wild else None


def without_unreadable(function, paths):
    """``function(paths)``, once more without the photos that it cannot read.

    Parameters
    ----------
    function : callable
        Raises an ImageError that names them.
    paths : list of str

    Returns
    -------
    paths : list of str
        Those that were read.
    result : object
        What `function` gave; None where nothing could be read. Each bad photo was
        reported on the standard error.
    """
    while paths:
        try:
            return paths, function(paths)
        except ImageError as error:
            bad = set(error.paths)
            left = [path for path in paths if path not in bad]
            if len(left) == len(paths):
                raise
            for path in paths:
                if path in bad:
                    tell(f"skface: error: {_reason(path)}")
            paths = left
    return [], None


def load_model(args, path=None):
    """The pipeline of ``args.model``, or of another path, and its target."""
    from skface import FaceDetector, FaceReader, VGG19Features, load
    from skface._naming import last_step, names_told_by
    from skface.evaluation import target_names
    from skface.targets import target_of

    path = path or args.model
    pipe = load(path, weights=args.weights, cache_dir=cache_dir(args))
    if isinstance(pipe, FaceReader | FaceDetector):
        raise InputError(
            f"{path}: is a {type(pipe).__name__}, for photos with any number of faces; "
            "skface read takes a FaceReader"
        )
    head = last_step(pipe)
    if not hasattr(head, "model_"):
        raise InputError(
            f"{path}: the command reads no {type(head).__name__}; skface.load gives it "
            "to Python"
        )
    if head is pipe:
        raise InputError(
            f"{path}: holds a head alone, which takes features; give a pipeline"
        )
    for each in pipelines_of(pipe):
        for _, step in each.steps:
            if isinstance(step, VGG19Features):
                step.verbose = verbose(args)
    target = target_of(pipe)
    n_targets = head.model_.output_shape[-1]
    pipe.target_names_ = target_names(names_told_by(pipe), target, n_targets)
    return pipe, target


def pipelines_of(model):
    """Every FacePipeline in a fitted model, in the order in which they see a photo."""
    from skface.pipelines import AlignedFaces, SecondLook

    if isinstance(model, SecondLook):
        return [*pipelines_of(model.first_), *pipelines_of(model.second_)]
    aligning = [step for _, step in model.steps if isinstance(step, AlignedFaces)]
    before = [pipe for step in aligning for pipe in pipelines_of(step.landmarks)]
    return [*before, model]


def as_json(value):
    """JSON for people and programs; NaN becomes null, NumPy's numbers Python's."""
    return json.dumps(_plain(value), indent=1, allow_nan=False, ensure_ascii=False)


def as_csv(table, float_format):
    """A table as CSV, in which no text is a formula to a spreadsheet.

    Before what would be one stands an apostrophe.
    """
    table = table.rename(columns=_no_formula)
    texts = list(map(str, table.columns))
    for i, dtype in enumerate(table.dtypes):
        if dtype.kind == "O":
            table.isetitem(i, [_no_formula(value) for value in table.iloc[:, i]])
            texts += map(str, table.iloc[:, i])
    # Of itself the csv module does not quote what many readers take for a new line.
    has_return = any("\r" in text for text in texts)
    return table.to_csv(
        index=False,
        float_format=float_format,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL,
    )


def write_table(table, args, float_format=None):
    """Write a table, whose first column names photos, where and how `args` say."""
    if args.json or (args.output or "").endswith(".json"):
        text = as_json(table.to_dict("records")) + "\n"
    else:
        table = table.copy()
        table.isetitem(0, [_photo_in_csv(photo) for photo in table.iloc[:, 0]])
        text = as_csv(table, float_format)
    if args.output is None:
        write_out(text)
    else:
        write_file(args.output, text)
        say(args, f"{counted(len(table), 'line')} in {args.output}")


def check_looks(args):
    """Raise a ParameterError where attributes are to be looked for more than once."""
    if args.looks is not None and args.target == "attributes":
        raise ParameterError(
            f"--looks {args.looks}: boxes and landmarks can be looked for more than "
            "once, attributes cannot; leave it out"
        )


def check_output(args):
    """Make the folder of the ``--output`` file, before there is anything to lose.

    Raises
    ------
    InputError
        It is a folder, a photo or the model itself, or nothing can be written there.
    """
    if args.output is None:
        return
    path = Path(args.output)
    if path.is_dir():
        raise InputError(f"--output {path}: is a folder; name a file")
    if path.resolve() == Path(args.model).resolve():
        raise InputError(f"--output {path}: is the model; name another file")
    if path.exists() and _is_photo(path):
        raise InputError(f"--output {path}: is a photo; name another file")
    writable_folder(path.parent, f"--output {path}")


def _is_photo(path):
    try:
        check_photo(str(path))
    except ImageError:
        return False
    return True


def writable_folder(folder, what):
    """Make a folder, and see whether files can be written to it.

    Raises
    ------
    InputError
        They cannot.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{what}: cannot be written ({error.strerror})") from error


def _photo_in_csv(photo):
    """Another path of the same photo, where a spreadsheet would compute this one."""
    return os.path.join(os.curdir, photo) if is_formula(photo) else photo


def is_formula(text):
    """Whether a spreadsheet would compute it."""
    return _FORMULA.match(text) is not None


def names_in(folder):
    """What a folder holds, for people."""
    return ", ".join(sorted(path.name for path in folder.iterdir()))


def new_folder(path):
    """A folder that holds nothing yet.

    Raises
    ------
    InputError
        It holds something: runs are not mixed.
    """
    folder = Path(path)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"{folder}: exists already; name a new folder by --output")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _no_formula(value):
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def _reason(path):
    try:
        check_photo(path)
    except ImageError as error:
        return error
    return f"{path}: cannot be read"


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return str(value)
