"""Options that several subcommands understand; nothing is imported that takes time."""

import argparse
import ast

TARGETS = ("attributes", "landmarks", "bbox")
WEIGHTS = "of VGG19: imagenet, synthetic, or a file"
_SPLITS = ("train", "valid", "test", "train+valid", "all")


def add_command(commands, name, title, description, epilog=None):
    """The parser of a new subcommand."""
    parser = commands.add_parser(
        name, help=title, description=description, epilog=epilog
    )
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="no bars and no messages"
    )
    parser.add_argument(
        "--traceback", action="store_true", help="show where an error comes from"
    )
    return parser


def add_recipe(parser, targets=TARGETS):
    """What makes a pipeline and names its data."""
    add_data(parser)
    parser.add_argument(
        "--target",
        choices=targets,
        default="attributes",
        help="what is learnt (default: attributes)",
    )
    add_preset(parser)
    add_looks(parser)
    add_weights(parser)
    parser.add_argument(
        "--set",
        type=setting,
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="parameters of the pipeline, such as head__n_layers=2",
    )
    parser.add_argument(
        "--random-state",
        type=at_least(0),
        metavar="N",
        help="seed of everything random (default: drawn, and written down)",
    )


def add_data(parser):
    parser.add_argument(
        "--data",
        type=path,
        required=True,
        metavar="DIR",
        help="a folder laid out like CelebA, the official one or Kaggle's",
    )
    add_wild(parser)


def add_wild(parser):
    parser.add_argument(
        "--wild",
        action="store_true",
        help="take its photos in the wild for landmarks and attributes too",
    )


def add_model(parser):
    parser.add_argument(
        "model", type=path, metavar="MODEL", help="a file of fit, or skface.save"
    )
    parser.add_argument(
        "--weights", metavar="W", help=f"{WEIGHTS} (default: as the model was trained)"
    )


def add_split(parser):
    add_data(parser)
    parser.add_argument(
        "--split",
        choices=_SPLITS,
        default="test",
        help="which photos of the folder (default: test)",
    )


def add_photos(parser, more=""):
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="PHOTO",
        help=" ".join(["photos, folders (with all below them), or patterns", more]),
    )


def add_preset(parser):
    parser.add_argument(
        "--preset",
        choices=("best", "finest", "fast", "paper"),
        default="best",
        help="the recipe; finest is for attributes and landmarks (default: best)",
    )


def add_looks(parser):
    parser.add_argument(
        "--looks",
        type=at_least(1),
        metavar="N",
        help="how often boxes and landmarks are looked for (default: the preset's)",
    )


def add_weights(parser):
    parser.add_argument(
        "--weights",
        default="imagenet",
        metavar="W",
        help=f"{WEIGHTS} (default: imagenet)",
    )


def add_cache_dir(parser, or_none=False):
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--cache-dir",
        type=path,
        metavar="DIR",
        help="where features are kept (default: ~/.cache/skface/features)",
    )
    if or_none:
        group.add_argument("--no-cache", action="store_true", help="keep no features")


def add_json(parser, text="JSON instead of text"):
    parser.add_argument("--json", action="store_true", help=text)


def add_run_folder(parser):
    parser.add_argument(
        "--output",
        type=path,
        metavar="DIR",
        help="the new folder (default: skface-runs/TARGET-TIME)",
    )


def setting(text):
    """NAME=VALUE as a pair; the value as Python would read it, else a string."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def path(text):
    """The type of an option that names a file or folder."""
    from skface._validation import as_path  # it takes time

    return str(as_path(text, "the path", "a file or folder"))


def at_least(lowest):
    """The type of an integer option that is not below `lowest`."""

    def integer(text):
        value = int(text)
        if value < lowest:
            raise argparse.ArgumentTypeError(f"{value} is below {lowest}")
        return value

    return integer
