"""What several benchmarks share: arguments, photos, counts, and fresh processes."""

import argparse
import multiprocessing
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import perf_counter

from PIL import Image

from skface import CelebALoader, VGG19Features
from skface.cli._options import setting
from skface.datasets import drawn_celeba
from skface.evaluation import Evaluation
from skface.features import COMPUTE_DTYPES, _device, _vgg19


def arguments(description, n_photos):
    """A parser with the arguments that say which photos go through which network.

    Parameters
    ----------
    description : str
    n_photos : int
        Default of ``--n-photos``.

    Returns
    -------
    argparse.ArgumentParser
    """
    parser = described(description)
    parser.add_argument(
        "--data", help="a CelebA folder with aligned photos; faces are drawn without it"
    )
    parser.add_argument(
        "--weights",
        help="a VGG19 weights file without its top, or 'imagenet'; random weights, "
        "which cost as much, without it; 'synthetic', a network that runs ten times "
        "faster than VGG19, only proves that the script works",
    )
    parser.add_argument("--n-photos", type=int, default=n_photos, help="%(default)s")
    return parser


def described(description):
    """A parser that prints the description as it stands."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def of_one_process(description):
    """A parser for a script whose VGG19 runs in its own process alone."""
    parser = described(description)
    parser.add_argument(
        "--compute-dtype",
        type=computed_in,
        metavar="DTYPE",
        help='what VGG19 computes in where compute_dtype is "auto", such as int8',
    )
    return parser


def computed_in(dtype):
    """Make "auto" mean this dtype in this process."""
    if dtype not in COMPUTE_DTYPES[1:]:
        raise argparse.ArgumentTypeError(f"not one of {COMPUTE_DTYPES[1:]}")
    _device.fastest_dtype = lambda: dtype
    return dtype


def study(description, in_the_wild=True):
    """A parser of what is studied on aligned photos and on those in the wild.

    Parameters
    ----------
    description : str
    in_the_wild : bool, default=True
        False leaves out the latter.

    Returns
    -------
    argparse.ArgumentParser
    """
    parser = of_one_process(description)
    parser.add_argument("--attributes", help="a CelebA folder with aligned photos")
    if in_the_wild:
        wild = "one in the wild: boxes, points, attributes"
        parser.add_argument("--points", help=wild)
    parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
    parser.add_argument("--cache-dir", help="folder that keeps the features")
    parser.add_argument("--n-seeds", type=int, default=3, help="%(default)s")
    return parser


def take_settings(parser):
    """Let parameters of the pipelines be set: a list of pairs."""
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="parameters of the pipelines, such as head__epochs=5",
    )


def parsed(parser):
    """Its arguments; what is not given is drawn, or kept for this run alone."""
    args = parser.parse_args()
    args.attributes = args.attributes or drawn_celeba()
    if hasattr(args, "points"):
        args.points = args.points or drawn_celeba()
    args.cache_dir = args.cache_dir or Path(tempfile.mkdtemp(), "features")
    return args


def detection(description):
    """A parser of what finds faces in the photos of a WIDER FACE folder."""
    parser = of_one_process(description)
    parser.add_argument("--wider", help="a WIDER FACE folder; drawn without it")
    parser.add_argument("--points", help="a CelebA folder in the wild; also drawn")
    parser.add_argument("--weights", default="synthetic", help="%(default)s")
    parser.add_argument("--cache-dir", help="a feature store, which keeps the maps")
    return parser


def figures(model, test, y_train):
    """What a fitted model tells of a bunch, beside the constant answer.

    Parameters
    ----------
    model : fitted estimator
    test : Bunch
    y_train : ndarray
        What the constant answer has learnt from.

    Returns
    -------
    DataFrame
    """
    evaluation = Evaluation.from_estimator(
        model, test.images, test.target, y_train=y_train, image_sizes=test.image_sizes
    )
    return evaluation.figures()


def photo_by_size(path):
    """Yield (width, height) and a copy of the photo in that size."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "photo.jpg")
        for size in ((40, 40), (320, 240), (640, 480), (1024, 768), (4000, 3000)):
            with Image.open(path) as image:
                image.convert("RGB").resize(size).save(copy)
            yield size, copy


def load_photos(args, n_photos=None):
    """The first photos of ``--data`` and their attributes."""
    n_photos = n_photos or args.n_photos
    root = args.data or drawn_celeba(n_photos)
    X, y = CelebALoader(root, "attributes", verbose=0).load("all")
    if len(X) < n_photos:
        sys.exit(f"{root} has {len(X)} photos: give --n-photos {len(X)} or fewer")
    return X[:n_photos], y[:n_photos]


def alone(function, *arguments):
    """``function(*arguments)`` in a process of its own, which knows and holds nothing.

    `function` belongs to the top level of the script, whose work stands under
    ``if __name__ == "__main__"``.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def seconds(function, *arguments):
    start = perf_counter()
    function(*arguments)
    return perf_counter() - start


def memory(field="VmHWM"):
    """MB of memory that this process holds (VmRSS), or held at its peak (VmHWM)."""
    status = Path("/proc/self/status").read_text()  # Linux
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


class Passes:
    """Counts and times what goes through VGG19 in this process from now on.

    Attributes
    ----------
    n_photos : int
    build_seconds : float
        Spent on building the network.
    transform_seconds : float
        Spent in `VGG19Features.transform` besides, be it on reading stored rows.
    """

    def __init__(self):
        self.n_photos = 0
        self.build_seconds = self.transform_seconds = 0.0
        compute, get_network = _vgg19.compute, _vgg19.get_network
        transform = VGG19Features.transform

        def counting(network, photos):
            self.n_photos += len(photos)
            return compute(network, photos)

        def building(*arguments):
            start = perf_counter()
            network = get_network(*arguments)
            self.build_seconds += perf_counter() - start
            return network

        def transforming(transformer, X):
            start, built = perf_counter(), self.build_seconds
            features = transform(transformer, X)
            built = self.build_seconds - built
            self.transform_seconds += perf_counter() - start - built
            return features

        _vgg19.compute, _vgg19.get_network = counting, building
        VGG19Features.transform = transforming
