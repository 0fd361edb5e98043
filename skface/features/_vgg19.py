"""Frozen VGG19 as a transformer."""

import contextlib
import os
import warnings
from numbers import Integral

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, TransformerMixin

from skface._files import status_or_none
from skface._validation import (
    Interval,
    StrOptions,
    as_box,
    of_photos,
    validate_params,
)
from skface.exceptions import ParameterError, SkfaceWarning, StoreError
from skface.features._device import COMPUTE_DTYPES, known_dtype
from skface.features._extraction import (
    batches_of,
    compute,
    extract_in_workers,
    new_photos,
    photo_bar,
)
from skface.features._layers import as_layers, feature_names, map_shape
from skface.features._network import Specification, get_network
from skface.features._weights import (
    expanded,
    native_input_size,
    weights_digest,
    width_of,
)
from skface.photos import (
    ImageArray,
    as_image_size,
    as_images,
    cropped,
    known_keys,
    of_size,
    row_keys,
)
from skface.store import ROWS_AT_ONCE, FeatureArray, FeatureStore, StoreRows

_MIN_INPUT_SIZE, _MAX_INPUT_SIZE = 32, 1024
_MOST_BYTES_IN_MEMORY = 2**27


class VGG19Features(TransformerMixin, BaseEstimator):
    """Turn photos into features with a frozen VGG19.

    Parameters
    ----------
    weights : "imagenet", "synthetic", path-like or None, default="imagenet"
        "imagenet" downloads the weights once, as ``keras.applications.VGG19`` does. A
        path names a file that it can read. "synthetic" comes with skface: a VGG19 with
        a quarter of the channels, trained on the faces of `make_celeba`, for
        demonstrations, teaching and tests; photos need ImageNet weights. None draws
        weights at random, always the same, for tests.
    layer : str or list of str, default="block5_pool"
        One layer of VGG19, ``block1_conv1`` to ``block5_pool``, or several whose
        features are joined.
    pooling : {"avg", "max"} or (rows, columns), default=None
        None flattens the map of the layer; "avg" and "max" leave one number a channel;
        a grid averages the map to that many cells.
    preprocessing : {"caffe", "unit"}, default="caffe"
        "caffe" is what the ImageNet weights were trained with: BGR, less the mean
        colour. "unit" divides by 255, as in [2]_.
    normalize : {"l2", "sqrt_l2"}, default=None
        Scale every row to the length 1; "sqrt_l2" takes the square root first, as in
        [3]_. With several layers each weighs the same.
    input_size : int or (height, width), default=None
        What photos are resized to, in pixels, 32 to 1024 a side. None takes what the
        weights were trained at: 112 for "synthetic", 224 otherwise. Files are decoded
        at this size, whatever the ``image_size`` of their ImageArray.
    crop : (x, y, width, height), default=None
        The part of each photo that is seen, as fractions of it. None sees all.
    cache_dir : path-like, default=None
        Folder of a `FeatureStore` that keeps the features as float16, so that a photo
        goes through VGG19 once: other fits, folds and sessions read its row. None
        keeps nothing.
    on_cache_error : {"raise", "warn"}, default="raise"
        Whether a store that cannot be opened, is full, read-only, damaged or of a newer
        format is an error, or a warning after which `transform` goes on without it: the
        rows it can still give are read, all others computed and not kept.
    dtype : {"float16", "float32"}, default="float16"
        Of the features. Values beyond float16's 65504 become 65504.
    batch_size : int, default=32
        Photos the network sees at once.
    compute_dtype : {"auto", "float32", "bfloat16", "float16", "int8"}, default="auto"
        In which precision the network computes. "auto" takes bfloat16 where the
        processor or a GPU computes in it, float32 elsewhere. "int8" runs on the
        processor by LiteRT (``pip install "skface[int8]"``), about three times as
        fast, and rounds the features, as in [4]_: learn and predict in the same.
    n_jobs : int, default=None
        Processes that chunks of photos are spread over, through joblib; this process
        alone writes to the store. None means 1, or what a `joblib.parallel_config`
        context says. On one machine the network uses every core already: this is for
        clusters, as with joblib's "dask" backend.
    verbose : int, default=0
        1 shows a bar.

    See Also
    --------
    skface.make_attribute_pipeline : This transformer with a head.

    Notes
    -----
    The network is built at the first `transform`, no further than the last layer needs,
    and once in a process for all transformers with the same parameters. It is no part
    of the object: `clone` and pickle stay cheap. While it computes one batch the next
    is decoded.

    References
    ----------
    .. [1] K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks for
       Large-Scale Image Recognition", ICLR 2015.
    .. [2] J. Yang and K.-C. Yow, "Deep Learning on Facial Attributes Detection using
       Transfer Learning with VGG19 model".
    .. [3] F. Perronnin, J. Sánchez and T. Mensink, "Improving the Fisher Kernel for
       Large-Scale Image Classification", ECCV 2010.
    .. [4] B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
       Integer-Arithmetic-Only Inference", CVPR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skface import VGG19Features
    >>> X = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    >>> features = VGG19Features(weights=None, layer="block2_pool", input_size=64)
    >>> features.fit_transform(X).shape
    (2, 32768)
    """

    _parameter_constraints = {
        "weights": [str, os.PathLike, None],
        "layer": [str, list, tuple],
        "pooling": [StrOptions({"avg", "max"}), tuple, list, None],
        "preprocessing": [StrOptions({"caffe", "unit"})],
        "normalize": [StrOptions({"l2", "sqrt_l2"}), None],
        "input_size": [Integral, tuple, list, None],
        "crop": [tuple, list, np.ndarray, None],
        "cache_dir": [str, os.PathLike, None],
        "on_cache_error": [StrOptions({"raise", "warn"})],
        "dtype": [StrOptions({"float16", "float32"})],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "compute_dtype": [StrOptions(set(COMPUTE_DTYPES))],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        weights="imagenet",
        layer="block5_pool",
        pooling=None,
        preprocessing="caffe",
        normalize=None,
        *,
        input_size=None,
        crop=None,
        cache_dir=None,
        on_cache_error="raise",
        dtype="float16",
        batch_size=32,
        compute_dtype="auto",
        n_jobs=None,
        verbose=0,
    ):
        self.weights = weights
        self.layer = layer
        self.pooling = pooling
        self.preprocessing = preprocessing
        self.normalize = normalize
        self.input_size = input_size
        self.crop = crop
        self.cache_dir = cache_dir
        self.on_cache_error = on_cache_error
        self.dtype = dtype
        self.batch_size = batch_size
        self.compute_dtype = compute_dtype
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X, y=None):
        """Check the parameters and the form of X; there is nothing to learn.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ParameterError, InputError
        """
        specification = self._specification()
        as_images(X, specification.input_size)
        return self

    def transform(self, X):
        """Features of every photo.

        Parameters
        ----------
        X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
            Arrays hold RGB in 0 to 255; those of another size are resized.

        Returns
        -------
        ndarray of shape (n, n_features), `dtype`
            With `cache_dir`, a `FeatureArray` instead where it would hold more than
            128 MiB: float16 rows that are read from the store when they are asked for.

        Raises
        ------
        ImageError
            Photos cannot be read: it counts them and names the first five.
        InputError
            X is not photos, or its pixels are not in 0 to 255.
        WeightsError
            The weights cannot be had, or belong to another network.
        ImportError
            `compute_dtype` is "int8", and LiteRT is not installed.
        StoreError
            The feature store cannot be opened, read or written, and `on_cache_error`
            is "raise".

        Warns
        -----
        SkfaceWarning
            The same, and `on_cache_error` is "warn".
        """
        specification = self._specification()
        images = seen_part(X, specification.input_size, self._crop())
        try:
            # Small values become 0 in float16, as they should.
            with np.errstate(all="ignore"):
                if self.cache_dir is None:
                    return self._without_store(images, specification)
                return self._from_store(images, specification)
        except StoreError as error:
            if self.on_cache_error == "raise":
                raise
            message = f"{error} This transform goes on without the store."
            warnings.warn(message, SkfaceWarning, stacklevel=3)
        return self._beside_store(images, specification)

    def _without_store(self, images, specification):
        features = np.empty((len(images), specification.n_features), self.dtype)
        for rows, values in self._computed(images, specification):
            features[rows] = values
        return features

    def _computed(self, images, specification):
        """Yield (rows, values) of all photos as they come."""
        images = of_size(images, specification.input_size)
        with photo_bar(len(images), self.verbose) as progress:
            if effective_n_jobs(self.n_jobs) == 1:
                network = get_network(specification, self._compute_dtype())
                for rows, photos in batches_of(images, self.batch_size):
                    yield rows, compute(network, photos)
                    progress.update(len(rows))
                return
            keys, _ = known_keys(images)
            weights = weights_digest(specification.weights)
            for chunk, _, values in self._from_workers(
                images, keys, specification, weights
            ):
                yield chunk, values
                progress.update(chunk.stop - chunk.start)

    def _from_store(self, images, specification):
        store = self._store(specification)
        adopt_mirror_images(store, images)
        keys, is_known = known_keys(images)
        is_known[is_known] = store.contains(keys[is_known])
        rows = np.flatnonzero(~is_known)
        if len(rows):
            self._fill(store, images, keys, rows, specification)
        features = FeatureArray(store, keys)
        if features.nbytes > _MOST_BYTES_IN_MEMORY:
            return features
        return np.asarray(features, self.dtype)

    def _fill(self, store, images, keys, rows, specification):
        """Compute what the store lacks of some rows, and set their keys."""
        weights = store.parameters["weights"]
        sized = of_size(images, specification.input_size)
        if effective_n_jobs(self.n_jobs) != 1:
            keys[rows] = row_keys(images[rows])
            _, first = np.unique(keys[rows], axis=0, return_index=True)
            missing = rows[np.sort(first)]
            missing = missing[~store.contains(keys[missing])]
            if not len(missing):
                return
            with photo_bar(len(missing), self.verbose) as progress:
                for chunk, own, values in self._from_workers(
                    sized[missing], keys[missing], specification, weights
                ):
                    store.write(own, values)
                    progress.update(chunk.stop - chunk.start)
            return
        parts = new_photos(
            sized, keys, rows, lambda some: ~store.contains(some), self.batch_size
        )
        progress = None
        with contextlib.ExitStack() as stack:
            for n_done, own, photos in parts:
                if progress is None:  # the first photo that is not known
                    network = get_network(specification, self._compute_dtype(), weights)
                    progress = stack.enter_context(photo_bar(len(rows), self.verbose))
                store.write(own, compute(network, photos))
                progress.update(n_done - progress.n)

    def _from_workers(self, images, keys, specification, weights):
        return extract_in_workers(
            specification,
            weights,
            self._compute_dtype(),
            images,
            keys,
            self.batch_size,
            self.n_jobs,
            self.dtype if self.cache_dir is None else FeatureArray.dtype,
        )

    def _beside_store(self, images, specification):
        """What a broken store can still give, and the rest from the network."""
        features = np.empty((len(images), specification.n_features), self.dtype)
        is_known = np.zeros(len(images), bool)
        with contextlib.suppress(StoreError):
            store = self._store(specification)
            is_known = store.read_sound(row_keys(images), features)
        missing = np.flatnonzero(~is_known)
        if len(missing):
            for rows, values in self._computed(images[missing], specification):
                features[missing[rows]] = values
        return features

    def _store(self, specification):
        parameters = specification.as_parameters(self._compute_dtype())
        return FeatureStore(self.cache_dir).specification(parameters)

    def get_feature_names_out(self, input_features=None):
        """Names of the features: layer, row and column of its map, channel.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of shape (n_features,), object
        """
        specification = self._specification()
        return feature_names(specification.layers, specification.map_shapes)

    @property
    def n_features_out(self) -> int:
        """How many features a photo has."""
        return self._specification().n_features

    def _specification(self):
        validate_params(self)
        weights = expanded(self.weights)
        input_size = native_input_size(weights)
        if self.input_size is not None:
            input_size = as_image_size(self.input_size, "input_size")
        if min(input_size) < _MIN_INPUT_SIZE or max(input_size) > _MAX_INPUT_SIZE:
            raise ParameterError(
                f"input_size must be {_MIN_INPUT_SIZE} to {_MAX_INPUT_SIZE} pixels a "
                f"side, got {self.input_size!r}"
            )
        self._crop()
        layers, pooling = as_layers(self.layer), _as_pooling(self.pooling)
        shapes = [
            map_shape(name, input_size, pooling, width_of(weights)) for name in layers
        ]
        return Specification(
            weights=weights,
            layers=layers,
            map_shapes=tuple(shapes),
            pooling=pooling,
            preprocessing=self.preprocessing,
            normalize=self.normalize,
            input_size=input_size,
        )

    def _crop(self):
        return None if self.crop is None else tuple(as_box(self.crop, "crop").tolist())

    def _compute_dtype(self):
        return known_dtype(self.compute_dtype)

    def __getstate__(self):
        # As of an ImageArray: other weights under the same path are others to joblib.
        is_path = isinstance(self.weights, (str, os.PathLike))
        file = None
        if is_path:
            file = status_or_none(os.path.expanduser(self.weights))
        return super().__getstate__() | {"_weights_file": file}

    def __setstate__(self, state):
        state = dict(state)
        state.pop("_weights_file", None)
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = of_photos(super().__sklearn_tags__())
        tags.requires_fit = False
        return tags


def seen_part(X, input_size, crop):
    """X as `as_images` has it; with a box as `VGG19Features` takes it, that part."""
    images = as_images(X, input_size)
    return images if crop is None else cropped(images, crop)


def adopt_mirror_images(store, images):
    """Copy the rows of mirror images that skface 0.1 kept as a specification apart.

    Parameters
    ----------
    store : StoreRows
    images : ImageArray or ndarray
    """
    if not isinstance(images, ImageArray):
        return
    apart = StoreRows(store.path, {**store.parameters, "mirror": True})
    rows = np.flatnonzero(images.frames.mirrored().is_whole)
    if not len(rows) or not apart.is_recorded:
        return
    mirrored = images[rows]
    keys, files = row_keys(mirrored), row_keys(ImageArray(mirrored.paths))
    some = np.flatnonzero(~store.contains(keys) & apart.contains(files))
    for start in range(0, len(some), ROWS_AT_ONCE):
        batch = some[start : start + ROWS_AT_ONCE]
        store.write(keys[batch], apart.read(files[batch]))


def _as_pooling(pooling):
    if pooling is None or isinstance(pooling, str):
        return pooling
    return as_image_size(pooling, "pooling")
