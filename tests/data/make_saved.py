"""Makes ``saved-1.skface``, a file of format 1 that every later skface must read.

It is kept as it was made, and fails where a later version needs a fitted attribute that
the file does not have: give it in ``DenseHead.__setstate__`` then. Another format gets
another file. Its network is drawn (``weights=None``), so that new packaged weights do
not touch it.

    python tests/data/make_saved.py
"""

from pathlib import Path

import numpy as np

import skface

FOLDER = Path(__file__).parent


def main():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (4, 4, 4, 3), dtype=np.uint8)
    photos = colours.repeat(8, axis=1).repeat(8, axis=2)
    attributes = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]])
    pipe = skface.make_attribute_pipeline(weights=None, random_state=1)
    pipe.set_params(
        features__layer="block2_pool",
        features__pooling="avg",
        features__normalize=None,
        features__input_size=(32, 32),
        features__compute_dtype="float32",
        head__input_scale=0.01,
        head__n_layers=1,
        head__n_units=8,
        head__learning_rate=0.01,
        head__epochs=60,
        head__early_stopping=False,
        head__class_weight={2: {1: 2.0}},
        head__calibration="sigmoid",
        head__threshold=np.array([0.4, 0.5, 0.6]),
    )
    pipe.fit(photos, attributes, X_val=photos, y_val=attributes)
    names = ["Bald", "Smiling", "Young"]
    skface.save(pipe, FOLDER / "saved-1.skface", target_names=names)
    np.savez_compressed(
        FOLDER / "saved-1-predictions.npz",
        photos=photos,
        probabilities=pipe.predict_proba(photos),
        labels=pipe.predict(photos),
    )


if __name__ == "__main__":  # pytest imports this file as it looks for doctests
    main()
