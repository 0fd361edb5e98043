"""A CelebA folder as X and y."""

import os
import warnings

import numpy as np
import pandas as pd
from sklearn.model_selection import PredefinedSplit
from sklearn.utils import Bunch
from tqdm.auto import tqdm

from skface.datasets._folder import CelebAFolder
from skface.datasets._lists import read_list
from skface.datasets._targets import as_binary, inside, listed, warn
from skface.exceptions import (
    DatasetError,
    ImageError,
    ParameterError,
    SkfaceWarning,
)
from skface.photos import (
    ImageArray,
    as_image_size,
    check_photo,
    map_photos,
    photo_size,
    to_fractions,
)
from skface.targets import ATTRIBUTES, BBOX, LANDMARKS

_TARGETS = {target.name: target for target in (BBOX, LANDMARKS, ATTRIBUTES)}
_CHOICES = {
    "target": tuple(_TARGETS),
    "aligned": (None, True, False),
    "on_error": ("raise", "skip"),
}
_PARTITION = {"train": 0, "valid": 1, "test": 2}
_SPLITS = (*_PARTITION, "train+valid", "all")


class CelebALoader:
    """Read photos and targets from a folder laid out like CelebA.

    Parameters
    ----------
    root : path-like
        The folder. The official layout (``Anno/*.txt``, ``Eval``, ``Img``), Kaggle's
        (``*.csv``, ``img_align_celeba/img_align_celeba``), and all of it flat in one
        folder are found by themselves.
    target : {"attributes", "landmarks", "bbox"}, default="attributes"
        What y holds.
    image_size : int or (height, width), default=(224, 224)
        Size in pixels of the photos in X.
    aligned : bool, default=None
        Whether to take the aligned photos or those in the wild. None takes in-the-wild
        photos for boxes, and aligned ones otherwise where the folder has them.
    on_error : {"raise", "skip"}, default="raise"
        "skip" decodes every photo of a split once when it is loaded, and leaves those
        that cannot be decoded out of X and y, with a warning that counts and names
        them. With "raise" they are an ImageError when they are read.
    verbose : int, default=0
        1 shows bars while the sizes of many photos are read, or photos are checked.

    Notes
    -----
    Rows are joined by file name and keep the order of the target's list file. Targets
    are fractions of each photo's own width and height as in Yang and Yow [1]_.
    A box that leaves its photo is clipped; a box without area, such as CelebA's
    ``101283.jpg``, is left out, and so is a photo without a file; each with one
    `SkfaceWarning` that counts and names them.

    References
    ----------
    .. [1] J. Yang and K.-C. Yow, "Deep Learning on Facial Attributes Detection using
       Transfer Learning with VGG19 model".
    .. [2] Z. Liu, P. Luo, X. Wang and X. Tang, "Deep Learning Face Attributes in the
       Wild", ICCV 2015.

    Examples
    --------
    >>> import tempfile
    >>> from skface import CelebALoader
    >>> from skface.datasets import make_celeba
    >>> root = make_celeba(tempfile.mkdtemp() + "/celeba", 30, random_state=0)
    >>> X, y = CelebALoader(root, target="bbox").load("train")
    >>> X
    ImageArray(n=24, image_size=(224, 224))
    >>> y.shape
    (24, 4)
    """

    def __init__(
        self,
        root,
        target="attributes",
        *,
        image_size=(224, 224),
        aligned=None,
        on_error="raise",
        verbose=0,
    ):
        self.root = root
        self.target = target
        self.image_size = image_size
        self.aligned = aligned
        self.on_error = on_error
        self.verbose = verbose

    def __repr__(self):
        return f"CelebALoader({str(self.root)!r}, target={self.target!r})"

    def load(self, split="train") -> tuple[ImageArray, np.ndarray]:
        """Photos and targets of one split.

        Parameters
        ----------
        split : {"train", "valid", "test", "train+valid", "all"}, default="train"
            By the partition list; "all" does without one.

        Returns
        -------
        X : ImageArray of shape (n_samples, height, width, 3), uint8
        y : ndarray of shape (n_samples, n_targets)
            For "bbox", float32: x, y, width, height. For "landmarks", float32: x, y of
            left eye, right eye, nose, left and right mouth corner. Both are fractions
            of the photo's width and height; left is the viewer's. For "attributes",
            int64 in {0, 1}, one column each attribute of the list.

        Raises
        ------
        DatasetError
            A file is missing or damaged, or the split is empty.
        ParameterError
            `split` or a parameter of the loader has no such value, or boxes were asked
            for together with aligned photos.
        ImageError
            The size of a photo cannot be read.
        """
        bunch = self._load(split)
        return bunch.images, bunch.target

    def load_bunch(self, split="train") -> Bunch:
        """Photos and targets of one split, with everything known about them.

        Parameters
        ----------
        split : {"train", "valid", "test", "train+valid", "all"}, default="train"

        Returns
        -------
        sklearn.utils.Bunch
            ``images`` and ``target`` as `load` gives them, ``target_names`` (list of
            str), ``image_ids`` (file names), ``image_sizes`` (int64, (width, height)
            of each photo in pixels), ``groups`` (int64 identities, None without that
            list) and ``DESCR``.
        """
        return self._load(split, sizes_wanted=True)

    def predefined_split(self) -> PredefinedSplit:
        """The official train / valid split as a scikit-learn splitter.

        Returns
        -------
        sklearn.model_selection.PredefinedSplit
            Give it as ``cv=`` together with ``load("train+valid")``: one fold, trained
            on the train rows and scored on the valid rows.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SkfaceWarning)
            source = _Source(self)
            names, *_ = source.rows("train+valid")
        is_train = source.partition.loc[names] == _PARTITION["train"]
        return PredefinedSplit(np.where(is_train, -1, 0))

    def _load(self, split, sizes_wanted=False):
        source = _Source(self)
        names, target, sizes = source.rows(split)
        if sizes is None and sizes_wanted:
            sizes = source.sizes(names)
        return Bunch(
            images=ImageArray(source.paths(names), self.image_size),
            target=target,
            target_names=source.target_names,
            image_ids=names,
            image_sizes=sizes,
            groups=source.groups(names),
            DESCR=f"{len(names)} {source.photos} photos of {self.root}, split {split}, "
            f"target {self.target}.",
        )


class _Source:
    """The lists and photos of a loader, as its parameters are now.

    Parameters
    ----------
    loader : CelebALoader

    Attributes
    ----------
    photos : {"aligned", "in-the-wild"}
        The kind that belongs to the target.
    partition : Series
        0, 1 or 2 by file name.
    """

    def __init__(self, loader):
        self.loader = loader
        as_image_size(loader.image_size, "image_size")
        for name, choices in _CHOICES.items():
            if getattr(loader, name) not in choices:
                raise ParameterError(
                    f"{name} must be in {choices}, got {getattr(loader, name)!r}"
                )
        self.target = _TARGETS[loader.target]
        self.folder = CelebAFolder(loader.root)
        self._check_aligned()
        aligned = loader.aligned
        if aligned is None:
            aligned = self.folder.has_photos("aligned") and self._may_be_aligned()
        self.photos = "aligned" if aligned else "in-the-wild"

    def rows(self, split):
        """File names, targets, and of coordinates sizes, of one split."""
        names = self._with_files(self._in_split(split), split)
        if self.loader.on_error == "skip":
            names = self._readable(names)
        values = self._table().loc[names].to_numpy()
        if not self.target.is_coordinates:
            return names, as_binary(values, self.target_names, names), None
        sizes = self.sizes(names)
        if self.target == BBOX:
            values, kept = inside(values, sizes, names)
            values, names, sizes = values[kept], names[kept], sizes[kept]
        return names, to_fractions(values, sizes), sizes

    def paths(self, names):
        folder = self.folder.photo_folder(self.photos)
        return [str(folder / name) for name in names]

    def sizes(self, names):
        """(width, height) of each photo in pixels."""
        sizes = np.empty((len(names), 2), dtype=np.int64)

        def read(index, path):
            sizes[index] = photo_size(path)

        self._map(read, names, "photo sizes")
        return sizes

    def groups(self, names):
        """Identity of each photo; None without that list."""
        if not self.folder.has_list("identity"):
            return None
        identities = read_list(self.folder.list_file("identity")).iloc[:, 0]
        unknown = names[~pd.Index(names).isin(identities.index)]
        if len(unknown):
            raise DatasetError(
                f"{self.folder.list_file('identity')}: has no line for "
                f"{listed(unknown)}; complete the list or remove it"
            )
        return identities.loc[names].to_numpy()

    @property
    def target_names(self):
        if self.target.is_coordinates:
            return self.target.columns()
        return list(self._table().columns)

    @property
    def partition(self):
        path = self.folder.list_file("partition")
        partition = read_list(path).iloc[:, 0]
        odd = ~partition.isin(_PARTITION.values())
        if odd.any():
            name = odd.idxmax()
            raise DatasetError(
                f"{path}: {name} is in the split {partition[name]}, but there are only "
                "0 (train), 1 (valid) and 2 (test)"
            )
        return partition

    def _check_aligned(self):
        only_aligned = self.folder.has_photos("aligned") and not (
            self.folder.has_photos("in-the-wild")
        )
        if self.target == BBOX and (self.loader.aligned or only_aligned):
            raise ParameterError(
                "boxes belong to the in-the-wild photos: on aligned photos, which are "
                "cropped and scaled, they are wrong without any sign of it. "
                "Use aligned=None with target='bbox', and a folder img_celeba"
            )

    def _may_be_aligned(self):
        """Whether the target's list is there for aligned photos."""
        if not self.target.is_coordinates:
            return True
        return self.target == LANDMARKS and self.folder.has_list("aligned landmarks")

    def _in_split(self, split):
        if split not in _SPLITS:
            raise ParameterError(f"split must be in {_SPLITS}, got {split!r}")
        names = self._table().index.to_numpy()
        if split == "all":
            return names
        partition = self.partition
        wanted = [_PARTITION[part] for part in split.split("+")]
        unknown = names[~pd.Index(names).isin(partition.index)]
        if len(unknown):
            warn(unknown, "in no split: the partition list has no line for them")
        in_split = partition.reindex(names).isin(wanted).to_numpy()
        if not in_split.any():
            raise DatasetError(
                f"{self.folder.list_file('partition')}: no photo of the "
                f"{self.target.name} list is in the split {split!r}"
            )
        return names[in_split]

    def _with_files(self, names, split):
        folder = self.folder.photo_folder(self.photos)
        try:
            has_file = pd.Index(names).isin(os.listdir(folder))
        except OSError as error:
            raise DatasetError(f"{folder}: cannot be read ({error})") from error
        if not has_file.any():
            raise DatasetError(
                f"{folder}: holds none of the {len(names)} photos of the split "
                f"{split!r}, the first of which is {names[0]}"
            )
        if not has_file.all():
            warn(names[~has_file], f"left out: no file in {folder}")
        return names[has_file]

    def _readable(self, names):
        """Those of the photos that can be decoded; each is tried once."""
        readable = np.ones(len(names), dtype=bool)
        try:
            self._map(lambda _, path: check_photo(path), names, "photos checked")
        except ImageError as error:
            readable = ~np.isin(self.paths(names), error.paths)
        if not readable.any():
            raise DatasetError(
                f"no photo is left: none of {len(names)} can be read, the first of "
                f"which is {names[0]}"
            )
        if not readable.all():
            warn(names[~readable], "left out: the file cannot be read")
        return names[readable]

    def _map(self, function, names, what):
        """`map_photos` with a bar."""
        hidden = not (self.loader.verbose and len(names))
        with tqdm(total=len(names), desc=what, disable=hidden) as progress:
            map_photos(function, self.paths(names), progress)

    def _table(self):
        """The target's list file."""
        kind = self.target.name
        if self.target == LANDMARKS and self.photos == "aligned":
            kind = "aligned landmarks"
        path = self.folder.list_file(kind)
        table = read_list(path)
        n_expected = table.shape[1]
        if self.target.is_coordinates:
            n_expected = len(self.target.columns())
        if table.shape[1] != n_expected:
            raise DatasetError(
                f"{path}: expected {n_expected} numbers a photo, got {table.shape[1]}"
            )
        return table
