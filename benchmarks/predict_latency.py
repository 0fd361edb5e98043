"""One photo after another through a pipeline: memory, and what it costs above VGG19.

Prints by how much the process grows in `--n-calls` predicts of one photo file, after
`--n-warm` calls that fill caches. And the median time of a predict over that of the
bare network on the same photo decoded beforehand, both called in turns, so that what
else the machine does meets both alike.

    python benchmarks/predict_latency.py --weights VGG19.h5 --photo me.jpg
"""

import argparse

import numpy as np
from _common import memory, seconds

from skface import CelebALoader, ImageArray, make_attribute_pipeline
from skface.datasets import drawn_celeba
from skface.features._network import get_network

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--weights", default="synthetic")
parser.add_argument("--photo", help="a drawn one without it")
parser.add_argument("--n-calls", type=int, default=1000)
parser.add_argument("--n-warm", type=int, default=50)
parser.add_argument("--n-turns", type=int, default=200)
args = parser.parse_args()

X, y = CelebALoader(drawn_celeba(20), aligned=True).load("all")
pipe = make_attribute_pipeline(weights=args.weights, random_state=0)
pipe.set_params(head__epochs=1, head__early_stopping=False).fit(X, y)
photo = args.photo or X.paths[0]

for _ in range(args.n_warm):
    pipe.predict([photo])
before = memory("VmRSS")
grown = []
for call in range(1, args.n_calls + 1):
    pipe.predict([photo])
    if call % max(args.n_calls // 10, 1) == 0:
        grown.append(memory("VmRSS") - before)
print(
    f"memory after {args.n_calls} predicts: {grown[-1]:+.1f} MiB; by tenths: "
    + " ".join(f"{size:+.1f}" for size in grown)
)

features = pipe["features"]
specification = features._specification()
network = get_network(specification, features._compute_dtype())
decoded = np.asarray(ImageArray([photo], specification.input_size))
ways = {
    "predict": lambda: pipe.predict([photo]),
    "bare network": lambda: network.predict_on_batch(decoded),
}
times = np.array([[seconds(way) for way in ways.values()] for _ in range(args.n_turns)])
for name, median in zip(ways, np.median(times, axis=0), strict=True):
    print(f"{name}: {1000 * median:.1f} ms")
print(f"predict / bare network: {np.divide(*np.median(times, axis=0)):.3f}")
