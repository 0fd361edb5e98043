"""What the subcommands share."""

import glob
import io
import json
import os
import sys
from pathlib import Path

import numpy as np

from skface._files import user_cache
from skface.exceptions import ImageError, InputError
from skface.photos import check_photo

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def say(args, text):
    """A line for people, beside the data."""
    if not args.quiet:
        print(text, file=sys.stderr, flush=True)


def counted(n, noun):
    """A number of things, such as "1 photo" or "1,200 photos"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def verbose(args):
    """1, for bars, on a terminal; in a pipe the lines of `say` must do."""
    return int(sys.stderr.isatty() and not args.quiet)


def cache_dir(args):
    """Where features are kept; None where none are to be."""
    if getattr(args, "no_cache", False):
        return None
    return args.cache_dir or user_cache() / "features"


def find_photos(names):
    """Photos that files, folders and patterns stand for, each once.

    Parameters
    ----------
    names : list of str
        Of a folder the photos below it, in the order of their names.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        A folder or pattern stands for no photo.
    """
    found = {}
    for name in names:
        if os.path.isdir(name):
            photos = [photo for photo in _below(name) if _is_photo(photo)]
        elif os.path.lexists(name) or not glob.has_magic(name):
            photos = [name]
        else:
            photos = sorted(glob.glob(name, recursive=True))
            photos = [photo for photo in photos if _is_photo(photo)]
        if not photos:
            raise InputError(f"{name}: no photo there ({', '.join(_SUFFIXES)})")
        found |= dict.fromkeys(photos)
    return list(found)


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
                    print(f"skface: error: {_reason(path)}", file=sys.stderr)
            paths = left
    return [], None


def load_model(args):
    """The pipeline of ``args.model``, and its target."""
    from skface import load
    from skface.evaluation import target_names
    from skface.targets import target_of

    pipe = load(args.model, weights=args.weights, cache_dir=cache_dir(args))
    if not hasattr(pipe, "steps"):
        raise InputError(
            f"{args.model}: holds a head alone, which takes features; give a pipeline"
        )
    pipe.set_params(**{f"{pipe.steps[0][0]}__verbose": verbose(args)})
    target = target_of(pipe)
    n_targets = pipe[-1].model_.output_shape[-1]
    pipe.target_names_ = target_names(pipe, target, n_targets)
    return pipe, target


def as_json(value):
    """JSON for people and programs; NaN becomes null, NumPy's numbers Python's."""
    return json.dumps(_plain(value), indent=1, allow_nan=False, ensure_ascii=False)


def write_out(text):
    """Text to the standard output, with file names as the system has them."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()


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


def _below(folder):
    for place, folders, files in os.walk(folder):
        folders.sort()
        yield from (os.path.join(place, name) for name in sorted(files))


def _is_photo(path):
    return path.lower().endswith(_SUFFIXES) and os.path.basename(path)[0] != "."


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
