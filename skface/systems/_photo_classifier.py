"""What classifiers share that tell attributes by several looks at a photo."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import ClassifierTags

from skface._validation import as_array, of_photos
from skface.exceptions import InputError, ParameterError
from skface.photos import as_images
from skface.targets import arranged, by_name, target_of


class PhotoClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Tells attributes of photos by pipelines that it fits.

    Those who inherit have `validation_fraction` and `random_state`, and fitted a
    `_pipeline`, which knows the labels.
    """

    __metadata_request__fit = {"X_val": True, "y_val": True}

    def score(self, X, y, sample_weight=None):
        """Accuracy averaged over the attributes.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : array-like of shape (n, n_attributes)
            NaN is a missing label.
        sample_weight : array-like of shape (n,), default=None

        Returns
        -------
        float
        """
        y = by_name(self, y, "y")
        return self._pipeline[-1].scored(y, self.predict(X), sample_weight)

    @property
    def target_names_in_(self):
        """Names of the columns of y, where `fit` was given a DataFrame."""
        return self._pipeline[-1].target_names_in_

    def _check(self, pipe, X, y, X_val, y_val):
        """Raise what a fit would, before photos go through VGG19."""
        target = target_of(pipe)
        if target.has_coordinates:
            raise ParameterError(
                f"{type(self).__name__} tells attributes; the head's target has "
                f"{target.plural}"
            )
        pipe.check_fit(X, y, X_val=X_val, y_val=y_val)
        if np.ndim(y) != 2:
            raise InputError("y must have one column an attribute, got one dimension")

    def _split(self, pipe, X, y, X_val, y_val):
        """Photos to learn from, those to validate on, and the labels of both.

        The columns of y have the order in which the head will answer.
        """
        target = getattr(pipe[-1], "target", None)
        y, y_val = arranged(y, target), arranged(y_val, target)
        X, y = as_images(X), y if hasattr(y, "columns") else as_array(y, "y")
        if X_val is None:
            fraction = self.validation_fraction
            try:
                return train_test_split(
                    X, y, test_size=fraction, random_state=self.random_state
                )
            except ValueError:
                raise InputError(
                    f"n_samples={len(X)} is too few to set validation_fraction="
                    f"{fraction} aside: give X_val and y_val"
                ) from None
        if hasattr(y, "columns") and hasattr(y_val, "columns"):
            y_val = y_val[y.columns]
        return X, as_images(X_val), y, y_val

    def __sklearn_tags__(self):
        tags = of_photos(super().__sklearn_tags__())
        tags.classifier_tags = ClassifierTags(multi_class=False, multi_label=True)
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags
