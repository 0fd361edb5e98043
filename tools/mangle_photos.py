"""Photos with mangled metadata, read, and compared with what was written into them.

Each case is a small JPEG, PNG, WebP or TIFF whose pixels are sound and whose metadata
may be anything. Its size by `photo_size`, the size and the pixels by `read_photo`, and
its orientation must agree with each other and with what the case knows, having written
it; pixels may be refused only where the container itself is broken. The same seed makes
the same cases.

    python tools/mangle_photos.py --n-cases 2000
"""

import argparse
import collections
import io
import struct
import sys
import tempfile
import traceback
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from skface.exceptions import ImageError
from skface.photos import photo_size, read_photo

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
OUTCOMES = ("read", "refused, rightly", "refused", "raw error", "disagreement")
SHAPE = (24, 40)  # height, width
ORIENTATION = 0x0112
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
BYTE, TEXT, SHORT, LONG, RATIONAL = 1, 2, 3, 4, 5
CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}
BOMB = zlib.compress(bytes(10**6))
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"


def pixels():
    """Four colours, so that each of the eight orientations looks another way."""
    quarters = np.array(
        [[[220, 30, 30], [30, 200, 30]], [[30, 30, 220], [230, 230, 230]]], np.uint8
    )
    return quarters.repeat(SHAPE[0] // 2, axis=0).repeat(SHAPE[1] // 2, axis=1)


def upright(array, orientation):
    """By EXIF's definition: where row 0 and column 0 of the file lie in the scene."""
    return {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a.swapaxes(0, 1)[:, ::-1],
        7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
        8: lambda a: a.swapaxes(0, 1)[::-1],
    }[orientation](array)


def orientation_entry(rng):
    """An entry (tag, kind, count, value) and the orientation that it tells."""
    value = int(rng.choice([*range(10), 3, 6, 8, 6, 8, 255, 65535]))
    kind = int(
        rng.choice([SHORT] * 9 + [LONG, BYTE, TEXT, RATIONAL, 6, 8, 9, 7, 13, 0])
    )
    count = int(rng.choice([1] * 12 + [0, 2, 3, 2**31]))
    if kind not in CODES:
        data = str(value).encode() + b"\0" * 7
        return (ORIENTATION, kind, count, data), 1
    value &= (1 << 8 * SIZES[kind]) - 1
    sound = value in range(1, 9) and count == 1
    signed = (
        value - (1 << 8 * SIZES[kind]) if kind in (6, 8, 9) and value > 127 else value
    )
    try:
        data = packed(CODES[kind], signed)
        data("<")
    except struct.error:
        data, sound = packed(CODES[kind], 0), False
    return (ORIENTATION, kind, count, data), value if sound else 1


def packed(code, value):
    """The bytes of a value, once the byte order is known."""
    return lambda order: struct.pack(order + code, value)


def odd_entry(rng):
    """An entry that nobody needs, of whatever value."""
    tag = int(rng.choice([0x011A, 0x011B, 0x0128, 0x8769, 0x8825, 0xA005, 0x9286]))
    if rng.random() < 0.4:
        tag = int(rng.choice([0x010E, 0x013B, 0x83BB, 0x8773, 0x02BD, 0xC4A5, 0xFFFF]))
    kind = int(rng.integers(0, 18))
    count = int(rng.choice([0, 1, 1, 2, 7, 1000, 2**16, 2**31, 2**32 - 1]))
    return tag, kind, count, rng.bytes(8)


def folder(order, is_big, entries, start, rng, next_folder=0):
    """The bytes of one IFD; values longer than their field stay what they are."""
    word, short, field = ("Q", "Q", 8) if is_big else ("I", "H", 4)
    out = struct.pack(order + short, len(entries))
    for tag, kind, count, data in entries:
        data = data(order) if callable(data) else data
        data = data[:field].ljust(field, b"\0")
        out += struct.pack(f"{order}HH{word}", tag, kind, count) + data
    return out + struct.pack(order + word, next_folder)


def exif(rng):
    """A TIFF of metadata alone and its orientation, None where it tells none."""
    order = str(rng.choice(["<", ">"]))
    is_big = rng.random() < 0.15
    entries, orientation = [odd_entry(rng) for _ in range(rng.integers(0, 4))], None
    if rng.random() < 0.85:
        entry, orientation = orientation_entry(rng)
        entries.insert(int(rng.integers(0, len(entries) + 1)), entry)
    start = int(rng.choice([0, 0, 0, 2, 30])) + (16 if is_big else 8)
    head = (b"II" if order == "<" else b"MM") + struct.pack(
        f"{order}HHHQ" if is_big else f"{order}HI",
        *((43, 8, 0, start) if is_big else (42, start)),
    )
    loop = int(rng.choice([0, start, 4, 2**32 - 1]))  # the next folder is itself
    body = folder(order, is_big, entries, start, rng, loop)
    for tag in (0x8769, 0x8825):  # folders within, in circles
        if rng.random() < 0.2:
            body += folder(
                order, False, [(tag, LONG, 1, struct.pack(order + "I", start))], 0, rng
            )
    return head.ljust(start, b"\0") + body + rng.bytes(
        int(rng.integers(0, 40))
    ), orientation


def xmp(rng):
    """A packet and its orientation, None where it tells none."""
    if rng.random() < 0.3:
        return b"<x:xmpmeta><rdf:Description/></x:xmpmeta>", None
    value = int(rng.choice([*range(10), 12, 65]))
    text = str(
        rng.choice(['tiff:Orientation="%d"', "<tiff:Orientation>%d</tiff:Orient"])
    )
    packet = b"<x:xmpmeta " + (text % value).encode() + b"> </x:xmpmeta>"
    return packet, value if value in range(1, 9) else 1


def said(exif_says, xmp_says):
    """What both together come to."""
    return exif_says or xmp_says or 1


class Case:
    """A file under way: its bytes, its orientation, and whether it may be refused."""

    def __init__(self, form, rng):
        self.form, self.rng = form, rng
        self.orientation, self.is_broken, self.is_told = 1, False, True
        self.content = getattr(self, form.lower())()

    def saved(self, **options):
        file = io.BytesIO()
        Image.fromarray(pixels()).save(file, self.form, **options)
        return file.getvalue()

    def metadata(self):
        """EXIF and XMP, each None in some cases, their orientation being known."""
        blob, exif_says = exif(self.rng) if self.rng.random() < 0.85 else (None, None)
        packet, xmp_says = xmp(self.rng) if self.rng.random() < 0.35 else (None, None)
        if blob is not None and self.rng.random() < 0.15:
            # From here on nobody knows what it says, only that all say the same.
            blob, self.is_told = flipped(blob, self.rng), False
        elif blob is not None and self.rng.random() < 0.05:
            blob, self.is_told = blob[: self.rng.integers(len(blob))], False
        self.orientation = said(exif_says, xmp_says)
        return blob, packet

    def jpeg(self):
        rng, blob_and_packet = self.rng, self.metadata()
        blob, packet = blob_and_packet
        parts = []
        if blob is not None:
            parts.append(segment(0xE1, b"Exif\0\0" + blob))
        if packet is not None:
            parts.append(segment(0xE1, XMP_HEAD + packet))
        odd = [
            segment(0xE2, b"MPF\0" + exif(rng)[0]),
            segment(0xE2, b"MPF\0" + mpo_index(rng)),
            segment(0xE2, b"ICC_PROFILE\0" + rng.bytes(int(rng.integers(0, 60)))),
            segment(0xED, b"Photoshop 3.0\x008BIM" + rng.bytes(20)),
            segment(0xE0, b"JFIF"),
            segment(0xE0, b"JFXX\0" + rng.bytes(5)),
            segment(0xEE, b"Adobe"),
            segment(0xE1, b"Exif"),
            segment(0xE1, b""),
            segment(0xFE, rng.bytes(30)),
            b"\xff\xff\xff",
            b"\0\0\0",
        ]
        for i in rng.permutation(len(odd))[: rng.integers(0, 4)]:
            parts.insert(int(rng.integers(0, len(parts) + 1)), odd[i])
        plain = self.saved(quality=95)
        head = plain[:2] if rng.random() < 0.3 else plain[:20]  # with JFIF's or without
        content = head + b"".join(parts) + plain[20:]
        if rng.random() < 0.08:  # a segment says that it is longer than it is
            parts = segment(0xE1, b"Exif\0\0II*\0" + rng.bytes(12))
            wrong = (
                parts[:2] + struct.pack(">H", int(rng.integers(0, 65536))) + parts[4:]
            )
            content = head + wrong + plain[20:]
            self.is_broken, self.is_told = True, False
        return content

    def webp(self):
        blob, packet = self.metadata()
        plain = self.saved(lossless=True)
        image = plain[12:]
        flags = (8 if blob is not None else 0) | (4 if packet is not None else 0)
        chunks = riff(
            b"VP8X", struct.pack("<I", flags) + bytes_of(SHAPE[1]) + bytes_of(SHAPE[0])
        )
        if self.rng.random() < 0.2:
            chunks += riff(b"ICCP", self.rng.bytes(20))
        chunks += image
        if blob is not None:
            chunks += riff(
                b"EXIF", (b"Exif\0\0" if self.rng.random() < 0.5 else b"") + blob
            )
        if packet is not None:
            chunks += riff(b"XMP ", packet)
        if self.rng.random() < 0.1:
            chunks += riff(b"ODD ", self.rng.bytes(9))
        if self.rng.random() < 0.08:
            chunks = chunks[: len(chunks) - int(self.rng.integers(1, 20))]
            self.is_broken, self.is_told = True, False
        return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks

    def png(self):
        rng = self.rng
        blob, packet = self.metadata()
        told = []
        if blob is not None:
            told.append(
                png_chunk(b"eXIf", blob) if rng.random() < 0.7 else raw_profile(blob)
            )
        if packet is not None:
            keyword = b"XML:com.adobe.xmp\0"
            told.append(
                png_chunk(b"iTXt", keyword + b"\0\0\0\0" + packet)
                if rng.random() < 0.5
                else png_chunk(b"iTXt", keyword + b"\1\0\0\0" + zlib.compress(packet))
            )
        odd = [
            png_chunk(b"zTXt", b"Comment\0\0" + BOMB),
            png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + BOMB * 3),
            png_chunk(b"zTXt", b"Raw profile type exif\0\0" + rng.bytes(20)),
            png_chunk(b"tEXt", b"Comment"),
            png_chunk(b"iTXt", rng.bytes(12)),
            png_chunk(b"iCCP", b"name\0\0" + rng.bytes(30)),
            png_chunk(b"iCCP", b"name\0\0" + BOMB),
            png_chunk(b"cHRM", b"ab"),
            png_chunk(b"pHYs", b"a"),
            png_chunk(b"gAMA", b""),
            png_chunk(b"sRGB", b""),
            png_chunk(b"acTL", b"abcd"),
            png_chunk(b"tIME", b"x"),
            png_chunk(
                b"eXIf", b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\7\0\0\0" + bytes(4)
            )[:-4]
            + b"sum?",
            png_chunk(b"tEXt", b"Comment\0a")[:-1] + b"?",
        ]
        odd = [odd[i] for i in rng.permutation(len(odd))[: rng.integers(0, 4)]]
        plain = self.saved()
        after_header, before_end = 33, len(plain) - 12
        middle = plain[after_header:before_end]
        before, after = [], []
        for chunk in odd + told:
            (before if rng.random() < 0.5 else after).append(chunk)
        rng.shuffle(before)
        return (
            plain[:after_header]
            + b"".join(before)
            + middle
            + b"".join(after)
            + plain[before_end:]
        )

    def tiff(self):
        """The pixels' own folder with the orientation and odd entries in it."""
        rng, order = self.rng, str(self.rng.choice(["<", ">"]))
        is_big = rng.random() < 0.2
        height, width = SHAPE
        is_packed = rng.random() < 0.3
        data = pixels().tobytes()
        data = zlib.compress(data) if is_packed else data
        bits = struct.pack(order + "3H", 8, 8, 8)
        head = 16 if is_big else 8
        at_bits, at_data = head, head + 8
        self.is_broken = is_big and order == ">"  # which Pillow does not read
        entry, orientation = orientation_entry(rng)
        entries = [
            (256, SHORT, 1, packed(CODES[SHORT], width)),
            (257, SHORT, 1, packed(CODES[SHORT], height)),
            (258, SHORT, 3, bits if is_big else packed(CODES[LONG], at_bits)),
            (259, SHORT, 1, packed(CODES[SHORT], 8 if is_packed else 1)),
            (262, SHORT, 1, packed(CODES[SHORT], 2)),
            (273, LONG, 1, packed(CODES[LONG], at_data)),
            (277, SHORT, 1, packed(CODES[SHORT], 3)),
            (278, SHORT, 1, packed(CODES[SHORT], height)),
            (279, LONG, 1, packed(CODES[LONG], len(data))),
        ]
        if rng.random() < 0.85:
            entries.append(entry)
        else:
            orientation = None
        packet_at, xmp_says = at_data + len(data), None
        packet = b""
        if rng.random() < 0.3:
            packet, xmp_says = xmp(rng)
            entries.append(
                (700, BYTE, len(packet), packed("Q" if is_big else "I", packet_at))
            )
        entries += [odd_entry(rng) for _ in range(rng.integers(0, 4))]
        entries.sort(key=lambda entry: entry[0])
        self.orientation = said(orientation, xmp_says)
        start = packet_at + len(packet)
        start += start % 2
        loop = int(rng.choice([0, 0, start, 3, 2**32 - 1]))
        content = (b"II" if order == "<" else b"MM") + struct.pack(
            f"{order}HHHQ" if is_big else f"{order}HI",
            *((43, 8, 0, start) if is_big else (42, start)),
        )
        content += bits.ljust(8, b"\0") + data + packet
        content = content.ljust(start, b"\0")
        content += folder(order, is_big, entries, start, rng, loop)
        if rng.random() < 0.1:
            end = content[start:]
            content = content[:start] + flipped(end, rng)
            self.is_broken, self.is_told = True, False
        return content


