"""A CelebA folder as X and y."""

import os
import warnings
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.model_selection import PredefinedSplit
from sklearn.utils import Bunch
from tqdm.auto import tqdm

from skface.datasets._coordinates import to_fractions
from skface.datasets._folder import TARGETS, CelebAFolder
from skface.datasets._image_array import ImageArray, as_image_size
from skface.datasets._lists import read_list
from skface.datasets._names import target_columns
from skface.datasets._photos import map_photos, photo_size, read_photo
from skface.datasets._targets import as_binary, inside, listed, warn
from skface.exceptions import (
    DatasetError,
    ImageError,
    ParameterError,
    SkfaceWarning,
)

_CHOICES = {
    "target": TARGETS,
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
        bunch = self._load(split, sizes_wanted=self.target != "attributes")
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
            names, *_ = self._rows(
                "train+valid", sizes_wanted=self.target != "attributes"
            )
        is_train = self._partition.loc[names] == _PARTITION["train"]
        return PredefinedSplit(np.where(is_train, -1, 0))

    def _load(self, split, sizes_wanted):
        names, target, sizes = self._rows(split, sizes_wanted)
        folder = self._folder.photo_folder(self._photos)
        return Bunch(
            images=ImageArray([folder / name for name in names], self.image_size),
            target=target,
            target_names=self._target_names,
            image_ids=names,
            image_sizes=sizes,
            groups=self._groups(names),
            DESCR=f"{len(names)} {self._photos} photos of {self.root}, split {split}, "
            f"target {self.target}.",
        )

    def _rows(self, split, sizes_wanted):
        """File names, targets and sizes of one split."""
        self._validate()
        names = self._with_files(self._in_split(split), split)
        if self.on_error == "skip":
            names = self._readable(names)
        values = self._table.loc[names].to_numpy()
        sizes = self._sizes(names) if sizes_wanted else None
        if self.target == "attributes":
            return names, as_binary(values, self._table.columns, names), sizes
        if self.target == "bbox":
            values, kept = inside(values, sizes, names)
            values, names, sizes = values[kept], names[kept], sizes[kept]
        return names, to_fractions(values, sizes), sizes

    def _validate(self):
        as_image_size(self.image_size, "image_size")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ParameterError(
                    f"{name} must be in {choices}, got {getattr(self, name)!r}"
                )
        only_aligned = self._folder.has_photos("aligned") and not (
            self._folder.has_photos("in-the-wild")
        )
        if self.target == "bbox" and (self.aligned or only_aligned):
            raise ParameterError(
                "boxes belong to the in-the-wild photos: on aligned photos, which are "
                "cropped and scaled, they are wrong without any sign of it. "
                "Use aligned=None with target='bbox', and a folder img_celeba"
            )

    def _in_split(self, split):
        if split not in _SPLITS:
            raise ParameterError(f"split must be in {_SPLITS}, got {split!r}")
        names = self._table.index.to_numpy()
        if split == "all":
            return names
        wanted = [_PARTITION[part] for part in split.split("+")]
        unknown = names[~self._table.index.isin(self._partition.index)]
        if len(unknown):
            warn(unknown, "in no split: the partition list has no line for them")
        in_split = self._partition.reindex(names).isin(wanted).to_numpy()
        if not in_split.any():
            raise DatasetError(
                f"{self._folder.list_file('partition')}: no photo of the "
                f"{self.target} list is in the split {split!r}"
            )
        return names[in_split]

    def _with_files(self, names, split):
        folder = self._folder.photo_folder(self._photos)
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
        untried = [name for name in names if name not in self._known_readable]
        self._known_readable.update(dict.fromkeys(untried, True))
        try:
            self._map(
                lambda _, path: read_photo(path, (1, 1)), untried, "photos checked"
            )
        except ImageError as error:
            bad = [os.path.basename(path) for path in error.paths]
            self._known_readable.update(dict.fromkeys(bad, False))
        readable = np.array([self._known_readable[name] for name in names])
        if not readable.any():
            raise DatasetError(
                f"no photo is left: none of {len(names)} can be read, the first of "
                f"which is {names[0]}"
            )
        if not readable.all():
            warn(names[~readable], "left out: the file cannot be read")
        return names[readable]

    def _sizes(self, names):
        """(width, height) of each photo in pixels; the headers are read once."""
        unread = [name for name in names if name not in self._known_sizes]

        def remember(index, path):
            self._known_sizes[unread[index]] = photo_size(path)

        self._map(remember, unread, "photo sizes")
        return np.array([self._known_sizes[name] for name in names])

    def _map(self, function, names, what):
        """`map_photos` with a bar."""
        folder = self._folder.photo_folder(self._photos)
        paths = [str(folder / name) for name in names]
        hidden = not (self.verbose and paths)
        with tqdm(total=len(paths), desc=what, disable=hidden) as progress:
            map_photos(function, paths, progress)

    def _groups(self, names):
        if not self._folder.has_list("identity"):
            return None
        identities = read_list(self._folder.list_file("identity")).iloc[:, 0]
        unknown = names[~pd.Index(names).isin(identities.index)]
        if len(unknown):
            raise DatasetError(
                f"{self._folder.list_file('identity')}: has no line for "
                f"{listed(unknown)}; complete the list or remove it"
            )
        return identities.loc[names].to_numpy()

    @cached_property
    def _folder(self):
        return CelebAFolder(self.root)

    @cached_property
    def _known_sizes(self):
        return {}

    @cached_property
    def _known_readable(self):
        return {}

    @cached_property
    def _photos(self):
        """The kind of photos that belongs to the target."""
        aligned = self.aligned
        if aligned is None:
            aligned = self._has_aligned
        return "aligned" if aligned else "in-the-wild"

    @property
    def _has_aligned(self):
        if self.target == "bbox" or not self._folder.has_photos("aligned"):
            return False
        return self.target == "attributes" or self._folder.has_list("aligned landmarks")

    @cached_property
    def _table(self):
        """The target's list file."""
        kind = self.target
        if kind == "landmarks" and self._photos == "aligned":
            kind = "aligned landmarks"
        path = self._folder.list_file(kind)
        table = read_list(path)
        n_expected = {"bbox": 4, "landmarks": 10}.get(self.target, table.shape[1])
        if table.shape[1] != n_expected:
            raise DatasetError(
                f"{path}: expected {n_expected} numbers a photo, got {table.shape[1]}"
            )
        return table

    @cached_property
    def _partition(self):
        """0, 1 or 2 by file name."""
        path = self._folder.list_file("partition")
        partition = read_list(path).iloc[:, 0]
        odd = ~partition.isin(_PARTITION.values())
        if odd.any():
            name = odd.idxmax()
            raise DatasetError(
                f"{path}: {name} is in the split {partition[name]}, but there are only "
                "0 (train), 1 (valid) and 2 (test)"
            )
        return partition

    @property
    def _target_names(self):
        return target_columns(self.target) or list(self._table.columns)
