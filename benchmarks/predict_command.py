"""Photos a second by `skface predict`, against the same prediction in Python.

Prints ratios of one run: whole processes, from start to end, and, without what starting
Python and Keras takes, calls in one warm process. 1 means that the command costs
nothing. "kept" writes the features into a fresh store, as the command does unless told
otherwise.

    python benchmarks/predict_command.py --data CELEBA --weights VGG19.h5
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from _common import seconds

import skface
from skface.cli import main

IN_PYTHON = """\
import sys
import pandas
import skface
model, output, *photos = sys.argv[1:]
pipe = skface.load(model)
table = pandas.DataFrame(pipe.predict(photos), photos, pipe.target_names_)
table.to_csv(output)
"""


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="a CelebA folder")
parser.add_argument("--weights", default="synthetic")
parser.add_argument("--n-photos", type=int, default=200)
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()

bunch = skface.CelebALoader(args.data).load_bunch("all")
photos = bunch.images.paths[: args.n_photos].tolist()
folder = Path(tempfile.mkdtemp())
model, output, store = (str(folder / name) for name in ("a.skface", "out.csv", "store"))
pipe = skface.make_attribute_pipeline(weights=args.weights).set_params(head__epochs=1)
pipe.fit(bunch.images[:64], bunch.target[:64])
skface.save(pipe, model, target_names=bunch.target_names)

command = ["predict", model, *photos, "--output", output, "--quiet"]
kept = [*command, "--cache-dir", store]
python = [sys.executable, "-m", "skface"]
ways = {
    "process, Python": lambda: subprocess.run(
        [sys.executable, "-c", IN_PYTHON, model, output, *photos], check=True
    ),
    "process, command": lambda: subprocess.run(
        [*python, *command, "--no-cache"], check=True
    ),
    "process, command, kept": lambda: subprocess.run([*python, *kept], check=True),
    "call, Python": lambda: pipe.predict(photos),
    "call, command": lambda: main([*command, "--no-cache"]),
    "call, command, kept": lambda: main(kept),
}
pipe.predict(photos[:32])
times = {name: [] for name in ways}
for _ in range(args.rounds):
    for name, way in ways.items():
        if name.endswith("kept"):
            skface.FeatureStore(store).clear()
        times[name].append(seconds(way))
for name, found in times.items():
    kind = name.split(",")[0]
    ratio = np.median(np.divide(times[f"{kind}, Python"], found))
    rate = len(photos) / np.median(found)
    print(f"{name}: {rate:.1f} photos/s, {ratio:.3f} times as fast as Python")
shutil.rmtree(folder)
