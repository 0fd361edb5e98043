"""Weights for the frozen network: where they come from, and what tells them apart."""

import hashlib
import io
import json
import os
import tempfile
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np

from skface._files import status_of
from skface._keras import import_keras
from skface._validation import as_path
from skface.exceptions import ParameterError, WeightsError

SYNTHETIC = "synthetic"
SYNTHETIC_WIDTH = 0.25
SYNTHETIC_INPUT_SIZE = 112
_IMAGENET_INPUT_SIZE = 224
_PARTS = ("kernel", "bias")
# Keras' own MD5 of the file that weights="imagenet" stands for.
_IMAGENET = "md5:253f8cb515780f3b799900260a226db6"
_IMAGENET_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_FILES = (".h5", ".hdf5", ".keras")  # that Keras reads weights from
_MOST_BYTES = 2**28  # of a weights file; VGG19's takes 80 MB

_WAYS = (
    "Ways to get the weights: run VGG19Features(weights='imagenet') once on a machine "
    "with network access, which keeps an 80 MB file in ~/.keras/models, and copy that "
    "folder here; or give the path of a VGG19 weights file saved without its top, "
    "VGG19Features(weights='vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5'); or "
    "begin with the small ones of the package, weights='synthetic'"
)


def expanded(weights):
    """The same with the home folder for a leading ``~``."""
    if weights is None:
        return None
    try:
        return str(as_path(os.fsdecode(weights), "weights", "a file"))
    except TypeError:
        raise ParameterError(
            f"weights must be 'imagenet', 'synthetic', a path or None, got {weights!r}"
        ) from None


def width_of(weights):
    """Share of VGG19's channels that the network of these weights has."""
    return SYNTHETIC_WIDTH if weights == SYNTHETIC else 1.0


def native_input_size(weights) -> tuple[int, int]:
    """(height, width) of the photos that the weights were trained on."""
    side = SYNTHETIC_INPUT_SIZE if weights == SYNTHETIC else _IMAGENET_INPUT_SIZE
    return side, side


def load_weights(network, weights, digest):
    """Fill the convolutions of `network`.

    Parameters
    ----------
    network : keras.Model
        Its convolutions are named as in ``keras.applications.VGG19``.
    weights : "imagenet", "synthetic", path of a file for VGG19 without its top, or None
        None draws them, He-normal and always the same: for tests.
    digest : str
        The `weights_digest` that a file must have.

    Raises
    ------
    WeightsError
        They cannot be had, are damaged or others, or belong to another network.
    """
    convolutions = [layer for layer in network.layers if "_conv" in layer.name]
    if weights is None:
        rng = np.random.default_rng(0)
        for layer in convolutions:
            layer.set_weights(_he_normal(rng, *layer.get_weights()))
        return
    if weights == SYNTHETIC:
        packaged = _packaged()
        for layer in convolutions:
            layer.set_weights([packaged[f"{layer.name}_{part}"] for part in _PARTS])
        return
    source = _vgg19(weights) if weights == "imagenet" else _of_file(weights, digest)
    for layer in convolutions:
        values = source.get_layer(layer.name).get_weights()
        # The activations would hide it.
        if not all(np.isfinite(value).all() for value in values):
            raise WeightsError(
                f"{weights}: {layer.name} holds NaN or infinity: the file is damaged. "
                f"{_WAYS}"
            )
        layer.set_weights(values)


