"""Where the parts of a CelebA data set lie under one root."""

import os
from pathlib import Path

from skface._validation import as_path
from skface.exceptions import DatasetError

LISTS = {
    "attributes": "list_attr_celeba",
    "bbox": "list_bbox_celeba",
    "landmarks": "list_landmarks_celeba",
    "aligned landmarks": "list_landmarks_align_celeba",
    "identity": "identity_CelebA",
    "partition": "list_eval_partition",
}
PHOTOS = {"in-the-wild": "img_celeba", "aligned": "img_align_celeba"}
_SUFFIXES = (".txt", ".csv")
_LIST_FILES = {stem + suffix for stem in LISTS.values() for suffix in _SUFFIXES}
_DEPTH = 3


class CelebAFolder:
    """The list files and photo folders under `root`, nested, flat or mixed.

    Parameters
    ----------
    root : path-like
        Searched three folders deep; of several copies the one nearest to the root is
        taken, and a txt before a csv.

    Raises
    ------
    DatasetError
        `root` is no folder, or `list_file` or `photo_folder` finds nothing.
    """

    def __init__(self, root):
        self.root = as_path(root, "root", "a folder")
        if not self.root.is_dir():
            raise DatasetError(f"{self.root}: no such folder")
        self._files, self._folders = {}, {}
        level = [self.root]
        for _ in range(_DEPTH + 1):
            level = [child for folder in level for child in self._visit(folder)]

    def has_list(self, kind):
        return self._list_path(kind) is not None

    def has_photos(self, kind):
        return PHOTOS[kind] in self._folders

    def list_file(self, kind):
        """Path of a list file, `kind` being a key of `LISTS`."""
        path = self._list_path(kind)
        if path is None:
            raise DatasetError(
                f"{self.root}: no {LISTS[kind]}.txt or .csv in it or in the folders "
                f"{_DEPTH} deep below it; put CelebA's {kind} list there"
            )
        return path

    def photo_folder(self, kind):
        """Path of the folder of "in-the-wild" or "aligned" photos."""
        if kind not in PHOTOS or not self.has_photos(kind):
            raise DatasetError(
                f"{self.root}: no folder {PHOTOS[kind]} in it or in the folders "
                f"{_DEPTH} deep below it; put CelebA's {kind} photos there"
            )
        return self._folders[PHOTOS[kind]]

    def _list_path(self, kind):
        names = [LISTS[kind] + suffix for suffix in _SUFFIXES]
        return next((self._files[name] for name in names if name in self._files), None)

    def _visit(self, folder):
        children = []
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if folder == self.root:
                raise DatasetError(f"{folder}: cannot be read ({error})") from error
            return []  # such as lost+found
        for entry in entries:
            if entry.name in _LIST_FILES:
                self._files.setdefault(entry.name, Path(entry.path))
            elif entry.name in PHOTOS.values() and _is_folder(entry):
                self._folders.setdefault(entry.name, _innermost(entry))
            elif _is_folder(entry):
                children.append(entry.path)
        return children


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _innermost(entry):
    """Kaggle's archives repeat the folder's name inside it."""
    inner = Path(entry.path, entry.name)
    return inner if inner.is_dir() else Path(entry.path)


def available_targets(root) -> list[str]:
    """Targets that a folder can give: it has the list, the photos and the partition.

    Parameters
    ----------
    root : path-like

    Returns
    -------
    list of str
        Of "bbox", "landmarks" and "attributes".

    Raises
    ------
    DatasetError
        `root` is no folder.

    Examples
    --------
    >>> from skface.datasets import available_targets, drawn_celeba
    >>> available_targets(drawn_celeba(20))
    ['bbox', 'landmarks', 'attributes']
    """
    folder = CelebAFolder(root)
    wild, aligned = (folder.has_photos(kind) for kind in ("in-the-wild", "aligned"))
    found = {
        "bbox": wild and folder.has_list("bbox"),
        "landmarks": (aligned and folder.has_list("aligned landmarks"))
        or (wild and folder.has_list("landmarks")),
        "attributes": (aligned or wild) and folder.has_list("attributes"),
    }
    return [name for name in found if found[name] and folder.has_list("partition")]
