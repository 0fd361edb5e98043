"""What the command understands; nothing is imported that takes time."""

import argparse
import ast

from skface._version import __version__

_TARGETS = ("attributes", "landmarks", "bbox")
_SPLITS = ("train", "valid", "test", "train+valid", "all")

_WEIGHTS = "of VGG19: imagenet, synthetic, or a file"


def build_parser():
    """The parser of all subcommands; the chosen one is `args.command`."""
    parser = _Parser(
        prog="skface",
        description="Reads face photos: bounding box, landmarks and attributes.",
        epilog="""\
examples:
  skface demo                                  everything, in minutes, on drawn faces
  skface fit --data celeba --target bbox --output box
  skface predict box/model.skface me.jpg       x, y, width, height in pixels
  skface predict box/model.skface holiday/ --annotate seen/ > boxes.csv

`skface COMMAND --help` tells more, with examples. Data goes to the standard output,
everything else to the standard error. Exit status: 0 well, 1 error, 2 wrong usage,
130 interrupted.""",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (
        _add_demo,
        _add_info,
        _add_extract,
        _add_fit,
        _add_search,
        _add_evaluate,
        _add_predict,
        _add_card,
        _add_cache,
    ):
        add(commands)
    return parser


class _Parser(argparse.ArgumentParser):
    """Shows the epilog's lines as they are, and takes options in full only."""

    def __init__(self, **options):
        options["formatter_class"] = argparse.RawDescriptionHelpFormatter
        super().__init__(**options, allow_abbrev=False)


def _add_demo(commands):
    demo = _add(
        commands,
        "demo",
        "train, search and picture everything in minutes",
        """\
Draws 1,500 faces (once), fits the box, landmark and attribute pipelines, prints their
figures beside the trivial baselines, searches the head's layer count and width, and
writes the fitted pipelines and pictures.""",
        """\
examples:
  skface demo
  skface demo --data celeba --weights imagenet --output celeba-demo""",
    )
    demo.add_argument("--data", metavar="DIR", help="a CelebA folder of your own")
    demo.add_argument(
        "--weights",
        default="synthetic",
        metavar="W",
        help=f"{_WEIGHTS}; photos need imagenet or a file (default: synthetic)",
    )
    demo.add_argument(
        "--output",
        default="skface-demo",
        metavar="DIR",
        help="where all is written (default: skface-demo)",
    )


def _add_info(commands):
    info = _add(
        commands,
        "info",
        "show versions, devices, weights and the cache",
        "Shows what skface finds on this machine; put it into a bug report.",
    )
    _add_cache_dir(info)
    _add_json(info)


def _add_extract(commands):
    extract = _add(
        commands,
        "extract",
        "send photos through VGG19 ahead of time",
        """\
Sends photos through VGG19 and keeps the features in the cache, where fit, search,
evaluate and predict find them. Photos whose features are there already are skipped, so
that an interrupted run goes on where it stopped.""",
        """\
examples:
  skface extract celeba                     for every target that the folder has
  skface extract celeba --target bbox
  skface extract holiday/ more/*.png --weights synthetic""",
    )
    _add_photos(extract, "or one CelebA folder")
    extract.add_argument(
        "--target",
        choices=_TARGETS,
        help="whose photos and features (default: all that there are)",
    )
    _add_preset(extract)
    _add_weights(extract)
    _add_cache_dir(extract)


def _add_fit(commands):
    fit = _add(
        commands,
        "fit",
        "train a pipeline on a CelebA folder",
        """\
Fits a pipeline on the train photos, validates it on the valid photos, and measures it
on the test photos. A new folder receives

  model.skface     the pipeline, for `skface predict` and skface.load
  report.csv       each figure beside that of the trivial baseline; report.json has more
  attributes.csv   the same attribute by attribute, where they are the target
  *.png            training, scores and the worst photos, where matplotlib is installed
  settings.json    the settings and the command that repeat the run""",
        """\
examples:
  skface fit --data celeba --target landmarks
  skface fit --data celeba --weights vgg19_notop.h5 --output run
  skface fit --data celeba --preset paper --random-state 0
  skface fit --data celeba --set head__n_layers=2 mirror=True features__pooling=7,7""",
    )
    _add_recipe(fit)
    _add_cache_dir(fit, or_none=True)
    _add_run_folder(fit)


def _add_search(commands):
    search = _add(
        commands,
        "search",
        "find the head's layer count and width",
        """\
Tries each layer count with each width: every candidate is fitted on the train photos
and scored on the valid photos, all from one extraction. The best is then fitted as
`skface fit` does and written into a new folder, with search.csv and search.png, the
scores of all candidates.""",
        """\
examples:
  skface search --data celeba --target bbox
  skface search --data celeba --n-layers 0 1 3 7 --n-units 128 512 --output run""",
    )
    _add_recipe(search)
    search.add_argument(
        "--n-layers",
        type=_at_least(0),
        nargs="+",
        default=[1, 2, 3],
        metavar="N",
        help="layer counts to try (default: 1 2 3)",
    )
    search.add_argument(
        "--n-units",
        type=_at_least(1),
        nargs="+",
        default=[128, 512],
        metavar="N",
        help="widths to try (default: 128 512)",
    )
    _add_cache_dir(search)
    _add_run_folder(search)


def _add_evaluate(commands):
    evaluate = _add(
        commands,
        "evaluate",
        "measure a model on a CelebA folder",
        "Prints each figure beside that of the trivial baseline.",
        """\
examples:
  skface evaluate run/model.skface --data celeba
  skface evaluate run/model.skface --data other --split all --json > report.json
  skface evaluate run/model.skface --data celeba --output report""",
    )
    _add_model(evaluate)
    _add_split(evaluate)
    _add_json(evaluate)
    _add_cache_dir(evaluate, or_none=True)
    evaluate.add_argument(
        "--output",
        metavar="DIR",
        help="new folder for report, table and pictures, as of `skface fit`",
    )


def _add_predict(commands):
    predict = _add(
        commands,
        "predict",
        "tell what photos show",
        """\
Writes one line a photo. Boxes (x, y, width, height) and landmarks (x and y of each
point) are pixels of the upright photo, counted from its upper left corner; attributes
are 0 or 1. A photo that cannot be read is reported, the others are predicted, and the
exit status is 1.""",
        """\
examples:
  skface predict box/model.skface me.jpg
  skface predict smile/model.skface holiday/ 'more/*.png' --proba --json
  skface predict box/model.skface holiday/ --annotate seen/ --output boxes.csv""",
    )
    _add_model(predict)
    _add_photos(predict)
    form = predict.add_mutually_exclusive_group()
    form.add_argument(
        "--fractions",
        action="store_true",
        help="boxes and landmarks as fractions of the photo's width and height",
    )
    form.add_argument(
        "--proba", action="store_true", help="probabilities of the attributes"
    )
    _add_json(predict, "JSON instead of CSV; so does an --output that ends in .json")
    predict.add_argument(
        "--output", metavar="FILE", help="write there, not to the standard output"
    )
    predict.add_argument(
        "--annotate",
        metavar="DIR",
        help="write the photos there, with what was found drawn on them",
    )
    _add_cache_dir(predict, or_none=True)


def _add_card(commands):
    card = _add(
        commands,
        "card",
        "write a model card",
        """\
Writes a model card as Markdown and as one HTML page: what the model was trained on, its
figures beside the trivial baselines, by attribute and by group, what it is for, what
it is not for, and its limits.""",
        """\
examples:
  skface card run/model.skface --data celeba
  skface card run/model.skface --data celeba --groups Male Young --output smile""",
    )
    _add_model(card)
    _add_split(card)
    card.add_argument(
        "--groups",
        nargs="+",
        metavar="NAME",
        help="attributes of the folder to compare people by, such as Male Young",
    )
    card.add_argument(
        "--trained-on",
        metavar="TEXT",
        help="a sentence on the training photos (default: from the model's run folder)",
    )
    card.add_argument(
        "--photos",
        action="store_true",
        help="show photos; only where the people in them and the data's terms allow it",
    )
    card.add_argument(
        "--output",
        default="card",
        metavar="NAME",
        help="write NAME.md, NAME.html and NAME-*.png (default: card)",
    )
    _add_cache_dir(card, or_none=True)


def _add_cache(commands):
    cache = _add(
        commands,
        "cache",
        "look after the cached features",
        """\
info    count the features, one line a specification
verify  read and check every row; the exit status is 1 where some are damaged
prune   remove features and give their space back""",
        """\
examples:
  skface cache info
  skface cache verify --delete
  skface cache prune 3f2a91c0      a specification, by its first characters
  skface cache prune --keep 3f2a91c0
  skface cache prune --all""",
    )
    cache.add_argument("action", choices=("info", "verify", "prune"))
    which = cache.add_mutually_exclusive_group()
    which.add_argument(
        "specifications",
        nargs="*",
        default=[],
        metavar="SPECIFICATION",
        help="prune: those to remove, as `info` prints them",
    )
    which.add_argument(
        "--keep", nargs="+", metavar="SPECIFICATION", help="prune: all but these"
    )
    which.add_argument("--all", action="store_true", help="prune: everything")
    cache.add_argument(
        "--delete", action="store_true", help="verify: remove the damaged rows"
    )
    _add_cache_dir(cache)
    _add_json(cache)


def _add(commands, name, title, description, epilog=None):
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


def _add_recipe(parser):
    """What makes a pipeline and names its data."""
    _add_data(parser)
    parser.add_argument(
        "--target",
        choices=_TARGETS,
        default="attributes",
        help="what is learnt (default: attributes)",
    )
    _add_preset(parser)
    _add_weights(parser)
    parser.add_argument(
        "--set",
        type=_setting,
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="parameters of the pipeline, such as head__n_layers=2",
    )
    parser.add_argument(
        "--random-state",
        type=_at_least(0),
        metavar="N",
        help="seed of everything random (default: drawn, and written down)",
    )


def _add_data(parser):
    parser.add_argument(
        "--data",
        required=True,
        metavar="DIR",
        help="a folder laid out like CelebA, the official one or Kaggle's",
    )


def _add_model(parser):
    parser.add_argument("model", metavar="MODEL", help="a file of fit, or skface.save")
    parser.add_argument(
        "--weights", metavar="W", help=f"{_WEIGHTS} (default: as the model was trained)"
    )


def _add_split(parser):
    _add_data(parser)
    parser.add_argument(
        "--split",
        choices=_SPLITS,
        default="test",
        help="which photos of the folder (default: test)",
    )


def _add_photos(parser, more=""):
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="PHOTO",
        help=" ".join(["photos, folders (with all below them), or patterns", more]),
    )


def _add_preset(parser):
    parser.add_argument(
        "--preset",
        choices=("best", "paper"),
        default="best",
        help="the recipe (default: best)",
    )


def _add_weights(parser):
    parser.add_argument(
        "--weights",
        default="imagenet",
        metavar="W",
        help=f"{_WEIGHTS} (default: imagenet)",
    )


def _add_cache_dir(parser, or_none=False):
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="where features are kept (default: ~/.cache/skface/features)",
    )
    if or_none:
        group.add_argument("--no-cache", action="store_true", help="keep no features")


def _add_json(parser, text="JSON instead of text"):
    parser.add_argument("--json", action="store_true", help=text)


def _add_run_folder(parser):
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="the new folder (default: skface-runs/TARGET-TIME)",
    )


def _setting(text):
    """NAME=VALUE as a pair; the value as Python would read it, else a string."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _at_least(lowest):
    def integer(text):
        value = int(text)
        if value < lowest:
            raise argparse.ArgumentTypeError(f"{value} is below {lowest}")
        return value

    return integer
