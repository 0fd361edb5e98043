"""The photos that names on the command line stand for, and what is left out."""

import glob
import os
from collections import Counter, defaultdict, deque
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from skface.cli._shared import counted, say, some
from skface.exceptions import InputError
from skface.photos import INSTALL_HEIC, is_photo, photo_formats

_HEIC_SUFFIXES = (".heic", ".heif", ".hif")
# Made by machines, of copies: Synology, QNAP, Windows and macOS.
_COPIES = {"@eadir", "@__thumb", "@recycle", "#recycle", "$recycle.bin", "__macosx"}


def find_photos(args):
    """Photos that ``args.photos`` stand for, each once; the rest is counted by `say`.

    Returns
    -------
    list of str
        Of a folder the photos below it, in the order of their names, those in folders
        that are linked there after them; each folder once, by whatever way.

    Raises
    ------
    InputError
        A folder or pattern stands for no photo.
    """
    found, left_out = {}, defaultdict(list)
    empty = None
    for name in args.photos:
        photos = _photos_of(name, left_out)
        found |= dict.fromkeys(photos)
        if not photos:
            empty = name
            break
    for reason, text in _REASONS.items():
        if left_out[reason]:
            say(args, f"left out: {text(left_out[reason])}")
    if empty is not None:
        formats = ", ".join(sorted(photo_formats()))
        raise InputError(f"{empty}: no photo there ({formats})")
    return list(found)


def _photos_of(name, left_out):
    if not os.path.lexists(name):
        name = os.path.expanduser(name)  # which no shell does within quotes
    if os.path.isdir(name):
        return _photos_among(_below(name, left_out, set()), left_out)
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    if "**" in Path(name).parts:
        return _photos_among(_matching(name, left_out), left_out)
    files, seen = [], set()
    for match in sorted(
        glob.glob(name), key=lambda match: (os.path.islink(match), match)
    ):
        files += _below(match, left_out, seen) if os.path.isdir(match) else [match]
    return _photos_among(_each_once(files), left_out)


def _photos_among(files, left_out):
    photos = []
    for file in files:
        if os.path.basename(file).startswith("."):
            left_out["hidden"].append(file)
        elif is_photo(file):
            photos.append(file)
        elif file.lower().endswith(_HEIC_SUFFIXES):
            left_out["HEIC"].append(file)
        else:
            left_out["other"].append(file)
    return photos


def _matching(pattern, left_out):
    """Files that match, or lie below a folder that does; ``**`` is any depth.

    Not by `glob`: it follows a link to its own folder 40 times.
    """
    parts = Path(pattern).parts
    depth = parts.index("**")
    top = os.path.join(os.curdir, *parts[:depth])
    seen = set()
    for folder in sorted(glob.glob(top)) if glob.has_magic(top) else [top]:
        for file in _below(folder, left_out, seen):
            if _fits(Path(file[len(folder) :].lstrip(os.sep)).parts, parts[depth:]):
                yield os.path.normpath(file)


def _each_once(files):
    """Files by the first of the ways that linked folders make to them."""
    real, found = cache(os.path.realpath), {}
    for file in files:
        folder, name = os.path.split(file)
        found.setdefault((real(folder), name), file)
    return found.values()


def _fits(parts, pattern):
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_fits(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return (
        bool(parts) and fnmatch(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])
    )


def _below(top, left_out, seen):
    """Files in a folder and below it; real folders that were `seen` are passed by."""

    def cannot_be_read(error):
        left_out["unreadable"].append(error.filename)

    waiting = deque([top])
    while waiting:
        for place, folders, files in os.walk(waiting.popleft(), onerror=cannot_be_read):
            real = os.path.realpath(place)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            copies = [name for name in folders if _holds_copies(name)]
            left_out["copies"] += [os.path.join(place, name) for name in copies]
            folders[:] = sorted(set(folders).difference(copies))
            paths = (os.path.join(place, name) for name in folders)
            waiting += filter(os.path.islink, paths)  # os.walk does not enter them
            yield from (os.path.join(place, name) for name in sorted(files))


def _holds_copies(folder):
    return folder.startswith(".") or folder.lower() in _COPIES


def _others(files):
    suffixes = Counter(os.path.splitext(file)[1].lower() for file in files)
    told = [f"{n:,} {suffix or 'no suffix'}" for suffix, n in suffixes.most_common()]
    noun = "file that is no photo" if len(files) == 1 else "files that are no photos"
    return f"{len(files):,} {noun} {some(told)}"


_REASONS = {
    "unreadable": lambda names: (
        f"{counted(len(names), 'folder')} {some(names)}: cannot be read"
    ),
    "copies": lambda names: (
        f"{counted(len(names), 'hidden or thumbnail folder')} {some(names)}"
    ),
    "hidden": lambda names: f"{counted(len(names), 'hidden file')} {some(names)}",
    "HEIC": lambda names: (
        f"{counted(len(names), 'HEIC photo')} {some(names)}, which Pillow does not "
        f"read by itself: {INSTALL_HEIC}"
    ),
    "other": _others,
}
