"""The head for attributes."""

from functools import partial
from numbers import Real

import numpy as np
from scikeras.wrappers import KerasClassifier
from sklearn.utils import ClassifierTags, column_or_1d

from skface._validation import Interval, StrOptions
from skface.exceptions import InputError, ParameterError
from skface.heads._adaptation import Adaptation
from skface.heads._base import DenseHead, check_fractions
from skface.heads._branches import branch_of_each
from skface.heads._decisions import (
    CRITERIA,
    best_threshold,
    by_attribute,
    calibrated,
    check_thresholds,
    platt_scaling,
)
from skface.heads._labels import (
    as_labels,
    check_some_label_in_each_column,
    missing_labels,
    packed,
    two_classes,
    unpacked,
    weights_of_classes,
)
from skface.heads._training import Samples
from skface.metrics import attribute_accuracy
from skface.targets import ATTRIBUTES, Target, as_target, by_name

_LEAST_SPREAD = 0.01  # of coordinates


class DenseHeadClassifier(DenseHead, KerasClassifier):
    """Dense layers that turn features into attributes, each present or absent.

    Parameters
    ----------
    n_layers : int, default=7
        Hidden layers, with ReLU; 0 makes a linear head.
    n_units : int, default=512
        Units of each hidden layer.
    dropout : float in [0, 1), default=0.0
        Share of the units of each hidden layer that is left out at each step.
    l2 : float, default=0.0
        Penalty on the squared weights of every layer.
    input_scale : float, default=1.0
        Factor on the features; rows of length 1 train better when enlarged.
    tail : "imagenet", "synthetic" or path-like, default=None
        Weights of VGG19, see `skface.VGG19Features`, with which its block 5 begins to
        learn in front of the dense layers. X holds the flat, square maps of
        ``layer="block4_pool"``; the dense layers read cells of 2 x 2 of what comes in
        and of what comes out, scaled as by ``normalize="sqrt_l2"``, and `dropout`
        leaves out a share of these too. None learns the dense layers alone.
    tail_learning_rate : float, default=1.5e-4
        Of block 5, as `learning_rate` of the dense layers, and with its schedule.
    loss : {"binary_crossentropy", "binary_focal_crossentropy"}, \
default="binary_crossentropy"
    class_weight : "balanced", dict or list of dict, default=None
        What presence and absence of an attribute weigh in the loss, which is the
        domain adaptation of MOON [2]_. "balanced" weighs both alike: n / (2 n_present)
        and n / (2 n_absent), of the n labels that an attribute has in y. Otherwise
        ``{label: weight}`` for y of one dimension; for y of two, as elsewhere in
        scikit-learn, a list of dicts ``{0: weight, 1: weight}``, one a column, or a
        dict of such dicts by column index. What is not named weighs 1.
    attribute_weight : {"dynamic"}, default=None
        "dynamic" weighs the attributes in the loss anew after each epoch, by how much
        the validation loss of each has changed over the mean change, as DMM-CNN [5]_
        does. None weighs all alike.
    branches : list of list of (str or int), default=None
        Groups of columns of y, by name or index, that have hidden layers of their own,
        `n_layers` of `n_units` units each, as the objective and the subjective
        attributes of DMM-CNN [5]_. Columns that are in none share a last branch. None
        lets all columns share the layers.
    target : tuple of Target, default=None
        What the columns of y mean where some are coordinates, such as
        ``(Attributes(names), LANDMARKS)`` of ``skface.targets``: the head learns both,
        and squares the errors of coordinates, weighed by 1 / their standard deviation,
        so that they move the shared layers as attributes do. None takes all columns for
        attributes.
    learning_rate : float, default=1e-3
        Of Adam.
    learning_rate_schedule : {"cosine"}, default=None
        "cosine" lets the learning rate fall along half a cosine, epoch by epoch, to
        reach 0 after `epochs` [3]_.
    epochs : int, default=100
        At most.
    batch_size : int, default=32
    early_stopping : bool, default=True
        Stop when the validation loss has not fallen for `patience` epochs.
    patience : int, default=3
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows set aside when `fit` gets no X_val, for early stopping, for
        dynamic weights, for thresholds that are tuned, and for calibration.
    calibration : {"sigmoid"}, default=None
        "sigmoid" fits a slope and an intercept on each attribute's logits to the
        validation labels, after Platt [4]_, so that of photos with probability 0.8
        about 80 % have the attribute, with `class_weight` too.
    threshold : float, {"balanced_accuracy", "f1", "adaptive"} or array-like of shape \
(n_attributes,), default=0.5
        Of the probability above which `predict` takes an attribute for present. A
        score's name chooses, for each attribute, what scores best on the validation
        labels; 0.5 where that is as good, and where the labels are of one class.
        "adaptive" moves each, after each epoch, by the share of the validation labels
        that are false positives less that of false negatives, as DMM-CNN [5]_ does, so
        that both become as many.
    checkpoint_path : path-like, default=None
        A file that keeps the best epoch, so that a fit that was killed goes on from it
        when it is started again with the same data and parameters.
    random_state : int, RandomState or None, default=None
        Of the initial weights, the order of the rows, dropout and the validation rows.
    verbose : int, default=0
        1 shows a bar.

    Attributes
    ----------
    model_ : keras.Model
        The trained network, not compiled, with the weights of the best epoch: that of
        the lowest validation loss, or the last where nothing was validated on.
    classes_ : ndarray of shape (2,) or (n_attributes, 2)
        The two labels; for y of two dimensions, one row an attribute.
    thresholds_ : ndarray of shape (n_attributes,)
        Probabilities above which `predict` takes attributes for present. Coordinates
        have an entry too, of no effect, here and in the next.
    calibration_ : ndarray of shape (n_attributes, 2), or None
        Slope and intercept of each attribute's logits.
    history_ : dict of list of float
        "loss" and "binary_accuracy" by epoch, and both with "val\\_" in front.
    n_epochs_ : int
        Epochs trained.
    best_epoch_ : int
        Index of the epoch whose weights were kept.
    n_features_in_ : int
    target_names_in_ : ndarray of shape (n_attributes,), object
        Names of the columns of y; only where `fit` got a DataFrame.

    Notes
    -----
    With the defaults and the features of `block5_pool` this is the head of Yang and
    Yow [1]_ for the forty attributes of CelebA.

    NaN in a y of two dimensions is a missing label: it counts neither in the loss, nor
    for the thresholds, nor in scores, so that data sets with different attributes
    train together. The loss is the mean over the labels that there are. In searches
    on such a y give `cv` as a splitter, such as ``KFold(5)``: for a number
    scikit-learn looks at y, and refuses NaN.

    References
    ----------
    .. [1] J. Yang and K.-C. Yow, "Deep Learning on Facial Attributes Detection using
       Transfer Learning with VGG19 model".
    .. [2] E. M. Rudd, M. Günther and T. E. Boult, "MOON: A Mixed Objective
       Optimization Network for the Recognition of Facial Attributes", ECCV 2016.
    .. [3] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017.
    .. [4] J. Platt, "Probabilistic Outputs for Support Vector Machines and Comparisons
       to Regularized Likelihood Methods", 1999.
    .. [5] L. Mao, Y. Yan, J.-H. Xue and H. Wang, "Deep Multi-task Multi-label CNN for
       Effective Facial Attribute Classification", IEEE Transactions on Affective
       Computing, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skface import DenseHeadClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> y = (X[:, :3] > 0).astype(int)
    >>> head = DenseHeadClassifier(n_layers=1, n_units=32, random_state=0).fit(X, y)
    >>> head.predict_proba(X).shape
    (200, 3)

    A rare attribute, and thresholds that find it:

    >>> y[:, 2] = X[:, 2] > 1.5
    >>> head.set_params(threshold="balanced_accuracy").fit(X, y).thresholds_.shape
    (3,)
    """

    _parameter_constraints = {
        **DenseHead._parameter_constraints,
        "loss": [StrOptions({"binary_crossentropy", "binary_focal_crossentropy"})],
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
        "attribute_weight": [StrOptions({"dynamic"}), None],
        "branches": [list, tuple, None],
        "target": [Target, tuple, list, None],
        "calibration": [StrOptions({"sigmoid"}), None],
        "threshold": [
            Interval(Real, 0, 1, closed="both"),
            StrOptions({*CRITERIA, "adaptive"}),
            np.ndarray,
            list,
            tuple,
        ],
    }
    _metric = "binary_accuracy"
    _output_activation = "sigmoid"
    _y_is_numeric = False

    def __init__(
        self,
        n_layers=7,
        n_units=512,
        *,
        dropout=0.0,
        l2=0.0,
        input_scale=1.0,
        tail=None,
        tail_learning_rate=1.5e-4,
        loss="binary_crossentropy",
        class_weight=None,
        attribute_weight=None,
        branches=None,
        target=None,
        learning_rate=1e-3,
        learning_rate_schedule=None,
        epochs=100,
        batch_size=32,
        early_stopping=True,
        patience=3,
        validation_fraction=0.1,
        calibration=None,
        threshold=0.5,
        checkpoint_path=None,
        random_state=None,
        verbose=0,
    ):
        self.n_layers = n_layers
        self.n_units = n_units
        self.dropout = dropout
        self.l2 = l2
        self.input_scale = input_scale
        self.tail = tail
        self.tail_learning_rate = tail_learning_rate
        self.loss = loss
        self.class_weight = class_weight
        self.attribute_weight = attribute_weight
        self.branches = branches
        self.target = target
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.calibration = calibration
        self.threshold = threshold
        self.checkpoint_path = checkpoint_path
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X):
        """Whether each attribute is present: its probability is above its threshold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_attributes), int64
            In {0, 1}; of shape (n_samples,) with the labels of y when y had one
            dimension. float64 where a `target` has coordinates, which are as they are.
        """
        now = self.snapshot()
        return now.predictions(now.outputs(X))

    def predictions(self, outputs) -> np.ndarray:
        """What `predict` makes of `outputs`."""
        present = (self._calibrated(outputs) > self.thresholds_).astype(np.int64)
        if not self._are_labels.all():
            return np.where(self._are_labels, present, outputs.astype(float))
        return self.classes_[present[:, 0]] if self._y_ndim == 1 else present

    def predict_proba(self, X):
        """Probability that each attribute is present, calibrated where that was asked.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_attributes), float32
            However few rows or attributes there are. When y had one dimension, one
            column each class instead, of shape (n_samples, 2). Coordinates of a
            `target` are as they are.
        """
        now = self.snapshot()
        return now.probabilities(now.outputs(X))

    def probabilities(self, outputs) -> np.ndarray:
        """What `predict_proba` makes of `outputs`."""
        present = self._calibrated(outputs)
        return np.hstack([1 - present, present]) if self._y_ndim == 1 else present

    def score(self, X, y, sample_weight=None):
        """Accuracy averaged over the attributes; of a `target` its own score.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_attributes)
            NaN is a missing label.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        now = self.snapshot()
        return now.scored(y, now.predict(X), sample_weight)

    def scored(self, y, y_pred, sample_weight=None) -> float:
        """The `score` of predictions."""
        y = by_name(self, y, "y")
        if self._y_ndim == 2:
            self._labels(np.asarray(y))  # refuses -1, always wrong
        if self.target is not None:
            return as_target(self.target).score(y, y_pred, sample_weight)
        return attribute_accuracy(y, y_pred, sample_weight=sample_weight)

    def _check_X_y(self, X, y):
        missing = missing_labels(y)
        if missing is None:
            return super()._check_X_y(X, y)
        X, filled = super()._check_X_y(X, np.where(missing, 0, y))
        check_some_label_in_each_column(y, missing)
        return X, np.where(missing, np.nan, filled)

    def _set_model(self, architecture, weights):
        super()._set_model(architecture, weights)
        self._are_labels = self._columns_of_labels()

    def _columns_of_labels(self):
        """Which columns of y they are: an array of bool, of shape (n_outputs,)."""
        if self.target is None:
            return np.ones(self._n_outputs, bool)
        columns = np.arange(self._n_outputs)[np.newaxis]
        parts = as_target(self.target).parts(columns)
        return np.hstack(
            [np.full(part.size, not target.is_coordinates) for target, part in parts]
        )

    @property
    def _branch_of_each(self):
        names = getattr(self, "target_names_in_", None)
        if names is None:
            target = ATTRIBUTES if self.target is None else as_target(self.target)
            names = target.columns(self._n_outputs)
        return branch_of_each(self.branches, list(names))

    def _first_bias(self, samples):
        are_labels = self._are_labels
        if are_labels.all():
            return None
        # Any other beginning is so far off that the shared layers learn nothing else.
        y, _, weights = unpacked(samples.y[samples.rows])
        means = (y * (weights > 0)).sum(axis=0) / (weights > 0).sum(axis=0).clip(1)
        means = np.where(are_labels, np.nan, means.clip(0.01, 0.99))
        return np.log(means / (1 - means)).astype(np.float32)

    def _planned(self):
        n_branches = max(self._branch_of_each, default=0) + 1
        return super()._planned()._replace(n_units=n_branches * self.n_units)

    def _fit_targets(self, y, sample_weight):
        self._y_ndim = y.ndim
        if self.target is not None:
            as_target(self.target).checked(y)
        if y.ndim == 1:
            self.classes_, self._n_outputs = two_classes(y), 1
        else:
            # An array, as cross_val_predict asks for its shape.
            self.classes_, self._n_outputs = (
                np.tile([0, 1], (y.shape[1], 1)),
                y.shape[1],
            )
        check_thresholds(self.threshold, self._n_outputs)
        self._are_labels = are_labels = self._columns_of_labels()
        if not are_labels.any():
            raise ParameterError(
                f"target={self.target!r} has no attributes: DenseHeadRegressor learns "
                "coordinates alone"
            )
        if self._branch_of_each and not self.n_layers:
            raise ParameterError(
                "branches are hidden layers, and n_layers=0 has none: raise n_layers"
            )
        labels = self._labels(y)
        class_weights = weights_of_classes(
            self.class_weight,
            labels,
            self.classes_ if y.ndim == 1 else None,
            sample_weight,
        )
        class_weights[~are_labels] = 0
        # The error of the mean answer moves the shared layers about as much as that of
        # an attribute: before a sigmoid its gradient is 2 weight spread p (1-p).
        spread = np.nanstd(labels[:, ~are_labels], axis=0)
        coordinate_weights = np.zeros(self._n_outputs)
        coordinate_weights[~are_labels] = 1 / np.maximum(spread, _LEAST_SPREAD)
        return lambda y: packed(self._labels(y), class_weights, coordinate_weights)

    def _labels(self, y):
        """float32 of shape (n_samples, n_outputs), in {0, 1}, NaN where missing."""
        if self._y_ndim == 2:
            labels = as_labels(y, self._n_outputs, self._are_labels)
            coordinates = labels[:, ~self._are_labels]
            check_fractions(coordinates[~np.isnan(coordinates)])
            if self.target is not None:
                as_target(self.target).check_learnable(labels)
            return labels
        y = column_or_1d(y)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise InputError(
                f"y_val has the label {unknown.tolist()[0]!r}, which y has not"
            )
        return (y == self.classes_[1]).astype(np.float32)[:, None]

    def _samples(self, X, targets):
        _, of_labels, of_coordinates = unpacked(targets)
        there = (of_labels > 0) | (of_coordinates > 0)
        if not there.any():
            raise InputError("y_val holds no label: every value is missing")
        return Samples(X, targets, rows=np.flatnonzero(there.any(axis=1)))

    def _needs_validation(self):
        tunes = isinstance(self.threshold, str) or self.calibration is not None
        return tunes or bool(self.attribute_weight) or super()._needs_validation()

    def _adaptation(self):
        weighs = self.attribute_weight is not None
        if weighs or self._is_adaptive:
            return Adaptation(self.loss, self._n_outputs, weighs)
        return None

    @property
    def _is_adaptive(self):
        return isinstance(self.threshold, str) and self.threshold == "adaptive"

    def _fit_decisions(self, validation, adapted=()):
        self.calibration_ = None
        is_tuned = isinstance(self.threshold, str) and not self._is_adaptive
        if is_tuned or self.calibration:
            labels, weights, _ = unpacked(validation.y[validation.rows])
            outputs = validation.outputs(self.model_)
            seen = validation.row_weights, weights > 0
        if self.calibration:
            self.calibration_ = by_attribute(platt_scaling, labels, outputs, *seen)
            outputs = calibrated(outputs, self.calibration_)
        if is_tuned:
            best = partial(best_threshold, criterion=self.threshold)
            thresholds = by_attribute(best, labels, outputs, *seen)
        elif not self._is_adaptive:
            thresholds = np.full(self._n_outputs, self.threshold, dtype=float)
        elif self.calibration:
            thresholds = calibrated(adapted[0][np.newaxis], self.calibration_)[0]
        else:
            thresholds = adapted[0]
        self.thresholds_ = np.asarray(thresholds, dtype=float)

    def _calibrated(self, outputs):
        if self.calibration_ is None:
            return outputs
        probabilities = calibrated(outputs, self.calibration_)
        return np.where(self._are_labels, probabilities, outputs)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags(multi_class=False, multi_label=True)
        return tags
