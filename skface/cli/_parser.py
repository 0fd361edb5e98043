"""What the command understands; nothing is imported that takes time."""

import argparse

from skface._version import __version__
from skface.cli._options import (
    TARGETS,
    WEIGHTS,
    add_cache_dir,
    add_command,
    add_json,
    add_looks,
    add_model,
    add_photos,
    add_preset,
    add_recipe,
    add_run_folder,
    add_split,
    add_weights,
    add_wild,
    at_least,
    path,
)


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
  skface read reader/model.skface party.jpg    every face, with all that is known of it

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
        _add_read,
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
    demo = add_command(
        commands,
        "demo",
        "train, search and picture everything in minutes",
        """\
Draws 600 faces and some groups of people (once), fits the box, landmark and attribute
pipelines, prints their figures beside the trivial baselines, searches the head's layer
count and width, finds and reads every face of the groups, and writes the fitted
pipelines and pictures.""",
        """\
examples:
  skface demo
  skface demo --data celeba --weights imagenet --output celeba-demo""",
    )
    demo.add_argument(
        "--data", type=path, metavar="DIR", help="a CelebA folder of your own"
    )
    demo.add_argument(
        "--weights",
        default="synthetic",
        metavar="W",
        help=f"{WEIGHTS}; photos need imagenet or a file (default: synthetic)",
    )
    demo.add_argument(
        "--output",
        type=path,
        default="skface-demo",
        metavar="DIR",
        help="where all is written (default: skface-demo)",
    )


def _add_info(commands):
    info = add_command(
        commands,
        "info",
        "show versions, devices, weights and the cache",
        "Shows what skface finds on this machine; put it into a bug report.",
    )
    add_cache_dir(info)
    add_json(info)


def _add_extract(commands):
    extract = add_command(
        commands,
        "extract",
        "send photos through VGG19 ahead of time",
        """\
Sends photos, their mirror images where the recipe reads them and, of a CelebA folder,
the frames that a second look learns from, through VGG19 and keeps the features in the
cache, where fit, search, evaluate and predict find them. Photos whose features are
there already are skipped, so that an interrupted run goes on where it stopped.""",
        """\
examples:
  skface extract celeba                     for every target that the folder has
  skface extract celeba --target bbox
  skface extract holiday/ more/*.png --weights synthetic""",
    )
    add_photos(extract, "or one CelebA folder")
    extract.add_argument(
        "--target",
        choices=TARGETS,
        help="whose photos and features (default: all that there are)",
    )
    add_wild(extract)
    add_preset(extract)
    add_looks(extract)
    add_weights(extract)
    add_cache_dir(extract)


