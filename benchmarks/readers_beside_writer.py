"""Readers beside a writer that never pauses: deaths and wrong rows.

The writer adds rows, and prunes others so that pages are written anew and the rows
move. The readers find rows and compare each with what was written; where the system
is POSIX and this runs as root, they are users who may only read.

    python benchmarks/readers_beside_writer.py --seconds 120
"""

import argparse
import multiprocessing
import os
import random
import tempfile
import time

import numpy as np

from skface import FeatureStore

N_FEATURES = 6272
NOBODY = 65534


def rows_of(path, n_features=N_FEATURES):
    return FeatureStore(path).specification({"n_features": n_features})


def digests_of(numbers):
    return [b"%020d" % number for number in numbers]


def expected(numbers, n_features=N_FEATURES):
    first = np.asarray(numbers)[:, np.newaxis] % 1000
    return (first + np.arange(n_features) % 7).astype(np.float16)


def write(path, end, counts):
    rows, others = rows_of(path), rows_of(path, 3000)
    while time.time() < end:
        numbers = range(counts[0], counts[0] + 8)
        rows.write(digests_of(numbers), expected(numbers))
        counts[0] += 8
        if counts[0] % 800 == 0:
            others.write(digests_of(range(64)), expected(range(64), 3000))
            FeatureStore(path).prune(others.digest)


def read(path, end, counts):
    if hasattr(os, "setuid") and os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    rows = rows_of(path)
    while time.time() < end:
        numbers = random.sample(range(20_000), 40)
        known = np.array(numbers)[rows.contains(digests_of(numbers))]
        right = (rows.read(digests_of(known)) == expected(known)).all(axis=1)
        counts[0] += len(known)
        counts[1] += int((~right).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120, help="%(default)s")
    parser.add_argument("--readers", type=int, default=4, help="%(default)s")
    args = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o755)
        FeatureStore(path)
        end = time.time() + args.seconds
        works = [write] + [read] * args.readers
        counts = [context.Array("q", 2) for _ in works]
        processes = [
            context.Process(target=work, args=(path, end, count))
            for work, count in zip(works, counts, strict=True)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        deaths = sum(process.exitcode != 0 for process in processes)
        (written, _), *read_and_wrong = counts
        n_read, n_wrong = map(sum, zip(*read_and_wrong, strict=True))
        verification = FeatureStore(path).verify()
    print(f"{args.seconds:g} s, {args.readers} readers: {written:,} written")
    print(f"{n_read:,} rows read, {n_wrong} wrong; {deaths} deaths")
    print(f"the store: {verification}")
    assert n_read
    assert not deaths
    assert not n_wrong
    assert not verification.bad


if __name__ == "__main__":
    main()
