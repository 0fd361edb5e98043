"""The best epoch of a fit on disk, so that a killed fit can go on from it."""

import contextlib
import hashlib
import json
import tempfile

import numpy as np

from skface._files import replacing
from skface._validation import as_path
from skface.exceptions import CheckpointError
from skface.heads._training import State
from skface.store import FeatureArray


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

    def load(self):
        """The state to go on from; None where there is none, or the fit had ended."""
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                if about["finished"]:
                    return None
                if about["identity"] != self.identity:
                    raise CheckpointError(
                        f"{self.path}: holds the unfinished fit of another head or of "
                        "other data; remove it, or give another checkpoint_path"
                    )
                return State(
                    about["seed"],
                    about["epoch"],
                    [file[f"weight_{i}"] for i in range(about["n_weights"])],
                    [file[f"optimizer_{i}"] for i in range(about["n_optimizer"])],
                    about["history"],
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
            "n_weights": len(state.weights),
            "n_optimizer": len(state.optimizer),
        }
        arrays = {f"weight_{i}": value for i, value in enumerate(state.weights)}
        arrays |= {f"optimizer_{i}": value for i, value in enumerate(state.optimizer)}
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
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()[:16]
