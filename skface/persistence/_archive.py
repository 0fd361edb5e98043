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

_MOST_TEXT_BYTES = 2**24  # of the two text members
_MOST_HEADER_BYTES = 2**12  # of an array
_MOST_ITEM_BYTES = 8
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_MADE = (1980, 1, 1, 0, 0, 0)  # the same pipeline gives the same bytes


def write_archive(path, manifest, arrays):
    """Write a file whole, or leave what is there.

    Parameters
    ----------
    path : path-like
    manifest : dict, in JSON's types
    arrays : dict of ndarray, by member name
    """
    text = json.dumps({"format": FORMAT, **manifest}, indent=1, allow_nan=False)
    if len(text) > _MOST_TEXT_BYTES:
        raise SavedFileError(
            f"{path}: {MANIFEST} would have {len(text):,} bytes, more than the "
            f"{_MOST_TEXT_BYTES:,} that are read again"
        )
    digests = {}
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:

        def put(name, content, compression=zipfile.ZIP_STORED):
            member = zipfile.ZipInfo(name, _MADE)
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, content, compression)
            digests[name] = hashlib.sha256(content).hexdigest()

        put(MANIFEST, text.encode("ascii"), zipfile.ZIP_DEFLATED)
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
        with zipfile.ZipFile(path) as file:
            yield Archive(file, os.path.getsize(path))
    except SavedFileError as error:
        raise SavedFileError(f"{path}: {error}") from None
    except SkfaceError:
        raise
    except FileNotFoundError:
        raise SavedFileError(f"{path}: no such file") from None
    except zipfile.BadZipFile as error:
        raise SavedFileError(
            f"{path}: is no file of skface.save, or is truncated or damaged ({error})"
        ) from error
    except Exception as error:
        raise SavedFileError(
            f"{path}: cannot be read ({type(error).__name__}: {error})"
        ) from error


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
        list of ndarray
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
        return [_array(self._read(name), shape, name) for name, shape in shapes.items()]

    def _read_digests(self):
        lines = self._read_text(SUMS).splitlines()
        found = {name: digest for digest, _, name in (s.partition("  ") for s in lines)}
        if len(found) != len(lines) or found.keys() != self._members.keys() - {SUMS}:
            raise SavedFileError(f"{SUMS} does not name every other member once")
        return found

    def _read_manifest(self):
        text = self._read_text(MANIFEST)
        manifest = json.loads(text, parse_constant=_refuse_constant)
        if not isinstance(manifest, dict) or type(manifest.get("format")) is not int:
            raise SavedFileError(f"{MANIFEST} names no format")
        if manifest["format"] > FORMAT:
            raise SavedFileError(
                f"has the format {manifest['format']}, of a newer skface; this one "
                f"knows format {FORMAT}: upgrade skface"
            )
        return manifest

    def _read_text(self, name):
        member = self._member(name)
        if member.file_size > _MOST_TEXT_BYTES:
            raise SavedFileError(
                f"{name} announces {member.file_size:,} bytes, more than "
                f"{_MOST_TEXT_BYTES:,}"
            )
        return self._read(name).decode("ascii")

    def _read(self, name):
        # zipfile gives no more bytes than the member announces, and checks its CRC.
        content = self._file.read(self._members[name])
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
    fits = dtype.kind == "f" and len(values) == dtype.itemsize * math.prod(shape)
    if found != shape or is_fortran or not fits:
        raise SavedFileError(
            f"{name} holds {dtype} of shape {found}, where floats of shape {shape} "
            "belong"
        )
    return np.frombuffer(values, dtype).reshape(shape)


def _refuse_constant(name):
    raise SavedFileError(f"{MANIFEST} holds {name}, which is no JSON")
