"""Digests of photos and weights: the content, not the name, tells what is known."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from skface.datasets import ImageArray, map_photos
from skface.exceptions import ImageError, WeightsError
from skface.features._weights import (
    SYNTHETIC,
    check_file,
    expanded,
    fetch_imagenet,
    synthetic_digest,
)

_N_BYTES = 16
# Keras' own MD5 of the file that weights="imagenet" stands for.
_IMAGENET = "md5:253f8cb515780f3b799900260a226db6"


def photo_digests(images):
    """What tells each photo from all others.

    Parameters
    ----------
    images : ImageArray or uint8 ndarray of shape (n, h, w, 3)
        Of files the bytes are hashed, so that known photos are never decoded; of arrays
        the shape and the pixels.

    Returns
    -------
    ndarray of shape (n, 16), uint8

    Raises
    ------
    ImageError
        Files cannot be read.
    """
    digests = np.empty((len(images), _N_BYTES), dtype=np.uint8)
    if isinstance(images, ImageArray):
        map_photos(lambda i, path: _set(digests, i, _read_bytes(path)), images.paths)
    else:
        shape = repr(images.shape[1:]).encode()
        for i, image in enumerate(images):
            _set(digests, i, shape + image.tobytes())
    return digests


def first_of_each(digests):
    """Index of each photo that has not come before, in their order."""
    _, first = np.unique(digests, axis=0, return_index=True)
    return np.sort(first)


def weights_digest(weights):
    """Tell weights by their content: a name, a path, or None for random ones."""
    if weights is None:
        return "he_normal"
    if weights == SYNTHETIC:
        return f"sha256:{synthetic_digest()}"
    if weights == "imagenet":
        return _IMAGENET
    check_file(weights)
    status = os.stat(weights)
    return _file_digest(weights, status.st_mtime_ns, status.st_size)


def weights_identity(weights) -> dict[str, str]:
    """Hashes of weights by algorithm, to tell them from others on another machine.

    Parameters
    ----------
    weights : "imagenet", "synthetic", path or None
        "imagenet" and a copy of its file have one hash in common.

    Returns
    -------
    dict of str

    Raises
    ------
    WeightsError
        There is no such file.
    ParameterError
        `weights` is none of these.

    Examples
    --------
    >>> from skface.features import weights_identity
    >>> list(weights_identity("synthetic"))
    ['sha256']
    """
    weights = expanded(weights)
    if weights is None or weights in (SYNTHETIC, "imagenet"):
        algorithm, _, value = weights_digest(weights).rpartition(":")
        return {algorithm or "drawn": value}
    check_file(weights)
    content = Path(weights).read_bytes()
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }


def check_weights(weights, identity) -> None:
    """Make sure that weights can be had and are those of a `weights_identity`.

    Raises
    ------
    WeightsError
        They are not there, cannot be downloaded, or are others.

    Examples
    --------
    >>> from skface.features import check_weights, weights_identity
    >>> check_weights("synthetic", weights_identity("synthetic"))
    """
    weights = expanded(weights)
    if weights == "imagenet":
        fetch_imagenet()
    found = weights_identity(weights)
    for algorithm, value in identity.items():
        if found.get(algorithm, value) != value:
            raise WeightsError(
                f"{weights}: holds other weights, whose {algorithm} is "
                f"{found[algorithm]} and not {value}"
            )
    if not found.keys() & identity.keys():
        raise WeightsError(
            f"{weights}: cannot be told to be the weights of {identity}, as theirs are "
            f"{found}"
        )


@lru_cache
def _file_digest(path, mtime, size):
    return f"sha256:{hashlib.sha256(Path(path).read_bytes()).hexdigest()}"


def _set(digests, i, content):
    digests[i] = np.frombuffer(hashlib.sha256(content).digest()[:_N_BYTES], np.uint8)


def _read_bytes(path):
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # a NUL in the path is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path}: cannot be read ({reason})", [path]) from None
