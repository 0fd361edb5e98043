"""Mutations of what users hand over, to look for trouble.

Each case changes some bytes, lines, columns or values of a valid list file, photo,
saved file, checkpoint or photo in memory, and reads it. It may be read, or be refused
by an error of skface; any other exception is a crash, what takes longer than ``--slow``
seconds a hang, and what adds more than 1 GB to the memory of the process hungry. The
same seed makes the same cases.

    python tools/fuzz.py --n-cases 20000 --minutes 10
"""

import argparse
import collections
import contextlib
import copy
import faulthandler
import hashlib
import io
import json
import os
import re
import resource
import struct
import sys
import tempfile
import traceback
import warnings
import zipfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from mangle_photos import FORMATS, Case, exif
from PIL import Image

import skface
from skface import CelebALoader, ImageArray, targets
from skface.datasets._lists import read_list
from skface.exceptions import SkfaceError
from skface.heads._checkpoint import Checkpoint
from skface.heads._training import State
from skface.persistence._values import to_json
from skface.photos import as_images, photo_size

SAVED = Path(__file__).parents[1] / "tests" / "data"
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
NO_LISTS = [b"<!DOCTYPE html><html>", b"version https://git-lfs.github.com/spec/v1\n"]
NO_LISTS += [b"PK\3\4", b"\x1f\x8b\x08", "8\nimage_id x_1\n".encode("utf-16")]
NAMES = ["", " ", "Unnamed: 0", "image_id", "IMAGE_ID", "x_1", "X_1", "x", "Smiling"]
NAMES += ["partition", "lefteye_x", "left_eye_x", "naïve", "0", "nan", "a" * 5000]
SEPARATORS = [b",", b";", b"\t", b" ", b"  ", b", ", b" \t", b"|", b"\xc2\xa0"]
CELLS = [b"", b"nan", b"NA", b'""', b"0", b"-1", b"1", b"1.5"]

DEEP, LONG = "(deep)", "(long)"  # in their place comes what no JSON writer writes
VALUES = [None, True, -1, 0, 1, 2, 1.5, 256, 1025, 2**20, 2**31, 2**63, 10**30, 1e308]
VALUES += [float("nan"), float("inf"), "", "a", "\0", "\ud800", "bbox", DEEP, LONG]
VALUES += ["x" * 2**12, "x" * 2**22, [], {}, [[]], [0] * 2**17, ["x"] * 2**12]
VALUES += [[[0]] * 2**12, {str(key): 0 for key in range(2**12)}, {"$object": 1}]
VALUES += [{"$float": each} for each in ("nan", "inf", [])]
VALUES += [{"$tuple": each} for each in ([2**40, 2**40], [64, 64], [0, 0], 3)]
VALUES += [{"$dict": [each]} for each in ([[], 1], [0, 1], 3)]
VALUES += [
    {"$array": {"dtype": dtype, "shape": shape, "values": values}}
    for dtype, shape, values in (
        ("float64", [2**40, 0], []),
        ("str", [2], ["x" * 4000, ""]),
        ("uint8", [1], [-1]),
        ("float64", [3], [0.5, {"$float": "nan"}, 2]),
    )
]
TARGETS = (targets.BBOX, targets.LANDMARKS, targets.ATTRIBUTES)
VALUES += [to_json(each, "") for each in (*TARGETS, targets.Joint(TARGETS[:2]))]
VALUES += [{"$target": {"name": "attributes", "names": ["a"] * 2**12}}]
KEYS = ["n_jobs", "input_size", "target", "batch_size", "weights", "output", "steps"]
DTYPES = ["f2", "f4", ">f8", "f16", "i1", "i8", "u2", "?", "c8", "O", "S3", "U3", "u1"]

