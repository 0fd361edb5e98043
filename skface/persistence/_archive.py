"""The file: a zip archive of JSON and plain arrays, read as if an enemy had made it.

It holds ``pipeline.json``, one ``.npy`` file an array, and ``SHA256SUMS``, which
``sha256sum --check`` reads too. Nothing in it is ever unpickled, imported or executed.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import re
import stat
import zipfile

import numpy as np

from skface._files import replacing
from skface.exceptions import SavedFileError, SkfaceError

MANIFEST = "pipeline.json"
SUMS = "SHA256SUMS"
FORMAT = 1

_MOST_TEXT_BYTES = 2**24  # of pipeline.json
_MOST_SUMS_BYTES = 2**18
_MOST_DIRECTORY_BYTES = 2**17  # of the zip archive: some 2,000 members
_MOST_VALUES = 2**20  # in pipeline.json: the names of many features
_MOST_BRACKETS = 2**14
_MOST_DEPTH = 32
_MOST_HEADER_BYTES = 2**12  # of an array
_MOST_ITEM_BYTES = 8
_MOST_MESSAGE = 500
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_MADE = (1980, 1, 1, 0, 0, 0)  # the same pipeline gives the same bytes


def as_text(manifest):
    """What `pipeline.json` holds.

    Parameters
    ----------
    manifest : dict, in JSON's types

    Returns
    -------
    bytes
    """
    text = json.dumps({"format": FORMAT, **manifest}, indent=1, allow_nan=False)
    return text.encode("ascii")


def as_manifest(text):
    """What `pipeline.json` says.

    Parameters
    ----------
    text : bytes

    Returns
    -------
    dict

    Raises
    ------
    SavedFileError
        It is no JSON, of a newer format, or larger than it can have been written.
    """
    _check_sizes(text)
    manifest = json.loads(text.decode("ascii"), parse_constant=_refuse_constant)
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int:
        raise SavedFileError(f"{MANIFEST} names no format")
    _check_depth(manifest)
    if manifest["format"] > FORMAT:
        raise SavedFileError(
            f"has the format {manifest['format']}, of a newer skface; this one "
            f"knows format {FORMAT}: upgrade skface"
        )
    if manifest["format"] < 1:
        raise SavedFileError(f"has the format {manifest['format']}, which never was")
    return manifest


def write_archive(path, text, arrays):
    """Write a file whole, or leave what is there.

    Parameters
    ----------
    path : path-like
    text : bytes
        Of the manifest.
    arrays : dict of ndarray, by member name
    """
    digests = {}
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:

        def put(name, content, compression=zipfile.ZIP_STORED):
            member = zipfile.ZipInfo(name, _MADE)
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, content, compression)
            digests[name] = hashlib.sha256(content).hexdigest()

        put(MANIFEST, text, zipfile.ZIP_DEFLATED)
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, (1, 0), allow_pickle=False)
            put(name, content.getvalue())
        sums = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
        put(SUMS, sums.encode("ascii"))


@contextlib.contextmanager
def open_archive(path):
    """An `Archive` to read from; whatever is wrong is a SavedFileError with the path.

    Parameters
    ----------
    path : path-like
    """
    try:
        # Whoever opens a pipe waits, and devices have no end.
        kind = os.stat(path).st_mode
        if stat.S_ISDIR(kind) or not stat.S_ISREG(kind):
            kind = "directory" if stat.S_ISDIR(kind) else "device or a pipe"
            raise SavedFileError(f"cannot be read (it is a {kind}, no file)")
        with open(path, "rb") as file:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                yield Archive(archive, os.fstat(file.fileno()).st_size)
    except SavedFileError as error:
        raise SavedFileError(f"{path}: {shown(error)}") from None
    except SkfaceError:
        raise
    except FileNotFoundError:
        raise SavedFileError(f"{path}: no such file") from None
    except zipfile.BadZipFile as error:
        raise SavedFileError(
            f"{path}: is no file of skface.save, or is truncated or damaged "
            f"({shown(error)})"
        ) from error
    except Exception as error:
        raise SavedFileError(
            f"{path}: cannot be read ({type(error).__name__}: {shown(error)})"
        ) from error


def shown(error):
    """What an error says of a file, at a length and in characters for a terminal."""
    text = str(error)[: _MOST_MESSAGE + 1]
    text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return text if len(text) <= _MOST_MESSAGE else f"{text[:_MOST_MESSAGE]}…"


class Archive:
    """A file of skface.save.

    Parameters
    ----------
    file : zipfile.ZipFile
    n_bytes : int
        Its length on disk.

    Attributes
    ----------
    manifest : dict

    Raises
    ------
    SavedFileError
        It is none, or is not as skface writes it.
    """

    def __init__(self, file, n_bytes):
        self._file = file
        self._members = {}
        for member in file.infolist():
            _check_member(member)
            if member.filename in self._members:
                raise SavedFileError(f"holds two members named {member.filename!r}")
            self._members[member.filename] = member
        stored = [m for m in self._members.values() if not m.compress_type]
        if sum(member.file_size for member in stored) > n_bytes:
            raise SavedFileError("its members announce more bytes than the file has")
        self._digests = self._read_digests()
        self.manifest = self._read_manifest()

    @property
    def n_arrays(self):
        return len(self._members) - 2

    def arrays(self, shapes):
        """Read all arrays.

        Parameters
        ----------
        shapes : dict of tuple of int, by member name
            What there must be, and nothing else.

        Returns
        -------
        dict of ndarray, by member name
        """
        unexpected = self._members.keys() - {MANIFEST, SUMS, *shapes}
        if unexpected:
            raise SavedFileError(f"holds the unexpected member {min(unexpected)!r}")
        for name, shape in shapes.items():
            member = self._member(name)
            most = _MOST_HEADER_BYTES + _MOST_ITEM_BYTES * math.prod(shape)
            if member.compress_type or member.file_size > most:
                raise SavedFileError(
                    f"{name} announces {member.file_size:,} bytes: more than the "
                    f"{most:,} that an array of shape {shape} takes, or compressed"
                )
        return {
            name: _array(self._read(name), shape, name)
            for name, shape in shapes.items()
        }

    def _read_digests(self):
        lines = self._read_text(SUMS, _MOST_SUMS_BYTES).decode("ascii").splitlines()
        found = {name: digest for digest, _, name in (s.partition("  ") for s in lines)}
        if len(found) != len(lines) or found.keys() != self._members.keys() - {SUMS}:
            raise SavedFileError(f"{SUMS} does not name every other member once")
        return found

    def _read_manifest(self):
        return as_manifest(self._read_text(MANIFEST, _MOST_TEXT_BYTES))

    def _read_text(self, name, most):
        member = self._member(name)
        if member.file_size > most:
            raise SavedFileError(
                f"{name} announces {member.file_size:,} bytes, more than {most:,}"
            )
        return self._read(name)

    def _read(self, name):
        # Read whole, a member unpacks before its length is looked at.
        member = self._members[name]
        with self._file.open(member) as file:
            content = file.read(member.file_size + 1)
        if name != SUMS and hashlib.sha256(content).hexdigest() != self._digests[name]:
            raise SavedFileError(f"the SHA-256 of {name} is not that in {SUMS}")
        return content

    def _member(self, name):
        if name not in self._members:
            raise SavedFileError(f"is no file of skface.save: it has no {name}")
        return self._members[name]


def _check_member(member):
    name, mode = member.orig_filename, member.external_attr >> 16
    if not _PLAIN_NAME.fullmatch(name) or name != member.filename:
        raise SavedFileError(f"the name of its member {name!r} is a path, or no name")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise SavedFileError(f"its member {name!r} is a link, or no plain file")
    if member.flag_bits & 1:
        raise SavedFileError(f"its member {name!r} is encrypted")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise SavedFileError(f"its member {name!r} is compressed in an unknown way")


def _array(content, shape, name):
    """An array from the bytes of a .npy file; ``numpy.load`` trusts its header more."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise SavedFileError(f"{name} is no .npy file of version 1.0")
    found, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise SavedFileError(f"{name} holds pickled objects, not numbers")
    values = content[file.tell() :]
    fits = (
        dtype.kind == "f"
        and dtype.itemsize <= _MOST_ITEM_BYTES
        and len(values) == dtype.itemsize * math.prod(shape)
    )
    if found != shape or is_fortran or not fits:
        raise SavedFileError(
            f"{name} holds {dtype} of shape {found}, where floats of shape {shape} "
            "belong"
        )
    array = np.frombuffer(values, dtype).reshape(shape)
    with np.errstate(over="ignore"):
        in_network = array.astype(np.float32, copy=False)
    if not np.isfinite(in_network).all():
        raise SavedFileError(f"{name} holds NaN or infinity")
    return array


