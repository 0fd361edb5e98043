"""The lists and photos behind a CelebALoader."""

import os
from functools import cached_property

import numpy as np
import pandas as pd

from skface._work import progress_bar
from skface.datasets._folder import PHOTOS, CelebAFolder
from skface.datasets._lists import read_list
from skface.datasets._targets import (
    attributes,
    coordinates,
    files_of,
    inside,
    listed,
    note,
    with_files,
)
from skface.exceptions import DatasetError, ImageError, ParameterError
from skface.photos import (
    as_image_size,
    check_photo,
    map_photos,
    photo_sizes,
    to_fractions,
)
from skface.targets import BBOX, Attributes, Boxes, Landmarks, as_target

_CHOICES = {"aligned": (None, True, False), "on_error": ("raise", "skip")}
_PARTITION = {"train": 0, "valid": 1, "test": 2}
_SPLITS = (*_PARTITION, "train+valid", "all")
TRAIN = _PARTITION["train"]


class Source:
    """One reading of the lists and photos of a loader, as its parameters are now.

    Parameters
    ----------
    loader : CelebALoader

    Attributes
    ----------
    target : Target
    photos : {"aligned", "in-the-wild"}
        The kind that belongs to the target.
    notes : list of str
        What was left out or changed.
    """

    def __init__(self, loader):
        self.loader = loader
        self.notes = []
        as_image_size(loader.image_size, "image_size")
        for name, choices in _CHOICES.items():
            if getattr(loader, name) not in choices:
                raise ParameterError(
                    f"{name} must be in {choices}, got {getattr(loader, name)!r}"
                )
        self.target = as_target(loader.target)
        if not isinstance(self.target, Boxes | Landmarks | Attributes):
            raise ParameterError(
                f"a loader reads one target, got {loader.target!r}: load each by its "
                "own loader and put their y side by side"
            )
        self.folder = CelebAFolder(loader.root)
        self._check_aligned()
        aligned = loader.aligned
        if aligned is None:
            aligned = self._may_be_aligned() and (
                self.folder.has_photos("aligned")
                or not self.folder.has_photos("in-the-wild")
            )
        self.photos = "aligned" if aligned else "in-the-wild"

    def rows(self, split):
        """File names, targets, and of coordinates sizes, of one split."""
        names = self._with_files(self._in_split(split), split)
        if self.loader.on_error == "skip":
            names = self._readable(names)
        values = self.table.loc[names].to_numpy()
        if not self.target.is_coordinates:
            return names, values, None
        sizes = self.sizes(names)
        if self.target == BBOX:
            values, kept = inside(values, sizes, names, self.notes)
            if not kept.any():
                raise DatasetError(
                    f"no photo is left: all {len(names)} boxes, of {listed(names)}, "
                    "have no area in their photo"
                )
            values, names, sizes = values[kept], names[kept], sizes[kept]
        return names, to_fractions(values, sizes), sizes

    def paths(self, names):
        folder = self.folder.photo_folder(self.photos)
        return [os.path.join(folder, self.files[name]) for name in names]

    def sizes(self, names):
        """(width, height) of each photo in pixels."""
        shown = self.loader.verbose and len(names)
        with progress_bar(len(names), "photo sizes", shown) as progress:
            return photo_sizes(self.paths(names), progress)

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
        return list(self.table.columns)

    @cached_property
    def table(self):
        """The columns of the target, one row each photo of the list."""
        kind = self.target.name
        if isinstance(self.target, Landmarks) and self.photos == "aligned":
            kind = "aligned landmarks"
        path = self.folder.list_file(kind)
        table = read_list(path, missing=not self.target.is_coordinates)
        if self.target.is_coordinates:
            return coordinates(table, self.target, path)
        return attributes(table, self.target, path, self.notes)

    @cached_property
    def partition(self):
        """0, 1 or 2 by file name."""
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

    @cached_property
    def files(self):
        """File of each photo of the list that has one, by name."""
        return files_of(self.table.index, self.found)

    @cached_property
    def found(self):
        """What the folder of photos holds."""
        folder = self.folder.photo_folder(self.photos)
        try:
            return os.listdir(folder)
        except OSError as error:
            raise DatasetError(f"{folder}: cannot be read ({error})") from error

    def _check_aligned(self):
        only_aligned = self.folder.has_photos("aligned") and not (
            self.folder.has_photos("in-the-wild")
        )
        if self.target == BBOX and (self.loader.aligned or only_aligned):
            raise ParameterError(
                "boxes belong to the in-the-wild photos: on aligned photos, which are "
                "cropped and scaled, they are wrong without any sign of it. "
                "Use aligned=None with target='bbox', and a folder img_celeba"
                + self.folder.alike_told(PHOTOS["in-the-wild"])
            )

    def _may_be_aligned(self):
        """Whether the target's list is there for aligned photos."""
        if not self.target.is_coordinates:
            return True
        return self.target != BBOX and self.folder.has_list("aligned landmarks")

    def _in_split(self, split):
        if split not in _SPLITS:
            raise ParameterError(f"split must be in {_SPLITS}, got {split!r}")
        names = self.table.index.to_numpy()
        if split == "all":
            return names
        wanted = [_PARTITION[part] for part in split.split("+")]
        unknown = names[~pd.Index(names).isin(self.partition.index)]
        if len(unknown):
            what = "in no split: the partition list has no line for them"
            self.notes.append(note(unknown, what))
        in_split = self.partition.reindex(names).isin(wanted).to_numpy()
        if not in_split.any():
            raise DatasetError(
                f"{self.folder.list_file('partition')}: no photo of the "
                f"{self.target.name} list is in the split {split!r}"
            )
        return names[in_split]

    def _with_files(self, names, split):
        folder = self.folder.photo_folder(self.photos)
        return with_files(names, self.files, self.found, folder, split, self.notes)

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
            self.notes.append(
                note(names[~readable], "left out: the file cannot be read")
            )
        return names[readable]

    def _map(self, function, names, what):
        """`map_photos` with a bar."""
        shown = self.loader.verbose and len(names)
        with progress_bar(len(names), what, shown) as progress:
            map_photos(function, self.paths(names), progress)
