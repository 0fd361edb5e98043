"""Faces found in the photos of a WIDER FACE folder, and what that costs.

A fifth of the train part is set aside before anything else; the detector learns from
the rest. Printed are average precision (an intersection over union of 0.5; faces of
less height than --min-size of the photo's are neither asked for nor counted against),
recall and false finds on the fifth set aside and on the val part, seconds and passes of
VGG19 at 224 x 224 a photo by its size, and the memory that a thousand photos take.

    python benchmarks/detector.py --wider WIDER --weights FILE
"""

from itertools import cycle, islice

import numpy as np
from _common import detection, memory, photo_by_size, seconds

from skface import FaceDetector, ImageArray
from skface.datasets import WiderFaceLoader, drawn_wider
from skface.metrics import detection_average_precision, detection_curve
from skface.photos import photo_sizes


def main():
    args = arguments()
    loader = WiderFaceLoader(args.wider or drawn_wider())
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
    took = seconds(detector.fit, X[rest], [boxes[i] for i in rest])
    print(f"fit on {len(rest)} photos: {took:.0f} s")
    report("set aside", detector, X[aside], [boxes[i] for i in aside], args.min_size)
    report("val", detector, *loader.load("val"), args.min_size)
    detector.set_params(cache_dir=None, verbose=0)
    costs(detector, X.paths[0])
    many(detector, X.paths, args.n_photos)


def arguments():
    parser = detection(__doc__)
    parser.add_argument("--longest-side", type=int, default=448, help="%(default)s")
    parser.add_argument("--min-size", type=float, default=0.1, help="%(default)s")
    parser.add_argument("--n-photos", type=int, default=1000, help="%(default)s")
    return parser.parse_args()


def report(name, detector, X, boxes, min_size):
    found = detector.predict(X)
    ap = detection_average_precision(boxes, found, min_size=min_size)
    precision, recall, _ = detection_curve(boxes, found, min_size=min_size)
    n_faces = sum(int((own[:, 3] >= min_size).sum()) for own in boxes)
    n_hits = recall[0] * n_faces
    n_false = round(n_hits / precision[0] - n_hits)
    print(
        f"{name}: {len(X)} photos, {n_faces} faces: average precision {ap:.4f}, "
        f"recall {recall[0]:.4f}, {n_false} false"
    )


def costs(detector, path):
    """Seconds and passes a photo, by its size."""
    for size, copy in photo_by_size(path):
        detector.predict([copy])
        took = seconds(detector.predict, [copy] * 3) / 3
        passes = detector.n_passes(size)
        print(f"{size[0]} x {size[1]}: {passes:.1f} passes, {took:.2f} s")


def many(detector, paths, n_photos):
    """Photos a second, and how much the peak of memory grows after the first."""
    X = ImageArray(list(islice(cycle(paths), n_photos)))
    detector.predict(X[:50])
    before, took = memory(), seconds(detector.predict, X)
    n_sizes = len(np.unique(photo_sizes(paths), axis=0))
    print(
        f"{n_photos} photos of {n_sizes} sizes: {n_photos / took:.2f} a second, "
        f"memory {before:.0f} MB after the first 50, {memory():.0f} MB at the end"
    )


if __name__ == "__main__":
    main()
