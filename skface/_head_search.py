"""The search for a head's layer count and width on the official split."""

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

N_LAYERS, N_UNITS = "head__n_layers", "head__n_units"


def head_search(pipe, loader, n_layers, n_units):
    """A search, not fitted, of heads in a pipeline; the best is not fitted again.

    Parameters
    ----------
    pipe : FacePipeline
        Its candidates show no bars.
    loader : CelebALoader
        Whose ``load("train+valid")`` the search will be fitted on.
    n_layers, n_units : list of int
    """
    return GridSearchCV(
        clone(pipe).set_params(features__verbose=0, head__verbose=0),
        {N_LAYERS: n_layers, N_UNITS: n_units},
        cv=loader.predefined_split(),
        refit=False,
    )
