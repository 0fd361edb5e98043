"""Photos with what was found drawn on them."""

import re
from os.path import samefile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from skface._files import replacing
from skface._naming import readable
from skface.cli._shared import writable_folder
from skface.exceptions import InputError
from skface.photos import map_photos, read_photo
from skface.targets import BBOX, BBOX_NAMES, LANDMARKS

_SKY = "#56B4E9"  # of FacesDisplay's predictions
_QUALITY = 92
_N_WORDS = 3  # at a face


def check_folders(args, photos):
    """Make the folders of ``--annotate`` and ``--crops``, where they are given.

    Raises
    ------
    InputError
        Photos lie in one, or files that would be overwritten. Or both are one folder.
    """
    folders = {"annotate": args.annotate, "crops": args.crops}
    folders = {option: each for option, each in folders.items() if each is not None}
    if not folders:
        return
    paths, names = [Path(photo) for photo in photos], file_names(photos)
    of_photos = {parent.resolve() for parent in {path.parent for path in paths}}
    of_photos |= {path.resolve().parent for path in paths}  # where links lead to
    for option, folder in folders.items():
        place = Path(folder).resolve()
        if place in of_photos:
            raise InputError(
                f"--{option} {folder}: holds the photos; name another folder"
            )
        writable_folder(place, f"--{option} {folder}")
        there = {path.name: path.name for path in place.iterdir()}
        if option == "crops":  # numbered where a photo has several faces
            there |= {re.sub(r"-\d+(?=\.jpg$)", "", name): name for name in there}
        taken = [there[name] for name in names if name in there]
        if taken:
            raise InputError(
                f"--{option} {folder}: holds {taken[0]} already; name another folder"
            )
    if len(folders) == 2 and samefile(*folders.values()):
        raise InputError(f"--crops {args.crops}: is the folder of --annotate too")


def annotate(photos, y, target, names, folder):
    """Write each photo as a JPEG, as large as it was.

    Parameters
    ----------
    photos : list of str
    y : ndarray of shape (n, n_targets)
        Fractions of the photo; for attributes, in {0, 1} or probabilities.
    target : Target
    names : list of str
        Of the columns of y.
    folder : path-like
        Files take the photo's name; of photos with one name the later are numbered.
    """
    files = file_names(photos)
    parts = target.parts(y)
    names = [own[0] for _, own in target.parts(np.array([names]))]

    def draw(i, path):
        present = []
        with read_photo(path).upright() as image:
            for (part, values), own in zip(parts, names, strict=True):
                if part.is_coordinates:
                    _DRAW[part.name](image, values[i])
                else:
                    present += own[values[i] > 0.5].tolist()
            if not target.is_coordinates:
                image = _captioned(image, present)
            with replacing(Path(folder, files[i])) as file:
                image.save(file, "JPEG", quality=_QUALITY)

    map_photos(draw, photos)


def annotate_faces(table, photos, files, folder):
    """Write photos with the boxes, points and strongest attributes of all their faces.

    Parameters
    ----------
    table : DataFrame
        As `FaceReader.read` gives it.
    photos : list of str
        Those of the table, and others, in which there is no face.
    files : dict of str
        The name of the new file, by photo.
    folder : path-like
    """
    by_photo = dict(iter(table.groupby("photo")))
    points = LANDMARKS.columns()
    first = list(table).index(points[-1]) + 1

    def draw(i, path):
        with read_photo(path).upright() as image:
            faces = by_photo.get(path, table[:0])
            boxes = faces[list(BBOX_NAMES)].to_numpy(float)
            fractions = 1 / np.array(image.size)
            for box, face in zip(boxes, faces[points].to_numpy(float), strict=True):
                line = max(1, round(box[2:].max() / 80))
                _draw_box(image, box * np.tile(fractions, 2), line)
                _draw_points(image, face * np.tile(fractions, 5), line)
            attributes = faces.iloc[:, first:]
            for box, (_, probable) in zip(boxes, attributes.iterrows(), strict=True):
                strongest = probable[probable > 0.5].nlargest(_N_WORDS)
                _write_words(image, box, list(strongest.index))
            with replacing(Path(folder, files[path])) as file:
                image.save(file, "JPEG", quality=_QUALITY)

    map_photos(draw, photos)


def write_images(images, files, folder):
    """Write what an ImageArray shows under these names; each photo is read once."""

    def write(rows, photo):
        for row, pixels in zip(rows, images.seen(photo, rows), strict=True):
            with replacing(Path(folder, files[row])) as file:
                Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)

    images.each_photo(write)


def file_names(photos):
    """JPEG files named like the photos; of one name the later are numbered."""
    numbers = {}  # by name, in the order of the photos
    for photo in photos:
        name = stem = Path(photo).stem
        while name in numbers:
            numbers[stem] += 1
            name = f"{stem}-{numbers[stem]}"
        numbers[name] = 1
    return [f"{name}.jpg" for name in numbers]


def _draw_box(image, box, line=None):
    x, y, width, height = box
    corners = np.clip([x, y, x + max(width, 0), y + max(height, 0)], 0, 1)
    corners = (corners * [*image.size, *image.size]).tolist()
    line = line or _line_width(image)
    drawing = ImageDraw.Draw(image)
    drawing.rectangle(_grown(corners, line), outline="black", width=3 * line)
    drawing.rectangle(corners, outline=_SKY, width=line)


def _draw_points(image, landmarks, line=None):
    line = line or _line_width(image)
    drawing = ImageDraw.Draw(image)
    for x, y in landmarks.reshape(-1, 2) * image.size:
        circle = _grown([x, y, x, y], 3 * line)
        drawing.ellipse(circle, fill=_SKY, outline="black", width=line)


_DRAW = {BBOX.name: _draw_box, LANDMARKS.name: _draw_points}


def _write_words(image, box, names):
    """Names under a box, or in it where the photo ends."""
    x, y, width, height = box
    size = float(np.clip(width / 7, 9, max(9, image.height / 24)))
    font = ImageFont.load_default(size)
    lines = [readable(name) for name in names]
    step = 1.25 * size
    top = min(y + height + 0.2 * size, image.height - step * len(lines))
    drawing = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        wide = font.getlength(line)
        left = float(np.clip(x + width / 2 - wide / 2, 0, max(0, image.width - wide)))
        drawing.text(
            (left, top + number * step),
            line,
            fill="white",
            font=font,
            stroke_width=max(1, round(size / 10)),
            stroke_fill="black",
        )


def _captioned(image, names):
    """The photo over a strip with the names of its attributes."""
    size = max(10, image.width // 28)
    font = ImageFont.load_default(size)
    lines = [""]
    for name in names:
        text = readable(name)
        longer = f"{lines[-1]}, {text}" if lines[-1] else text
        if lines[-1] and font.getlength(longer) > image.width - size:
            lines.append(text)
        else:
            lines[-1] = longer
    strip = int(size * (0.6 + 1.3 * len(lines)))
    page = Image.new("RGB", (image.width, image.height + strip), "white")
    page.paste(image)
    drawing = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        top = image.height + size * (0.3 + 1.3 * number)
        drawing.text((size / 2, top), line, fill="black", font=font)
    return page


def _grown(corners, by):
    return [corners[0] - by, corners[1] - by, corners[2] + by, corners[3] + by]


def _line_width(image):
    return max(1, round(max(image.size) / 250))
