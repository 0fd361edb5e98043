"""Columns of y by their names, and those as people write them."""

from sklearn.pipeline import Pipeline

from skface.exceptions import InputError


def names_of(y):
    """The column names of a y that has any: of a DataFrame, all of them texts."""
    names = list(getattr(y, "columns", []))
    return names if names and all(isinstance(name, str) for name in names) else None


def last_step(estimator):
    """The head of a pipeline, or the head itself.

    Of a fitted search its best estimator's, of a fitted `SecondLook` its second look's.
    """
    estimator = getattr(estimator, "best_estimator_", estimator)
    estimator = getattr(estimator, "second_", estimator)
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def names_told_by(estimator):
    """Names of the columns that it predicts, by its file or its fit; or None."""
    names = getattr(estimator, "target_names_", None)
    if names is None:
        names = getattr(last_step(estimator), "target_names_in_", None)
    return None if names is None else list(names)


def readable(name):
    """A name as people write it."""
    return str(name).replace("_", " ")


def ordered(y, names, what):
    """y with its columns in the order of `names`, found by name where y has names.

    Parameters
    ----------
    y : array-like
    names : sequence of str or None
        None leaves y as it is.
    what : str
        Its name, for the errors.

    Raises
    ------
    InputError
        Columns are missing, unknown, or there twice.
    """
    found = names_of(y)
    if names is None or found is None or found == list(names):
        return y
    unknown = [name for name in found if name not in names]
    missing = [name for name in names if name not in found]
    twice = sorted({name for name in found if found.count(name) > 1})
    for each, fault in (
        (missing, "lacks the"),
        (unknown, "has the unknown"),
        (twice, "has twice the"),
    ):
        if each:
            raise InputError(f"{what} {fault} column {_shortened(each)}")
    return y[list(names)]


def _shortened(names):
    rest = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]!r}{rest}"
