"""Mutations of valid list files, images and saved files, to look for trouble.

Each case changes some bytes, or lines, of a valid file and reads it. It may be read, or
be refused by an error of skface; any other exception is a crash, and what takes longer
than ``--slow`` seconds a hang. The same seed makes the same cases.

    python tools/fuzz.py --n-cases 20000 --minutes 10
"""

import argparse
import collections
import faulthandler
import hashlib
import io
import sys
import tempfile
import traceback
import warnings
import zipfile
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

import skface
from skface import ImageArray
from skface.datasets._lists import read_list
from skface.exceptions import SkfaceError
from skface.photos import photo_size

SAVED = Path(__file__).parents[1] / "tests" / "data" / "saved-1.skface"
ODD = [
    b"",
    b"\0",
    b"\xff",
    b"-1",
    b"1e400",
    b"nan",
    b"99999999999999999999",
    b'"',
    b",",
]
ODD += [b"../a.jpg", b"\r", b"\n", b"\n\n", b" ", b"\xef\xbb\xbf", b"#", b"'", b"\\"]
HANG = 60  # seconds after which a case ends the run


def list_files():
    """Name and content of each kind of list."""
    names = [f"{number:06}.jpg" for number in range(1, 9)]
    header = "image_id x_1 y_1 width height"
    boxes = "".join(f"{name} 10 20 30 {40 + i}\n" for i, name in enumerate(names))
    yield "list_bbox_celeba.txt", f"{len(names)}\n{header}\n{boxes}"
    csv = header.replace(" ", ",") + "\n" + boxes.replace(" ", ",")
    yield "list_bbox_celeba.csv", csv
    signs = "".join(f"{name}  1 -1  1\n" for name in names)
    yield "list_attr_celeba.txt", f"{len(names)}\nBald Smiling Young\n{signs}"
    parts = "".join(f"{name} {i % 3}\n" for i, name in enumerate(names))
    yield "list_eval_partition.txt", parts
    yield "list_eval_partition.csv", "image_id,partition\n" + parts.replace(" ", ",")
    yield "identity_CelebA.txt", parts


def photo_files(rng):
    """Name and content of photos in several formats."""
    pixels = rng.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    photo = Image.fromarray(pixels).resize((40, 48))
    exif = Image.Exif()
    exif[0x0112] = 6
    ways = {
        "rgb.jpg": (photo, {"exif": exif}),
        "progressive.jpg": (photo, {"progressive": True}),
        "cmyk.jpg": (photo.convert("CMYK"), {}),
        "rgba.png": (photo.convert("RGBA"), {"exif": exif}),
        "palette.png": (photo.convert("P"), {"transparency": 3}),
        "grey16.png": (Image.fromarray(pixels[..., 0].astype(np.uint16) * 257), {}),
        "lossy.webp": (photo, {}),
        "moving.gif": (photo, {"save_all": True, "append_images": [photo.rotate(9)]}),
        "lzw.tiff": (photo, {"compression": "tiff_lzw"}),
        "plain.bmp": (photo, {}),
    }
    for name, (image, options) in ways.items():
        content = io.BytesIO()
        image.save(content, Path(name).suffix[1:].replace("jpg", "jpeg"), **options)
        yield name, content.getvalue()