def flipped(data, rng):
    data = bytearray(data)
    for at in rng.integers(len(data), size=rng.integers(1, 4)):
        data[at] ^= 1 << int(rng.integers(8))
    return bytes(data)


def segment(kind, data):
    return bytes([0xFF, kind]) + struct.pack(">H", len(data) + 2) + data


def mpo_index(rng):
    """What an MPO tells of its photos, some of it beyond the file."""
    entries = [(0xB000, 7, 4, b"0100"), (0xB001, LONG, 1, struct.pack("<I", 2))]
    entries.append((0xB002, 7, 32, struct.pack("<I", int(rng.integers(2**32)))))
    return b"II*\0\x08\0\0\0" + folder("<", False, entries, 8, rng)


def png_chunk(kind, data):
    return (
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
    )


def raw_profile(blob):
    text = (
        b"\nexif\n%8d\n" % (len(blob) + 6) + (b"Exif\0\0" + blob).hex().encode() + b"\n"
    )
    return png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))


def riff(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def bytes_of(side):
    return struct.pack("<I", side - 1)[:3]


def outcome(case, path):
    """One of OUTCOMES, and in which way it went wrong."""
    path.write_bytes(case.content)
    try:
        size = photo_size(str(path))
        photo = read_photo(str(path))
        with photo.upright() as image:
            found = np.asarray(image).astype(int)
    except ImageError as error:
        return ("refused, rightly" if case.is_broken else "refused"), str(error)
    except Exception:
        return "raw error", traceback.format_exc()
    sizes = {size, photo.size, found.shape[1::-1]}
    if len(sizes) > 1:
        return "disagreement", f"sizes {sizes}"
    looks = [
        orientation
        for orientation in range(1, 9)
        if upright(pixels(), orientation).shape == found.shape
        and abs(upright(pixels(), orientation) - found).mean() < 12
    ]
    if len(looks) != 1 and not case.is_broken:
        return "disagreement", f"pixels look like orientations {looks}"
    if case.is_told and looks != [case.orientation]:
        return "disagreement", f"orientation {looks}, written {case.orientation}"
    return "read", ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that fail")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    counts = {form: collections.Counter() for form in FORMATS}
    n_wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(args.n_cases):
            form = FORMATS[number % len(FORMATS)]
            case = Case(form, np.random.default_rng((args.seed, number)))
            path = Path(scratch, f"{number}.{form.lower()}")
            result, why = outcome(case, path)
            counts[form][result] += 1
            if result not in OUTCOMES[:2]:
                n_wrong += 1
                print(f"case {number}, {form}: {result}: {why}", file=sys.stderr)
                if args.keep:
                    args.keep.mkdir(exist_ok=True)
                    (args.keep / path.name).write_bytes(case.content)
            path.unlink()
    print("".join(f"{title:>18}" for title in ("", *OUTCOMES)))
    for form, found in counts.items():
        print(f"{form:>18}" + "".join(f"{found[key]:>18}" for key in OUTCOMES))
    sys.exit(bool(n_wrong))


if __name__ == "__main__":
    main()
