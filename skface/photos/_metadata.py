"""What a photo file says beside its pixels; of that only which way is up matters.

The rest never reaches Pillow, which fails at some of what it finds there, and which, of
some formats, turns the pixels by itself.
"""

import re
import struct
import zlib

_ORIENTATION, _XMP = 0x0112, 0x02BC
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}  # TIFF's types
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([0-9]+)\s*[\"'<]")
_MOST_TEXT = 2**20

_JPEG = b"\xff\xd8"
_JPEG_WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xDA)}
_JPEG_SCAN = 0xDA
# What tells the colours, by the least length of its data; other APPn and comments go.
_JPEG_COLOURS = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
_JPEG_METADATA = {*range(0xE0, 0xF0), 0xFE}
_JPEG_EXIF = b"Exif\0"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}

_TIFF = (b"II*\0", b"MM\0*", b"MM*\0", b"II\0*", b"II+\0", b"MM\0+")  # as Pillow
# The tags without which pixels cannot be decoded.
_TIFF_PIXELS = {
    *(254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317),
    *(320, 322, 323, 324, 325, 332, 334, 338, 339, 347, 512, 513, 514, 515, 517, 518),
    *(519, 520, 521, 529, 530, 531, 532),
}


def without_metadata(content):
    """The content of a photo file with its pixels alone, and its orientation.

    Parameters
    ----------
    content : bytes
        Of a JPEG at least what comes before its pixels.

    Returns
    -------
    content : bytes
    orientation : int, or None
        1 to 8 as in EXIF, 1 being upright; None of a format that is left as it is.
    """
    if content.startswith(_JPEG):
        return _jpeg(content)
    if content.startswith(_PNG):
        return _png(content)
    if content.startswith(_TIFF):
        return _tiff(content)
    return content, None


def orientation_of(exif, xmp):
    """1 to 8 as EXIF says, else as XMP says; 1 where they say nothing sound.

    Parameters
    ----------
    exif, xmp : bytes, str or None
    """
    exif = (exif or b"").removeprefix(b"Exif\0\0")
    said = _Folder(exif).integer(_ORIENTATION) if exif.startswith(_TIFF) else None
    if said is None and xmp:
        xmp = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
        found = _XMP_ORIENTATION.search(xmp)
        said = int(found[1][:9]) if found else None
    return said if said in range(1, 9) else 1


def _jpeg(content):
    """Its segments but for metadata, and what libjpeg skips between them."""
    kept, exif, xmp = [_JPEG], b"", None
    place = content.find(b"\xff", 2)
    while 0 <= place < len(content) - 1:
        kind = content[place + 1]
        if kind == _JPEG_SCAN:
            kept.append(content[place:])
            break
        if kind == 0xFF:  # one of several
            place += 1
            continue
        length = 0
        if kind not in _JPEG_WITHOUT_LENGTH:
            length = int.from_bytes(content[place + 2 : place + 4], "big")
            segment = content[place : place + 2 + length]
            data = segment[4:]
            if kind == 0xE1 and data.startswith(_JPEG_EXIF):
                exif += data[6:]  # what is too long for one segment goes on in others
            elif kind == 0xE1 and data.startswith(_JPEG_XMP) and xmp is None:
                xmp = data.removeprefix(_JPEG_XMP)
            start, least = _JPEG_COLOURS.get(kind, (b"", 0))
            is_colour = least and data.startswith(start) and len(data) >= least
            if is_colour or kind not in _JPEG_METADATA:
                kept.append(segment)
        place = content.find(b"\xff", place + 2 + length)
    return b"".join(kept), orientation_of(exif, xmp)


