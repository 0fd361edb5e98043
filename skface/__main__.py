"""The command ``skface``."""

import argparse
import sys

from skface import __version__
from skface.exceptions import SkfaceError


def main(arguments=None):
    """Run the command; the exit status is 1 after an error, which is said in a line."""
    args = _parser().parse_args(arguments)
    try:
        args.run(args)
    except (SkfaceError, ImportError) as error:
        print(f"skface: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("skface: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="skface",
        description="Reads face photos: bounding box, landmarks and attributes.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    demo = commands.add_parser(
        "demo",
        help="train, search and picture everything in minutes",
        description="Draws 1,500 faces (once), fits the box, landmark and attribute "
        "pipelines, prints their figures beside the trivial baselines, searches the "
        "head's layer count and width, and writes pipelines and pictures.",
    )
    demo.add_argument("--data", metavar="DIR", help="a CelebA folder of your own")
    demo.add_argument(
        "--weights",
        default="synthetic",
        metavar="W",
        help="synthetic, imagenet, or a VGG19 weights file; photos need the latter two",
    )
    demo.add_argument("--output", default="skface-demo", metavar="DIR")
    demo.set_defaults(run=_demo)
    return parser


def _demo(args):
    from skface.demo import run_demo

    run_demo(args.data, args.weights, args.output)


if __name__ == "__main__":
    sys.exit(main())
