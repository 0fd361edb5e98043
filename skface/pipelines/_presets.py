"""The recipe of each target's pipeline, which is read without loading Keras."""

from typing import NamedTuple

from skface.exceptions import ParameterError

_PAPER_FEATURES = {"layer": "block5_pool", "preprocessing": "unit"}
_BEST_FEATURES = {
    "layer": "block4_pool",
    "pooling": (7, 7),
    "normalize": "sqrt_l2",
}
_POINTS = {
    "n_layers": 7,
    "n_units": 256,
    "input_scale": 10.0,
    "loss": "mean_absolute_error",
    "learning_rate": 3e-4,
    "learning_rate_schedule": "cosine",
    "epochs": 40,
    "batch_size": 64,
    "patience": 40,  # the whole schedule; the best epoch is kept
}


_ATTRIBUTES = {"n_layers": 0, "input_scale": 10.0}
_ATTRIBUTES_TAIL = {
    "dropout": 0.3,
    "learning_rate_schedule": "cosine",
    "epochs": 6,
    "patience": 6,
}
_POINTS_TAIL = {"epochs": 10, "patience": 10}
_FAST_FEATURES = {**_BEST_FEATURES, "input_size": 112}


class Preset(NamedTuple):
    """Parameters of the features, the head, the pipeline, and a second look.

    Those of `tail` are the head's too, in its last look, in which block 5 learns with
    it; None has no such tail.
    """

    features: dict
    head: dict
    mirror: str | bool = False
    second_look: dict | None = None
    tail: dict | None = None

    @property
    def features_read(self):
        """The features that the head reads: a tail pools and scales them itself."""
        own = {} if self.tail is None else {"pooling": None, "normalize": None}
        return {**self.features, **own}


# by CelebALoader's targets
PRESETS = {
    "bbox": {
        "paper": Preset(_PAPER_FEATURES, {}),
        "fast": Preset(_FAST_FEATURES, _POINTS, "fit"),
        "best": Preset(
            _BEST_FEATURES, _POINTS, "fit+predict", {"average": True, "degrees": 0.0}
        ),
        "finest": Preset(
            _BEST_FEATURES,
            _POINTS,
            "fit+predict",
            {"average": True, "degrees": 0.0},
            _POINTS_TAIL,
        ),
    },
    "landmarks": {
        "paper": Preset(_PAPER_FEATURES, {"n_units": 4096}),
        "fast": Preset(_FAST_FEATURES, _POINTS, "fit"),
        "best": Preset(_BEST_FEATURES, _POINTS, "fit+predict", {}),
        "finest": Preset(_BEST_FEATURES, _POINTS, "fit+predict", {}, _POINTS_TAIL),
    },
    "attributes": {
        "paper": Preset(_PAPER_FEATURES, {}),
        "fast": Preset(_FAST_FEATURES, _ATTRIBUTES, "fit"),
        "best": Preset(_BEST_FEATURES, _ATTRIBUTES, "fit"),
        "finest": Preset(_BEST_FEATURES, _ATTRIBUTES, "fit", tail=_ATTRIBUTES_TAIL),
    },
}


def preset_of(target, name):
    """The preset of this name.

    Raises
    ------
    ParameterError
        There is none.
    """
    presets = PRESETS[target]
    if name not in list(presets):  # a list looks for what has no hash, too
        raise ParameterError(f"preset must be in {list(presets)}, got {name!r}")
    return presets[name]