def _check_directory(file):
    """Look at the size of a zip archive's directory, before zipfile reads it all.

    The last 22 bytes say it; in large files the 76 bytes before them say it too.
    """
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, n_bytes - 98))
    tail = file.read().rjust(98, b"\0")
    large, where, end = tail[:56], tail[56:76], tail[76:]
    size = int.from_bytes(end[12:16], "little")
    is_sound = end[:4] == b"PK\5\6" and end[-2:] == b"\0\0"
    if where[:4] == b"PK\6\7":
        size = max(size, int.from_bytes(large[40:48], "little"))
        is_there = int.from_bytes(where[8:16], "little") == n_bytes - 98
        is_sound = is_sound and is_there and large[:4] == b"PK\6\6"
    if not is_sound:
        raise zipfile.BadZipFile("it does not end as a zip archive of ours")
    if size > _MOST_DIRECTORY_BYTES:
        raise SavedFileError(
            f"its directory announces {size:,} bytes, more than "
            f"{_MOST_DIRECTORY_BYTES:,}"
        )


def _check_sizes(text):
    """Count what JSON would make objects of, before it does."""
    if len(text) > _MOST_TEXT_BYTES:
        raise SavedFileError(
            f"{MANIFEST} has {len(text):,} bytes, more than {_MOST_TEXT_BYTES:,}"
        )
    n_brackets = sum(map(text.count, (b"[", b"]", b"{", b"}")))
    n_values = text.count(b",") + n_brackets
    if n_values > _MOST_VALUES or n_brackets > _MOST_BRACKETS:
        raise SavedFileError(
            f"{MANIFEST} cannot be read: it holds {n_values:,} values and "
            f"{n_brackets:,} brackets, more than {_MOST_VALUES:,} or "
            f"{_MOST_BRACKETS:,}"
        )


def _check_depth(manifest):
    level = [manifest]
    for _ in range(_MOST_DEPTH):
        parts = [each.values() if isinstance(each, dict) else each for each in level]
        level = [
            each for part in parts for each in part if isinstance(each, list | dict)
        ]
    if level:
        raise SavedFileError(
            f"{MANIFEST} cannot be read: it holds lists within lists, more than "
            f"{_MOST_DEPTH} deep"
        )


def _refuse_constant(name):
    raise SavedFileError(f"{MANIFEST} holds {name}, which is no JSON")
