"""Extraction by two processes that are killed at random moments, again and again.

Each process extracts every other photo into one store. At a random moment both get
``kill -9``, and are started again. At the end the features must be those of an
undisturbed run bit for bit, and no photo may have been computed twice but for the
batches in flight: each process logs a batch once it is computed, before it is stored.

    python benchmarks/kill_resume.py --data CELEBA --weights VGG19.h5
"""

import multiprocessing
import os
import random
import tempfile
import time

import numpy as np
from _common import arguments, load_photos

from skface import FeatureStore, VGG19Features
from skface.features import _vgg19

N_PROCESSES = 2


def features(args, cache_dir=None):
    return VGG19Features(
        args.weights,
        "block4_pool",
        pooling=(7, 7),
        normalize="sqrt_l2",
        batch_size=args.batch_size,
        cache_dir=cache_dir,
    )


def extract_share(args, cache_dir, log, share):
    X, _ = load_photos(args)
    log = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    compute = _vgg19.compute

    def logging(network, photos):
        rows = compute(network, photos)
        os.write(log, b"%d\n" % len(rows))
        return rows

    _vgg19.compute = logging
    features(args, cache_dir).transform(X[share::N_PROCESSES])


def start(args, cache_dir, log):
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=extract_share, args=(args, cache_dir, log, share))
        for share in range(N_PROCESSES)
    ]
    for process in processes:
        process.start()
    return processes


def n_computed(log):
    if not os.path.exists(log):
        return 0
    with open(log) as file:
        return sum(map(int, file))


def kill_at_random(args, processes, log):
    """Wait for the first batch and a random time more; tell whether all were alive."""
    before = n_computed(log)
    while n_computed(log) == before and any(each.is_alive() for each in processes):
        time.sleep(0.01)
    time.sleep(random.uniform(0, args.most_seconds))
    alive = all(process.is_alive() for process in processes)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
    return alive


def main():
    parser = arguments(__doc__, n_photos=1600)
    parser.add_argument("--n-kills", type=int, default=20, help="%(default)s")
    parser.add_argument("--batch-size", type=int, default=16, help="%(default)s")
    parser.add_argument(
        "--most-seconds",
        type=float,
        default=3.0,
        help="a kill comes at most so long after the first batch; %(default)s",
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, log = os.path.join(folder, "store"), os.path.join(folder, "log")
        n_kills = 0
        for _ in range(args.n_kills):
            n_kills += kill_at_random(args, start(args, store, log), log)
            n_rows = len(FeatureStore(store))
            print(f"kill {n_kills}: {n_rows} rows, {n_computed(log)} computed")
            if n_rows == args.n_photos:
                break
        for process in start(args, store, log):
            process.join()
        verification = FeatureStore(store).verify()
        recomputed = n_computed(log) - args.n_photos
        X, _ = load_photos(args)
        resumed = np.asarray(features(args, store).transform(X))
    undisturbed = features(args).transform(X)

    in_flight = n_kills * N_PROCESSES * args.batch_size
    equal = np.array_equal(resumed, undisturbed)
    print(f"{n_kills} kills of both processes while both extracted")
    print(f"the store: {verification}")
    print(f"equal to an undisturbed run, bit for bit: {equal}")
    print(
        f"computed twice: {recomputed} of {args.n_photos} photos, "
        f"{recomputed / args.n_photos:.3f}; in flight were {in_flight} at most"
    )
    if n_kills < args.n_kills:
        print(f"over before {args.n_kills} kills: give more --n-photos")
    assert equal
    assert recomputed <= in_flight
    assert not verification.bad


if __name__ == "__main__":
    main()
