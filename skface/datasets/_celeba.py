"""A CelebA folder as X and y."""

import warnings

import numpy as np
from sklearn.model_selection import PredefinedSplit
from sklearn.utils import Bunch

from skface.datasets._source import TRAIN, Source
from skface.exceptions import SkfaceWarning
from skface.photos import ImageArray


class CelebALoader:
    """Read photos and targets from a folder laid out like CelebA.

    Parameters
    ----------
    root : path-like
        The folder. The official layout (``Anno/*.txt``, ``Eval``, ``Img``), Kaggle's
        (``*.csv``, ``img_align_celeba/img_align_celeba``), and all of it flat in one
        folder are found by themselves.
    target : {"attributes", "landmarks", "bbox"} or Target, default="attributes"
        What y holds. Other points than CelebA's five, a
        ``skface.targets.Landmarks``, and a choice of ``skface.targets.Attributes`` are
        found in the list by their names.
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
    The parameters are read by each load. Rows are joined by file name and keep the
    order of the target's list file; columns are found by their names, CelebA's or those
    of y. Targets are fractions of each photo's own width and height as in Yang and
    Yow [1]_.
    A box that leaves its photo is clipped; a box without area, such as CelebA's
    ``101283.jpg``, is left out, and so is a photo without a file; each with one
    `SkfaceWarning` that counts and names them. A file may differ from the name in the
    list in capitals and, with a warning, in the suffix.

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
            int64 in {0, 1}, one column each attribute of the list; float64 where the
            list lacks labels, which are NaN.

        Raises
        ------
        DatasetError
            A file is missing or damaged, has other columns, or the split is empty.
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
        return self._load(split, everything=True)

    def predefined_split(self) -> PredefinedSplit:
        """The official train / valid split as a scikit-learn splitter.

        Returns
        -------
        sklearn.model_selection.PredefinedSplit
            Give it as ``cv=`` together with ``load("train+valid")``: one fold, trained
            on the train rows and scored on the valid rows.
        """
        source = Source(self)
        names, *_ = source.rows("train+valid")
        is_train = source.partition.loc[names] == TRAIN
        return PredefinedSplit(np.where(is_train, -1, 0))

    def _load(self, split, everything=False):
        source = Source(self)
        names, target, sizes = source.rows(split)
        if everything and sizes is None:
            sizes = source.sizes(names)
        bunch = Bunch(
            images=ImageArray(source.paths(names), self.image_size),
            target=target,
            target_names=source.target_names,
            image_ids=names,
            image_sizes=sizes,
            groups=source.groups(names) if everything else None,
            DESCR=f"{len(names)} {source.photos} photos of {self.root}, split {split}, "
            f"target {source.target.name}.",
        )
        for note in source.notes:
            # 3 levels up is who called load or load_bunch.
            warnings.warn(note, SkfaceWarning, stacklevel=3)
        return bunch
