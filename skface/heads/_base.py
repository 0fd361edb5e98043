"""What the regressor and the classifier share."""

import os
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, check_X_y, validate_data

from skface._naming import names_of, ordered
from skface._validation import (
    FLOATS,
    Interval,
    StrOptions,
    as_array,
    check_go_together,
    check_sample_weight,
    validate_params,
)
from skface.exceptions import InputError
from skface.features import weights_identity
from skface.heads._architecture import Architecture, forward
from skface.heads._checkpoint import Checkpoint, digest
from skface.heads._tail import check_maps, n_channels_of, tail_weights
from skface.heads._training import Samples, Settings, train
from skface.store import FeatureArray
from skface.targets import arranged, by_name


class DenseHead:
    """Dense layers on features: parameters, fit, and raw outputs.

    Stands before scikeras' wrapper in the bases of both heads and replaces its fit and
    predict, which hold X as one array, know no flat parameters, and give scikit-learn
    the wrong tags.
    """

    target: Any  # what the columns of y mean, a parameter of both heads

    _parameter_constraints = {
        "n_layers": [Interval(Integral, 0, None, closed="left")],
        "n_units": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "input_scale": [Interval(Real, 0, None, closed="neither")],
        "tail": [str, os.PathLike, None],
        "tail_learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"cosine"}), None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "checkpoint_path": [str, os.PathLike, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    __metadata_request__fit = {"X_val": True, "y_val": True, "groups": True}

    # scikeras derives these from the instance's __dict__ and from routed prefixes.
    _get_param_names = classmethod(BaseEstimator._get_param_names.__func__)
    set_params = BaseEstimator.set_params
    __repr__ = BaseEstimator.__repr__

    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None, groups=None):
        """Train the head.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features; float16 stays float16 and is cast batch by batch. Of a
            FeatureArray the rows are read batch by batch too.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. The column names of a DataFrame are remembered, and y_val and the
            y of `score` are read by them where they are DataFrames too.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss.
        X_val, y_val : array-likes like X and y, default=None
            Validation data for early stopping and the best weights. Without them
            early stopping sets `validation_fraction` of the rows aside.
        groups : array-like of shape (n_samples,), default=None
            Rows that belong together, such as several frames of one photo. They are
            set aside for validation together, and the first of them is validated on.

        Returns
        -------
        self
            Who predicts meanwhile, in another thread, is answered by the fit before; so
            is everyone after a fit that failed.

        Raises
        ------
        ParameterError
            A parameter has no such value, or the loss or a weight is not finite in the
            first epoch; in a later one the training ends with a warning.
        InputError
            X, y or their validation parts cannot be used.
        CheckpointError
            `checkpoint_path` holds something else, or cannot be written.
        WeightsError
            The weights of `tail` cannot be had.
        """
        fitted = object.__new__(type(self))
        vars(fitted).update(self._unfitted())
        fitted._fit(X, y, sample_weight, X_val, y_val, groups)
        self.__dict__ = vars(fitted)
        return self

    @np.errstate(all="ignore")  # whatever somebody has set
    def _fit(self, X, y, sample_weight, X_val, y_val, groups):
        samples, validation = self._checked(X, y, sample_weight, X_val, y_val, groups)
        if self.tail is not None:
            check_maps(samples.X, n_channels_of(self.tail))
        checkpoint = start = None
        adaptation = self._adaptation()
        if self.checkpoint_path is not None:
            checkpoint = self._checkpoint(samples, validation)
            figures = ["loss", self._metric]
            if validation is not None or self._needs_validation():
                figures += [f"val_{name}" for name in figures]
            adapted = [] if adaptation is None else adaptation.state
            start = checkpoint.load(
                self._planned().weight_shapes, figures, [each.shape for each in adapted]
            )
        if start is None:
            seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        else:
            seed = start.seed
        if validation is None and self._needs_validation():
            samples, validation = samples.split(self.validation_fraction, seed)
        best = self._train(samples, validation, seed, checkpoint, start, adaptation)
        self._fit_decisions(validation, best.adapted)

    def check_fit(
        self, n_samples, y, sample_weight=None, n_val=None, y_val=None, groups=None
    ):
        """Raise what `fit` would, but for X, before the work of making X.

        Parameters
        ----------
        n_samples : int
            Rows of X.
        y, sample_weight, y_val, groups
            As for `fit`.
        n_val : int, default=None
            Rows of X_val.

        Raises
        ------
        ParameterError, InputError, CheckpointError
            As `fit`.
        """
        head = clone(self)
        X_val = None if n_val is None else np.zeros((n_val, 1))
        X = np.zeros((n_samples, 1))
        samples, validation = head._checked(X, y, sample_weight, X_val, y_val, groups)
        if validation is None and head._needs_validation():
            samples.split(self.validation_fraction, seed=0)
        if self.checkpoint_path is not None:
            Checkpoint(self.checkpoint_path, {}).check_folder()

    @np.errstate(all="ignore")
    def outputs(self, X) -> np.ndarray:
        """What the network says, before calibration and thresholds.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), float32
        """
        check_is_fitted(self)
        now = self.snapshot()
        outputs = forward(now.model_, now._check_X(X))
        if not np.isfinite(outputs).all():
            row = np.flatnonzero(~np.isfinite(outputs).all(axis=1))[0]
            raise InputError(
                f"row {row} of X is so large that the network's output is not finite: "
                "scale the features as they were in fit"
            )
        return outputs

    def arranged(self, y) -> Any:
        """y with its columns in the order of the target's, found by their names.

        Parameters
        ----------
        y : array-like of shape (n_samples, n_outputs)
            Only a DataFrame has names.

        Returns
        -------
        array-like of shape (n_samples, n_outputs)
            Of an array the array itself.

        Raises
        ------
        InputError
            The names are others.
        """
        return arranged(y, self.target)

    def snapshot(self) -> "DenseHead":
        """The head as it is fitted now, whatever `fit` does to it meanwhile."""
        now = object.__new__(type(self))
        now.__dict__ = vars(self)  # fit puts another one in its place
        return now

    def _unfitted(self):
        """What no fit has set."""
        return {k: value for k, value in vars(self).items() if not k.endswith("_")}

    def _checked(self, X, y, sample_weight, X_val, y_val, groups=None):
        """The samples to train on, and those to validate on or None."""
        validate_params(self)
        if self.tail is not None:
            weights_identity(self.tail)
        y = self._named(y)
        X, y = self._check_X_y(X, y)
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, X)
        encode = self._fit_targets(y, sample_weight)
        samples = self._samples(X, encode(y))
        if sample_weight is not None:
            samples = samples.weighted(sample_weight)
        if groups is not None:
            samples = samples.grouped(groups)
        check_go_together(X_val, y_val)
        validation = None
        if X_val is not None:
            validation = self._check_validation(X_val, y_val, encode)
        return samples, validation

    def _check_X_y(self, X, y):
        checks = {"multi_output": True, "y_numeric": self._y_is_numeric}
        if not isinstance(X, FeatureArray):
            X, y = validate_data(self, X, y, dtype=FLOATS, **checks)
            return _within_float32(X, "X"), y
        X = validate_data(self, X, skip_check_array=True)
        # check_X_y would read all of X: a column of zeros stands for it.
        _, y = check_X_y(np.zeros((len(X), 1)), y, **checks)
        return X, y

    def _check_X(self, X, name="X"):
        lazy = isinstance(X, FeatureArray)
        X = validate_data(self, X, reset=False, dtype=FLOATS, skip_check_array=lazy)
        return X if lazy else _within_float32(X, name)

    def _named(self, y):
        """y in its target's order, the names of its columns remembered."""
        y = self.arranged(y)
        names = names_of(y)
        if names is not None:
            ordered(y, dict.fromkeys(names), "y")  # none is there twice
            self.target_names_in_ = np.array(names, dtype=object)
        return y

    def _check_validation(self, X_val, y_val, encode):
        X_val = self._check_X(X_val, "X_val")
        y_val = as_array(by_name(self, y_val, "y_val"), "y_val")
        if y_val.ndim == 0 or not len(y_val):
            raise InputError("y_val must have one row for each of X_val")
        targets = encode(y_val)
        if len(targets) != len(X_val):
            raise InputError(f"X_val has {len(X_val)} rows, y_val {len(targets)}")
        return self._samples(X_val, targets)

    def _samples(self, X, targets):
        return Samples(X, targets)

    def _needs_validation(self):
        return self.early_stopping

    def _adaptation(self):
        """What is adapted to the validation samples from epoch to epoch, or None."""

    def _fit_decisions(self, validation, adapted=()):
        """What is learnt from the validation samples when the network is trained."""

    def _planned(self):
        return Architecture(
            n_features=self.n_features_in_,
            n_outputs=self._n_outputs,
            n_layers=self.n_layers,
            n_units=self.n_units,
            output_activation=self._output_activation,
            input_scale=float(self.input_scale),
            dropout=float(self.dropout),
            l2=float(self.l2),
            tail_channels=0 if self.tail is None else n_channels_of(self.tail),
        )

    @property
    def _branch_of_each(self):
        return ()

    def _first_bias(self, samples):
        """The bias of outputs that begin constant, NaN of others; or None."""

    def _train(self, samples, validation, seed, checkpoint, start, adaptation):
        architecture = self._planned()
        settings = Settings(
            loss=self.loss,
            metric=self._metric,
            learning_rate=float(self.learning_rate),
            learning_rate_schedule=self.learning_rate_schedule,
            epochs=self.epochs,
            batch_size=self.batch_size,
            patience=self.patience if self.early_stopping else None,
            seed=seed,
            branches=self._branch_of_each,
            bias=self._first_bias(samples),
            **self._tail_settings,
        )
        best, history = train(
            architecture,
            settings,
            samples,
            validation,
            adaptation=adaptation,
            start=start,
            save=checkpoint.save if checkpoint else None,
            verbose=self.verbose,
        )
        if checkpoint:
            checkpoint.save(best, finished=True)
        self.history_ = history
        self.n_epochs_ = len(history["loss"])
        self.best_epoch_ = best.epoch
        self._set_model(architecture, best.weights)
        return best

    @property
    def _tail_settings(self):
        if self.tail is None:
            return {}
        rate = float(self.tail_learning_rate / self.learning_rate)
        return {"tail": tail_weights(self.tail), "tail_rate": rate}

    def _checkpoint(self, samples, validation):
        """The file of this fit, told from others by its parameters and data."""
        params = {name: repr(value) for name, value in self.get_params().items()}
        # A fit may go on for longer, unless the learning rate depends on the end, or
        # elsewhere; without a seed of the user's it goes on with the seed in the file.
        for name in ("patience", "checkpoint_path", "verbose"):
            del params[name]
        if self.learning_rate_schedule is None:
            del params["epochs"]
        if not isinstance(self.random_state, Integral):
            params["random_state"] = None
        parts = [part for part in (samples, validation) if part is not None]
        data = [
            [digest(each) for each in (part.y, part.weight, part.groups, part.X)]
            for part in parts
        ]
        return Checkpoint(self.checkpoint_path, {"params": params, "data": data})

    def _set_model(self, architecture, weights):
        self._architecture = architecture
        self.model_ = architecture.build()
        self.model_.set_weights(weights)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.non_deterministic = self.random_state is None
        return tags

    def __getstate__(self):
        state = super().__getstate__()
        if "model_" in state:
            state = state | {"model_": state["model_"].get_weights()}
        return state

    def __setstate__(self, state):
        weights = state.pop("model_", None)
        super().__setstate__(state)
        if weights is not None:
            self._set_model(self._architecture, weights)

    @property
    def partial_fit(self):
        raise AttributeError("a head is trained by fit alone")

    @property
    def initialize(self):
        raise AttributeError("a head is trained by fit alone")


def check_fractions(y):
    """Raise an InputError where coordinates are far from what a sigmoid reaches."""
    if y.size and not (-1 <= y.min() <= y.max() <= 2):
        raise InputError(
            f"y runs from {y.min():g} to {y.max():g}, but a sigmoid reaches only 0 "
            "to 1: give coordinates as fractions of the photo's width and height, "
            "or set output_activation='linear'"
        )


def _within_float32(X, name):
    """X, whose values do not overflow in float32."""
    if X.dtype == np.float64:
        largest = np.maximum(X.max(axis=1), -X.min(axis=1))
        row = largest.argmax()
        if largest[row] > np.finfo(np.float32).max:
            raise InputError(
                f"row {row} of {name} reaches {largest[row]:g} in size, which float32 "
                "cannot hold: scale the features"
            )
    return X
