"""The recipe of each target's pipeline, which is read without loading Keras."""

from typing import NamedTuple

from skface.exceptions import ParameterError
from skface.photos import CELEBA_FACE

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
_ATTRIBUTES_AND_TAIL = {
    **_ATTRIBUTES,
    "dropout": 0.5,
    "learning_rate_schedule": "cosine",
    "epochs": 3,
}
_POINTS_AND_TAIL = {**_POINTS, "learning_rate": 7e-4, "epochs": 5, "batch_size": 32}
_FAST_FEATURES = {**_BEST_FEATURES, "input_size": 112}


class Preset(NamedTuple):
    """Parameters of the features, the head, the pipeline, and a second look.

    With a `tail` block 5 learns with the head, from the weights of the features on. The
    second look is a pipeline like the first where no `second` tells of another.
    """

    features: dict
    head: dict
    mirror: str | bool = False
    second_look: dict | None = None
    tail: bool = False
    second: "Preset | None" = None


# by CelebALoader's targets
PRESETS = {
    "bbox": {
        "paper": Preset(_PAPER_FEATURES, {}),
        "fast": Preset(_FAST_FEATURES, _POINTS, "fit"),
        "best": Preset(
            _BEST_FEATURES, _POINTS, "fit+predict", {"average": True, "degrees": 0.0}
        ),
    },
    "landmarks": {
        "paper": Preset(_PAPER_FEATURES, {"n_units": 4096}),
        "fast": Preset(_FAST_FEATURES, _POINTS, "fit"),
        "best": Preset(_BEST_FEATURES, _POINTS, "fit+predict", {}),
        "finest": Preset(
            _BEST_FEATURES,
            _POINTS,
            "fit+predict",
            {},
            second=Preset({"layer": "block4_pool"}, _POINTS_AND_TAIL, tail=True),
        ),
    },
    "attributes": {
        "paper": Preset(_PAPER_FEATURES, {}),
        "fast": Preset(_FAST_FEATURES, _ATTRIBUTES, "fit"),
        "best": Preset(_BEST_FEATURES, _ATTRIBUTES, "fit"),
        "finest": Preset(
            {"layer": "block4_pool", "crop": CELEBA_FACE},
            _ATTRIBUTES_AND_TAIL,
            "fit",
            tail=True,
        ),
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
