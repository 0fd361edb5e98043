"""Photos through the network, batch by batch, the next batch read meanwhile."""

import contextlib
import os
import platform
from itertools import islice

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from PIL import ImageFile
from sklearn.utils import gen_batches

from skface._keras import keras_settings
from skface._work import each_in_threads, progress_bar, read_ahead
from skface.exceptions import ImageError, WeightsError
from skface.features._network import get_network
from skface.features._weights import weights_digest
from skface.photos import (
    ImageArray,
    frame_keys,
    read_keys,
    read_photo,
    unreadable,
)

_FLOAT16_MAX = np.finfo(np.float16).max
_MOST_BATCHES = 4  # in a chunk
_CHUNKS_A_JOB = 4
_MOST_BYTES = 2**25  # of files that are held at once


def compute(network, photos):
    """The rows of one batch of uint8 photos, float32 in the range of float16.

    Of a joint network a list of them.
    """
    with keras_settings():
        rows = network.predict_on_batch(photos)
    if isinstance(rows, list):
        return [np.minimum(each, _FLOAT16_MAX) for each in rows]
    return np.minimum(rows, _FLOAT16_MAX)


def batches_of(images, batch_size):
    """Yield the photos batch by batch, those of one file together.

    Parameters
    ----------
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)
        Of the network's input size.
    batch_size : int

    Yields
    ------
    rows : ndarray of int
    photos : ndarray of shape (n_batch, h, w, 3), uint8

    Raises
    ------
    ImageError
        A batch has unreadable photos. All photos after it are tried first, so that the
        error names every one of them.
    """
    order = np.arange(len(images))
    if isinstance(images, ImageArray):
        order = np.concatenate([rows for _, rows in images.by_file()])
    batches = list(gen_batches(len(images), batch_size))

    def read(batch):
        try:
            return np.asarray(images[order[batch]])
        except ImageError:
            images[order[batch.start :]].check()
            raise

    for batch, photos in zip(batches, read_ahead(read, batches), strict=True):
        yield order[batch], photos


def new_photos(images, keys, rows, is_missing, batch_size):
    """Read files once, and yield the photos that are to be computed.

    Parameters
    ----------
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)
        Of the network's input size.
    keys : uint8 ndarray of shape (n, n_bytes)
        Those of files are set as they are read: a row belongs to the bytes that were
        decoded, whatever happens to the file.
    rows : ndarray of int
        Those to look at; a key that occurs several times is computed once.
    is_missing : callable
        Which of some keys are to be computed.
    batch_size : int

    Yields
    ------
    n_done : int
        How many rows are done with when this batch is.
    keys : ndarray of shape (n_batch, n_bytes)
    photos : ndarray of shape (n_batch, h, w, 3), uint8

    Raises
    ------
    ImageError
        Photos cannot be read: it names every one, and comes when those that were read
        before are done.
    """
    if not isinstance(images, ImageArray):
        yield from _new_of_array(images, keys, rows, is_missing, batch_size)
        return
    part = images[rows]
    read = _FileReader(part, keys, rows, is_missing)
    chunks = list(_chunks_of_files(part.by_file(), batch_size))
    n_done, n_files, waiting = 0, 0, []
    for files, (found, errors) in zip(chunks, read_ahead(read, chunks), strict=True):
        n_done += sum(len(own) for _, own in files)
        n_files += len(files)
        waiting += found
        is_last = bool(errors) or n_done == len(rows)
        while sum(len(own) for own, _ in waiting) >= (1 if is_last else batch_size):
            own, photos = map(np.concatenate, zip(*waiting, strict=True))
            yield n_done, own[:batch_size], photos[:batch_size]
            rest = own[batch_size:], photos[batch_size:]
            waiting = [rest] if len(rest[0]) else []
        if errors:
            _raise_all(errors, part, n_files)


def _new_of_array(images, keys, rows, is_missing, batch_size):
    """`new_photos` of an array, whose keys are known."""
    _, first = np.unique(keys[rows], axis=0, return_index=True)
    rows = rows[np.sort(first)]
    rows = rows[is_missing(keys[rows])]
    for batch, photos in batches_of(images[rows], batch_size):
        yield batch[-1] + 1, keys[rows[batch]], photos


class _FileReader:
    """Reads files, sets the keys of their rows, and decodes the rows that are new.

    Parameters
    ----------
    images : ImageArray
    keys, rows, is_missing
        As of `new_photos`; the rows are those of `images`.
    """

    def __init__(self, images, keys, rows, is_missing):
        self._images, self._keys, self._rows = images, keys, rows
        self._is_missing = is_missing
        self._frame_keys, self._seen = frame_keys(images.frames), set()

    def __call__(self, files):
        """Keys and photos of each file that has new ones, and errors of others."""
        photos, found = {}, {}

        def load(_, file):
            path, own = file
            photo = read_photo(path)
            self._keys[self._rows[own]] = read_keys(self._frame_keys, own, photo)
            photos[path] = photo

        def decode(_, file):
            path, own = file
            decoded = self._images.seen(photos[path], own)
            found[path] = self._keys[self._rows[own]], decoded

        errors = each_in_threads(load, files, ImageError)
        new = self._new([file for file in files if file[0] in photos])
        errors += each_in_threads(decode, new, ImageError)
        order = {path: i for i, (path, _) in enumerate(files)}
        errors.sort(key=lambda error: order[error.paths[0]])
        return [found[path] for path, _ in new if path in found], errors

    def _new(self, files):
        """Files that have rows with new keys, and these rows."""
        rows = np.concatenate([own for _, own in files] or [[]]).astype(int)
        keys = self._keys[self._rows[rows]]
        is_new = np.array([_add(self._seen, bytes(key)) for key in keys], dtype=bool)
        is_new[is_new] = self._is_missing(keys[is_new])
        new = set(rows[is_new].tolist())
        kept = [(path, [row for row in own if row in new]) for path, own in files]
        return [file for file in kept if file[1]]