def mutated(content, rng, other):
    """The content with one to four changes."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(len(content) + 1))
        length = int(rng.integers(1, 1 + min(32, len(content) + 1)))
        kind = rng.integers(8)
        if kind == 0 and content:
            content[at % len(content)] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            content[at : at + length] = rng.bytes(length)
        elif kind == 2:
            del content[at : at + length]
        elif kind == 3:
            content[at:at] = content[at : at + length]
        elif kind == 4:
            content = content[:at]
        elif kind == 5:
            content[at:at] = ODD[rng.integers(len(ODD))]
        elif kind == 6:
            content[at : at + length] = other[at : at + length]
        else:
            content[at : at + 4] = b"\xff" * 4
    return bytes(content)


def mutated_lines(content, rng, other):
    """Lines dropped, doubled, swapped or with a field put in; or bytes changed."""
    lines = content.split(b"\n")
    at, to = rng.integers(len(lines), size=2)
    kind = rng.integers(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(to, lines[at])
    elif kind == 2:
        lines[at], lines[to] = lines[to], lines[at]
    elif kind == 3:
        fields = lines[at].split(b" ")
        fields[rng.integers(len(fields))] = ODD[rng.integers(len(ODD))]
        lines[at] = b" ".join(fields)
    elif kind == 4:
        lines[at] += b" " + ODD[rng.integers(len(ODD))]
    else:
        return mutated(content, rng, other)
    return b"\n".join(lines)


def mutated_archive(content, rng, other):
    """Bytes of the archive changed, or those of a member with the sums made right."""
    if rng.random() < 0.5:
        return mutated(content, rng, other)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    name = list(members)[rng.integers(len(members))]
    members[name] = mutated(members[name], rng, other)
    if name != "SHA256SUMS" and rng.random() < 0.8:
        members["SHA256SUMS"] = b"".join(
            f"{hashlib.sha256(value).hexdigest()}  {key}\n".encode()
            for key, value in members.items()
            if key != "SHA256SUMS"
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for key, value in members.items():
            file.writestr(key, value)
    return out.getvalue()


def read_photo(path):
    photo_size(str(path))
    ImageArray([path], (16, 16))[0]


def read_saved(path):
    pipe = skface.load(path)
    pipe.predict(np.zeros((1, 32, 32, 3), np.uint8))


def kinds(rng):
    """How to change and how to read each kind of file, and valid ones of it."""
    lists = [(name, text.encode()) for name, text in list_files()]
    yield "lists", mutated_lines, read_list, lists
    yield "images", mutated, read_photo, list(photo_files(rng))
    yield "saved files", mutated_archive, read_saved, [(SAVED.name, SAVED.read_bytes())]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-cases", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow", type=float, default=5, help="seconds: a hang")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(args.seed)
    ways = list(kinds(rng))
    outcomes = {name: collections.Counter() for name, *_ in ways}
    end = perf_counter() + 60 * args.minutes
    with tempfile.TemporaryDirectory() as folder:
        for _, _, read, files in ways:  # what is valid is read; imports take long
            for file_name, content in files:
                path = Path(folder, file_name)
                path.write_bytes(content)
                read(path)
        for case in range(args.n_cases):
            if perf_counter() > end:
                print(f"{args.minutes} minutes are over")
                break
            name, change, read, files = ways[case % len(ways)]
            file_name, content = files[case // len(ways) % len(files)]
            other = files[rng.integers(len(files))][1]
            path = Path(folder, file_name)
            path.write_bytes(change(content, rng, other))
            outcomes[name][outcome(read, path, case, args.slow)] += 1
    report(outcomes)


def outcome(read, path, case, slow):
    """What reading comes to; crashes are told at once, with their bytes."""
    faulthandler.dump_traceback_later(HANG, exit=True)
    start, result = perf_counter(), "read"
    try:
        read(path)
    except SkfaceError:
        result = "refused"
    except Exception:
        result = "crashed"
        print(f"case {case}, {path.name}: {path.read_bytes()!r}", file=sys.stderr)
        traceback.print_exc()
    finally:
        faulthandler.cancel_dump_traceback_later()
    if perf_counter() - start > slow:
        print(f"case {case}, {path.name}: took long", file=sys.stderr)
        return "hung"
    return result


def report(outcomes):
    total = collections.Counter()
    for name, counts in outcomes.items():
        total += counts
        shown = ", ".join(f"{counts[key]} {key}" for key in ("read", "refused"))
        print(f"{name}: {counts.total()} cases, {shown}")
    print(
        f"{total.total()} cases, {total['crashed']} crashes that were no skface error, "
        f"{total['hung']} hangs"
    )
    sys.exit(bool(total["crashed"] + total["hung"]))


if __name__ == "__main__":
    main()
