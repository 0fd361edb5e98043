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
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".001")
_DEPTH = 3


def _caseless(kinds, suffixes=("",)):
    return {
        (name + suffix).casefold(): (kind, suffix)
        for kind, name in kinds.items()
        for suffix in suffixes
    }


_LIST_FILES = _caseless(LISTS, _SUFFIXES)
_PHOTO_FOLDERS = _caseless(PHOTOS)
_NAMES = tuple(name.casefold() for name in (*LISTS.values(), *PHOTOS.values()))


class CelebAFolder:
    """The list files and photo folders under `root`, nested, flat or mixed.

    Parameters
    ----------
    root : path-like
        Searched three folders deep, for names in capitals or not; of several copies
        the one nearest to the root is taken, and a txt before a csv.

    Raises
    ------
    DatasetError
        `root` is no folder, or `list_file` or `photo_folder` finds nothing.
    """

    def __init__(self, root):
        self.root = as_path(root, "root", "a folder")
        if not self.root.is_dir():
            raise DatasetError(f"{self.root}: no such folder")
        self._files, self._folders, self._alike = {}, {}, []
        level = [self.root]
        for _ in range(_DEPTH + 1):
            level = [child for folder in level for child in self._visit(folder)]

    def has_list(self, kind):
        return self._list_path(kind) is not None

    def has_photos(self, kind):
        return kind in self._folders

    def list_file(self, kind):
        """Path of a list file, `kind` being a key of `LISTS`."""
        path = self._list_path(kind)
        if path is None:
            instead = ', or load all photos with split="all"'
            raise DatasetError(
                f"{self.root}: no {LISTS[kind]}.txt or .csv in it or in the folders "
                f"{_DEPTH} deep below it; put CelebA's {kind} list there"
                + (instead if kind == "partition" else "")
                + self.alike_told(LISTS[kind])
            )
        return path

    def photo_folder(self, kind):
        """Path of the folder of "in-the-wild" or "aligned" photos."""
        if not self.has_photos(kind):
            raise DatasetError(
                f"{self.root}: no folder {PHOTOS[kind]} in it or in the folders "
                f"{_DEPTH} deep below it; put CelebA's {kind} photos there"
                + self.alike_told(PHOTOS[kind])
            )
        return self._folders[kind]

    def _list_path(self, kind):
        found = [(kind, suffix) for suffix in _SUFFIXES]
        return next((self._files[each] for each in found if each in self._files), None)

    def alike_told(self, name):
        """What lies there under nearly that name, as the end of an error."""
        for path in self._alike:
            if path.name.casefold().startswith(name.casefold()):
                is_packed = path.suffix.casefold() in _ARCHIVES
                to_do = "unpack it" if is_packed else "if it is that, rename it"
                return f". {path} lies there: {to_do}"
        return ""

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
            name, is_folder = entry.name.casefold(), _is_folder(entry)
            if name in _PHOTO_FOLDERS and is_folder:
                kind, _ = _PHOTO_FOLDERS[name]
                self._folders.setdefault(kind, _innermost(entry))
            elif name in _LIST_FILES and not is_folder:
                self._files.setdefault(_LIST_FILES[name], Path(entry.path))
            else:
                if name.startswith(_NAMES):
                    self._alike.append(Path(entry.path))
                if is_folder:
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
