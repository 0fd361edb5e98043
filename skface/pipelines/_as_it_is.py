"""Fitted estimators that another one uses as they are."""

import copy

from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted


class UsesFitted(BaseEstimator):
    """An estimator that shares a fitted one, its parameter `_used`, with its clones."""

    _used: str

    def _check_used(self):
        """Raise a NotFittedError where what is used, if anything, is not fitted."""
        used = getattr(self, self._used)
        if used is not None:
            check_is_fitted(
                used, msg=f"{self._used}, a %(name)s, is not fitted yet: fit it first"
            )

    def __sklearn_clone__(self):
        copied = copy.copy(self)
        for name in [name for name in vars(copied) if name.endswith("_")]:
            delattr(copied, name)
        for name, value in self.get_params(deep=False).items():
            if name != self._used:
                setattr(copied, name, clone(value, safe=False))
        return copied

    def set_params(self, **params) -> "UsesFitted":
        """Set parameters; of what is used as it is in a copy, as others may use it too.

        Returns
        -------
        self
        """
        if self._used in params:
            setattr(self, self._used, params.pop(self._used))
        if any(name.startswith(f"{self._used}__") for name in params):
            setattr(self, self._used, copy.deepcopy(getattr(self, self._used)))
        return super().set_params(**params)
