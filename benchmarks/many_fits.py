"""Memory and time of many head fits in one process, as a search makes them.

Each Keras model that is fitted leaves tens of MB behind and costs seconds of tracing.
skface compiles one model an architecture and gives it new weights for each fit, so that
both stay flat. Beside it: plain Keras, a fresh model a fit.

    python benchmarks/many_fits.py
"""

import argparse

import numpy as np
from _common import alone, memory, seconds

from skface import DenseHeadClassifier

N_FEATURES, N_ATTRIBUTES = 25_088, 40


def data(args):
    rng = np.random.default_rng(0)
    X = rng.random((args.n_rows, N_FEATURES), np.float32).astype(np.float16)
    return X, rng.integers(0, 2, (args.n_rows, N_ATTRIBUTES))


def skface_fit(args, X, y, number):
    DenseHeadClassifier(
        n_layers=1 + number % args.n_architectures,
        n_units=args.n_units,
        epochs=args.epochs,
        early_stopping=False,
        random_state=number,
    ).fit(X, y)


def keras_fit(args, X, y, number):
    import keras

    n_layers = 1 + number % args.n_architectures
    layers = [
        keras.layers.Dense(args.n_units, activation="relu") for _ in range(n_layers)
    ]
    output = keras.layers.Dense(N_ATTRIBUTES, activation="sigmoid")
    model = keras.Sequential([keras.Input((N_FEATURES,)), *layers, output])
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    model.fit(X, y, batch_size=32, epochs=args.epochs, verbose=0)


def fits(args, fit, n_fits):
    """Seconds of each fit, and MB that the process holds after it."""
    X, y = data(args)
    times, sizes = [], []
    for number in range(n_fits):
        times.append(seconds(fit, args, X, y, number))
        sizes.append(memory("VmRSS"))
    return np.array(times), np.array(sizes)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n-fits", type=int, default=100, help="%(default)s")
    parser.add_argument(
        "--n-plain", type=int, default=20, help="fits of plain Keras; %(default)s"
    )
    parser.add_argument(
        "--n-architectures",
        type=int,
        default=1,
        help="heads of 1, 2, ... layers, in turn: each holds memory of its own, up to "
        "60 million parameters in all; %(default)s",
    )
    parser.add_argument("--n-rows", type=int, default=200, help="%(default)s")
    parser.add_argument("--n-units", type=int, default=128, help="%(default)s")
    parser.add_argument("--epochs", type=int, default=5, help="%(default)s")
    args = parser.parse_args()

    print("| | fits | growth of memory | a fit | first ten | last ten | last / first |")
    print("|---|---|---|---|---|---|---|")
    growths = {}
    for name, fit, n_fits in (
        ("skface", skface_fit, args.n_fits),
        ("plain Keras", keras_fit, args.n_plain),
    ):
        times, sizes = alone(fits, args, fit, n_fits)
        growth = sizes[-1] - sizes[0]
        growths[name] = growth / max(n_fits - 1, 1)
        ten = min(10, n_fits)
        first, last = times[:ten].sum(), times[-ten:].sum()
        print(
            f"| {name} | {n_fits} | {growth:.0f} MB | {growths[name]:.2f} MB "
            f"| {first:.1f} s | {last:.1f} s | {last / first:.2f} |"
        )
    print("\nThe growth is counted from the end of the first fit.")


if __name__ == "__main__":
    main()
