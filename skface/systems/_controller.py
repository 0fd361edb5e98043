"""A controller of searches that learns by policy gradient."""

from math import isfinite
from numbers import Integral, Real

import numpy as np

from skface._validation import shown
from skface.exceptions import ParameterError

try:
    from optuna.distributions import CategoricalDistribution, IntDistribution
    from optuna.samplers import BaseSampler, RandomSampler
    from optuna.study import StudyDirection
    from optuna.trial import TrialState
except ImportError as error:
    raise ImportError(
        'PolicyGradientSampler needs Optuna: pip install "skface[optuna]"'
    ) from error

_MEMORY = 0.9  # of the moving mean and variance of the rewards
_MOST_CHOICES = 1000


class PolicyGradientSampler(BaseSampler):
    """Sampler of Optuna that learns what to try by policy gradient.

    The controller of architecture searches [1]_ [2]_, without its recurrent network:
    each categorical or integer parameter is a decision with a softmax of its own, and
    after each trial the logits follow REINFORCE [3]_,
    ``logits += learning_rate * (reward - baseline) / spread * (chosen - p)``, the
    baseline and the spread being the moving mean and standard deviation of the rewards,
    so that their scale is of no matter. Time enters the reward by
    `skface.make_cost_aware_scorer`.

    Parameters
    ----------
    learning_rate : float, default=0.3
    seed : int, default=None
        Makes the trials of a study that runs one at a time the same each time.

    Raises
    ------
    ImportError
        On import, without Optuna.
    ParameterError
        The parameters have no such value, or the study has several objectives.

    Notes
    -----
    What it has learnt is computed anew from the study's complete trials, whoever
    proposed them: a study that was loaded goes on, and several workers learn from each
    other. Parameters with floats, and integers of more than 1,000 values, are drawn at
    random. Failed and pruned trials teach nothing.

    References
    ----------
    .. [1] N. Zhu, Z. Yu and C. Kou, "A New Deep Neural Architecture Search Pipeline for
       Face Recognition", arXiv 1904.09523.
    .. [2] B. Zoph and Q. V. Le, "Neural Architecture Search with Reinforcement
       Learning", ICLR 2017.
    .. [3] R. J. Williams, "Simple Statistical Gradient-Following Algorithms for
       Connectionist Reinforcement Learning", Machine Learning 8, 1992.

    Examples
    --------
    >>> import optuna
    >>> from skface.systems import PolicyGradientSampler
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(
    ...     direction="maximize", sampler=PolicyGradientSampler(seed=0)
    ... )
    >>> study.optimize(lambda trial: -abs(trial.suggest_int("n", 0, 9) - 3), 40)
    >>> study.best_params
    {'n': 3}
    """

    def __init__(self, *, learning_rate=0.3, seed=None):
        if not (isinstance(learning_rate, Real) and 0 < learning_rate < np.inf):
            raise ParameterError(
                f"learning_rate must be a number above 0, got {shown(learning_rate)}"
            )
        if not (seed is None or (isinstance(seed, Integral) and 0 <= seed < 2**32)):
            raise ParameterError(
                f"seed must be an integer of 0 to 2**32 - 1, or None, got {shown(seed)}"
            )
        self.learning_rate = learning_rate
        self._rng = np.random.default_rng(seed)
        self._independent = RandomSampler(seed)
        self._logits = {}

    def __repr__(self):
        return f"PolicyGradientSampler(learning_rate={self.learning_rate})"

    def reseed_rng(self) -> None:
        """Let a worker of its own draw other numbers; Optuna asks for it."""
        self._rng = np.random.default_rng()
        self._independent.reseed_rng()

    def infer_relative_search_space(self, study, trial) -> dict:
        """None: every parameter is a decision of its own."""
        return {}

    def sample_relative(self, study, trial, search_space) -> dict:
        """None, see `infer_relative_search_space`."""
        return {}

    def before_trial(self, study, trial) -> None:
        """Learn from the trials that the study has completed."""
        if len(study.directions) > 1:
            raise ParameterError(
                "PolicyGradientSampler follows one reward: let the objective give one, "
                "such as that of make_cost_aware_scorer, instead of "
                f"{len(study.directions)}"
            )
        sign = -1 if study.direction == StudyDirection.MINIMIZE else 1
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        logits, baseline, variance = {}, None, 0.0
        for each in sorted(trials, key=lambda each: each.number):
            reward = sign * each.value
            if not isfinite(reward):
                continue
            baseline = reward if baseline is None else baseline
            gain = reward - baseline
            variance = _MEMORY * variance + (1 - _MEMORY) * gain**2
            baseline += (1 - _MEMORY) * gain
            step = self.learning_rate * gain / np.sqrt(variance) if variance else 0.0
            for name, distribution in each.distributions.items():
                n_choices = _n_choices(distribution)
                if n_choices:
                    chosen = np.arange(n_choices) == _index(
                        distribution, each.params[name]
                    )
                    key = name, n_choices
                    values = logits.setdefault(key, np.zeros(n_choices))
                    values += step * (chosen - _softmax(values))
        self._logits = logits

    def sample_independent(
        self, study, trial, param_name, param_distribution
    ) -> object:
        """A choice drawn from the parameter's softmax; of floats any value."""
        n_choices = _n_choices(param_distribution)
        if not n_choices:
            return self._independent.sample_independent(
                study, trial, param_name, param_distribution
            )
        logits = self._logits.get((param_name, n_choices), np.zeros(n_choices))
        index = int(self._rng.choice(n_choices, p=_softmax(logits)))
        if isinstance(param_distribution, CategoricalDistribution):
            return param_distribution.choices[index]
        return param_distribution.low + index * param_distribution.step


def _n_choices(distribution):
    """How many values a decision has; 0 where it is none."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    if not isinstance(distribution, IntDistribution):
        return 0
    n_values = (distribution.high - distribution.low) // distribution.step + 1
    return n_values if n_values <= _MOST_CHOICES else 0


def _index(distribution, value):
    if isinstance(distribution, CategoricalDistribution):
        return distribution.to_internal_repr(value)
    return (value - distribution.low) // distribution.step


def _softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()
