"""Folders of drawn photos: written as a whole or not at all, and kept."""

import contextlib
import tempfile
from numbers import Integral
from pathlib import Path

from joblib import Parallel

from skface._files import user_cache
from skface._work import progress_bar
from skface.exceptions import DatasetError, ParameterError

_PHOTOS_PER_TASK = 8


def check_n_samples(n_samples):
    if not isinstance(n_samples, Integral) or n_samples < 1:
        raise ParameterError(
            f"n_samples must be a positive integer, got {n_samples!r}."
        )


@contextlib.contextmanager
def new_folder(root):
    """A folder to write into, which takes the place of `root` when it is complete.

    Raises
    ------
    DatasetError
        `root` is a file, holds files, or cannot be written.
    """
    with _explained(root):
        exists = root.exists()
        if exists and (not root.is_dir() or any(root.iterdir())):
            raise DatasetError(
                f"{root} exists already and is not an empty folder. Choose another "
                "root, or delete it to draw the data set anew."
            )
        place = root if exists else root.parent
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".drawn-", dir=place) as folder:
            unfinished = Path(folder) / "unfinished"
            unfinished.mkdir()
            yield unfinished
            if exists:  # and may be a mount point or where the user stands
                for part in unfinished.iterdir():
                    part.rename(root / part.name)
            else:
                unfinished.rename(root)


def kept_folder(name, random_state, make):
    """The folder of that name and seed in the cache; ``make(root)`` fills it at first.

    Raises
    ------
    ParameterError
        The seed is no integer, by which a folder could be known again.
    """
    if not isinstance(random_state, Integral):
        raise ParameterError(f"random_state must be an integer, got {random_state!r}")
    root = user_cache() / f"{name}-{random_state}"
    try:
        if not _is_filled(root):
            make(root)
    except DatasetError:
        if not _is_filled(root):  # by another process in the meantime
            raise
    return root


def draw_all(tasks, n_samples, what, n_jobs, verbose):
    """What the delayed calls give, a list each, as one list."""
    rows = []
    with progress_bar(n_samples, f"{what}s", verbose, unit=what) as bar:
        for found in Parallel(n_jobs=n_jobs, return_as="generator")(tasks):
            rows += found
            bar.update(len(found))
    return rows


def each_task(n_samples):
    """Ranges of the samples that are drawn together."""
    for start in range(0, n_samples, _PHOTOS_PER_TASK):
        yield range(start, min(start + _PHOTOS_PER_TASK, n_samples))


@contextlib.contextmanager
def _explained(root):
    """Errors of the disk, told as those of the data set."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"{root}: cannot be written ({error}); free some space, or choose a folder "
            "that can be written"
        ) from error


def _is_filled(root):
    with _explained(root):
        return root.is_dir() and any(root.iterdir())
