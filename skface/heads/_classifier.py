"""The head for attributes."""

import numpy as np
from scikeras.wrappers import KerasClassifier
from sklearn.utils import ClassifierTags, column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skface.exceptions import InputError
from skface.heads._base import DenseHead
from skface.metrics import attribute_accuracy


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
    loss : {"binary_crossentropy", "binary_focal_crossentropy"}, \
default="binary_crossentropy"
    learning_rate : float, default=1e-3
        Of Adam.
    epochs : int, default=100
        At most.
    batch_size : int, default=32
    early_stopping : bool, default=True
        Stop when the validation loss has not fallen for `patience` epochs.
    patience : int, default=3
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows set aside for early stopping when `fit` gets no X_val.
    checkpoint_path : path-like, default=None
        A file that keeps the best epoch, so that a fit that was killed goes on from it
        when it is started again with the same data and parameters.
    random_state : int, RandomState or None, default=None
        Of the initial weights, the order of the rows, dropout and the validation rows.
    verbose : int, default=0
        1 shows a bar.

    Attributes
    ----------
    model_ : keras.Sequential
        The trained network, not compiled, with the weights of the best epoch: that of
        the lowest validation loss, or the last where nothing was validated on.
    classes_ : ndarray of shape (2,), or list of such arrays
        The two labels; for y of two dimensions, one array an attribute.
    history_ : dict of list of float
        "loss" and "binary_accuracy" by epoch, and both with "val\\_" in front.
    n_epochs_ : int
        Epochs trained.
    best_epoch_ : int
        Index of the epoch whose weights were kept.
    n_features_in_ : int

    Notes
    -----
    With the defaults and the features of `block5_pool` this is the head of Yang and
    Yow [1]_ for the forty attributes of CelebA.

    References
    ----------
    .. [1] J. Yang and K.-C. Yow, "Deep Learning on Facial Attributes Detection using
       Transfer Learning with VGG19 model".

    Examples
    --------
    >>> import numpy as np
    >>> from skface import DenseHeadClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> y = (X[:, :3] > 0).astype(int)
    >>> head = DenseHeadClassifier(n_layers=1, n_units=32, random_state=0).fit(X, y)
    >>> head.predict_proba(X).shape
    (200, 3)
    """

    _parameter_constraints = {
        **DenseHead._parameter_constraints,
        "loss": [StrOptions({"binary_crossentropy", "binary_focal_crossentropy"})],
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
        loss="binary_crossentropy",
        learning_rate=1e-3,
        epochs=100,
        batch_size=32,
        early_stopping=True,
        patience=3,
        validation_fraction=0.1,
        checkpoint_path=None,
        random_state=None,
        verbose=0,
    ):
        self.n_layers = n_layers
        self.n_units = n_units
        self.dropout = dropout
        self.l2 = l2
        self.input_scale = input_scale
        self.loss = loss
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.checkpoint_path = checkpoint_path
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X):
        """Whether each attribute is present: its probability is above one half.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_attributes), int64
            In {0, 1}; of shape (n_samples,) with the labels of y when y had one
            dimension.
        """
        present = (self._outputs(X) > 0.5).astype(np.int64)
        return self.classes_[present[:, 0]] if self._y_ndim == 1 else present

    def predict_proba(self, X):
        """Probability that each attribute is present.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_attributes), float32
            However few rows or attributes there are. When y had one dimension, one
            column each class instead, of shape (n_samples, 2).
        """
        present = self._outputs(X)
        return np.hstack([1 - present, present]) if self._y_ndim == 1 else present

    def score(self, X, y, sample_weight=None):
        """Accuracy averaged over the attributes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_attributes)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        y_pred = self.predict(X)
        if self._y_ndim == 2:
            self._encode_targets(np.asarray(y))  # -1 would be a wrong answer, silently
        return attribute_accuracy(y, y_pred, sample_weight=sample_weight)

    def _fit_targets(self, y):
        self._y_ndim = y.ndim
        if y.ndim == 1:
            self.classes_ = _two_classes(y)
        else:
            self.classes_ = [np.array([0, 1])] * y.shape[1]
        return self._encode_targets(y)

    def _encode_targets(self, y):
        """Labels as float32 of shape (n_samples, n_outputs), in {0, 1}."""
        if self._y_ndim == 1:
            y = column_or_1d(y)
            unknown = np.setdiff1d(y, self.classes_)
            if len(unknown):
                raise InputError(
                    f"y_val has the label {unknown.tolist()[0]!r}, which y has not"
                )
            return (y == self.classes_[1]).astype(np.float32)[:, None]
        if y.ndim != 2 or y.shape[1] != len(self.classes_):
            raise InputError(
                f"expected {len(self.classes_)} attributes, got y of shape {y.shape}"
            )
        wrong = ~np.isin(y, (0, 1))
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            value = y[row].tolist()[column]
            raise InputError(
                f"y holds {value!r} in row {row}, column {column}: attributes must be "
                "0 or 1. CelebA's -1 and 1 become that by (y == 1).astype(int)"
            )
        return y.astype(np.float32)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags(multi_class=False, multi_label=True)
        return tags


def _two_classes(y):
    check_classification_targets(y)
    if type_of_target(y) != "binary":
        raise InputError(
            "Only binary classification is supported. The type of the target is "
            f"{type_of_target(y)}."
        )
    classes = np.unique(y)
    if len(classes) < 2:
        raise InputError(
            f"y holds only one class, {classes.tolist()[0]!r}; two are needed"
        )
    return classes
