"""Training a head: batches, early stopping, the best weights kept."""

import contextlib
import math
import threading
import warnings
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

from skface._keras import import_keras, keras_settings
from skface._validation import as_array
from skface._work import progress_bar, read_ahead
from skface.exceptions import InputError, ParameterError, SkfaceWarning
from skface.heads._architecture import batches_of, forward
from skface.heads._branches import masks
from skface.heads._losses import LOSSES, METRICS
from skface.heads._tail import N_CONVOLUTIONS

_MAX_CACHED_PARAMETERS = 60_000_000
_MAX_CACHED_TRAINERS = 16


class Samples:
    """Rows of X with their targets and weights, none of them copied.

    Parameters
    ----------
    X : ndarray or FeatureArray of shape (n, n_features)
    y : ndarray of shape (n, n_outputs), float32
    weight : ndarray of shape (n,), float32, default=None
    groups : ndarray of shape (n,), default=None
        Rows that are set aside together.
    rows : ndarray of int, default=None
        The rows that belong to the samples; None takes all.

    Attributes
    ----------
    factors : ndarray of shape (n_outputs,), float32, or None
        What the columns of y are multiplied by in each batch.
    """

    factors = None

    def __init__(self, X, y, weight=None, groups=None, rows=None):
        self.X, self.y, self.weight, self.groups = X, y, weight, groups
        self.rows = np.arange(len(X)) if rows is None else rows

    def __len__(self):
        return len(self.rows)

    @property
    def row_weights(self):
        """The weight of each of the rows; ones where nobody gave any."""
        return np.ones(len(self)) if self.weight is None else self.weight[self.rows]

    def weighted(self, weight):
        """The samples with these weights, scaled to the mean 1; rows of none go."""
        rows = self.rows[weight[self.rows] != 0]
        if not len(rows) or weight.min() < 0:
            raise InputError("sample_weight must not be negative, nor zero throughout")
        scaled = (weight / weight[rows].mean()).astype(np.float32)
        return Samples(self.X, self.y, scaled, self.groups, rows)

    def grouped(self, groups):
        """The samples with these groups."""
        groups = as_array(groups, "groups")
        if groups.shape != (len(self.X),):
            raise InputError(
                f"groups must have the shape ({len(self.X)},), got {groups.shape}"
            )
        _, codes = np.unique(groups, return_inverse=True)
        return Samples(self.X, self.y, self.weight, codes, self.rows)

    def split(self, fraction, seed):
        """A random share set aside for validation: the rest, and that share."""
        units = self.rows if self.groups is None else np.unique(self.groups[self.rows])
        order = np.random.default_rng(seed).permutation(units)
        n_held_out = max(1, round(fraction * len(units)))
        if n_held_out >= len(units):
            raise InputError(
                f"n_samples={len(units)} is too few to set validation_fraction="
                f"{fraction} aside: give X_val and y_val, or early_stopping=False"
            )
        held_out, kept = order[:n_held_out], order[n_held_out:]
        if self.groups is not None:
            groups = self.groups[self.rows]
            kept = self.rows[np.isin(groups, kept)]
            _, first = np.unique(groups, return_index=True)
            held_out = self.rows[first[np.isin(units, held_out)]]
        return self._of(kept), self._of(held_out)

    def batch(self, positions):
        """Float32 copies of some of the rows, ready for Keras."""
        rows = self.rows[positions]
        weight = None if self.weight is None else self.weight[rows]
        y = self.y[rows] if self.factors is None else self.y[rows] * self.factors
        return np.asarray(self.X[rows], np.float32), y, weight

    def outputs(self, network):
        """What a network says of the rows, float32."""
        batches = batches_of(len(self), self.X.shape[1])
        return np.concatenate(
            [forward(network, self.batch(rows)[0]) for rows in batches]
        )

    def _of(self, rows):
        return Samples(self.X, self.y, self.weight, self.groups, rows)


class Settings(NamedTuple):
    """How a head is trained."""

    loss: str
    metric: str
    learning_rate: float
    learning_rate_schedule: str | None
    epochs: int
    batch_size: int
    patience: int | None  # None trains all epochs
    seed: int
    branches: tuple = ()  # as from branch_of_each
    bias: np.ndarray | None = None  # of outputs that begin constant; NaN of others
    tail: tuple | list = ()  # the weights that it begins with
    tail_rate: float = 1.0  # its learning rate, as a part of the dense layers'

    def rate(self, epoch):
        """Learning rate of an epoch; I. Loshchilov and F. Hutter, "SGDR", ICLR 2017,
        equation 5, without restarts, epoch by epoch.
        """
        if self.learning_rate_schedule is None:
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * epoch / self.epochs)) / 2


