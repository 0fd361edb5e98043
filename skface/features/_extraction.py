"""Photos through the network, batch by batch, the next batch read meanwhile."""

import numpy as np
from PIL import Image
from sklearn.utils import gen_batches

from skface._threads import read_ahead
from skface.datasets import ImageArray
from skface.exceptions import ImageError


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
        yield batch, network.predict_on_batch(photos)


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
