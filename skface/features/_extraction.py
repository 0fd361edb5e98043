"""Photos through the network, batch by batch, the next batch read meanwhile."""

import numpy as np
from joblib import Parallel, delayed
from PIL import Image
from sklearn.utils import gen_batches

from skface._threads import read_ahead
from skface.datasets import ImageArray
from skface.exceptions import ImageError
from skface.features._network import get_network

_FLOAT16_MAX = np.finfo(np.float16).max
_BATCHES_A_CHUNK = 4


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
        In the range of float16.

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
        yield batch, np.minimum(network.predict_on_batch(photos), _FLOAT16_MAX)


def extract_in_workers(specification, compute_dtype, images, batch_size, n_jobs, dtype):
    """`extract` spread over joblib's workers; the batches are whole chunks.

    A chunk of photos goes out, rows of `dtype` come back, in the order of the photos.
    """
    chunks = list(gen_batches(len(images), _BATCHES_A_CHUNK * batch_size))
    rows = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_extract_chunk)(
            specification, compute_dtype, images[chunk], batch_size, dtype
        )
        for chunk in chunks
    )
    return zip(chunks, rows, strict=True)


def _extract_chunk(specification, compute_dtype, images, batch_size, dtype):
    network = get_network(specification, compute_dtype)
    rows = np.empty((len(images), specification.n_features), dtype)
    for batch, values in extract(network, images, batch_size):
        rows[batch] = values
    return rows


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
