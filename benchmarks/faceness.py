"""Windows proposed by the responses of face parts, as Faceness-Net proposes them.

Linear heads on the cells of VGG19's maps tell eyes, nose and mouth, learnt from photos
with one face and its landmarks. Four ways rank the same windows, a grid of several
sizes: at random; by the response of a head for the whole face; by those of the parts,
wherever in the window they are; and by those of the parts where they belong against the
rest of the window, which is the faceness of S. Yang, P. Luo, C. C. Loy and X. Tang,
"Faceness-Net: Face Detection through Deep Facial Part Responses", PAMI 2018. Printed
are the recall of 10, 50 and 200 windows a photo and the average precision.

    python benchmarks/faceness.py --wider WIDER --points CELEBA --weights FILE
"""

import numpy as np
from _common import detection
from sklearn.linear_model import LogisticRegression

from skface import CelebALoader
from skface._boxes import ious
from skface.datasets import WiderFaceLoader, drawn_celeba, drawn_wider
from skface.detection._boxes import suppressed
from skface.detection._cells import middles_of_cells
from skface.detection._scenes import Projection, sampled_cells
from skface.features import Pyramid
from skface.metrics import detection_average_precision

# Where the parts lie in a face's box: x, y, width, height in fractions of it.
PARTS = {
    "eyes": (0.1, 0.25, 0.8, 0.25),
    "nose": (0.3, 0.4, 0.4, 0.3),
    "mouth": (0.2, 0.65, 0.6, 0.25),
}
POINTS = {"eyes": (0, 1), "nose": (2,), "mouth": (3, 4)}
SIDES = (3.0, 4.0, 5.5, 7.5)  # of windows, in cells; their height is a quarter more
COUNTS = (10, 50, 200)


def main():
    args = arguments()
    rng = np.random.default_rng(0)
    pyramid = Pyramid(args.weights, "block4_conv4", args.longest_side, args.cache_dir)
    faces = args.points or drawn_celeba(200)
    bunch = [
        CelebALoader(faces, target, aligned=False).load("train")
        for target in ("landmarks", "bbox")
    ]
    (X, points), (_, boxes) = bunch
    some = rng.permutation(len(X))[: args.n_photos]
    levels = [pyramid.levels(X, photo) for photo in some]
    cells = np.concatenate([sampled_cells(each, rng) for each in levels])
    project = Projection.fitted(cells, 128)
    heads = learnt(
        [[project(level) for level in each] for each in levels],
        np.asarray(points)[some].reshape(-1, 5, 2),
        np.asarray(boxes)[some],
        rng,
    )
    X, boxes = WiderFaceLoader(args.wider or drawn_wider()).load("val")
    ranked = {way: [] for way in ("uniform", "face", "parts", "arranged")}
    for photo in range(len(X)):
        levels = [project(level) for level in pyramid.levels(X, photo)]
        for way, found in proposals(levels, heads, rng).items():
            ranked[way].append(found)
    for way, found in ranked.items():
        recalls = [recall(boxes, found, n, args.min_size) for n in COUNTS]
        ap = detection_average_precision(boxes, found, min_size=args.min_size)
        told = ", ".join(
            f"{n}: {value:.3f}" for n, value in zip(COUNTS, recalls, strict=True)
        )
        print(f"{way}: recall of {told}; average precision {ap:.4f}")


def arguments():
    parser = detection(__doc__)
    parser.add_argument("--longest-side", type=int, default=448, help="%(default)s")
    parser.add_argument("--min-size", type=float, default=0.1, help="%(default)s")
    parser.add_argument("--n-photos", type=int, default=200, help="%(default)s")
    return parser.parse_args()


