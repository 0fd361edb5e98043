"""Photos a second through VGG19Features, against the bare network.

Prints ratios of one run: the public transformer on photo files, without and with an
empty feature store, to the bare network on the same photos decoded beforehand, called
through ``keras.Model.predict`` and, as that leaves a part of the processor idle on some
machines, batch by batch through ``predict_on_batch``; 1 means that decoding, storing
and everything else hide behind the network. And bfloat16 to float32.

    python benchmarks/transform_throughput.py --data CELEBA --weights VGG19.h5
"""

import tempfile

import numpy as np
from _common import arguments, load_photos, seconds
from sklearn.utils import gen_batches

from skface import VGG19Features
from skface.features._network import get_network


def measure(args, X, compute_dtype):
    """Seconds of each way in each round."""
    features = VGG19Features(args.weights, compute_dtype=compute_dtype).fit(X)
    network = get_network(features._specification(), compute_dtype)
    decoded = np.asarray(X.resized(network.input_shape[1:3]))
    batches = [decoded[batch] for batch in gen_batches(len(X), 32)]

    def transform_into_a_store():
        with tempfile.TemporaryDirectory() as folder:
            features.set_params(cache_dir=folder).transform(X)
        features.set_params(cache_dir=None)

    ways = {
        "predict": lambda: network.predict(decoded, batch_size=32, verbose=0),
        "predict_on_batch": lambda: [network.predict_on_batch(b) for b in batches],
        "transform of files": lambda: features.transform(X),
        "transform of files, store on": transform_into_a_store,
    }
    features.transform(X[:32])
    network.predict(decoded[:32], batch_size=32, verbose=0)
    rounds = [[seconds(way) for way in ways.values()] for _ in range(args.rounds)]
    return dict(zip(ways, np.transpose(rounds), strict=True))


def main():
    parser = arguments(__doc__, n_photos=320)
    parser.add_argument("--rounds", type=int, default=3, help="%(default)s")
    args = parser.parse_args()
    X, _ = load_photos(args)
    rates = {}
    for compute_dtype in ("float32", "bfloat16"):
        times = measure(args, X, compute_dtype)
        for name, own in times.items():
            print(f"{compute_dtype}: {name} {len(X) / np.median(own):.1f} photos/s")
        for way in ("transform of files", "transform of files, store on"):
            for bare in ("predict", "predict_on_batch"):
                ratio = np.median(times[bare] / times[way])
                print(f"{compute_dtype}: {way} / {bare} {ratio:.3f}")
        rates[compute_dtype] = np.median(times["transform of files"])
    print(f"bfloat16 / float32: {rates['float32'] / rates['bfloat16']:.2f}")


if __name__ == "__main__":
    main()
