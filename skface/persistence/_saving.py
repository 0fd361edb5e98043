"""Fitted pipelines to files, and back."""

import platform
from importlib.metadata import version

from skface._naming import names_told_by
from skface._validation import as_names, as_path, validate_params
from skface._version import __version__
from skface.exceptions import ParameterError, SavedFileError, WeightsError
from skface.features import check_weights
from skface.persistence._archive import (
    as_manifest,
    as_text,
    open_archive,
    shown,
    write_archive,
)
from skface.persistence._records import contents_of, fill, n_targets, record_of

_PACKAGES = ("numpy", "scikit-learn", "keras")


def save(pipe, path, *, target_names=None) -> None:
    """Write a fitted pipeline to one file that holds no code.

    Parameters
    ----------
    pipe : FacePipeline, Pipeline, SecondLook, FaceReader, FaceDetector, head, \
GeneralToSpecific, LandmarkFreeAlignment, CORAL, AttributeClusterer, SegmentCommittee, \
CellVisibility, RecoveredFeatures or ShapePrior
        Fitted. A pipeline has two steps: `VGG19Features` and a head of skface; before
        them `AlignedFaces` or `LandmarkFreeAlignment` may stand, and `CORAL` or
        `RecoveredFeatures` between them. What an estimator holds goes into the same
        file.
    path : path-like
        The file, such as ``smiles.skface``. What it held before is replaced once the
        new content is complete.
    target_names : sequence of str, default=None
        Of the columns of y, as in ``CelebALoader.load_bunch(...).target_names``. None
        takes ``pipe.target_names_``, which `load` sets, where it is. Estimators within
        others keep none.

    Raises
    ------
    ParameterError
        `pipe` is, or holds, what cannot be written, such as another estimator or a
        RandomState; or `path` is no path.
    sklearn.exceptions.NotFittedError
        `pipe` is not fitted.
    InputError
        There are more or fewer `target_names` than targets.
    WeightsError
        The file of VGG19's weights is gone.
    SavedFileError
        The file cannot be written, or would not be read again, as when a parameter
        that was set after the fit does not go with it.

    See Also
    --------
    load : The way back.

    Notes
    -----
    The file is a zip archive: the parameters, the training's figures, versions and
    names as JSON, the heads' weights as plain ``.npy`` arrays, and a SHA-256 of each.
    VGG19's weights are not in it, only their name or path, and their hash. Neither are
    ``cache_dir``, ``checkpoint_path``, ``memory``, ``n_jobs`` and ``verbose``, which
    are this machine's, nor requests of metadata routing.

    The permissions of a file that was there stay; where `path` is a link, the file
    that it leads to is written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import skface
    >>> X = np.random.default_rng(0).normal(size=(50, 5))
    >>> y = (X[:, :2] > 0).astype(int)
    >>> head = skface.DenseHeadClassifier(0, epochs=2, random_state=0).fit(X, y)
    >>> path = tempfile.mkdtemp() + "/smiles.skface"
    >>> skface.save(head, path, target_names=["Smiling", "Young"])
    >>> skface.load(path).target_names_
    ['Smiling', 'Young']
    """
    path = as_path(path, "path", "a file")
    arrays = {}
    estimator = record_of(pipe, arrays)
    manifest = {
        "versions": {
            "skface": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
        "target_names": _checked_names(pipe, target_names, estimator),
        "estimator": estimator,
    }
    text = as_text(manifest)
    try:
        contents_of(as_manifest(text))
    except SavedFileError as error:
        raise SavedFileError(
            f"{path}: is not written, as it would not be read again: {error}"
        ) from None
    try:
        write_archive(path, text, arrays)
    except (OSError, ValueError) as error:
        raise SavedFileError(
            f"{path}: cannot be written ({error}); free some space, or give a path in "
            "a folder that exists and can be written to"
        ) from error


def load(path, *, weights=None, cache_dir=None):
    """Read what `save` wrote; nothing in the file is executed, whoever made it.

    Parameters
    ----------
    path : path-like
    weights : "imagenet", "synthetic" or path-like, default=None
        Where this machine has VGG19's weights, for every `VGG19Features` in the file.
        None takes the name, "imagenet" or "synthetic", that each was saved with, or the
        path: see Notes. Either way they must be those that it was trained with, which
        their hash tells.
    cache_dir : path-like, default=None
        Folder that keeps the features of each, see `VGG19Features`.

    Returns
    -------
    FacePipeline, Pipeline, SecondLook, FaceReader, FaceDetector, head, \
GeneralToSpecific, LandmarkFreeAlignment, CORAL, AttributeClusterer, SegmentCommittee, \
CellVisibility, RecoveredFeatures or ShapePrior
        It predicts what the saved one predicts, bit for bit on the same machine. Where
        the file names the targets, ``target_names_`` is a list of str. `first` and
        `second` of a `SecondLook` are clones, not fitted, of ``first_`` and
        ``second_``, and so are the `regressor` and `general` of the others.

    Raises
    ------
    SavedFileError
        The file is none of `save`, is damaged, was tampered with, or comes from a
        newer skface.
    WeightsError
        VGG19's weights cannot be had, or are not those that the pipeline was trained
        with.
    ParameterError
        `weights` or `cache_dir` were given for a head without VGG19, or are none; or
        `path` is no path.

    Notes
    -----
    The hashes tell a damaged file from a sound one, not a stranger's from a friend's:
    who can write the file can write its hashes too. What a stranger's file can do is
    predict nonsense. Sizes, depths and strings are looked at before memory is taken:
    photos of at most 1024 pixels a side and 2**24 a batch, of at most 2048 for a
    detector, and no array larger than what it takes in the file. Estimators lie at most
    eight deep within each other.

    A path to VGG19's weights that the file names is opened where it leads to a plain
    file of at most 256 MiB that ends in ``.h5``, ``.hdf5`` or ``.keras``, and then for
    its hash alone; only with the right one is it used. Folders, processes and bars are
    never taken from the file: ``cache_dir``, ``checkpoint_path``, ``memory``,
    ``n_jobs`` and ``verbose`` are as in a new pipeline.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import skface
    >>> X = np.random.default_rng(0).normal(size=(50, 5))
    >>> y = (X[:, :2] > 0).astype(int)
    >>> head = skface.DenseHeadClassifier(0, epochs=2, random_state=0).fit(X, y)
    >>> path = tempfile.mkdtemp() + "/smiles.skface"
    >>> skface.save(head, path)
    >>> bool((skface.load(path).predict(X) == head.predict(X)).all())
    True
    """
    path = as_path(path, "path", "a file")
    with open_archive(path) as archive:
        contents = contents_of(archive.manifest)
        with_vgg19 = [
            part for _, part in contents.parts if part.weights_identity is not None
        ]
        for part in with_vgg19:
            part.estimator.set_params(cache_dir=cache_dir)
            if weights is not None:
                part.estimator.set_params(weights=weights)
            validate_params(part.estimator)
        if not with_vgg19 and (weights is not None or cache_dir is not None):
            raise ParameterError(
                f"{path} holds a head alone: it takes no weights and no cache_dir"
            )
        fill(contents, archive)
        for part in with_vgg19:
            _check_weights(part.estimator.weights, part.weights_identity, path)
        pipe = contents.outermost.estimator
        if contents.target_names is not None:
            pipe.target_names_ = contents.target_names
    return pipe


def _checked_names(pipe, names, record):
    if names is None:
        names = names_told_by(pipe)
    if names is None:
        return None
    return as_names(names, "target_names", n_targets(record), "targets")


def _check_weights(weights, identity, path):
    try:
        check_weights(weights, identity)
    except WeightsError as error:
        raise WeightsError(
            f"{path}: VGG19's weights that it was trained with are not here: "
            f"{shown(error)}. load(path, weights=...) takes them from another place"
        ) from error
