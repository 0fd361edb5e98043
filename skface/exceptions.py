"""The errors and warnings that skface raises."""

__all__ = [
    "CheckpointError",
    "DatasetError",
    "ForkError",
    "ImageError",
    "InputError",
    "ParameterError",
    "SavedFileError",
    "SkfaceError",
    "SkfaceWarning",
    "StoreError",
    "WeightsError",
]


class SkfaceError(Exception):
    """Base class: ``except SkfaceError`` catches whatever skface raises."""


class ParameterError(SkfaceError, ValueError):
    """A constructor or function parameter has a value that cannot work."""


class InputError(SkfaceError, ValueError):
    """X, y or another array given to a method cannot be used."""


class DatasetError(SkfaceError, ValueError):
    """A list file or folder of a data set is missing, damaged or inconsistent."""


class ImageError(SkfaceError, OSError):
    """Photos cannot be read.

    Attributes
    ----------
    paths : list of str
        Every photo that failed.
    """

    def __init__(self, message, paths=()):
        super().__init__(message)
        self.paths = list(paths)

    def __reduce__(self):
        return type(self), (str(self), self.paths)


class WeightsError(SkfaceError, OSError, ValueError):
    """VGG19 weights cannot be had, are damaged, or belong to another network."""


class StoreError(SkfaceError, OSError):
    """A feature store cannot be opened, read or written."""


class ForkError(SkfaceError, RuntimeError):
    """Keras is wanted in a process that was forked from one where it was loaded."""


class CheckpointError(SkfaceError, ValueError):
    """A checkpoint file is damaged or belongs to another fit."""


class SavedFileError(SkfaceError, ValueError):
    """A file of `skface.save` is damaged, unsafe, too new, or cannot be written."""


class SkfaceWarning(UserWarning):
    """Data were left out or changed; the message counts and names them."""
