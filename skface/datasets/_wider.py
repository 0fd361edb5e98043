"""A WIDER FACE folder as photos and the boxes of all their faces."""

import os
import warnings
from numbers import Real

import numpy as np
from sklearn.utils import Bunch

from skface._validation import as_path
from skface._work import progress_bar
from skface.datasets._targets import files_of, inside, note, with_files
from skface.datasets._wider_list import ATTRIBUTES, read_wider_list
from skface.exceptions import DatasetError, ParameterError, SkfaceWarning
from skface.photos import ImageArray, photo_sizes

_SPLITS = ("train", "val")
_INVALID = ATTRIBUTES.index("invalid")


class WiderFaceLoader:
    """Read photos and the boxes of all their faces from a folder of WIDER FACE [1]_.

    The official layout: ``wider_face_split/wider_face_{train,val}_bbx_gt.txt``, and the
    photos in ``WIDER_{train,val}/images``, a folder an event.

    Parameters
    ----------
    root : path-like
        The folder.
    min_size : float, default=0
        Faces of less height than this share of the photo's are left out of the boxes.
        A detector that learns of such photos has to be told that there are faces, and
        one that is judged must not be blamed for finding them: both are better served
        by all boxes, and by the ``min_size`` of
        `skface.metrics.detection_average_precision`.
    verbose : int, default=0
        1 shows a bar while the sizes of the photos are read.

    Notes
    -----
    The parameters are read by each load. Photos keep the order of the list; one without
    a face has no boxes.
    A box that leaves its photo is clipped. A face that is marked as invalid, or whose
    box has no area in the photo, is left out, and so is a photo without a file; each
    with one `SkfaceWarning` that counts and names them.

    References
    ----------
    .. [1] S. Yang, P. Luo, C. C. Loy and X. Tang, "WIDER FACE: A Face Detection
       Benchmark", CVPR 2016.

    Examples
    --------
    >>> import tempfile
    >>> from skface.datasets import WiderFaceLoader, make_wider
    >>> root = make_wider(tempfile.mkdtemp() + "/wider", 10, random_state=0)
    >>> X, boxes = WiderFaceLoader(root).load("train")
    >>> X.shape[0], len(boxes), boxes[0].shape[1]
    (8, 8, 4)
    """

    def __init__(self, root, *, min_size=0, verbose=0):
        self.root = root
        self.min_size = min_size
        self.verbose = verbose

    def __repr__(self):
        return f"WiderFaceLoader({str(self.root)!r})"

    def load(self, split="train") -> tuple[ImageArray, list[np.ndarray]]:
        """Photos of one split, and the boxes of their faces.

        Parameters
        ----------
        split : {"train", "val"}, default="train"

        Returns
        -------
        X : ImageArray of length n_photos
            The files; a detector reads them at their own aspect, whatever the
            ``image_size``.
        boxes : list of n_photos ndarrays of shape (n_faces, 4), float64
            x, y, width, height of each face as fractions of the photo's width and
            height.

        Raises
        ------
        DatasetError
            A file is missing or damaged.
        ParameterError
            `split` or a parameter of the loader has no such value.
        ImageError
            The size of a photo cannot be read.
        """
        bunch = self._load(split)
        return bunch.images, bunch.target

    def load_bunch(self, split="train") -> Bunch:
        """Photos of one split, with everything known about them.

        Parameters
        ----------
        split : {"train", "val"}, default="train"

        Returns
        -------
        sklearn.utils.Bunch
            ``images`` and ``target`` as `load` gives them; ``attributes`` (list of
            int64 arrays of shape (n_faces, 6)) and ``attribute_names``: blur (0 to 2),
            expression, illumination, invalid (0 or 1), occlusion (0 to 2) and pose (0
            or 1); ``left_out`` (list of arrays of shape (k, 4), fractions): other boxes
            where there may be a face, marked as invalid or of less than ``min_size``;
            ``image_ids`` (files below the folder of photos), ``image_sizes`` (int64,
            (width, height) of each photo in pixels) and ``DESCR``.
        """
        return self._load(split)

    def _load(self, split):
        if split not in _SPLITS:
            raise ParameterError(
                f"split must be in {_SPLITS}, got {split!r}; of WIDER's test photos no "
                "boxes are published"
            )
        if not (isinstance(self.min_size, Real) and 0 <= self.min_size < 1):
            raise ParameterError(
                "min_size must be a share of the photo's height, 0 or more and less "
                f"than 1, got {self.min_size!r}"
            )
        notes = []
        root = as_path(self.root, "root", "a folder")
        if not root.is_dir():
            raise DatasetError(f"{root}: no such folder")
        listed = read_wider_list(
            root / "wider_face_split" / f"wider_face_{split}_bbx_gt.txt"
        )
        folder = root / f"WIDER_{split}" / "images"
        found = _photos_in(folder, listed.names)
        files = files_of(listed.names, found)
        names = with_files(listed.names, files, found, folder, split, notes)
        paths = [os.path.join(folder, files[name]) for name in names]
        with progress_bar(len(paths), "photo sizes", self.verbose) as progress:
            sizes = photo_sizes(paths, progress)

        number = dict(zip(names, range(len(names)), strict=True))
        photo = np.array([number.get(name, -1) for name in listed.names])[listed.photo]
        there = photo >= 0
        photo, attributes = photo[there], listed.attributes[there]
        boxes, has_area = inside(
            listed.boxes[there], sizes[photo], names[photo], notes, "face"
        )
        boxes = boxes / np.tile(sizes, 2)[photo]
        invalid = has_area & (attributes[:, _INVALID] == 1)
        if invalid.any():
            what = "left out, being marked as invalid"
            notes.append(note(names[photo[invalid]], what, "face"))
        is_taken = has_area & ~invalid & (boxes[:, 3] >= self.min_size)

        def by_photo(values, chosen):
            ends = np.cumsum(np.bincount(photo[chosen], minlength=len(names)))
            return np.split(values[chosen], ends[:-1])

        for each in notes:
            # 3 levels up is who called load or load_bunch.
            warnings.warn(each, SkfaceWarning, stacklevel=3)
        return Bunch(
            images=ImageArray(paths),
            target=by_photo(boxes, is_taken),
            attributes=by_photo(attributes, is_taken),
            attribute_names=list(ATTRIBUTES),
            left_out=by_photo(boxes, has_area & ~is_taken),
            image_ids=names,
            image_sizes=sizes,
            DESCR=f"{len(names)} photos of {root} with {is_taken.sum()} faces, split "
            f"{split}.",
        )


def _photos_in(folder, names):
    """Files below `folder`, in those folders that the names tell."""
    found = []
    for event in sorted({os.path.dirname(name) for name in names}):
        try:
            found += [os.path.join(event, file) for file in os.listdir(folder / event)]
        except FileNotFoundError:
            continue
        except OSError as error:
            raise DatasetError(f"{folder / event}: cannot be read ({error})") from error
    return found
