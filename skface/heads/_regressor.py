"""The head for boxes and landmarks."""

import numpy as np
from scikeras.wrappers import KerasRegressor
from sklearn.metrics import r2_score
from sklearn.utils import RegressorTags

from skface._validation import StrOptions, as_floats
from skface.exceptions import InputError
from skface.heads._base import DenseHead, check_fractions
from skface.targets import Target, as_target, by_name


class DenseHeadRegressor(DenseHead, KerasRegressor):
    """Dense layers that turn features into coordinates.

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
    output_activation : {"sigmoid", "linear"}, default="sigmoid"
        "sigmoid" keeps predictions in 0 to 1, where fractions of a photo lie.
    loss : {"mean_squared_error", "mean_absolute_error", "huber", "wing"}, \
default="mean_squared_error"
        "huber" squares errors of up to 0.02, about those of a good head, and takes
        larger ones as they are. "wing" [2]_ does the contrary, and weighs small errors
        more: its width of 10 / 64 and curvature of 2 / 64 are the 10 and 2 pixels of
        its authors' network for photos of 64 by 64. All these are fractions of the
        photo; the pixels of ``output_activation="linear"`` go with the other losses.
    target : {"bbox", "landmarks"}, Target or tuple of them, default=None
        What the columns of y mean, which decides what `score` tells and how mirror
        images are made. None says nothing of them.
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
    model_ : keras.Model
        The trained network, not compiled, with the weights of the best epoch: that of
        the lowest validation loss, or the last where nothing was validated on.
    history_ : dict of list of float
        "loss" and "mean_absolute_error" by epoch, and both with "val\\_" in front.
    n_epochs_ : int
        Epochs trained.
    best_epoch_ : int
        Index of the epoch whose weights were kept.
    n_features_in_ : int
    target_names_in_ : ndarray of shape (n_outputs,), object
        Names of the columns of y; only where `fit` got a DataFrame.

    Notes
    -----
    With the defaults and the features of `block5_pool` this is the head of Yang and
    Yow [1]_ for boxes; theirs for landmarks has ``n_units=4096``.

    References
    ----------
    .. [1] J. Yang and K.-C. Yow, "Deep Learning on Facial Attributes Detection using
       Transfer Learning with VGG19 model".
    .. [2] Z.-H. Feng, J. Kittler, M. Awais, P. Huber and X.-J. Wu, "Wing Loss for
       Robust Facial Landmark Localisation with Convolutional Neural Networks",
       CVPR 2018.
    .. [3] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skface import DenseHeadRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> y = 0.5 + 0.1 * X[:, :4].clip(-2, 2)
    >>> head = DenseHeadRegressor(n_layers=1, n_units=32, random_state=0).fit(X, y)
    >>> head.predict(X).shape
    (200, 4)

    Boxes have a score of their own:

    >>> DenseHeadRegressor(target="bbox").target
    'bbox'
    """

    _parameter_constraints = {
        **DenseHead._parameter_constraints,
        "output_activation": [StrOptions({"sigmoid", "linear"})],
        "target": [StrOptions({"bbox", "landmarks"}), Target, tuple, list, None],
        "loss": [
            StrOptions({"mean_squared_error", "mean_absolute_error", "huber", "wing"})
        ],
    }
    _metric = "mean_absolute_error"
    _y_is_numeric = True

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
        output_activation="sigmoid",
        loss="mean_squared_error",
        target=None,
        learning_rate=1e-3,
        learning_rate_schedule=None,
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
        self.tail = tail
        self.tail_learning_rate = tail_learning_rate
        self.output_activation = output_activation
        self.loss = loss
        self.target = target
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.checkpoint_path = checkpoint_path
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X):
        """Predicted coordinates.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), float64
            Of shape (n_samples,) when y had one dimension.
        """
        now = self.snapshot()
        return now.predictions(now.outputs(X))

    def predictions(self, outputs) -> np.ndarray:
        """What `predict` makes of `outputs`."""
        outputs = outputs.astype(np.float64)
        return outputs[:, 0] if self._y_ndim == 1 else outputs

    def score(self, X, y, sample_weight=None):
        """The field's number for the target; higher is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
            Of boxes the mean `skface.metrics.iou_score`; of landmarks minus
            `skface.metrics.nme_score`; R² where no `target` is named.
        """
        now = self.snapshot()
        return now.scored(y, now.predict(X), sample_weight)

    def scored(self, y, y_pred, sample_weight=None) -> float:
        """The `score` of predictions."""
        y = by_name(self, y, "y")
        if self.target is None:
            return r2_score(y, y_pred, sample_weight=sample_weight)
        return as_target(self.target).score(y, y_pred, sample_weight)

    @property
    def _output_activation(self):
        return self.output_activation

    def _fit_targets(self, y, sample_weight):
        self._y_ndim = y.ndim
        self._n_outputs = 1 if y.ndim == 1 else y.shape[1]
        if self.target is not None:
            as_target(self.target).checked(y)
        return self._encode_targets

    def _encode_targets(self, y):
        y = as_floats(y, "y_val").reshape(len(y), -1).astype(np.float32)
        if y.shape[1] != self._n_outputs:
            raise InputError(f"expected {self._n_outputs} targets, got {y.shape[1]}")
        if self.output_activation == "sigmoid":
            check_fractions(y)
        if self.target is not None:
            as_target(self.target).check_learnable(y)
        return y

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        tags.regressor_tags = RegressorTags()
        return tags
