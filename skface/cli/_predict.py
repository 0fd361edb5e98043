"""``skface predict``."""

import numpy as np
import pandas as pd

from skface.cli._annotate import annotate, check_folders, file_names, write_images
from skface.cli._finding import find_photos
from skface.cli._shared import (
    check_output,
    counted,
    load_model,
    say,
    without_unreadable,
    write_table,
)
from skface.evaluation import presence
from skface.exceptions import InputError
from skface.photos import TEMPLATES, ImageArray, photo_sizes, to_pixels
from skface.pipelines import AlignedFaces, FacePipeline, frames_around
from skface.targets import BBOX, LANDMARKS

_SIDE = 224  # pixels, of what is cut out round a box
_PIXEL_DIGITS, _FRACTION_DIGITS = 2, 6


def run(args):
    """Predict, and return 1 where photos could not be read."""
    given = find_photos(args)
    check_folders(args, given)
    check_output(args)
    pipe, target = load_model(args)
    if args.proba and not hasattr(pipe, "predict_proba"):
        raise InputError(
            f"--proba is for attributes; {args.model} finds {target.plural}"
        )
    if args.fractions and not target.has_coordinates:
        raise InputError(
            f"--fractions is for boxes and landmarks; {args.model} tells "
            f"{target.plural}"
        )
    if args.landmarks is not None:
        pipe = _aligning(pipe, target, args)
    is_aligning = getattr(pipe, "is_aligning", False)
    if args.crops is not None and not (is_aligning or target in (BBOX, LANDMARKS)):
        raise InputError(
            f"--crops {args.crops}: {args.model} does not tell where the face is; add "
            "--landmarks MODEL"
        )

    say(args, counted(len(given), "photo"))

    def read(photos):
        faces, reader = photos, pipe
        if is_aligning:  # once for the crops too
            faces, reader = pipe.aligned(photos), pipe.after_aligning
        if args.proba:
            return faces, presence(reader, faces)
        return faces, reader.predict(faces).reshape(len(faces), -1)

    photos, found = without_unreadable(read, given)
    if photos:
        faces, y = found
        if y.dtype.kind == "f":
            y = y.astype(float)  # float32 would be written with all its digits
        digits, shown = _FRACTION_DIGITS, y
        if target.has_coordinates and not args.fractions:
            shown = _in_pixels(y, target, photo_sizes(photos))
            digits = _PIXEL_DIGITS if target.is_coordinates else _FRACTION_DIGITS
        table = pd.DataFrame(shown, columns=pipe.target_names_)
        table.insert(0, "photo", photos, allow_duplicates=True)
        write_table(table.round(digits), args, f"%.{digits}f")
        if args.annotate is not None:
            annotate(photos, y, target, pipe.target_names_, args.annotate)
            say(args, f"{counted(len(photos), 'annotated photo')} in {args.annotate}")
        if args.crops is not None:
            if not is_aligning:
                faces = _faces(photos, y, target)
            write_images(faces, file_names(photos), args.crops)
            say(args, f"{counted(len(photos), 'face')} in {args.crops}")
    return int(len(photos) < len(given))


def _in_pixels(y, target, sizes):
    """y whose coordinates are pixels, whatever stands beside them."""
    return np.hstack(
        [
            to_pixels(own, sizes).round(_PIXEL_DIGITS) if part.is_coordinates else own
            for part, own in target.parts(y)
        ]
    )


def _aligning(pipe, target, args):
    """The pipeline behind a step that aligns by the model of ``args.landmarks``."""
    what = f"--landmarks {args.landmarks}: "
    if target.is_coordinates:
        raise InputError(
            f"{what}is for models of attributes; {args.model} finds {target.plural}"
        )
    if getattr(pipe, "is_aligning", False):
        raise InputError(f"{what}{args.model} aligns photos by itself; leave it out")
    landmarks, found = load_model(args, args.landmarks)
    if found != LANDMARKS:
        raise InputError(f"{what}tells {found.plural}, not the five landmarks")
    if not isinstance(pipe, FacePipeline):
        names, pipe = pipe.target_names_, FacePipeline(pipe.steps)
        pipe.target_names_ = names
    return pipe.behind(AlignedFaces(landmarks))


def _faces(photos, y, target):
    """What lies round boxes or landmarks, the latter aligned like CelebA's photos."""
    frames = frames_around(y, target, photo_sizes(photos), "celeba")
    size = TEMPLATES["celeba"].image_size if target == LANDMARKS else _SIDE
    return ImageArray(photos, size, frames)
