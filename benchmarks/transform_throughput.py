"""Photos a second through VGG19Features, against the bare network.

Prints ratios of one run: the public transformer on photo files to the bare network on
the same photos decoded beforehand, called through ``keras.Model.predict`` and, as that
leaves a part of the processor idle on some machines, batch by batch through
``predict_on_batch``; 1 means that decoding and everything else hide behind the network.
And bfloat16 to float32.

    python benchmarks/transform_throughput.py --data CELEBA --weights VGG19.h5
"""

import argparse
from time import perf_counter

import numpy as np
from sklearn.utils import gen_batches

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
    batches = [decoded[batch] for batch in gen_batches(len(X), 32)]
    ways = {
        "predict": lambda net=network: net.predict(decoded, batch_size=32, verbose=0),
        "predict_on_batch": lambda net=network, batches=batches: [
            net.predict_on_batch(batch) for batch in batches
        ],
        "transform of files": lambda features=features: features.transform(X),
    }
    features.transform(X[:32])
    network.predict(decoded[:32], batch_size=32, verbose=0)
    times = np.array(
        [[seconds(way) for way in ways.values()] for _ in range(args.rounds)]
    )
    for name, way_times in zip(ways, times.T, strict=True):
        ratio = np.median(way_times / times[:, -1])
        print(
            f"{compute_dtype}: {name} {len(X) / np.median(way_times):.1f} photos/s; "
            f"transform is {ratio:.3f} times as fast"
        )
    rates[compute_dtype] = len(X) / np.median(times[:, -1])
print(f"bfloat16 / float32: {rates['bfloat16'] / rates['float32']:.2f}")