SHAPES = [(2, 6, 8, 3)] * 8 + [(6, 8, 3), (2, 6, 8), (2, 6, 8, 1), (2, 6, 8, 4), ()]
SHAPES += [(2, 3, 6, 8), (0, 6, 8, 3), (2, 0, 8, 3), (2, 1), (3,), (1, 2, 6, 8, 3)]
MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "HSV"]
MODES += ["YCbCr", "LAB", "I", "F", "I;16", "I;16B"]
TRANSPARENCIES = [0, 300, -1, b"", b"\0\xff", b"a" * 999, (1, 2, 3), (1,), "a", None]
NO_PHOTOS = [None, 3, 1.5, "", "\0", "a.jpg", b"a.jpg", Path("."), [], {}, {1}, ()]
NO_PHOTOS += [pd.NA, pd.NaT, float("nan"), 1j, range(3), np.datetime64(0, "s")]

WEIGHTS, FIGURES = [(4, 3), (3,)], ["loss"]  # of the checkpoint
IDENTITY = {"head": "DenseHeadRegressor", "data": "0123456789abcdef"}
HANG = 60  # seconds after which a case ends the run
MOST_MEMORY = 10**9  # bytes that a case may add
MOST_SHOWN = 20_000  # characters of a case that fails


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
    signs = signs.replace("  ", " ").replace(" ", ",")
    yield "list_attr_celeba.csv", f"image_id,Bald,Smiling,Young\n{signs}"
    header = ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")
    header = " ".join(f"{point}_{axis}" for point in header for axis in "xy")
    points = "".join(
        f"{name} 3 4 9 4 6 {i} 4 12 8 12\n" for i, name in enumerate(names)
    )
    yield "list_landmarks_align_celeba.txt", f"{len(names)}\n{header}\n{points}"
    csv = f"image_id {header}\n{points}".replace(" ", ",")
    yield "list_landmarks_align_celeba.csv", csv
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


def checkpoint_file(folder):
    """Path and content of the checkpoint of an unfinished fit."""
    arrays = [np.full(shape, 0.5, np.float32) for shape in WEIGHTS]
    optimizer = [np.array(3), np.array(0.1), *(each for each in arrays for _ in "12")]
    path = Path(folder, "fit.npz")
    state = State(7, 1, arrays, optimizer, {"loss": [0.5, 0.25]})
    Checkpoint(path, IDENTITY).save(state)
    return path, path.read_bytes()


def picked(values, rng):
    return values[rng.integers(len(values))]


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
            content[at:at] = picked(ODD, rng)
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
        fields[rng.integers(len(fields))] = picked(ODD, rng)
        lines[at] = b" ".join(fields)
    elif kind == 4:
        lines[at] += b" " + picked(ODD, rng)
    else:
        return mutated(content, rng, other)
    return b"\n".join(lines)


def mutated_columns(content, rng, other):
    """Columns moved, renamed, dropped, added or parted otherwise, cells emptied."""
    if rng.random() < 0.05:
        return picked(NO_LISTS, rng) + content[: rng.integers(len(content))]
    separator = b"," if b"," in content else b" "
    rows = [
        line.split(separator if separator == b"," else None)
        for line in content.splitlines()
    ]
    for _ in range(rng.integers(1, 3)):
        kind, at = rng.integers(9), int(rng.integers(max(map(len, rows))))
        header = next((row for row in rows if len(row) > 1), rows[0])
        if kind == 0:
            order = rng.permutation(max(map(len, rows)))
            rows = [[row[i] for i in order if i < len(row)] for row in rows]
        elif kind == 1 and header:
            header[at % len(header)] = picked(NAMES, rng).encode()
        elif kind == 2:
            rows = [row[:at] + row[at + 1 :] for row in rows]
        elif kind == 3:
            new = [*CELLS, picked(NAMES, rng).encode()]
            rows = [[*row[:at], picked(new, rng), *row[at:]] for row in rows]
        elif kind == 4:
            separator = picked(SEPARATORS, rng)
        elif kind == 5:
            rows = [[str(i - 1).encode() * (i > 0), *row] for i, row in enumerate(rows)]
        elif kind == 6:
            for row in rows[1:]:
                if len(row) > at and rng.random() < 0.5:
                    row[at] = picked(CELLS, rng)
        elif kind == 7:
            rows = [row * 200 for row in rows]
        else:
            rows = [[b'"' + cell + b'"' for cell in row] for row in rows]
        if not any(rows):
            break
    content = picked([b"\n", b"\r\n", b"\n\n"], rng).join(map(separator.join, rows))
    return mutated_lines(content, rng, other) if rng.random() < 0.2 else content


