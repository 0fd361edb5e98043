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


class Preset(NamedTuple):
    """Parameters of the features, of the head, and of the pipeline."""

    features: dict
    head: dict
    mirror: str | bool = False


# by CelebALoader's targets
PRESETS = {
    "bbox": {
        "paper": Preset(_PAPER_FEATURES, {}),
        "best": Preset(_BEST_FEATURES, _POINTS, "fit+predict"),
    },
    "landmarks": {
        "paper": Preset(_PAPER_FEATURES, {"n_units": 4096}),
        "best": Preset(_BEST_FEATURES, _POINTS, "fit+predict"),
    },
    "attributes": {
        "paper": Preset(_PAPER_FEATURES, {}),
        "best": Preset(_BEST_FEATURES, {"n_layers": 0, "input_scale": 10.0}, "fit"),
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