class State(NamedTuple):
    """A moment of a training, from which it can go on exactly.

    `optimizer` is empty where nobody saves it, `adapted` where nothing is adapted.
    """

    seed: int
    epoch: int
    weights: list
    optimizer: list
    history: dict
    adapted: list | tuple = ()


def train(
    architecture,
    settings,
    samples,
    validation,
    *,
    adaptation=None,
    start=None,
    save=None,
    verbose=0,
):
    """Train a head and return the state of its best epoch, and the whole history.

    Parameters
    ----------
    architecture : Architecture
    settings : Settings
    samples : Samples
        Each epoch visits them in an order of its own, drawn from the seed and the
        epoch's number.
    validation : Samples or None
        The best epoch has the lowest loss on them; without them it is the last.
    adaptation : Adaptation, default=None
        Observes the validation samples after each epoch, and weighs the labels.
    start : State, default=None
        What to go on from.
    save : callable, default=None
        Is given each new best state.
    verbose : int, default=0

    Returns
    -------
    best : State
    history : dict of list of float
        "loss" and the metric by epoch; with a "val\\_" in front on `validation`.

    Raises
    ------
    ParameterError
        The loss or a weight is not finite.
    """
    with keras_settings(), _borrowed_trainer(architecture, settings) as trainer:
        best = start
        if best is None:
            rng = np.random.default_rng(settings.seed)
            weights = architecture.initial_weights(rng)
            if settings.bias is not None:
                constant = ~np.isnan(settings.bias)
                weights[-1][constant] = settings.bias[constant]
                weights[-2][:, constant] = 0
            trainer.start([*settings.tail, *weights])
            first, history = 0, {}
        else:
            trainer.restore(best)
            if adaptation is not None:
                adaptation.state = best.adapted
            first, history = best.epoch + 1, _copied(best.history)
        fault = None
        with progress_bar(settings.epochs, "head", verbose, initial=first) as progress:
            for epoch in range(first, settings.epochs):
                if adaptation is not None:
                    samples.factors = adaptation.factors
                figures = trainer.epoch(epoch, settings, samples, validation)
                if adaptation is not None:
                    outputs = validation.outputs(trainer.network)
                    adaptation.observe(outputs, validation)
                for name, value in figures.items():
                    history.setdefault(name, []).append(value)
                progress.set_postfix(figures)
                progress.update()
                is_finite = all(map(math.isfinite, figures.values()))
                if not (is_finite and trainer.has_finite_weights()):
                    what = f"{figures}, or weights, that are not finite"
                    fault = f"epoch {epoch} gave {what}"
                    break
                if best is None or _improved(history, best.epoch):
                    best = trainer.state(
                        settings.seed, epoch, history, whole=save is not None
                    )
                    if adaptation is not None:
                        best = best._replace(adapted=adaptation.state)
                    if save is not None:
                        save(best)
                elif settings.patience and epoch - best.epoch >= settings.patience:
                    break
    if fault is not None:
        cure = (
            f"lower learning_rate={settings.learning_rate}, or normalize the features"
        )
        if best is None:
            raise ParameterError(f"{fault}: {cure}")
        warnings.warn(
            f"{fault}: the weights of epoch {best.epoch} are kept; {cure}",
            SkfaceWarning,
            stacklevel=2,
        )
    return best, history


def _improved(history, best_epoch):
    if "val_loss" not in history:
        return True
    return history["val_loss"][-1] < history["val_loss"][best_epoch]


def _copied(history):
    return {name: list(values) for name, values in history.items()}