def mutated_metadata(content, rng, other):
    """A photo of the same format whose metadata may be anything."""
    with Image.open(io.BytesIO(content)) as image:
        content = Case(image.format, rng).content
    return mutated(content, rng, other) if rng.random() < 0.2 else content


def mutated_archive(content, rng, other):
    """Bytes of the archive changed, or those of a member with the sums made right."""
    way = rng.random()
    if way < 0.2:
        return mutated(content, rng, other)
    if way < 0.25:
        return declared_sizes(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    records = [name for name in members if name in ("pipeline.json", "about.npy")]
    name = picked(records if rng.random() < 0.6 else list(members), rng)
    if way < 0.3:
        members[name] = mutated(members[name], rng, other)
    elif way < 0.305:
        members[name] = b" " * 2**25
    elif name in records:
        members[name] = mutated_record(members[name], rng)
    elif name.endswith(".npy"):
        members[name] = mutated_array(members[name], rng)
    if "SHA256SUMS" in members and name != "SHA256SUMS" and rng.random() < 0.95:
        members["SHA256SUMS"] = b"".join(
            f"{hashlib.sha256(value).hexdigest()}  {key}\n".encode()
            for key, value in members.items()
            if key != "SHA256SUMS"
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for key, value in members.items():
            file.writestr(key, value, 8 * int(key in records))
    return out.getvalue()


def declared_sizes(content, rng):
    """The archive's directory says another length of a member, packed or not."""
    content = bytearray(content)
    at = picked([found.start() for found in re.finditer(rb"PK\x01\x02", content)], rng)
    n_bytes = picked([0, 1, 2**16, 2**28, 2**31, 2**32 - 2, 2**32 - 1], rng)
    struct.pack_into("<I", content, at + picked([20, 24], rng), n_bytes)
    return bytes(content)


def mutated_record(content, rng):
    """JSON, alone or in an array, one to three of whose values are odd."""
    is_array = content.startswith(b"\x93NUMPY")
    record = json.loads(str(np.load(io.BytesIO(content))) if is_array else content)
    for _ in range(rng.integers(1, 4)):
        places, parts, dicts = {}, [record], []
        while parts:
            part = parts.pop()
            is_dict = isinstance(part, dict)
            dicts += [part] * is_dict
            for key in part if is_dict else range(len(part)):
                places.setdefault(key if is_dict else None, []).append((part, key))
                parts += [part[key]] * isinstance(part[key], dict | list)
        if not places:
            break
        part, key = picked(places[picked(list(places), rng)], rng)
        kind = rng.integers(6)
        if kind == 0:
            del part[key]
        elif kind == 1:
            picked(dicts, rng)[picked(KEYS, rng)] = copy.deepcopy(picked(VALUES, rng))
        else:
            part[key] = copy.deepcopy(picked(VALUES, rng))
    text = json.dumps(record)
    text = text.replace(f'"{DEEP}"', "[" * 10**4 + "]" * 10**4)
    text = text.replace(f'"{LONG}"', "9" * 10**5)
    return as_npy(np.array(text)) if is_array else text.encode()


def mutated_array(content, rng):
    """Numbers of another kind or shape, not finite, or fewer than announced."""
    array = np.load(io.BytesIO(content))
    kind = rng.integers(5)
    if kind == 0:
        array = array.astype(picked(["f4", "f8"], rng))
        array.flat[rng.integers(array.size)] = picked([np.nan, np.inf, 1e30, -1], rng)
    elif kind == 1:
        array = array.astype(picked(DTYPES, rng))
    elif kind == 2:
        array = picked([array.T, array.ravel(), array[..., np.newaxis]], rng)
    elif kind == 3:
        array = np.resize(array, picked([(0,), (4, 3), (2**16,), (128, 8)], rng))
    else:
        shape = picked([(2**40,), (2**28, 3), (2**63, 2), (-1, 3), (1,) * 40], rng)
        header = io.BytesIO()
        descr = picked(["<f4", "<f8", "|O", "<U1000000", [("a", "<f4")]], rng)
        about = {"descr": descr, "fortran_order": bool(kind % 2), "shape": shape}
        np.lib.format.write_array_header_1_0(header, about)
        return header.getvalue() + array.tobytes()
    return as_npy(array)


def as_npy(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def odd_image(rng):
    """A Pillow image of whatever mode, size, pixels and metadata."""
    if rng.random() < 0.3:
        content = Case(picked(FORMATS, rng), rng).content
        with contextlib.suppress(Exception):  # what opens is decoded later
            return Image.open(io.BytesIO(mutated(content, rng, content)))
    size = picked([(8, 6), (8, 6), (8, 6), (1, 1), (0, 0), (0, 3), (2, 3000)], rng)
    image = Image.new(picked(MODES, rng), size)
    if 0 not in size:
        image.frombytes(rng.bytes(len(image.tobytes())))
    if rng.random() < 0.5:
        blob, _ = exif(rng)
        image.info["exif"] = picked([blob, b"Exif\0\0" + blob, "a"], rng)
    if rng.random() < 0.5:
        image.info["transparency"] = picked(TRANSPARENCIES, rng)
    return image


def odd_photos(number, rng):
    """Photos in memory, or what is none."""
    low, high = picked([(0, 255), (0, 255), (0, 1), (-9, 300), (0, 0)], rng)
    numbers = rng.uniform(low, high, picked(SHAPES, rng))
    if numbers.size and rng.random() < 0.2:
        numbers.flat[-1] = picked([np.nan, np.inf, -1, 1e308], rng)
    array = numbers.astype(picked(DTYPES, rng))
    images = [odd_image(rng) for _ in range(rng.integers(1, 4))]
    mixed = [*images, array, *(picked(NO_PHOTOS, rng) for _ in range(3))]
    mixed = [mixed[i] for i in rng.permutation(len(mixed))[: rng.integers(1, 4)]]
    return [
        lambda: array,
        lambda: array.tolist(),
        lambda: list(array) if array.ndim else [array],
        lambda: np.ma.masked_invalid(numbers),
        lambda: images,
        lambda: tuple(images),
        lambda: images[0],
        lambda: mixed,
        lambda: pd.Series(mixed),
        lambda: pd.DataFrame({"photo": mixed}),
        lambda: picked(NO_PHOTOS, rng),
        lambda: [Path(each) if isinstance(each, str) else each for each in mixed],
    ][number % 12]()


def read_memory(photos):
    np.asarray(as_images(photos, (8, 8)))


def read_photo(path):
    photo_size(str(path))
    ImageArray([path], (16, 16))[0]


def read_by_name(path):
    """The folder of a list, read for the target that the list is for."""
    target = next((each for each in ("bbox", "landmarks") if each in path.name), None)
    CelebALoader(path.parent, target or "attributes", image_size=(8, 8)).load_bunch()


def read_saved(path):
    pipe = skface.load(path)
    pipe.predict(np.zeros((1, 32, 32, 3), np.uint8))


def read_checkpoint(path):
    Checkpoint(path, IDENTITY).load(WEIGHTS, FIGURES)


class Files:
    """Cases that are files: valid ones, and how to change them."""

    def __init__(self, change, files):
        self.change = change
        self.files = list(files)

    def valid(self):
        for path, content in self.files:
            path.write_bytes(content)
            yield path

    def __call__(self, number, rng):
        path, content = self.files[number % len(self.files)]
        path.write_bytes(self.change(content, rng, picked(self.files, rng)[1]))
        return path


def by_name(folder, lists, photo):
    """A folder of its own for each list, with photos and the other lists it needs."""
    for name, content in lists.items():
        root = Path(folder, f"of {name}")
        for photos in ("img_celeba", "img_align_celeba"):
            (root / photos).mkdir(parents=True)
            for number in range(1, 9):
                (root / photos / f"{number:06}.jpg").write_bytes(photo)
        for other in ("list_eval_partition.txt", "list_attr_celeba.txt"):
            if Path(other).stem != Path(name).stem:
                (root / other).write_bytes(lists[other])
        yield root / name, content


def kinds(rng, folder):
    """How to make and how to read the cases of each kind."""
    lists = {name: text.encode() for name, text in list_files()}
    photos = dict(photo_files(rng))
    saved = {path.name: path.read_bytes() for path in sorted(SAVED.glob("*.skface"))}

    def at(files):
        return [(Path(folder, name), content) for name, content in files.items()]

    told = {name: photos[name] for name in photos if name[-3:] not in ("gif", "bmp")}
    named = by_name(folder, lists, photos["rgb.jpg"])
    return {
        "lists": (Files(mutated_lines, at(lists)), read_list),
        "lists by name": (Files(mutated_columns, named), read_by_name),
        "images": (Files(mutated, at(photos)), read_photo),
        "metadata": (Files(mutated_metadata, at(told)), read_photo),
        "photos in memory": (odd_photos, read_memory),
        "saved files": (Files(mutated_archive, at(saved)), read_saved),
        "checkpoints": (
            Files(mutated_archive, [checkpoint_file(folder)]),
            read_checkpoint,
        ),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-cases", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow", type=float, default=5, help="seconds: a hang")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ["https_proxy"] = "http://localhost:9"  # files that ask for downloads
    end = perf_counter() + 60 * args.minutes
    with tempfile.TemporaryDirectory() as folder:
        ways = kinds(np.random.default_rng(args.seed), folder)
        outcomes = {name: collections.Counter() for name in ways}
        most = dict.fromkeys(ways, 0)
        for make, read in ways.values():  # what is valid is read; imports take long
            for path in make.valid() if isinstance(make, Files) else ():
                read(path)
        for number in range(args.n_cases):
            if perf_counter() > end:
                print(f"{args.minutes} minutes are over")
                break
            name = list(ways)[number % len(ways)]
            make, read = ways[name]
            case = make(number // len(ways), np.random.default_rng((args.seed, number)))
            result, n_bytes = outcome(read, case, f"case {number}, {name}", args.slow)
            outcomes[name][result] += 1
            most[name] = max(most[name], n_bytes)
    report(outcomes, most)


def outcome(read, case, title, slow):
    """What reading comes to, and the memory it took; trouble is told at once."""
    with contextlib.suppress(OSError):  # the peak begins anew, where Linux lets it
        Path("/proc/self/clear_refs").write_text("5")
    faulthandler.dump_traceback_later(HANG, exit=True)
    before, start, result = peak_memory(), perf_counter(), "read"
    try:
        read(case)
    except SkfaceError:
        result = "refused"
    except Exception:
        result = "crashed"
        traceback.print_exc()
    finally:
        faulthandler.cancel_dump_traceback_later()
    seconds, n_bytes = perf_counter() - start, peak_memory() - before
    if result != "crashed" and seconds > slow:
        result = "hung"
    elif result != "crashed" and n_bytes > MOST_MEMORY:
        result = "hungry"
    if result not in ("read", "refused"):
        is_file = isinstance(case, Path)
        shown = f"{case.name}: {case.read_bytes()!r}" if is_file else repr(case)
        told = f"{result}, {seconds:.1f} s, {n_bytes / 1e6:.0f} MB"
        print(f"{title}: {told}: {shown[:MOST_SHOWN]}", file=sys.stderr)
    return result, n_bytes


def peak_memory():
    """The most bytes that this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def report(outcomes, most):
    total = collections.Counter()
    for name, counts in outcomes.items():
        total += counts
        shown = ", ".join(f"{counts[key]} {key}" for key in ("read", "refused"))
        added = f"one case added at most {most[name] / 1e6:.0f} MB"
        print(f"{name}: {counts.total()} cases, {shown}; {added}")
    print(
        f"{total.total()} cases, {total['crashed']} crashes that were no skface error, "
        f"{total['hung']} hangs, {total['hungry']} over {MOST_MEMORY / 1e9:.0f} GB"
    )
    sys.exit(bool(total["crashed"] + total["hung"] + total["hungry"]))


if __name__ == "__main__":
    main()
