"""Memory of extraction, and of training on features that stay in the store.

Extraction: the peak of a process that transforms some photos, and of one that
transforms many, with the store.

Training: one epoch on a FeatureArray over a store of made-up rows, of the paper's head
(7 x 512) on 25,088 float16, of which all of CelebA's training photos, 162,770, take
8.7 GB of disk, and of the tail of preset "finest" on 100,352, of which 20,000 take
4 GB. Beside each, a process that reads the same rows in the same batches of 32 and in
as random an order, and does nothing with them. Rows that the system holds in its page
cache are read from there by both.

    python benchmarks/memory.py --data CELEBA --weights VGG19.h5
"""

import os
import shutil
import sys
import tempfile

import numpy as np
from _common import alone, arguments, load_photos, memory, seconds
from sklearn.utils import gen_batches

from skface import FeatureStore, VGG19Features, make_attribute_pipeline
from skface.features import FeatureArray

N_ATTRIBUTES, BATCH = 40, 32
N_FEATURES = {"paper": 25_088, "finest": 100_352}
ON_DISK = 1.0625  # of a row's own bytes: it is stored in whole pages of 4 KiB


def extraction(args, n_photos, folder):
    """Seconds, and MB at the peak."""
    X, _ = load_photos(args, n_photos)
    features = VGG19Features(
        args.weights,
        "block4_pool",
        pooling=(7, 7),
        normalize="sqrt_l2",
        cache_dir=os.path.join(folder, f"photos-{n_photos}"),
    )
    return seconds(features.transform, X), memory()


def made_up(folder, preset, n_rows):
    """The features of that many photos, none of which exists."""
    store = FeatureStore(os.path.join(folder, preset))
    digests = np.zeros((n_rows, 16), np.uint8)
    digests[:, :4] = np.arange(n_rows, dtype=">u4").view(np.uint8).reshape(-1, 4)
    rows = store.specification({"n_features": N_FEATURES[preset]})
    return FeatureArray(rows, digests)


def write_rows(folder, preset, n_rows):
    features = made_up(folder, preset, n_rows)
    rng = np.random.default_rng(0)
    rows = 10 * rng.random((4 * BATCH, N_FEATURES[preset]), np.float32)  # as of a map
    rows = rows.astype(np.float16)
    for batch in gen_batches(n_rows, len(rows)):
        digests = features.digests[batch]
        features.store_rows.write(
            digests, np.roll(rows, batch.start, 1)[: len(digests)]
        )


def epoch(folder, preset, n_rows, weights):
    """Seconds, MB before it, and MB at the peak."""
    features = made_up(folder, preset, n_rows)
    y = np.random.default_rng(0).integers(0, 2, (n_rows, N_ATTRIBUTES), dtype=np.int8)
    head = make_attribute_pipeline(preset, weights=weights, random_state=0)["head"]
    head.set_params(epochs=1, early_stopping=False)
    before = memory()
    return seconds(head.fit, features, y), before, memory()


def pure_read(folder, preset, n_rows):
    """Seconds, MB before it, and MB at the peak."""
    features = made_up(folder, preset, n_rows)
    order = np.random.default_rng(0).permutation(n_rows)
    out = np.empty((BATCH, N_FEATURES[preset]), np.float32)

    def read():
        for batch in gen_batches(n_rows, BATCH):
            rows = order[batch]
            features.store_rows.read(features.digests[rows], out[: len(rows)])

    before = memory()
    return seconds(read), before, memory()


def main():
    parser = arguments(__doc__, n_photos=4800)
    parser.add_argument("--n-few", type=int, default=500, help="%(default)s")
    parser.add_argument(
        "--n-rows", type=int, default=162_770, help="of the paper's head; %(default)s"
    )
    parser.add_argument(
        "--n-tail-rows", type=int, default=20_000, help="of the tail; %(default)s"
    )
    parser.add_argument(
        "--folder", help="where the stores are written and removed; the system's own"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        peaks = {}
        for n_photos in (args.n_few, args.n_photos):
            took, peaks[n_photos] = alone(extraction, args, n_photos, folder)
            print(
                f"extraction of {n_photos:,} photos: peak {peaks[n_photos]:,.0f} MB, "
                f"{n_photos / took:.1f} photos/s"
            )
        print(f"many / few: {peaks[args.n_photos] / peaks[args.n_few]:.3f}\n")

        training("paper", args.n_rows, folder, args.weights)
        if args.weights:  # a tail begins with them
            training("finest", args.n_tail_rows, folder, args.weights)


def training(preset, n_rows, folder, weights):
    n_features = N_FEATURES[preset]
    room = shutil.disk_usage(folder).free * 0.9 // (ON_DISK * 2 * n_features)
    if room < n_rows:
        sys.exit(f"the disk has room for {room:,.0f} rows: take fewer, or --folder")
    wrote = seconds(alone, write_rows, folder, preset, n_rows)
    n_bytes = FeatureStore(os.path.join(folder, preset)).info().n_bytes
    print(
        f"{preset}: {n_rows:,} rows of {n_features:,} float16: {n_bytes / 1e9:.2f} GB "
        f"on disk, {n_bytes / n_rows / n_features / 2:.2f} of the rows' own, "
        f"written in {wrote:.0f} s"
    )
    times = {}
    for name, work, *more in (("pure read", pure_read), ("an epoch", epoch, weights)):
        times[name], before, peak = alone(work, folder, preset, n_rows, *more)
        print(
            f"{name}: {times[name]:.1f} s, peak {peak:,.0f} MB, "
            f"{before:,.0f} MB before it"
        )
    print(f"an epoch / pure read: {times['an epoch'] / times['pure read']:.2f}\n")


if __name__ == "__main__":
    main()
