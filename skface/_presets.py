"""The recipe of each target's pipeline, which is read without loading Keras."""

from skface.exceptions import ParameterError

_PAPER_FEATURES = {"layer": "block5_pool", "preprocessing": "unit"}
_BEST_FEATURES = {
    "layer": "block4_pool",
    "pooling": (7, 7),
    "normalize": "sqrt_l2",
}
_COORDINATES = {
    "n_layers": 2,
    "input_scale": 10.0,
    "loss": "mean_absolute_error",
    "learning_rate": 3e-4,
    "patience": 8,
}

# features and head of each preset, by CelebALoader's targets
PRESETS = {
    "bbox": {
        "paper": (_PAPER_FEATURES, {}),
        "best": (_BEST_FEATURES, _COORDINATES),
    },
    "landmarks": {
        "paper": (_PAPER_FEATURES, {"n_units": 4096}),
        "best": (_BEST_FEATURES, _COORDINATES),
    },
    "attributes": {
        "paper": (_PAPER_FEATURES, {}),
        "best": (_BEST_FEATURES, {"n_layers": 0, "input_scale": 10.0}),
    },
}


def recipe(target, preset):
    """Parameters of the transformer and of the head, as two dicts.

    Raises
    ------
    ParameterError
        There is no such preset.
    """
    presets = PRESETS[target]
    if preset not in presets:
        raise ParameterError(f"preset must be in {list(presets)}, got {preset!r}")
    return presets[preset]
