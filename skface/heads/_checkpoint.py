"""The best epoch of a fit on disk, so that a killed fit can go on from it."""

import contextlib
import hashlib
import json
import math
import tempfile

import numpy as np

from skface._files import replacing
from skface._validation import as_path
from skface.exceptions import CheckpointError
from skface.heads._training import State
from skface.store import FeatureArray

_MOST_TEXT, _MOST_HEADER = 2**24, 2**12  # bytes


class Checkpoint:
    """One file with the state of a fit's best epoch.

    Parameters
    ----------
    path : path-like
        An ``.npz`` file, written beside and renamed, so that it is never half done.
    identity : dict
        What tells this fit from another.

    Raises
    ------
    CheckpointError
        `load` finds the unfinished work of another fit, or a damaged file.
    """

    def __init__(self, path, identity):
        self.path = as_path(path, "checkpoint_path", "a file")
        self.identity = json.dumps(identity, sort_keys=True, default=str)

    def load(self, weight_shapes, figures, adapted_shapes=()):
        """The state to go on from; None where there is none, or the fit had ended.

        Parameters
        ----------
        weight_shapes : list of tuple
            Of the head that is to go on.
        figures : list of str
            What its history tells of each epoch.
        adapted_shapes : sequence of tuple, default=()
            Of what the head adapts from epoch to epoch.
        """
        if not self.path.exists():
            return None
        try:
            if not self.path.is_file():
                raise ValueError("it is no regular file")
            with np.load(self.path, allow_pickle=False) as file:
                about = json.loads(str(_member(file, "about", _MOST_TEXT)))
                if about["finished"]:
                    return None
                if about["identity"] != self.identity:
                    raise CheckpointError(
                        f"{self.path}: holds the unfinished fit of another head or of "
                        "other data; remove it, or give another checkpoint_path"
                    )
                _check_numbers(about, figures)
                # Adam's: its step and rate, then two moments of each weight.
                moments = [shape for shape in weight_shapes for _ in range(2)]
                return State(
                    about["seed"],
                    about["epoch"],
                    _arrays(file, "weight", weight_shapes),
                    _arrays(file, "optimizer", [(), (), *moments]),
                    about["history"],
                    _arrays(file, "adapted", adapted_shapes),
                )
        except CheckpointError:
            raise
        except Exception as error:
            raise CheckpointError(
                f"{self.path}: is no checkpoint of skface, or is damaged ({error}); "
                "remove it, or give another checkpoint_path"
            ) from error

    def check_folder(self):
        """Make sure that there is a folder to write to, and that one may."""
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path.parent):
                pass

    def save(self, state, finished=False):
        about = {
            "identity": self.identity,
            "finished": finished,
            "seed": state.seed,
            "epoch": state.epoch,
            "history": state.history,
        }
        arrays = {f"weight_{i}": value for i, value in enumerate(state.weights)}
        arrays |= {f"optimizer_{i}": value for i, value in enumerate(state.optimizer)}
        arrays |= {f"adapted_{i}": value for i, value in enumerate(state.adapted)}
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.path) as file:
                np.savez(file, about=json.dumps(about), **arrays)

    @contextlib.contextmanager
    def _explained(self):
        try:
            yield
        except (OSError, ValueError) as error:  # a NUL in the path is a ValueError
            raise CheckpointError(
                f"{self.path}: the checkpoint cannot be written ({error}); free some "
                "space, or give a checkpoint_path that can be written"
            ) from error


def digest(array):
    """A short hash of all values of an array, to tell data sets apart; None of none.

    Rows of a feature store are told by their keys, and not read.
    """
    if array is None:
        return None
    if isinstance(array, FeatureArray):
        return f"{array.store_rows.digest[:16]}-{digest(array.digests)}"
    content = hashlib.sha256(f"{array.dtype}{array.shape}".encode())
    content.update(np.ascontiguousarray(array))
    return content.hexdigest()[:16]


def _check_numbers(about, figures):
    """Raise a ValueError where the numbers of a checkpoint are none."""
    seed, epoch, history = about["seed"], about["epoch"], about["history"]
    if not all(type(number) is int and 0 <= number < 2**31 for number in (seed, epoch)):
        raise ValueError("its seed and epoch are no such numbers")
    if history.keys() != set(figures) or not all(
        len(values) == epoch + 1
        and all(type(value) is float and math.isfinite(value) for value in values)
        for values in history.values()
    ):
        raise ValueError("its history is not that of its epochs")


def _member(file, name, n_bytes):
    """An array of a file that takes no more memory than this."""
    if file.zip.getinfo(f"{name}.npy").file_size > n_bytes:
        raise ValueError(f"its {name} is too long")
    return file[name]


def _arrays(file, name, shapes):
    """Arrays of a file, which have these shapes and hold finite numbers."""
    arrays = []
    for index, shape in enumerate(shapes):
        array = _member(file, f"{name}_{index}", 8 * math.prod(shape) + _MOST_HEADER)
        if array.shape != shape or array.dtype.kind not in "iuf":
            raise ValueError(f"{name} {index} is no array of numbers of shape {shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} {index} holds NaN or infinity")
        arrays.append(array)
    return arrays
