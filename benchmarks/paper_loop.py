"""The paper's way, VGG19 inside the training loop, against features taken once.

Plain Keras trains seven dense layers on top of a frozen VGG19, which computes the same
features of the same photos again in each epoch. skface trains the same head for the
same epochs on features that it takes once (cold), or finds in its store (warm). In
bfloat16 where the processor has it, and in float32 as plain Keras.

Each way runs in a process of its own; the photos are decoded beforehand for plain Keras
alone.

    python benchmarks/paper_loop.py --data CELEBA --weights VGG19.h5
"""

import os
import tempfile
from time import perf_counter

import numpy as np
from _common import alone, arguments, load_photos

from skface import make_attribute_pipeline


def plain_keras(args):
    import keras

    X, y = load_photos(args)
    photos = np.asarray(X, np.float32) / 255
    start = perf_counter()
    vgg19 = keras.applications.VGG19(include_top=False, weights=args.weights)
    vgg19.trainable = False
    head = [keras.layers.Dense(512, activation="relu") for _ in range(7)]
    model = keras.Sequential(
        [
            keras.Input(photos.shape[1:]),
            vgg19,
            keras.layers.Flatten(),
            *head,
            keras.layers.Dense(y.shape[1], activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    model.fit(photos, y, batch_size=32, epochs=args.epochs, verbose=0)
    return perf_counter() - start


def skface(args, cache_dir, compute_dtype):
    X, y = load_photos(args)
    start = perf_counter()
    pipe = make_attribute_pipeline(
        "paper", weights=args.weights, cache_dir=cache_dir, random_state=0
    ).set_params(
        features__compute_dtype=compute_dtype,
        head__epochs=args.epochs,
        head__early_stopping=False,
    )
    pipe.fit(X, y)
    return perf_counter() - start


def main():
    parser = arguments(__doc__, n_photos=200)
    parser.add_argument("--epochs", type=int, default=10, help="%(default)s")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paper = alone(plain_keras, args)
        print(
            f"{args.epochs} epochs on {args.n_photos} photos\n"
            f"plain Keras, VGG19 in the loop: {paper:.1f} s"
        )
        for dtype in ("auto", "float32"):
            for state in ("cold", "warm"):
                took = alone(skface, args, os.path.join(folder, dtype), dtype)
                print(
                    f"skface, {dtype}, {state}: {took:.1f} s, "
                    f"{paper / took:.1f} times faster"
                )


if __name__ == "__main__":
    main()
