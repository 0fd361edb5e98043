"""Several transformers' features from one pass of the photos."""

import numpy as np

from skface.exceptions import ParameterError
from skface.features._extraction import compute, new_photos, photo_bar
from skface.features._network import get_joint_network
from skface.features._vgg19 import VGG19Features, adopt_mirror_images, seen_part
from skface.photos import of_size, row_keys


@np.errstate(all="ignore")
def extract_together(transformers, X) -> int:
    """Fill the stores of several VGG19Features, each photo through VGG19 once.

    The rows are those that each transformer would compute alone, and are found in its
    store from then on. Transformers that see the photos differently, by `weights`,
    `preprocessing`, `input_size`, `crop` or `compute_dtype`, need a pass each; those
    that differ in `layer`, `pooling` and `normalize` share one, up to the deepest
    layer.

    Parameters
    ----------
    transformers : list of VGG19Features
        All with a `cache_dir`. `batch_size` and `verbose` of the first count; the
        network runs in this process, whatever `n_jobs`.
    X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths

    Returns
    -------
    n_passes : int
        How many photos went through VGG19: none of those that every store knew.

    Raises
    ------
    ParameterError
        A transformer has no `cache_dir`, or a parameter that cannot work.
    ImageError, InputError, WeightsError, StoreError
        As from `skface.VGG19Features.transform`, a broken store whatever
        `on_cache_error`. What was extracted until then is kept.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skface import VGG19Features
    >>> from skface.features import extract_together
    >>> folder = tempfile.TemporaryDirectory()
    >>> options = {"weights": None, "input_size": 32, "cache_dir": folder.name}
    >>> first = VGG19Features(layer="block1_pool", pooling="avg", **options)
    >>> second = VGG19Features(layer="block2_pool", pooling=(2, 2), **options)
    >>> X = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    >>> extract_together([first, second], X)
    3
    >>> extract_together([first, second], X)
    0
    >>> folder.cleanup()
    """
    if not isinstance(transformers, list | tuple) or not all(
        isinstance(each, VGG19Features) for each in transformers
    ):
        raise ParameterError(
            f"transformers must be a list of VGG19Features, got {transformers!r}"
        )
    passes = {}
    for transformer in transformers:
        if transformer.cache_dir is None:
            raise ParameterError(
                "features extracted together are kept in a store: give every "
                "VGG19Features a cache_dir"
            )
        specification = transformer._specification()
        compute_dtype = transformer._compute_dtype()
        store = transformer._store(specification)
        seen = specification._replace(
            layers=None, map_shapes=None, pooling=None, normalize=None
        )
        variants = passes.setdefault((seen, compute_dtype, transformer._crop()), {})
        variants[store.path, store.digest] = specification, store
    return sum(
        _extract_pass(
            list(variants.values()),
            compute_dtype,
            seen_part(X, seen.input_size, crop),
            transformers[0],
        )
        for (seen, compute_dtype, crop), variants in passes.items()
    )


def _extract_pass(variants, compute_dtype, images, options):
    """One pass of the photos that one of the variants lacks; their number."""
    for _, store in variants:
        adopt_mirror_images(store, images)
    keys = row_keys(images)
    missing = np.array([~store.contains(keys) for _, store in variants], dtype=bool)
    rows = np.flatnonzero(missing.any(axis=0))
    if not len(rows):
        return 0
    variants = [variants[i] for i in np.flatnonzero(missing.any(axis=1))]
    stores = [store for _, store in variants]

    def is_missing(some):
        return np.any([~store.contains(some) for store in stores], axis=0)

    network = get_joint_network(
        [each for each, _ in variants], compute_dtype, stores[0].parameters["weights"]
    )
    images = of_size(images, variants[0][0].input_size)
    n_passes = 0
    with photo_bar(len(rows), options.verbose) as progress:
        for n_done, own, photos in new_photos(
            images, keys, rows, is_missing, options.batch_size
        ):
            values = compute(network, photos)
            values = values if isinstance(values, list) else [values]
            for store, part in zip(stores, values, strict=True):
                store.write(own, part)
            n_passes += len(own)
            progress.update(n_done - progress.n)
    return n_passes
