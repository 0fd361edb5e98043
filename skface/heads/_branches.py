"""Groups of outputs whose hidden layers are their own."""

from numbers import Integral

import numpy as np

from skface.exceptions import ParameterError


def branch_of_each(branches, names):
    """The number of each output's branch; () where all share their layers.

    Parameters
    ----------
    branches : list of list of (str or int), or None
    names : list of str
        Of the outputs.

    Returns
    -------
    tuple of int
        Outputs that no branch lists are in a last one together.

    Raises
    ------
    ParameterError
        A branch is empty, or lists what is no output, or one that another lists.
    """
    if branches is None:
        return ()
    index = {name: i for i, name in enumerate(names)}
    index |= {i: i for i in range(len(names))}
    branch_of = np.full(len(names), len(branches))
    for number, branch in enumerate(branches):
        if isinstance(branch, str) or not hasattr(branch, "__len__") or not len(branch):
            raise ParameterError(
                f"branches must be lists of columns of y, got {branch!r} among them"
            )
        for column in branch:
            if not isinstance(column, str | Integral) or column not in index:
                raise ParameterError(
                    f"branches lists {column!r}, which is no column of y: those are "
                    f"{', '.join(names)}, or 0 to {len(names) - 1}"
                )
            if branch_of[index[column]] < len(branches):
                raise ParameterError(f"branches lists the column {column!r} twice")
            branch_of[index[column]] = number
    return tuple(np.unique(branch_of, return_inverse=True)[1].tolist())


def masks(architecture, branches):
    """By dense layer, where its kernel may be other than 0.

    A head with branches is one network as wide as all of them, whose kernels are 0
    between one branch and another.

    Parameters
    ----------
    architecture : Architecture
        Its `n_units` are those of all branches.
    branches : tuple of int
        As from `branch_of_each`.

    Returns
    -------
    list of ndarray of bool
        Of the shapes of the kernels; the first layer reads all features in each branch.
    """
    if not branches:
        return []
    n_branches = max(branches) + 1
    of_units = np.repeat(np.arange(n_branches), architecture.n_units // n_branches)
    within = of_units[:, np.newaxis] == of_units
    out = of_units[:, np.newaxis] == np.array(branches)
    first = np.ones((architecture.n_features, architecture.n_units), bool)
    return [first, *[within] * (architecture.n_layers - 1), out]