def weights_digest(weights):
    """Tell weights by their content: a name, a path, or None for random ones."""
    if weights is None:
        return "he_normal"
    if weights == SYNTHETIC:
        return f"sha256:{synthetic_digest()}"
    if weights == "imagenet":
        return _IMAGENET
    return f"sha256:{_file_hashes(weights)['sha256']}"


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
    """
    weights = expanded(weights)
    if weights is None or weights in (SYNTHETIC, "imagenet"):
        algorithm, _, value = weights_digest(weights).rpartition(":")
        return {algorithm or "drawn": value}
    return _file_hashes(weights)


def check_weights(weights, identity) -> None:
    """Make sure that weights can be had and are those of a `weights_identity`.

    Parameters
    ----------
    weights : "imagenet", "synthetic", path or None
        A path is opened where it leads to a plain file of at most 256 MiB whose name
        is that of a weights file.
    identity : dict of str

    Raises
    ------
    WeightsError
        They are not there, cannot be downloaded, or are others.
    """
    weights = expanded(weights)
    if weights == "imagenet":
        _imagenet_file()
    elif weights not in (None, SYNTHETIC) and not weights.lower().endswith(_FILES):
        raise WeightsError(
            f"{weights}: is not the name of a weights file, which ends in "
            f"{', '.join(_FILES)}; it was not opened"
        )
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


def _file_hashes(weights):
    """SHA-256 and MD5 of a file, which is read once as long as it stays the same."""
    check_file(weights)
    status = status_of(weights)
    return dict((_known_hashes if status.is_settled() else _hashes)(weights, status))


def _hashes(path, _status):
    content = Path(path).read_bytes()
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }


_known_hashes = lru_cache(_hashes)


def synthetic_digest():
    """SHA-256 of the packaged weights, as written when they were trained."""
    about = resources.files("skface.features").joinpath("data", "synthetic.json")
    return json.loads(about.read_text(encoding="utf-8"))["sha256"]


def _packaged():
    """The packaged weights by name, verified."""
    file = resources.files("skface.features").joinpath("data", "synthetic.npz")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != synthetic_digest():
        raise WeightsError(
            f"{file}: is not the file that was packaged (its SHA-256 differs); "
            "install skface again"
        )
    return np.load(io.BytesIO(content), allow_pickle=False)


def _he_normal(rng, kernel, bias):
    """K. He et al., "Delving Deep into Rectifiers", ICCV 2015, equation 10."""
    fan_in = np.prod(kernel.shape[:3])
    return [rng.normal(0, np.sqrt(2 / fan_in), kernel.shape), np.zeros_like(bias)]


def check_file(weights):
    """Raise a WeightsError that tells the ways out, where there is no such file."""
    if not Path(weights).is_file():
        raise WeightsError(f"{weights}: no such weights file. {_WAYS}")
    n_bytes = os.path.getsize(weights)
    if n_bytes > _MOST_BYTES:
        raise WeightsError(
            f"{weights}: has {n_bytes:,} bytes, while VGG19's weights take 80 MB. "
            f"{_WAYS}"
        )


@lru_cache
def _imagenet_file():
    """Keras' copy of the ImageNet weights, downloaded where it is not there yet."""
    try:
        return import_keras().utils.get_file(
            origin=_IMAGENET_URL,
            file_hash=_IMAGENET.partition(":")[2],
            cache_subdir="models",
        )
    except Exception as error:
        raise WeightsError(
            f"VGG19's ImageNet weights cannot be downloaded ({error}). {_WAYS}"
        ) from error


def replaced(weights):
    """The error of a file that is not what it was before."""
    return WeightsError(f"{weights}: was replaced while it was in use; run this again")


def _vgg19(weights):
    """All of VGG19 without its top, for as long as its weights are copied."""
    if weights == "imagenet":
        weights = _imagenet_file()
    return import_keras().applications.VGG19(include_top=False, weights=weights)


def _of_file(weights, digest):
    """`_vgg19` from the bytes that have this digest, whatever happens to the file."""
    check_file(weights)
    content = Path(weights).read_bytes()
    if digest != f"sha256:{hashlib.sha256(content).hexdigest()}":
        raise replaced(weights)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, Path(weights).name)  # Keras goes by its suffix
        copy.write_bytes(content)
        try:
            return _vgg19(str(copy))
        except Exception as error:
            raise WeightsError(
                f"{weights}: does not hold the weights of VGG19 without its top "
                f"({error}). {_WAYS}"
            ) from error