def _raise_all(errors, images, n_files):
    """One ImageError for photos that failed, and those among the files not yet read."""
    ahead = images.by_file()[n_files:]
    errors = errors + each_in_threads(
        lambda _, file: images.seen(read_photo(file[0]), file[1][:1]), ahead, ImageError
    )
    raise unreadable(errors, n_files + len(ahead))


def _add(known, key):
    """Add a key to those known; whether it is new."""
    is_new = key not in known
    known.add(key)
    return is_new


def _chunks_of_files(files, batch_size):
    """Lists of files that have a batch of rows together, or 32 MiB to be held."""
    chunk, n_rows, n_bytes = [], 0, 0
    for path, rows in files:
        chunk.append((path, rows))
        n_rows += len(rows)
        with contextlib.suppress(OSError, ValueError):  # told when it is read
            n_bytes += os.path.getsize(path)
        if n_rows >= batch_size or n_bytes >= _MOST_BYTES:
            yield chunk
            chunk, n_rows, n_bytes = [], 0, 0
    if chunk:
        yield chunk


def photo_bar(n_photos, verbose):
    return progress_bar(n_photos, "VGG19", verbose, unit="photo")


def extract_in_workers(
    specification, weights, compute_dtype, images, keys, batch_size, n_jobs, dtype
):
    """Rows from joblib's workers.

    Chunks of photos go out, of an ImageArray their paths; keys and rows come back.

    Parameters
    ----------
    specification : Specification
    weights : str
        What the `weights_digest` of each worker must be.
    compute_dtype : {"float32", "bfloat16", "float16", "int8"}
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)
        Of the network's input size.
    keys : uint8 ndarray of shape (n, n_bytes)
        Of each photo as far as it is known here.
    batch_size : int
    n_jobs : int or None
    dtype : dtype
        Of the rows.

    Yields
    ------
    chunk : slice of the images
        One or several whole batches.
    keys : ndarray of shape (n_chunk, n_bytes)
        Of what the worker has read.
    rows : ndarray of shape (n_chunk, n_features), `dtype`
        As soon as a worker has them, whatever the order of the chunks.

    Raises
    ------
    ImageError
        A chunk has unreadable photos. All photos are tried then, so that the error
        names every one of them.
    WeightsError
        A worker has no weights, or others than this process.
    """
    n_jobs_in_all = effective_n_jobs(n_jobs)
    tasks = (
        delayed(_extract_chunk)(
            specification,
            compute_dtype,
            images[chunk],
            keys[chunk],
            batch_size,
            dtype,
            weights,
            ImageFile.LOAD_TRUNCATED_IMAGES,
            chunk,
        )
        for chunk in _chunks(len(images), batch_size, n_jobs_in_all)
    )
    try:
        yield from _as_completed(tasks, n_jobs, 2 * n_jobs_in_all)
    except ImageError:
        images.check()
        raise


def _chunks(n_images, batch_size, n_jobs):
    """Some chunks for each job, to share the work evenly, but none too long to lose."""
    n_batches = n_images // (_CHUNKS_A_JOB * n_jobs * batch_size)
    return gen_batches(n_images, batch_size * min(max(n_batches, 1), _MOST_BATCHES))


def _as_completed(tasks, n_jobs, n_at_once):
    try:
        run = Parallel(n_jobs, return_as="generator_unordered")
    except ValueError:
        # Ray's and other backends give results only when all tasks are done.
        run = Parallel(n_jobs)
        while some := list(islice(tasks, n_at_once)):
            yield from run(some)
    else:
        yield from run(tasks)


def _extract_chunk(
    specification,
    compute_dtype,
    images,
    keys,
    batch_size,
    dtype,
    weights,
    takes_truncated,
    chunk,
):
    ImageFile.LOAD_TRUNCATED_IMAGES = takes_truncated  # as where the keys are made
    if weights_digest(specification.weights) != weights:
        raise WeightsError(
            f"{specification.weights}: holds other weights on {platform.node()} than "
            "on the machine that sends the photos; copy its file there"
        )
    network = get_network(specification, compute_dtype, weights)
    keys, computed = keys.copy(), {}
    for _, own, photos in new_photos(
        images, keys, np.arange(len(images)), _all, batch_size
    ):
        computed.update(zip(map(bytes, own), compute(network, photos), strict=True))
    return chunk, keys, np.array([computed[bytes(key)] for key in keys], dtype)


def _all(keys):
    return np.ones(len(keys), dtype=bool)
