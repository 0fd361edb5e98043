"""What each component of ``skface.systems`` gains, beside its baselines.

An experiment a system, numbered as in the survey's section 3; the figures are means and
standard deviations over seeds, read on photos that nothing has learnt from. ::

    python benchmarks/systems.py --attributes CELEBA --points MTFL --weights FILE \\
        --cache-dir FOLDER [--only 3.3]

Without arguments it draws its own faces.
"""

import argparse
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from time import perf_counter

from skface.datasets import drawn_celeba

# The module of benchmarks/_systems whose run(args) gives the table.
EXPERIMENTS = {"3.3": "committee", "3.9": "hidden"}


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--attributes", help="a folder of aligned photos")
    parser.add_argument("--points", help="one in the wild: boxes, points, attributes")
    parser.add_argument("--occluders", help="a folder of pictures that hide faces")
    parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
    parser.add_argument("--cache-dir", help="folder that keeps the features")
    parser.add_argument(
        "--only", nargs="+", default=list(EXPERIMENTS), choices=EXPERIMENTS
    )
    parser.add_argument("--n-seeds", type=int, default=3)
    args = parser.parse_args()
    args.attributes = args.attributes or drawn_celeba()
    args.points = args.points or drawn_celeba()
    args.cache_dir = args.cache_dir or Path(tempfile.mkdtemp(), "features")
    return args


def main():
    args = parse_args()
    warnings.simplefilter("ignore")
    for number in args.only:
        start = perf_counter()
        table = import_module(f"_systems.{EXPERIMENTS[number]}").run(args)
        print(
            f"{number}, {perf_counter() - start:.0f} s\n{table.to_string()}\n",
            flush=True,
        )


if __name__ == "__main__":
    main()