def _add_fit(commands):
    fit = add_command(
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
  skface fit --data celeba --target landmarks --wild
  skface fit --data celeba --weights vgg19_notop.h5 --output run
  skface fit --data celeba --preset paper --random-state 0
  skface fit --data celeba --set head__n_layers=2 mirror=fit features__pooling=7,7
  skface fit --data celeba --target bbox --looks 3 --set second__head__n_layers=3
  skface fit --data wider --target faces --landmarks points/model.skface \\
      --attributes smile/model.skface

The target "faces" is every face of photos with any number of them: --data is a folder
laid out like WIDER FACE, from which a detector is trained. Together with a model of
landmarks in the wild and one of attributes of aligned photos it makes a reader, for
`skface read`, measured on the val photos.""",
    )
    add_recipe(fit, [*TARGETS, "faces"])
    for target in ("landmarks", "attributes"):
        fit.add_argument(
            f"--{target}",
            type=path,
            metavar="MODEL",
            help=f"faces: a file of `skface fit --target {target}`",
        )
    add_cache_dir(fit, or_none=True)
    add_run_folder(fit)


def _add_search(commands):
    search = add_command(
        commands,
        "search",
        "find the head's layer count and width",
        """\
Tries each layer count with each width: every candidate is fitted on the train photos
and scored on the valid photos, all from one extraction but for second looks at valid
photos. The best is then fitted as `skface fit` does and written into a new folder, with
search.csv and search.png, the scores of all candidates.""",
        """\
examples:
  skface search --data celeba --target bbox
  skface search --data celeba --n-layers 0 1 3 7 --n-units 128 512 --output run""",
    )
    add_recipe(search)
    search.add_argument(
        "--n-layers",
        type=at_least(0),
        nargs="+",
        default=[1, 2, 3],
        metavar="N",
        help="layer counts to try (default: 1 2 3)",
    )
    search.add_argument(
        "--n-units",
        type=at_least(1),
        nargs="+",
        default=[128, 512],
        metavar="N",
        help="widths to try (default: 128 512)",
    )
    add_cache_dir(search)
    add_run_folder(search)


def _add_evaluate(commands):
    evaluate = add_command(
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
    add_model(evaluate)
    add_split(evaluate)
    add_json(evaluate)
    add_cache_dir(evaluate, or_none=True)
    evaluate.add_argument(
        "--output",
        type=path,
        metavar="DIR",
        help="new folder for report, table and pictures, as of `skface fit`",
    )


def _add_predict(commands):
    predict = add_command(
        commands,
        "predict",
        "tell what photos show",
        """\
Writes one line a photo. Boxes (x, y, width, height) and landmarks (x and y of each
point) are pixels of the upright photo, counted from its upper left corner; attributes
are 0 or 1. A photo that cannot be read is reported, the others are predicted, and the
exit status is 1.

A model of attributes reads photos like those it has learnt from, as a rule aligned
ones; --landmarks turns the faces of all others upright first.""",
        """\
examples:
  skface predict box/model.skface me.jpg
  skface predict smile/model.skface holiday/ 'more/*.png' --proba --json
  skface predict box/model.skface holiday/ --annotate seen/ --output boxes.csv
  skface predict smile/model.skface me.jpg --landmarks points/model.skface""",
    )
    add_model(predict)
    add_photos(predict)
    form = predict.add_mutually_exclusive_group()
    form.add_argument(
        "--fractions",
        action="store_true",
        help="boxes and landmarks as fractions of the photo's width and height",
    )
    form.add_argument(
        "--proba", action="store_true", help="probabilities of the attributes"
    )
    add_json(predict, "JSON instead of CSV; so does an --output that ends in .json")
    predict.add_argument(
        "--output",
        type=path,
        metavar="FILE",
        help="write there, not to the standard output",
    )
    predict.add_argument(
        "--annotate",
        type=path,
        metavar="DIR",
        help="write the photos there, with what was found drawn on them",
    )
    predict.add_argument(
        "--landmarks",
        type=path,
        metavar="MODEL",
        help="a model of landmarks, by which faces are aligned for attributes",
    )
    predict.add_argument(
        "--crops",
        type=path,
        metavar="DIR",
        help="write the faces there, aligned like CelebA's, or cut out round a box",
    )
    add_cache_dir(predict, or_none=True)


def _add_read(commands):
    read = add_command(
        commands,
        "read",
        "find every face of photos, and read it",
        """\
Writes one line a face: the photo, the number of the face in it (0 is the best), the
score, the box and the points in pixels of the upright photo, counted from its upper
left corner, and the probability of each attribute. Photos without a face are counted,
and the first of them named; a photo that cannot be read is reported, the others are
read, and the exit status is 1. What was read before an interrupt is written.""",
        """\
examples:
  skface read reader/model.skface party.jpg
  skface read reader/model.skface holiday/ --annotate seen/ --output faces.csv
  skface read reader/model.skface holiday/ --crops faces/ --json""",
    )
    add_model(read)
    add_photos(read)
    add_json(read, "JSON instead of CSV; so does an --output that ends in .json")
    read.add_argument(
        "--output",
        type=path,
        metavar="FILE",
        help="write there, not to the standard output",
    )
    read.add_argument(
        "--annotate",
        type=path,
        metavar="DIR",
        help="write the photos there, with all faces drawn on them",
    )
    read.add_argument(
        "--crops",
        type=path,
        metavar="DIR",
        help="write the faces there, aligned like CelebA's",
    )
    read.add_argument(
        "--cache-dir",
        type=path,
        metavar="DIR",
        help="where features and the detector's maps are kept (default: nowhere)",
    )


def _add_card(commands):
    card = add_command(
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
    add_model(card)
    add_split(card)
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
        type=path,
        default="card",
        metavar="NAME",
        help="write NAME.md, NAME.html and NAME-*.png (default: card)",
    )
    add_cache_dir(card, or_none=True)


def _add_cache(commands):
    cache = add_command(
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
    add_cache_dir(cache)
    add_json(cache)
