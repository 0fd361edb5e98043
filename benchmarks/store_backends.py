"""Which database serves as a feature store: LMDB, HDF5 or Zarr?

Writes rows of 25,088 float16 in batches of 32, each committed, and reads random
batches of 32, in the page cache: with the feature store itself (LMDB, with its
checksums), h5py, zarr and one NumPy memmap, the upper bound of reading: it is never
flushed, and has neither keys nor transactions. Then two processes write and two read
at once.

LMDB it is: any process may read and write at any time, a batch is committed as a
whole, and a row is found by its key. h5py admits one writer and nobody beside it.
Zarr's random reads are an order of magnitude slower, and like the memmap it finds a
row by its number, so that keys, and which rows are whole, would need a database of
their own.

    pip install h5py zarr
    python benchmarks/store_backends.py [n_rows]
"""

import argparse
import multiprocessing
import os
import tempfile
import time

import numpy as np

N_FEATURES = 25_088
BATCH = 32


class Lmdb:
    """skface's own store."""

    def __init__(self, path, n_rows, create):
        from skface.store._store import FeatureStore

        self.rows = FeatureStore(path).specification({"n_features": N_FEATURES})
        self.digests = np.zeros((n_rows, 32), np.uint8)
        self.digests[:, :4] = np.arange(n_rows, dtype=">u4").view("u1").reshape(-1, 4)

    def write(self, part, rows):
        self.rows.write(self.digests[part], rows)

    def read(self, indices, out):
        self.rows.read(self.digests[indices], out)

    def close(self):
        pass


class Hdf5:
    def __init__(self, path, n_rows, create):
        import h5py

        exists = os.path.exists(path)
        self.file = h5py.File(path, ("r+" if exists else "w") if create else "r")
        if not exists:
            self.file.create_dataset("rows", (n_rows, N_FEATURES), np.float16)
        self.rows = self.file["rows"]

    def write(self, part, rows):
        self.rows[part] = rows
        self.file.flush()

    def read(self, indices, out):
        # Faster than an index array, which h5py turns into a hyperslab for each row.
        for i, index in enumerate(indices):
            self.rows.read_direct(out, np.s_[index], np.s_[i])

    def close(self):
        self.file.close()


class Zarr:
    def __init__(self, path, n_rows, create):
        import zarr

        if os.path.exists(path):
            self.rows = zarr.open_array(path, mode="r+")
        else:
            self.rows = zarr.create_array(
                path,
                shape=(n_rows, N_FEATURES),
                chunks=(1, N_FEATURES),
                dtype=np.float16,
                compressors=None,
            )

    def write(self, part, rows):
        self.rows[part] = rows

    def read(self, indices, out):
        out[:] = self.rows.oindex[indices]

    def close(self):
        pass


class Memmap:
    def __init__(self, path, n_rows, create):
        mode = "r+" if os.path.exists(path) else "w+"
        shape = (n_rows, N_FEATURES)
        self.rows = np.lib.format.open_memmap(path, mode, np.float16, shape)

    def write(self, part, rows):
        self.rows[part] = rows

    def read(self, indices, out):
        out[:] = self.rows[indices]

    def close(self):
        pass


BACKENDS = {"lmdb": Lmdb, "h5py": Hdf5, "zarr": Zarr, "memmap": Memmap}


def batches(start, stop, step=1):
    starts = range(start, stop, step * BATCH)
    return [slice(first, first + BATCH) for first in starts]


def make_rows(part):
    """Rows that tell their own number."""
    rows = np.random.default_rng(0).random((BATCH, N_FEATURES), np.float32)
    rows = rows.astype(np.float16)
    numbers = np.arange(part.start, part.stop)
    rows[:, :2] = np.stack([numbers // 100, numbers % 100], axis=1)
    return rows


def write_all(backend, parts):
    rows = [make_rows(part) for part in parts[:8]]
    start = time.perf_counter()
    for i, part in enumerate(parts):
        batch = rows[i % 8]
        numbers = np.arange(part.start, part.stop)
        batch[:, :2] = np.stack([numbers // 100, numbers % 100], axis=1)
        backend.write(part, batch)
    return BATCH * len(parts) / (time.perf_counter() - start)


def read_all(backend, n_rows, random_state):
    out = np.empty((BATCH, N_FEATURES), np.float16)
    order = random_state.permutation(n_rows).reshape(-1, BATCH)
    start = time.perf_counter()
    for indices in order:
        backend.read(indices, out)
        assert (out[:, :2].astype(int) @ [100, 1] == indices).all()
    return order.size / (time.perf_counter() - start)


def work(name, path, n_rows, role, queue, barrier):
    barrier.wait()
    try:
        backend = BACKENDS[name](path, n_rows, create=role != "read")
        if role == "read":
            rate = read_all(backend, n_rows // 2, np.random.default_rng(0))
        else:
            rate = write_all(backend, batches(n_rows // 2 + role * BATCH, n_rows, 2))
        backend.close()
        queue.put((role, rate))
    except Exception as error:
        queue.put((role, f"{type(error).__name__}"))


def at_once(name, path, n_rows, roles):
    backend = BACKENDS[name](path, n_rows, create=True)
    write_all(backend, batches(0, n_rows // 2))
    backend.close()
    context = multiprocessing.get_context("spawn")
    queue, barrier = context.Queue(), context.Barrier(len(roles))
    processes = [
        context.Process(target=work, args=(name, path, n_rows, role, queue, barrier))
        for role in roles
    ]
    for process in processes:
        process.start()
    results = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    failures = [result for _, result in results if isinstance(result, str)]
    if failures:
        return f"{len(failures)} of {len(roles)} refused: {failures[0]}"
    return f"{sum(result for _, result in results):,.0f} rows/s"


def size_of(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    walk = os.walk(path)
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in walk for f in fs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("n_rows", type=int, nargs="?", default=5000)
    n_rows = parser.parse_args().n_rows // (4 * BATCH) * 4 * BATCH
    speeds, notes = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, backend_class in BACKENDS.items():
            path = os.path.join(folder, name)
            backend = backend_class(path, n_rows, create=True)
            write = write_all(backend, batches(0, n_rows))
            backend.close()
            backend = backend_class(path, n_rows, create=False)
            random_state = np.random.default_rng(0)
            read_all(backend, n_rows, random_state)
            read = read_all(backend, n_rows, random_state)
            backend.close()
            speeds[name] = write, read, size_of(path) / (2 * n_rows * N_FEATURES)
            roles = [0, 1, "read", "read"]
            notes[name] = at_once(name, f"{path}-2", n_rows, roles)

    bound_write, bound_read, _ = speeds["memmap"]
    print(f"{n_rows} rows of {N_FEATURES} float16, batches of {BATCH}\n")
    print(
        "| backend | write, rows/s | of memmap | random read, rows/s | of memmap "
        "| disk, of the rows' bytes |"
    )
    print("|---|---|---|---|---|---|")
    for name, (write, read, size) in speeds.items():
        print(
            f"| {name} | {write:,.0f} | {write / bound_write:.2f} | {read:,.0f} "
            f"| {read / bound_read:.2f} | {size:.2f} |"
        )
    print("\n| backend | two writers and two readers at once |")
    print("|---|---|")
    for name, note in notes.items():
        print(f"| {name} | {note} |")


if __name__ == "__main__":
    main()
