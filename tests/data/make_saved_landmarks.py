"""Made ``saved-1-landmarks.skface``, with skface 0.1, whose heads told no target.

Landmarks read from both sides of a photo: a later version has to know that the ten
outputs are landmarks, to mirror them back. It is kept as it was made.
"""

from pathlib import Path

import numpy as np

import skface

FOLDER = Path(__file__).parent


def main():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (4, 4, 4, 3), dtype=np.uint8)
    photos = colours.repeat(8, axis=1).repeat(8, axis=2)
    points = rng.uniform(0.2, 0.8, (4, 10))
    pipe = skface.make_landmark_pipeline(weights=None, random_state=1)
    pipe.set_params(
        features__layer="block2_pool",
        features__pooling="avg",
        features__normalize=None,
        features__input_size=(32, 32),
        features__compute_dtype="float32",
        head__input_scale=0.01,
        head__n_layers=0,
        head__learning_rate=0.01,
        head__epochs=30,
        head__early_stopping=False,
    )
    pipe.fit(photos, points)
    skface.save(pipe, FOLDER / "saved-1-landmarks.skface")
    predicted = pipe.predict(photos)
    np.savez_compressed(
        FOLDER / "saved-1-landmarks-predictions.npz",
        photos=photos,
        points=predicted,
        score=pipe.score(photos, predicted + 0.01),
    )


if __name__ == "__main__":  # pytest imports this file as it looks for doctests
    main()
