"""Photos through the network, batch by batch, the next batch read meanwhile."""

import platform
from itertools import islice

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from PIL import Image
from sklearn.utils import gen_batches
from tqdm.auto import tqdm

from skface._threads import read_ahead
from skface.datasets import ImageArray
from skface.exceptions import ImageError, WeightsError
from skface.features._digests import weights_digest
from skface.features._network import get_network

_FLOAT16_MAX = np.finfo(np.float16).max
_MOST_BATCHES = 4  # in a chunk
_CHUNKS_A_JOB = 4


def extract(network, images, batch_size):
    """Yield the rows of each batch.

    Parameters
    ----------
    network : keras.Model
        From uint8 photos to rows.
    images : ImageArray or ndarray of shape (n, h, w, 3)
    batch_size : int

    Yields
    ------
    batch : slice of the images
    rows : ndarray of shape (n_batch, n_features), float32
        In the range of float16. A list of them from a joint network.

    Raises
    ------
    ImageError
        A batch has unreadable photos. All photos after it are tried first, so that the
        error names every one of them.
    """
    input_size = network.input_shape[1:3]
    batches = list(gen_batches(len(images), batch_size))

    def read(batch):
        try:
            return _as_photos(images[batch], input_size)
        except ImageError:
            images[batch.start :].check()
            raise

    for batch, photos in zip(batches, read_ahead(read, batches), strict=True):
        yield batch, _within_float16(network.predict_on_batch(photos))


def with_bar(parts, n_photos, verbose):
    """The parts of an extraction as they come, with a bar of its photos."""
    with tqdm(
        total=n_photos, desc="VGG19", unit="photo", disable=not verbose
    ) as progress:
        for part, rows in parts:
            yield part, rows
            progress.update(part.stop - part.start)


def extract_in_workers(specification, compute_dtype, images, batch_size, n_jobs, dtype):
    """`extract` spread over joblib's workers.

    Chunks of photos go out, of an ImageArray their paths; rows come back.

    Parameters
    ----------
    specification : Specification
    compute_dtype : {"float32", "bfloat16", "float16"}
    images : ImageArray or ndarray of shape (n, h, w, 3)
    batch_size : int
    n_jobs : int or None
    dtype : dtype
        Of the rows.

    Yields
    ------
    chunk : slice of the images
        One or several whole batches, so that the batches are those of `extract`.
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
    weights = weights_digest(specification.weights)
    tasks = (
        delayed(_extract_chunk)(
            specification,
            compute_dtype,
            images[chunk],
            batch_size,
            dtype,
            weights,
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
    specification, compute_dtype, images, batch_size, dtype, weights, chunk
):
    if weights_digest(specification.weights) != weights:
        raise WeightsError(
            f"{specification.weights}: holds other weights on {platform.node()} than "
            "on the machine that sends the photos; copy its file there"
        )
    network = get_network(specification, compute_dtype)
    rows = np.empty((len(images), specification.n_features), dtype)
    for batch, values in extract(network, images, batch_size):
        rows[batch] = values
    return chunk, rows


def _within_float16(rows):
    if isinstance(rows, list):
        return [_within_float16(each) for each in rows]
    return np.minimum(rows, _FLOAT16_MAX)


def _as_photos(images, input_size):
    """One batch as uint8 photos of the network's input size."""
    if isinstance(images, ImageArray) or images.shape[1:3] == input_size:
        return np.asarray(images)
    height, width = input_size
    return np.stack(
        [
            Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
            for image in images
        ]
    )
