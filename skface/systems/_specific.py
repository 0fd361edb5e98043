"""Attributes told by the whole face, and again by the part of it that shows them."""

import tempfile
from contextlib import contextmanager
from math import ceil
from numbers import Integral, Real

import numpy as np
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.model_selection import KFold
from sklearn.utils.validation import check_is_fitted

from skface._validation import Interval, refitted, validate_params
from skface.exceptions import InputError, ParameterError
from skface.features import VGG19Features
from skface.heads import DenseHeadClassifier
from skface.photos import as_images, cropped
from skface.pipelines import FacePipeline
from skface.systems._parts import FACE_CROPS, as_boxes
from skface.systems._photo_classifier import PhotoClassifier
from skface.systems._regressions import chosen, identity, log_loss, regressions
from skface.targets import forget_names

GENERAL, ATTRIBUTES = "general", "attributes"
_SURE = 1e-6  # probabilities are no nearer to 0 and 1


class GeneralToSpecific(PhotoClassifier):
    """Tells all attributes together, then each by what the others say and by a crop.

    Stage 1 is a pipeline of all attributes. Stage 2 is a logistic regression for each
    of them, on what stage 1 says of all attributes and on the features of a crop in
    which the attribute shows, seen at the full resolution of the photo. Which crop, if
    any, is chosen for each attribute on validation photos.

    Parameters
    ----------
    general : FacePipeline
        Stage 1, as `make_attribute_pipeline` makes it. Without ``cache_dir`` its
        features are kept in a temporary folder while it is fitted.
    crops : dict of {str: (x, y, width, height)}, default=None
        Parts of the photos, as fractions of them. None takes those of CelebA's aligned
        photos: hair, eyes, nose, mouth, beard, neck and ears; an empty dict none, so
        that an attribute is told by the others alone.
    crop_size : int, default=112
        Pixels a side at which VGG19 sees a crop, 32 or more; 112 is a quarter of the
        work of 224.
    n_components : int, default=128
        Principal components of a crop's features that a regression is fitted on.
    C : float, default=0.01
        Inverse strength of the regressions' penalty.
    cv : int, default=5
        Folds in which stage 1 tells photos that it has not learnt from, for stage 2 to
        learn from.
    validation_fraction : float in (0, 1), default=0.2
        Share of the photos that is set aside where `fit` gets no X_val.
    random_state : int, default=0
        Of the principal components, and of the photos set aside.

    Attributes
    ----------
    general_ : FacePipeline
        Fitted.
    crops_ : dict of {str: (x, y, width, height)}
    crop_size_ : int
    choices_ : list of str
        For each attribute the crop that tells it; "attributes" where the answers of
        stage 1 are enough, and "general" where stage 1's own is kept.
    coef_ : ndarray of shape (n_attributes, n_attributes)
        Of the logits of stage 1.
    crop_coef_ : ndarray of shape (n_attributes, n_crop_features), float32
        Of the features of the crop.
    intercept_ : ndarray of shape (n_attributes,)
    classes_ : ndarray of shape (n_attributes, 2)

    Notes
    -----
    Stacking [1]_, with features of their own for each attribute. A choice must lower
    the log loss on the validation photos by more than one standard error of the
    difference; otherwise stage 1's answer is kept.

    `n_passes` counts the crops that were chosen by any attribute, whatever
    `crop_size`.

    References
    ----------
    .. [1] D. H. Wolpert, "Stacked Generalization", Neural Networks, 1992.

    Examples
    --------
    >>> from skface import make_attribute_pipeline
    >>> from skface.systems import GeneralToSpecific
    >>> model = GeneralToSpecific(make_attribute_pipeline())
    >>> model.n_passes
    8
    """

    _parameter_constraints = {
        "general": [FacePipeline],
        "crops": [dict, None],
        "crop_size": [Interval(Integral, 32, 1024, closed="both")],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "C": [Interval(Real, 0, None, closed="neither")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        general,
        *,
        crops=None,
        crop_size=112,
        n_components=128,
        C=0.01,
        cv=5,
        validation_fraction=0.2,
        random_state=0,
    ):
        self.general = general
        self.crops = crops
        self.crop_size = crop_size
        self.n_components = n_components
        self.C = C
        self.cv = cv
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def fit(self, X, y, *, X_val=None, y_val=None):
        """Fit both stages.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : array-like of shape (n, n_attributes)
            In {0, 1}; NaN is a missing label.
        X_val, y_val : like X and y, default=None
            What stage 1 stops by, and crops are chosen on.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, InputError
            A parameter or data cannot be used, found before photos go through VGG19.
        ImageError
            Photos cannot be read.
        """
        self.check_fit(X, y, X_val=X_val, y_val=y_val)
        X, X_val, y, y_val = self._split(self.general, X, y, X_val, y_val)
        with refitted(self) as learning, _with_store(self.general) as general:
            logits = np.empty(np.shape(y))
            for rows, others in self._folds(y):
                fold = clone(general).fit(
                    X[rows], _rows(y, rows), X_val=X_val, y_val=y_val
                )
                logits[others] = _logits(fold.outputs(X[others]))
            learning.general_ = clone(general).fit(X, y, X_val=X_val, y_val=y_val)
            labels, labels_val = np.asarray(y, float), np.asarray(y_val, float)
            learning._fit_specific(X, labels, logits, X_val, labels_val)
            learning.general_[-2].set_params(cache_dir=self.general[-2].cache_dir)
            learning.classes_ = learning.general_[-1].classes_
        forget_names(self)
        return self

    def predict(self, X):
        """Whether each attribute is present.

        Its probability is above 0.5 or, where stage 1's own is kept, above the
        threshold that stage 1 has for it.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        ndarray of shape (n, n_attributes), int64
        """
        check_is_fitted(self)
        X, outputs = self._read(X)
        present = self._probabilities(X, outputs) > 0.5
        kept = self.general_[-1].predictions(outputs)
        return np.where(self._is_kept, kept, present).astype(np.int64)

    def predict_proba(self, X):
        """Probability that each attribute is present.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

        Returns
        -------
        ndarray of shape (n, n_attributes)
        """
        check_is_fitted(self)
        return self._probabilities(*self._read(X))

    @property
    def n_passes(self) -> int:
        """How often a photo goes through VGG19 to be predicted."""
        crops = getattr(self, "crops_", self._crops())
        n_crops = len(set(getattr(self, "choices_", crops)) & set(crops))
        return getattr(self, "general_", self.general).n_passes + n_crops

    def check_fit(self, X, y, *, X_val=None, y_val=None):
        """Raise what `fit` would, before photos go through VGG19.

        Parameters
        ----------
        X, y, X_val, y_val
            As for `fit`.
        """
        validate_params(self)
        ends = [type(step) for _, step in self.general.steps[-2:]]
        if ends != [VGG19Features, DenseHeadClassifier]:
            raise ParameterError(
                "general must end in VGG19Features and a DenseHeadClassifier, as "
                f"make_attribute_pipeline makes it, not in {ends}"
            )
        self._check(self.general, X, y, X_val, y_val)
        n_aside = 0 if X_val is not None else ceil(self.validation_fraction * len(y))
        if len(y) - n_aside < self.cv:
            raise InputError(
                f"X has {len(y)} photos, of which {n_aside} are set aside: too few for "
                f"cv={self.cv} folds"
            )
        _, _, y, _ = self._split(self.general, X, y, X_val, y_val)
        is_missing = np.isnan(np.asarray(y, float))
        for rows, _ in self._folds(y):
            is_bare = is_missing[rows].all(axis=0)
            if is_bare.any():
                raise InputError(
                    f"column {is_bare.argmax()} of y has labels of so few photos that "
                    f"one of cv={self.cv} folds learns from none: leave it out"
                )
        self.check_crops()
        _of_crops(self.general[-2], self.crop_size).fit(X)

    def check_crops(self) -> None:
        """Raise ParameterError for crops that are none."""
        if {GENERAL, ATTRIBUTES} & set(as_boxes(self._crops(), "crops")):
            raise ParameterError(
                f"crops must have names other than {GENERAL!r} and {ATTRIBUTES!r}"
            )

    def crop_features(self) -> VGG19Features:
        """The transformer that reads crops."""
        features = getattr(self, "general_", self.general)[-2]
        return _of_crops(features, getattr(self, "crop_size_", self.crop_size))

    def choices_of_crops(self) -> list[str]:
        """What `choices_` can hold."""
        return [GENERAL, ATTRIBUTES, *self._crops()]

    @property
    def _pipeline(self):
        return self.general_

    def _folds(self, y):
        folds = KFold(self.cv, shuffle=True, random_state=self.random_state)
        return folds.split(np.zeros(len(y)))

    def _crops(self):
        return FACE_CROPS if self.crops is None else self.crops

    def _features(self, X, box):
        """Of a crop of aligned photos; no columns without a box."""
        if box is None:
            return np.empty((len(X), 0), np.float32)
        return np.asarray(self.crop_features().transform(cropped(X, box)))

    def _reader(self):
        """Stage 1 of photos that are aligned."""
        general = self.general_
        return general.after_aligning if general.is_aligning else general

    def _read(self, X):
        """Aligned photos, and the outputs of stage 1."""
        X = self.general_.aligned(as_images(X))
        return X, self._reader().outputs(X)

    @property
    def _is_kept(self):
        """Of which attributes stage 1's own answer is kept."""
        return np.array(self.choices_) == GENERAL

    def _probabilities(self, X, outputs):
        decision = _logits(outputs) @ self.coef_.T + self.intercept_
        for name, box in self.crops_.items():
            told = np.array(self.choices_) == name
            if told.any():
                decision[:, told] += self._features(X, box) @ self.crop_coef_[told].T
        kept = self.general_[-1].probabilities(outputs)
        return np.where(self._is_kept, kept, expit(decision))

    def _fit_specific(self, X, y, logits, X_val, y_val):
        self.crops_, self.crop_size_ = dict(self._crops()), self.crop_size
        X, X_val = self.general_.aligned(X), self.general_.aligned(X_val)
        logits_val = _logits(self._reader().outputs(X_val))
        n_attributes = y.shape[1]
        models, losses = [identity(n_attributes)], [log_loss(y_val, logits_val)]
        for box in [None, *self.crops_.values()]:
            seen, seen_val = self._features(X, box), self._features(X_val, box)
            model = regressions(
                logits,
                seen,
                y,
                n_components=self.n_components,
                C=self.C,
                random_state=self.random_state,
            )
            models.append(model)
            losses.append(log_loss(y_val, model.decision(logits_val, seen_val)))
        best = chosen(np.array(losses))
        self.choices_ = [self.choices_of_crops()[i] for i in best]
        n_features = self.crop_features().n_features_out
        self.coef_ = np.zeros((n_attributes, n_attributes))
        self.crop_coef_ = np.zeros((n_attributes, n_features), np.float32)
        self.intercept_ = np.zeros(n_attributes)
        for j, i in enumerate(best):
            coef, crop_coef, intercept = models[i]
            self.coef_[j], self.intercept_[j] = coef[j], intercept[j]
            self.crop_coef_[j, : crop_coef.shape[1]] = crop_coef[j]


def _of_crops(features, size):
    """The transformer that reads crops."""
    return clone(features).set_params(input_size=size, crop=None)


def _logits(outputs):
    return logit(np.clip(outputs.astype(float), _SURE, 1 - _SURE))


def _rows(y, rows):
    return y.iloc[rows] if hasattr(y, "iloc") else y[rows]


@contextmanager
def _with_store(pipe):
    """A clone of a pipeline whose features are kept, at least for now."""
    pipe = clone(pipe)
    with tempfile.TemporaryDirectory() as folder:
        if pipe[-2].cache_dir is None:
            pipe[-2].set_params(cache_dir=folder)
        yield pipe
