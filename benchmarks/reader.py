"""Every face of photos in the wild, end to end, and what that costs.

A reader learns landmarks from the train photos of a CelebA folder of photos in the wild
(such as MTFL's sample in CelebA's layout), faces from the train part of a WIDER FACE
folder, and attributes from the aligned photos of another CelebA folder. Printed are, of
the first folder's test photos: the share of faces found, their mean box IoU, the NME of
their points and failures, and accuracy and balanced accuracy of the attributes that
both folders have, of the faces found and with the missing ones counted as wrong;
seconds and passes of VGG19 by a photo's size; and photos a second and memory over a
thousand photos, made by repetition.

    python benchmarks/reader.py --points MTFL --attributes CELEBA --wider WIDER \\
        --weights FILE --cache-dir FOLDER

Without folders all are drawn.
"""

from itertools import cycle, islice
from time import perf_counter

import numpy as np
from _common import detection, memory, photo_by_size, seconds

from skface import CelebALoader, ImageArray, load, make_face_reader, save
from skface.datasets import WiderFaceLoader, drawn_celeba, drawn_wider, to_fractions
from skface.metrics import (
    attribute_accuracy,
    attribute_balanced_accuracy,
    failure_rate,
    iou_score,
    nme_score,
)
from skface.targets import BBOX_NAMES, LANDMARKS

LEAST_IOU = 0.5  # of a face that is found


def main():
    args = arguments()
    args.points = args.points or drawn_celeba(300)
    reader = reader_of(args)
    if args.output:
        save(reader, args.output)
    quality(reader, args.points)
    # The photos below are new to the store, as a user's are.
    for name in ("detector", "landmarks__second__features", "attributes__features"):
        reader.set_params(**{f"{name}__cache_dir": None})
    reader.landmarks.second_.set_params(features__cache_dir=None)
    X, _ = WiderFaceLoader(args.wider or drawn_wider(60)).load("val")
    costs(reader, X.paths[0])
    many(reader, X.paths, args.n_photos)


def arguments():
    parser = detection(__doc__)
    parser.add_argument("--attributes", help="one with aligned photos (or --points)")
    parser.add_argument("--reader", help="a saved reader, which is not trained again")
    parser.add_argument("--output", help="where the reader is saved")
    parser.add_argument("--random-state", type=int, default=0, help="%(default)s")
    parser.add_argument("--n-photos", type=int, default=1000, help="%(default)s")
    return parser.parse_args()


def reader_of(args):
    """A saved reader, or one that is trained now."""
    if args.reader:
        return load(args.reader, weights=args.weights)
    reader = make_face_reader(
        weights=args.weights,
        cache_dir=args.cache_dir,
        random_state=args.random_state,
        verbose=1,
    )
    aligned = CelebALoader(args.attributes or args.points, "attributes")
    attributes = aligned.load_bunch("train")
    started = perf_counter()
    reader.fit(
        boxes=WiderFaceLoader(args.wider or drawn_wider(60)).load("train"),
        landmarks=CelebALoader(args.points, "landmarks", aligned=False).load("train"),
        attributes=(attributes.images, attributes.target),
    )
    reader.target_names_ = attributes.target_names
    print(f"fit: {perf_counter() - started:.0f} s")
    print(f"points in a box: {reader.points_in_box_.reshape(5, 2).round(3).tolist()}")
    return reader


def quality(reader, root):
    """The face of each test photo, by the box of the photo's one label."""
    boxes = CelebALoader(root, "bbox").load_bunch("test")
    points = CelebALoader(root, "landmarks", aligned=False).load_bunch("test")
    labels = CelebALoader(root, "attributes", aligned=False).load_bunch("test")
    same = boxes.images.paths.tolist()
    assert same == points.images.paths.tolist() == labels.images.paths.tolist()
    started = perf_counter()
    table = reader.read(boxes.images)
    took = perf_counter() - started
    names = [name for name in labels.target_names if name in table]
    truth = labels.target[:, [labels.target_names.index(name) for name in names]]
    found, ious, rows = [], [], []
    for row, (path, size) in enumerate(zip(same, boxes.image_sizes, strict=True)):
        faces = table[table["photo"] == path]
        if not len(faces):
            continue
        own = to_fractions(
            faces[list(BBOX_NAMES)].to_numpy(), np.tile(size, (len(faces), 1))
        )
        iou = iou_score(np.tile(boxes.target[row], (len(own), 1)), own, average=False)
        if iou.max() >= LEAST_IOU:
            found.append(faces.iloc[iou.argmax()])
            ious.append(iou.max())
            rows.append(row)
    n_all = len(same)
    print(
        f"{len(rows)} of {n_all} faces found ({len(rows) / n_all:.1%}), "
        f"{len(table)} boxes in all; mean IoU of those found {np.mean(ious):.4f}; "
        f"{n_all / took:.2f} photos a second"
    )
    sizes = boxes.image_sizes[rows]
    y_pred = np.array([face[LANDMARKS.columns()].to_numpy(float) for face in found])
    y_pred = to_fractions(y_pred, sizes)
    y_true = points.target[rows]
    nme = nme_score(y_true, y_pred, image_sizes=sizes)
    failed = failure_rate(y_true, y_pred, image_sizes=sizes)
    missed = 1 - len(rows) / n_all
    print(
        f"NME of those found {nme:.4f}, above 10 %: {failed:.4f}; above 10 % or "
        f"missed: {failed * (1 - missed) + missed:.4f}"
    )
    y_pred = np.array([face[names].to_numpy(float) > 0.5 for face in found], dtype=int)
    everywhere = 1 - np.nan_to_num(truth)  # what is missed is wrong
    everywhere[rows] = y_pred
    for k, name in enumerate(names):
        columns = [
            (truth[rows][:, [k]], y_pred[:, [k]]),
            (truth[:, [k]], everywhere[:, [k]]),
        ]
        accuracy = [attribute_accuracy(*pair) for pair in columns]
        balanced = [attribute_balanced_accuracy(*pair) for pair in columns]
        told = [
            f"{each:.4f} ({other:.4f})"
            for each, other in zip(accuracy, balanced, strict=True)
        ]
        print(f"{name}: {told[0]} of those found, {told[1]} of all")


def costs(reader, path):
    """Seconds and passes a photo, by its size."""
    print(f"{reader.n_passes} passes a face")
    for size, copy in photo_by_size(path):
        n_faces = len(reader.read([copy]))
        took = seconds(reader.read, [copy] * 3) / 3
        print(
            f"{size[0]} x {size[1]}: {n_faces} faces, "
            f"{reader.detector.n_passes(size):.1f} passes of the detector, "
            f"{n_faces * reader.n_passes} of the faces, {took:.2f} s"
        )


def many(reader, paths, n_photos):
    """Photos and faces a second, and how much the peak of memory grows."""
    X = ImageArray(list(islice(cycle(paths), n_photos)))
    reader.read(X[:50])
    before, started = memory(), perf_counter()
    n_faces = sum(map(len, reader.read_in_parts(X)))
    took = perf_counter() - started
    print(
        f"{n_photos} photos with {n_faces} faces: {n_photos / took:.2f} photos a second"
        f", memory {before:.0f} MB after the first 50, {memory():.0f} MB at the end"
    )


if __name__ == "__main__":
    main()
