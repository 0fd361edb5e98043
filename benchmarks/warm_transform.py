"""Photos a second through VGG19Features where the store knows every one of them.

A first process fills the store. A second one, which knows nothing, transforms the same
files: it hashes their bytes, decodes none, and reads their rows; neither TensorFlow nor
any other backend of Keras is imported.

    python benchmarks/warm_transform.py --data CELEBA --weights VGG19.h5
"""

import sys
import tempfile

import numpy as np
from _common import alone, arguments, load_photos, seconds

from skface import VGG19Features


def fill(args, folder):
    """Parameters of the best preset's features, once its rows are in the store."""
    from skface import make_attribute_pipeline

    pipe = make_attribute_pipeline(weights=args.weights, cache_dir=folder)
    X, _ = load_photos(args)
    took = seconds(pipe["features"].transform, X)
    return pipe["features"].get_params(), took


def read(args, params):
    X, _ = load_photos(args)
    features = VGG19Features(**params)
    times = [
        seconds(lambda: np.asarray(features.transform(X))) for _ in range(args.rounds)
    ]
    backends = {"keras", "tensorflow", "jax", "torch"} & set(sys.modules)
    return times, sorted(backends)


def main():
    parser = arguments(__doc__, n_photos=1000)
    parser.add_argument("--rounds", type=int, default=5, help="%(default)s")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        params, cold = alone(fill, args, folder)
        times, backends = alone(read, args, params)
    median = np.median(times)
    print(f"{args.n_photos} photos")
    print(f"cold: {args.n_photos / cold:.1f} photos/s, the network's loading included")
    print(f"warm, first pass: {args.n_photos / times[0]:,.0f} photos/s")
    print(f"warm, median of {len(times)}: {args.n_photos / median:,.0f} photos/s")
    print(f"warm / cold: {cold / median:.0f}")
    print(f"backends of Keras imported: {', '.join(backends) or 'none'}")
    assert not backends


if __name__ == "__main__":
    main()
