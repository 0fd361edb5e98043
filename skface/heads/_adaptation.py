"""What a classifier adapts to its validation samples, epoch by epoch."""

import numpy as np

from skface._keras import import_keras
from skface.heads._labels import unpacked
from skface.heads._losses import LOSSES

_STEP = 1.0  # of a threshold, times the share of false answers that it can mend


class Adaptation:
    """Weights and thresholds of the attributes, which change after each epoch.

    Parameters
    ----------
    loss : str
    n_outputs : int
    weighs : bool
        Whether the loss goes by the weights.

    Attributes
    ----------
    state : list of ndarray of shape (n_outputs,)
        The thresholds, the weights, and the validation losses of the last epoch, 0
        before the first.
    """

    def __init__(self, loss, n_outputs, weighs):
        self.loss, self.weighs = loss, weighs
        self.state = [np.full(n_outputs, 0.5), np.ones(n_outputs), np.zeros(n_outputs)]

    @property
    def factors(self):
        """What the columns of `packed` labels are multiplied by in the next epoch."""
        _, weights, _ = self.state
        used = weights if self.weighs else np.ones_like(weights)
        others = np.ones_like(weights)
        return np.concatenate([others, used, others]).astype(np.float32)

    def observe(self, outputs, validation):
        """Adapt to what the network says of the validation samples.

        The weights follow K. He et al., "Adaptively Weighted Multi-task Deep Network
        for Person Attribute Classification", ACM Multimedia 2017: the relative change
        of an attribute's loss times the loss, each over its mean, which is the change
        of the loss over the mean change.
        """
        thresholds, weights, before = self.state
        parts = unpacked(validation.y[validation.rows])
        labels, of_labels, of_coordinates = parts
        row_weights = validation.row_weights[:, np.newaxis]
        there = row_weights * (of_labels > 0)
        excess = there * ((outputs > thresholds).astype(float) - labels)
        n = np.maximum(there.sum(axis=0), np.finfo(float).tiny)
        thresholds = np.clip(thresholds + _STEP * excess.sum(axis=0) / n, 0, 1)

        each = np.stack(parts, axis=-1).reshape(-1, 3)
        losses = LOSSES[self.loss](each, outputs.reshape(-1, 1))
        losses = import_keras().ops.convert_to_numpy(losses).reshape(outputs.shape)
        losses = (row_weights * losses).mean(axis=0, dtype=float)
        are_labels = (of_coordinates == 0).all(axis=0)
        changes = np.abs(losses - before)[are_labels]
        if before.any() and changes.any():
            weights = weights.copy()
            weights[are_labels] = changes / changes.mean()
        self.state = [thresholds, weights, losses]