def _png(content):
    """Its chunks but for those that it can be shown without.

    They may stand after the pixels, where Pillow finds them too late.
    """
    kept, exif, profile, xmp = [_PNG], None, None, None
    place = len(_PNG)
    while place + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        chunk = content[place : place + 12 + length]
        kind, data, check = chunk[4:8], chunk[8:-4], chunk[-4:]
        is_optional = kind[0] & 0x20
        if not is_optional or kind == b"tRNS":
            kept.append(chunk)
        elif zlib.crc32(kind + data).to_bytes(4, "big") != check:
            pass  # damaged, it says nothing
        elif kind == b"eXIf":
            exif = exif or data
        elif kind in _PNG_TEXTS:
            keyword, _, text = data.partition(b"\0")
            if keyword == b"XML:com.adobe.xmp":
                xmp = xmp or _unpacked(kind, text)
            elif keyword == b"Raw profile type exif":
                profile = profile or _raw_profile(_unpacked(kind, text))
        if kind == b"IEND":
            break
        place += 12 + length
    return b"".join(kept), orientation_of(exif or profile, xmp)


def _unpacked(kind, text):
    """The text of a PNG's tEXt, zTXt or iTXt chunk, as far as it can be had."""
    is_packed = kind == b"zTXt"
    if kind == b"iTXt":
        is_packed = text[:1] == b"\1"
        text = text[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif is_packed:
        text = text[1:]
    if not is_packed:
        return text
    try:
        return zlib.decompressobj().decompress(text, _MOST_TEXT)
    except zlib.error:
        return b""


def _raw_profile(text):
    """EXIF as ImageMagick writes it: a name, a length, and hexadecimal numbers."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return None


def _tiff(content):
    """A TIFF whose first folder holds the tags of its pixels alone."""
    folder = _Folder(content)
    orientation = folder.integer(_ORIENTATION)
    if orientation is None:
        orientation = orientation_of(None, folder.text(_XMP))
    return folder.with_tags_alone(_TIFF_PIXELS), (
        orientation if orientation in range(1, 9) else 1
    )


class _Folder:
    """The first folder of a TIFF, or of EXIF, which is one; of BigTIFF too."""

    def __init__(self, content):
        self.content = content
        self.order = "<" if content[:2] == b"II" else ">"
        is_big = 43 in content[2:4]
        self.word, self.count = ("Q", "Q") if is_big else ("I", "H")
        self.entry = struct.Struct(
            f"{self.order}HH{self.word}{struct.calcsize('<' + self.word)}s"
        )
        self.entries = {}  # by tag; of several the first counts
        try:
            (self.start,) = self._unpacked(self.word, 8 if is_big else 4)
            (n_entries,) = self._unpacked(self.count, self.start)
        except (struct.error, OverflowError):
            self.start = self.stop = len(content)
            return
        start = self.start + struct.calcsize("<" + self.count)
        n_entries = min(n_entries, (len(content) - start) // self.entry.size)
        self.stop = start + n_entries * self.entry.size
        for entry in self.entry.iter_unpack(content[start : self.stop]):
            self.entries.setdefault(entry[0], entry)

    def integer(self, tag):
        """The value of a tag; None where there is none, -1 where it is no integer."""
        if tag not in self.entries:
            return None
        _, kind, count, value = self.entries[tag]
        if kind not in _INTEGERS or count != 1:
            return -1
        return struct.unpack_from(self.order + _INTEGERS[kind], value)[0]

    def text(self, tag):
        """The bytes of a tag, as many as there are."""
        if tag not in self.entries:
            return b""
        _, _, count, value = self.entries[tag]
        if count <= len(value):
            return value[:count]
        (start,) = struct.unpack(self.order + self.word, value)
        return self.content[start : start + min(count, _MOST_TEXT)]

    def with_tags_alone(self, tags):
        """The content with no other tags in the folder, and no folder after it."""
        entries = [entry for tag, entry in self.entries.items() if tag in tags]
        folder = struct.pack(self.order + self.count, len(entries))
        folder += b"".join(self.entry.pack(*entry) for entry in entries)
        length = self.stop - self.start
        if not length:
            return self.content
        folder = folder.ljust(length + struct.calcsize("<" + self.word), b"\0")
        stop = self.start + len(folder)
        return self.content[: self.start] + folder + self.content[stop:]

    def _unpacked(self, kind, place):
        return struct.unpack_from(self.order + kind, self.content, place)
