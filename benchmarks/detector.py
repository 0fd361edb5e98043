"""Faces found in the photos of a WIDER FACE folder, and what that costs.

A fifth of the train part is set aside before anything else; the detector learns from
the rest. Printed are average precision (an intersection over union of 0.5; faces of
less height than --min-size of the photo's are neither asked for nor counted against),
recall and false finds on the fifth set aside and on the val part, seconds and passes of
VGG19 at 224 x 224 a photo by its size, and the memory that a thousand photos take.

    python benchmarks/detector.py --data wider --weights vgg19_notop.h5
"""

import argparse
import resource
import tempfile
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from skface import FaceDetector, ImageArray
from skface.datasets import WiderFaceLoader, make_wider
from skface.features import Pyramid
from skface.metrics import detection_average_precision, detection_curve
from skface.photos import photo_sizes

PASS = 224 * 224


def main():
    args = arguments()
    root = args.data or make_wider(tempfile.mkdtemp() + "/wider", 60, random_state=0)
    loader = WiderFaceLoader(root)
    X, boxes = loader.load("train")
    order = np.random.default_rng(0).permutation(len(X))
    aside, rest = np.sort(order[: len(X) // 5]), np.sort(order[len(X) // 5 :])
    detector = FaceDetector(
        args.weights,
        longest_side=args.longest_side,
        threshold=0.01,
        cache_dir=args.cache_dir,
        random_state=0,
        verbose=1,
    )
    started = perf_counter()
    detector.fit(X[rest], [boxes[i] for i in rest])
    print(f"fit on {len(rest)} photos: {perf_counter() - started:.0f} s")
    report("set aside", detector, X[aside], [boxes[i] for i in aside], args.min_size)
    report("val", detector, *loader.load("val"), args.min_size)
    detector.set_params(cache_dir=None, verbose=0)
    costs(detector, X.paths[0])
    memory(detector, X.paths, args.n_photos)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="a WIDER FACE folder; drawn without it")
    parser.add_argument("--weights", default="synthetic", help="%(default)s")
    parser.add_argument("--longest-side", type=int, default=448, help="%(default)s")
    parser.add_argument("--min-size", type=float, default=0.1, help="%(default)s")
    parser.add_argument("--cache-dir", help="a feature store, which keeps the maps")
    parser.add_argument("--n-photos", type=int, default=1000, help="%(default)s")
    return parser.parse_args()


def report(name, detector, X, boxes, min_size):
    found = detector.predict(X)
    ap = detection_average_precision(boxes, found, min_size=min_size)
    _, recall, scores = detection_curve(boxes, found, min_size=min_size)
    n_faces = sum(int((own[:, 3] >= min_size).sum()) for own in boxes)
    n_false = len(scores) - round(recall[0] * n_faces)
    print(
        f"{name}: {len(X)} photos, {n_faces} faces: average precision {ap:.4f}, "
        f"recall {recall[0]:.4f}, {n_false} false"
    )


def costs(detector, path):
    """Seconds and passes a photo, by its size."""
    pyramid = Pyramid(detector.weights, "block4_conv4", detector.longest_side)
    with tempfile.TemporaryDirectory() as folder:
        for size in ((40, 40), (320, 240), (640, 480), (1024, 768), (4000, 3000)):
            copy = Path(folder, "photo.jpg")
            with Image.open(path) as image:
                image.convert("RGB").resize(size).save(copy)
            passes = sum(np.prod(each) for each in pyramid.sizes(size)) / PASS
            detector.predict([copy])
            started = perf_counter()
            detector.predict([copy] * 3)
            seconds = (perf_counter() - started) / 3
            print(f"{size[0]} x {size[1]}: {passes:.1f} passes, {seconds:.2f} s")


def memory(detector, paths, n_photos):
    """Photos a second, and how much the peak of memory grows after the first."""
    X = ImageArray(list(islice(cycle(paths), n_photos)))
    detector.predict(X[:50])
    before, started = peak(), perf_counter()
    detector.predict(X)
    seconds = perf_counter() - started
    n_sizes = len(np.unique(photo_sizes(paths), axis=0))
    print(
        f"{n_photos} photos of {n_sizes} sizes: {n_photos / seconds:.2f} a second, "
        f"memory {before:.0f} MB after the first 50, {peak():.0f} MB at the end"
    )


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
