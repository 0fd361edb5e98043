"""Photos with what was found drawn on them."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from skface._files import replacing
from skface.exceptions import InputError
from skface.photos import map_photos, read_photo
from skface.targets import BBOX, LANDMARKS

_SKY = "#56B4E9"  # of FacesDisplay's predictions
_QUALITY = 92


def check_folder(option, folder, photos):
    """Make the folder of an option.

    Raises
    ------
    InputError
        Photos lie in it: they could be overwritten, or taken for photos to predict.
    """
    folder = Path(folder)
    place = folder.resolve()
    if any(Path(photo).resolve().parent == place for photo in photos):
        raise InputError(f"--{option} {folder}: holds the photos; name another folder")
    folder.mkdir(parents=True, exist_ok=True)


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
    files = _file_names(photos)

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


def write_images(images, folder):
    """Write what an ImageArray shows, as `annotate` does; each file is read once."""
    files = _file_names(images.paths)

    def write(rows, photo):
        for row, pixels in zip(rows, images.seen(photo, rows), strict=True):
            with replacing(Path(folder, files[row])) as file:
                Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)

    images.each_photo(write)


def _file_names(photos):
    numbers = {}  # by name, in the order of the photos
    for photo in photos:
        name = stem = Path(photo).stem
        while name in numbers:
            numbers[stem] += 1
            name = f"{stem}-{numbers[stem]}"
        numbers[name] = 1
    return [f"{name}.jpg" for name in numbers]


def _draw_box(image, box):
    x, y, width, height = box
    corners = np.clip([x, y, x + max(width, 0), y + max(height, 0)], 0, 1)
    corners = (corners * [*image.size, *image.size]).tolist()
    line = _line_width(image)
    drawing = ImageDraw.Draw(image)
    drawing.rectangle(_grown(corners, line), outline="black", width=3 * line)
    drawing.rectangle(corners, outline=_SKY, width=line)


def _draw_points(image, landmarks):
    line = _line_width(image)
    drawing = ImageDraw.Draw(image)
    for x, y in landmarks.reshape(-1, 2) * image.size:
        circle = _grown([x, y, x, y], 3 * line)
        drawing.ellipse(circle, fill=_SKY, outline="black", width=line)


_DRAW = {BBOX.name: _draw_box, LANDMARKS.name: _draw_points}


def _captioned(image, names):
    """The photo over a strip with the names of its attributes."""
    size = max(10, image.width // 28)
    font = ImageFont.load_default(size)
    lines = [""]
    for name in names:
        text = name.replace("_", " ")
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