class _Trainer:
    """A compiled Keras model that trains one head after another.

    Compiling and tracing cost seconds and memory that Keras never gives back, so a
    process does it once an architecture and afterwards sets new weights.
    """

    def __init__(self, architecture, loss, metric, branches, tail_rate):
        self.network = architecture.build()
        # TensorFlow's own kernels are faster on a processor than what XLA makes.
        is_tensorflow = import_keras().backend.backend() == "tensorflow"
        self.network.compile(
            _adam(tail_rate),
            loss=LOSSES[loss],
            metrics=[METRICS[metric]()],
            jit_compile=False if is_tensorflow else "auto",
        )
        self.network.optimizer.build(self.network.trainable_variables)
        self.masks = masks(architecture, branches)
        dense = [layer for layer in self.network.layers if hasattr(layer, "units")]
        for layer, mask in zip(dense, self.masks, strict=bool(self.masks)):
            layer.kernel.constraint = _masking(mask.astype(np.float32))
        self.n_parameters = self.network.count_params()

    def start(self, weights):
        for variable in self.network.optimizer.variables:
            variable.assign(np.zeros(variable.shape, dtype=variable.dtype))
        kernels = weights[-2 * len(self.masks) :: 2] if self.masks else []
        for kernel, mask in zip(kernels, self.masks, strict=True):
            # Those of branches begin as large as those of heads of their own.
            kernel *= (mask / np.sqrt(mask.mean())).astype(np.float32)
        self.network.set_weights(weights)

    def restore(self, state):
        for variable, value in zip(
            self.network.optimizer.variables, state.optimizer, strict=True
        ):
            variable.assign(value)
        self.network.set_weights(state.weights)

    def has_finite_weights(self):
        return all(np.isfinite(each).all() for each in self.network.get_weights())

    def state(self, seed, epoch, history, whole):
        """This moment; the optimizer's part only of a `whole` one, as it is large."""
        to_numpy = import_keras().ops.convert_to_numpy
        variables = self.network.optimizer.variables if whole else []
        optimizer = [to_numpy(value) for value in variables]
        weights = self.network.get_weights()
        return State(seed, epoch, weights, optimizer, _copied(history))

    def epoch(self, epoch, settings, samples, validation):
        """One pass over the samples; its figures."""
        rng = np.random.default_rng([settings.seed, epoch])
        self._seed_dropout(rng)
        self.network.optimizer.learning_rate = settings.rate(epoch)
        order = rng.permutation(len(samples))
        figures = self._pass(
            self.network.train_on_batch, samples, order, settings.batch_size
        )
        if validation is not None:
            order = np.arange(len(validation))
            measured = self._pass(self.network.test_on_batch, validation, order, 256)
            figures |= {f"val_{name}": value for name, value in measured.items()}
        return figures

    def _pass(self, step, samples, order, batch_size):
        """What `step` reports on all samples: Keras averages since the last reset."""
        self.network.reset_metrics()
        batches = (order[batch] for batch in gen_batches(len(order), batch_size))
        for x, y, weight in read_ahead(samples.batch, batches):
            figures = step(x, y, sample_weight=weight, return_dict=True)
        return {name: float(value) for name, value in figures.items()}

    def _seed_dropout(self, rng):
        for layer in self.network.layers:
            if hasattr(layer, "seed_generator"):
                state = layer.seed_generator.state
                state.assign(rng.integers(0, 2**31, state.shape).astype(state.dtype))


def _adam(tail_rate):
    """Adam, which moves a tail, whose weights come first, by this part of its rate."""
    adam = import_keras().optimizers.Adam
    if tail_rate == 1:
        return adam()

    class Adam(adam):
        def update_step(self, gradient, variable, learning_rate):
            is_tail = self._get_variable_index(variable) < 2 * N_CONVOLUTIONS
            rate = tail_rate if is_tail else 1
            super().update_step(gradient, variable, learning_rate * rate)

    return Adam()


def _masking(mask):
    """The constraint of a kernel that stays 0 where the mask is 0."""

    class Masking(import_keras().constraints.Constraint):
        def __call__(self, kernel):
            return kernel * mask

    return Masking()


_trainers = OrderedDict()
_training = threading.Lock()


@contextlib.contextmanager
def _borrowed_trainer(architecture, settings):
    """The trainer of an architecture, for one thread at a time."""
    key = (
        *(architecture, settings.loss, settings.metric),
        *(settings.branches, settings.tail_rate),
    )
    with _training:
        trainer = _trainers.pop(key, None) or _Trainer(*key)
        _trainers[key] = trainer
        while len(_trainers) > 1 and (
            len(_trainers) > _MAX_CACHED_TRAINERS
            or _n_cached_parameters() > _MAX_CACHED_PARAMETERS
        ):
            _trainers.popitem(last=False)
        yield trainer


def _n_cached_parameters():
    return sum(trainer.n_parameters for trainer in _trainers.values())
