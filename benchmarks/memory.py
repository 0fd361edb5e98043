"""Memory of extraction, and of training on features that stay in the store.

Extraction: the peak of a process that transforms some photos, and of one that
transforms many, with the store.

Training: one epoch of the paper's head (7 x 512) on a FeatureArray over a store of
made-up rows of 25,088 float16; all of CelebA's training photos, 162,770, take 8.7 GB of
disk. Beside it, a process that reads the same rows in the same batches of 32 and in as
random an order, and does nothing with them. Rows that the system holds in its page
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

N_FEATURES, N_ATTRIBUTES, BATCH = 25_088, 40, 32
ROW_ON_DISK = 53_300  # bytes: a row is stored in whole pages of 4 KiB


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


def made_up(folder, n_rows):
    """The features of that many photos, none of which exists."""
    store = FeatureStore(os.path.join(folder, "rows"))
    digests = np.zeros((n_rows, 16), np.uint8)
    digests[:, :4] = np.arange(n_rows, dtype=">u4").view(np.uint8).reshape(-1, 4)
    return FeatureArray(store.specification({"n_features": N_FEATURES}), digests)


def write_rows(folder, n_rows):
    features = made_up(folder, n_rows)
    rows = np.random.default_rng(0).random((4 * BATCH, N_FEATURES), np.float32)
    rows = rows.astype(np.float16)
    for batch in gen_batches(n_rows, len(rows)):
        digests = features.digests[batch]
        features.store_rows.write(
            digests, np.roll(rows, batch.start, 1)[: len(digests)]
        )


def epoch(folder, n_rows):
    """Seconds, MB before it, and MB at the peak."""
    features = made_up(folder, n_rows)
    y = np.random.default_rng(0).integers(0, 2, (n_rows, N_ATTRIBUTES), dtype=np.int8)
    head = make_attribute_pipeline("paper", random_state=0)["head"]
    head.set_params(epochs=1, early_stopping=False)
    before = memory()
    return seconds(head.fit, features, y), before, memory()


def pure_read(folder, n_rows):
    """Seconds, MB before it, and MB at the peak."""
    features = made_up(folder, n_rows)
    order = np.random.default_rng(0).permutation(n_rows)
    out = np.empty((BATCH, N_FEATURES), np.float32)

    def read():
        for batch in gen_batches(n_rows, BATCH):
            rows = order[batch]
            features.rows(rows, out[: len(rows)])

    before = memory()
    return seconds(read), before, memory()


def main():
    parser = arguments(__doc__, n_photos=4800)
    parser.add_argument("--n-few", type=int, default=500, help="%(default)s")
    parser.add_argument(
        "--n-rows", type=int, default=162_770, help="of the made-up store; %(default)s"
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

        room = shutil.disk_usage(folder).free * 0.9 // ROW_ON_DISK
        if room < args.n_rows:
            sys.exit(
                f"the disk has room for {room:,.0f} rows: give --n-rows or --folder"
            )
        wrote = seconds(alone, write_rows, folder, args.n_rows)
        n_bytes = FeatureStore(os.path.join(folder, "rows")).info().n_bytes
        print(
            f"{args.n_rows:,} rows of {N_FEATURES:,} float16: {n_bytes / 1e9:.2f} GB "
            f"on disk, {n_bytes / args.n_rows / N_FEATURES / 2:.2f} of the rows' own, "
            f"written in {wrote:.0f} s"
        )
        times = {}
        for name, work in (("pure read", pure_read), ("an epoch", epoch)):
            times[name], before, peak = alone(work, folder, args.n_rows)
            print(
                f"{name}: {times[name]:.1f} s, peak {peak:,.0f} MB, "
                f"{before:,.0f} MB before it"
            )
        print(f"an epoch / pure read: {times['an epoch'] / times['pure read']:.2f}")


if __name__ == "__main__":
    main()
