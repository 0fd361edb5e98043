"""Makes ``saved-1-looks.skface``, that every later skface must read.

Attributes of faces that two looks at their landmarks have turned upright: estimators
within estimators. It is kept as it was made, see ``make_saved.py``.

    python tests/data/make_saved_looks.py
"""

from pathlib import Path

import numpy as np

import skface

FOLDER = Path(__file__).parent
SMALL = {
    "features__layer": "block2_pool",
    "features__pooling": "avg",
    "features__normalize": None,
    "features__input_size": (32, 32),
    "features__compute_dtype": "float32",
    "head__input_scale": 0.01,
    "head__n_layers": 0,
    "head__learning_rate": 0.01,
    "head__early_stopping": False,
}


def main():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (4, 4, 4, 3), dtype=np.uint8)
    photos = colours.repeat(8, axis=1).repeat(8, axis=2)
    middles = np.array([0.4, 0.4, 0.6, 0.4, 0.5, 0.5, 0.4, 0.6, 0.6, 0.6])
    points = middles + rng.uniform(-0.1, 0.1, (4, 10))
    attributes = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]])
    look = skface.make_landmark_pipeline(weights=None, random_state=1)
    look.set_params(**SMALL, head__epochs=30).fit(photos, points)
    pipe = skface.make_attribute_pipeline(weights=None, align=look, random_state=1)
    pipe.set_params(**SMALL, head__epochs=60).fit(photos, attributes)
    names = ["Bald", "Smiling", "Young"]
    skface.save(pipe, FOLDER / "saved-1-looks.skface", target_names=names)
    np.savez_compressed(
        FOLDER / "saved-1-looks-predictions.npz",
        photos=photos,
        points=look.predict(photos),
        probabilities=pipe.predict_proba(photos),
    )


if __name__ == "__main__":  # pytest imports this file as it looks for doctests
    main()