def learnt(photos, points, boxes, rng):
    """A logistic regression on cells for each part, and for the whole face."""
    rows, labels = [], {name: [] for name in ["face", *POINTS]}
    for levels, own_points, box in zip(photos, points, boxes, strict=True):
        for level in levels:
            size = np.array(level.shape[1::-1])
            side = np.sqrt(np.prod(box[2:] * size))
            if not 3 <= side <= 12:
                continue
            middles = middles_of_cells(level.shape[:2])
            is_face = is_in(middles, box * np.tile(size, 2))
            outside = rng.permutation(np.flatnonzero(~is_face))[: 3 * is_face.sum()]
            some = np.concatenate([np.flatnonzero(is_face), outside])
            rows.append(level.reshape(len(middles), -1)[some])
            labels["face"].append(is_face[some])
            for name, members in POINTS.items():
                offsets = middles[some, None] - own_points[list(members)] * size
                is_near = np.hypot(*np.moveaxis(offsets, 2, 0)) < 0.15 * side + 0.5
                labels[name].append(is_near.any(axis=1))
    rows = np.concatenate(rows).astype(np.float32)
    return {
        name: LogisticRegression(C=0.1, max_iter=300).fit(rows, np.concatenate(each))
        for name, each in labels.items()
    }


def proposals(levels, heads, rng):
    """Windows of one photo, ranked each way: arrays (k, 5)."""
    boxes, scores = [], {way: [] for way in ("uniform", "face", "parts", "arranged")}
    for level in levels:
        shape = level.shape[:2]
        cells = level.reshape(-1, level.shape[2]).astype(np.float32)
        sums = {
            name: summed(head.predict_proba(cells)[:, 1].reshape(shape))
            for name, head in heads.items()
        }
        middles = middles_of_cells(shape)
        for side in SIDES:
            sides = np.array([side, 1.25 * side])
            own = np.hstack([middles - sides / 2, np.tile(sides, (len(middles), 1))])
            boxes.append(own / np.tile(shape[::-1], 2))
            scores["uniform"].append(rng.random(len(own)))
            scores["face"].append(against_rest(sums["face"], own, (0, 0, 1, 1), 1.5))
            totals = [total(sums[name], own) / np.prod(sides) for name in PARTS]
            scores["parts"].append(np.mean(totals, axis=0))
            arranged = [
                against_rest(sums[name], own, part) for name, part in PARTS.items()
            ]
            scores["arranged"].append(np.mean(arranged, axis=0))
    boxes = np.concatenate(boxes)
    return {
        way: np.column_stack(suppressed(boxes, np.concatenate(own), 0.5, max(COUNTS)))
        for way, own in scores.items()
    }


def against_rest(sums, windows, part, around=1.0):
    """The mean response in a part of each window, less that in the rest of it."""
    x, y, w, h = part
    inside = windows.copy()
    inside[:, :2] += np.array([x, y]) * windows[:, 2:]
    inside[:, 2:] *= [w, h]
    outside = windows.copy()
    outside[:, :2] -= (around - 1) / 2 * windows[:, 2:]
    outside[:, 2:] *= around
    own, whole = total(sums, inside), total(sums, outside)
    areas = inside[:, 2:].prod(axis=1), outside[:, 2:].prod(axis=1)
    mean = own / areas[0]
    rest = (whole - own) / (areas[1] - areas[0])
    return mean / (mean + rest + 0.05)


def summed(response):
    """The summed-area table of a map."""
    return np.pad(response, [(1, 0), (1, 0)]).cumsum(axis=0).cumsum(axis=1)


def total(sums, boxes):
    """The sum of the cells whose middles lie in each box."""
    limits = np.array(sums.shape[::-1]) - 1
    low = np.clip(np.rint(boxes[:, :2]), 0, limits).astype(int)
    high = np.clip(np.rint(boxes[:, :2] + boxes[:, 2:]), 0, limits).astype(int)
    (x, y), (right, bottom) = low.T, high.T
    return sums[bottom, right] - sums[y, right] - sums[bottom, x] + sums[y, x]


def is_in(points, box):
    return ((points >= box[:2]) & (points <= box[:2] + box[2:])).all(axis=1)


def recall(boxes, found, n, min_size):
    """Share of the faces that the best n windows of their photo find."""
    hits = [
        ious(own[own[:, 3] >= min_size][:, None], windows[:n]).max(axis=1, initial=0)
        for own, windows in zip(boxes, found, strict=True)
    ]
    return float((np.concatenate(hits) >= 0.5).mean())


if __name__ == "__main__":
    main()
