"""What each component of ``skface.systems`` gains, beside its baselines.

An experiment a system, numbered as in the survey's section 3; the figures are means and
standard deviations over seeds, read on photos that nothing has learnt from. ::

    python benchmarks/systems.py --attributes CELEBA --points MTFL --weights FILE \\
        --cache-dir FOLDER [--only 3.3]

Without arguments it draws its own faces.
"""

import warnings
from importlib import import_module
from time import perf_counter

from _common import parsed, study

# The module of benchmarks/_systems whose run(args) gives the table.
EXPERIMENTS = {
    "3.1": "adaptation",
    "3.2": "evaluation",
    "3.3": "committee",
    "3.5": "specific",
    "3.6": "joint",
    "3.7": "alignment",
    "3.8": "clusters",
    "3.9": "hidden",
    "3.10": "controller",
}


def main():
    parser = study(__doc__)
    parser.add_argument("--occluders", help="a folder of pictures that hide faces")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the photos each takes; %(default)s"
    )
    parser.add_argument(
        "--only", nargs="+", default=list(EXPERIMENTS), choices=EXPERIMENTS
    )
    args = parsed(parser)
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
