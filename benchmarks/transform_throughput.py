"""Photos a second through VGG19Features, against the bare network.

Prints two ratios of one run: the public transformer on photo files to
``keras.Model.predict`` on the same photos decoded beforehand (1 means that decoding
and everything else hide behind the network), and bfloat16 to float32.

    python benchmarks/transform_throughput.py --data CELEBA --weights VGG19.h5
"""

import argparse
from time import perf_counter

import numpy as np

from skface import CelebALoader, VGG19Features
from skface.features._network import get_network


def seconds(function):
    start = perf_counter()
    function()
    return perf_counter() - start


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="a CelebA folder")
parser.add_argument("--weights", default=None, help="random weights without it")
parser.add_argument("--n-photos", type=int, default=320)
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()

X, _ = CelebALoader(args.data).load("all")
X = X[: args.n_photos]
decoded = np.asarray(X)

rates = {}
for compute_dtype in ("float32", "bfloat16"):
    features = VGG19Features(args.weights, compute_dtype=compute_dtype).fit(X)
    network = get_network(features._specification(), compute_dtype)
    features.transform(X[:32])
    network.predict(decoded[:32], batch_size=32, verbose=0)
    bare, whole = [], []
    for _ in range(args.rounds):
        bare.append(
            seconds(lambda net=network: net.predict(decoded, batch_size=32, verbose=0))
        )
        whole.append(seconds(lambda features=features: features.transform(X)))
    rates[compute_dtype] = len(X) / np.median(whole)
    print(
        f"{compute_dtype}: bare network {len(X) / np.median(bare):.1f} photos/s, "
        f"transform of files {rates[compute_dtype]:.1f} photos/s, "
        f"ratio {np.median(np.array(bare) / np.array(whole)):.3f}"
    )
print(f"bfloat16 / float32: {rates['bfloat16'] / rates['float32']:.2f}")
