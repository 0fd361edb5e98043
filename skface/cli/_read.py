"""``skface read``."""

from pathlib import Path

from skface.cli._annotate import (
    annotate_faces,
    check_folders,
    file_names,
    write_images,
)
from skface.cli._finding import find_photos
from skface.cli._shared import (
    check_output,
    counted,
    say,
    some,
    verbose,
    write_table,
)
from skface.cli._streams import tell
from skface.detection import FaceReader, joined
from skface.exceptions import InputError
from skface.persistence import load
from skface.targets import BBOX_NAMES, LANDMARKS

_PIXEL_DIGITS, _DIGITS = 2, 4


def run(args):
    """Read, and return 1 where photos could not be read.

    What was read before an interrupt or an error is written all the same.
    """
    given = find_photos(args)
    check_folders(args, given)
    check_output(args)
    reader = load(args.model, weights=args.weights, cache_dir=args.cache_dir)
    if not isinstance(reader, FaceReader):
        raise InputError(
            f"{args.model}: is a {type(reader).__name__}; skface read takes a "
            "FaceReader, skface predict what reads one face a photo"
        )
    reader.set_params(verbose=verbose(args))
    say(args, counted(len(given), "photo"))
    files = dict(zip(given, file_names(given), strict=True))
    parts = []
    try:
        for part in reader.read_in_parts(given):
            parts.append(part)
            for reason in part.attrs["unreadable"].values():
                tell(f"skface: error: {reason}")
            _picture(reader, part, files, args)
    finally:
        if parts:
            table = joined(parts)
            write_table(_rounded(table), args)
    n_photos = table["photo"].nunique()
    say(args, f"{counted(len(table), 'face')} in {counted(n_photos, 'photo')}")
    without = table.attrs["without_face"]
    if without:
        told = f"{counted(len(without), 'photo')} {some(without)}"
        say(args, f"without a face: {told}")
    return int(bool(table.attrs["unreadable"]))


def _picture(reader, table, files, args):
    """Write the pictures of a part of the photos."""
    photos = [*dict.fromkeys(table["photo"]), *table.attrs["without_face"]]
    if args.annotate is not None:
        annotate_faces(table, photos, files, args.annotate)
    if args.crops is not None and len(table):
        names = [
            f"{Path(files[photo]).stem}-{face}.jpg"
            for photo, face in zip(table["photo"], table["face"], strict=True)
        ]
        write_images(reader.aligned(table), names, args.crops)


def _rounded(table):
    pixels = [*BBOX_NAMES, *LANDMARKS.columns()]
    digits = {name: _DIGITS for name in table if name not in pixels}
    return table.round(digits | dict.fromkeys(pixels, _PIXEL_DIGITS))
