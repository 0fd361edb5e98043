"""Parts of the face: where they lie, and which attribute each tells."""

from numbers import Integral

import numpy as np

from skface._validation import as_box, as_floats, as_generator, shown
from skface.exceptions import ParameterError
from skface.photos import CELEBA_FACE, Frames

# Boxes are x, y, width, height; these are fractions of CelebA's aligned photos.
_PIXELS = {  # left, top, right, bottom
    "whole": (0, 0, 178, 218),
    "upper": (19, 40, 159, 125),
    "lower": (19, 120, 159, 205),
    "left": (19, 50, 92, 200),
    "right": (86, 50, 159, 200),
    "eyes": (34, 86, 144, 130),
    "nose": (59, 100, 119, 150),
    "mouth": (49, 132, 129, 178),
    "hair": (9, 10, 169, 95),
    "jaw": (29, 140, 149, 218),
}
# What of a segment is seen counts; a crop may be wider than the part that it shows.
SEGMENTS = {
    name: (left / 178, top / 218, (right - left) / 178, (bottom - top) / 218)
    for name, (left, top, right, bottom) in _PIXELS.items()
}
FACE_CROPS = {
    "hair": (0.1, 0.0, 0.8, 0.5),
    "eyes": (0.2, 0.4, 0.6, 0.2),
    "nose": (0.3, 0.48, 0.4, 0.22),
    "mouth": (0.28, 0.62, 0.44, 0.2),
    "beard": (0.2, 0.6, 0.6, 0.32),
    "neck": (0.1, 0.78, 0.8, 0.22),
    "ears": (0.05, 0.42, 0.9, 0.32),
}
# And these of a face box.
_FACE_PARTS = {
    "lower": (0, 1 / 2, 1, 1 / 2),
    "upper": (0, 0, 1, 1 / 2),
    "left": (0, 0, 1 / 2, 1),
    "right": (1 / 2, 0, 1 / 2, 1),
    "middle": (0, 1 / 3, 1, 1 / 3),
}
# The groups of Faceness-Net; what is in none is told by the whole face.
ATTRIBUTE_PARTS = {
    "hair": (
        "Bald",
        "Bangs",
        "Black_Hair",
        "Blond_Hair",
        "Brown_Hair",
        "Gray_Hair",
        "Receding_Hairline",
        "Straight_Hair",
        "Wavy_Hair",
    ),
    "eyes": (
        "Arched_Eyebrows",
        "Bags_Under_Eyes",
        "Bushy_Eyebrows",
        "Eyeglasses",
        "Narrow_Eyes",
    ),
    "nose": ("Big_Nose", "Pointy_Nose"),
    "mouth": ("Big_Lips", "Mouth_Slightly_Open", "Smiling", "Wearing_Lipstick"),
    "beard": ("5_o_Clock_Shadow", "Goatee", "Mustache", "No_Beard", "Sideburns"),
}
WHOLE = "whole face"


def parts_of(names) -> list[str]:
    """The part of the face of each attribute, "whole face" of those in none.

    Parameters
    ----------
    names : sequence of str
    """
    part_of = {name: part for part, each in ATTRIBUTE_PARTS.items() for name in each}
    return [part_of.get(name, WHOLE) for name in names]


def as_boxes(value, name):
    """`value` as a dict of tuples of four floats, as `as_box` has them.

    Raises
    ------
    ParameterError
        A box is none, or not named by a text.
    """
    for each in value:
        if not isinstance(each, str):
            raise ParameterError(f"{name} must hold boxes by name, got {shown(each)}")
    return {
        each: tuple(as_box(box, f"{name}[{shown(each)}]").tolist())
        for each, box in value.items()
    }


def face_parts(part, n, *, face=CELEBA_FACE) -> Frames:
    """The same part of n faces.

    Parameters
    ----------
    part : {"lower", "upper", "left", "right", "middle"}
        A half of the face, as one sees it, or its middle third from the eyes to the
        nose.
    n : int
    face : (x, y, width, height), default=(29/178, 60/218, 120/178, 130/218)
        Where the face lies, as fractions of the photo; where it lies in CelebA's
        aligned photos without it.

    Returns
    -------
    Frames of length n

    Raises
    ------
    ParameterError
        There is no such part, or `face` is no box.

    Examples
    --------
    >>> from skface.systems import face_parts
    >>> face_parts("left", 1, face=(0.2, 0, 0.6, 1)).matrices[0].tolist()
    [[0.3, 0.0, 0.2], [0.0, 1.0, 0.0]]
    """
    if part not in list(_FACE_PARTS):
        raise ParameterError(f"part must be in {list(_FACE_PARTS)}, got {part!r}")
    x, y, width, height = np.tile(_FACE_PARTS[part], (_as_number(n), 1)).T
    return _inside_face(as_box(face, "face"), x, y, width, height)


def random_parts(n, share, *, face=CELEBA_FACE, random_state=None) -> Frames:
    """Upright rectangles anywhere in faces, of which they are a given share.

    Parameters
    ----------
    n : int
    share : float in (0, 1], or array-like of shape (n,)
        Of the area of the face.
    face : as for `face_parts`
    random_state : int, RandomState or None, default=None

    Returns
    -------
    Frames of length n
        Up to twice as wide as high, by the sides of the face, or as high as wide.

    Raises
    ------
    ParameterError
        A share is not in (0, 1], or `face` is no box.

    Examples
    --------
    >>> import numpy as np
    >>> from skface.systems import random_parts
    >>> parts = random_parts(2, 0.25, face=(0, 0, 1, 1), random_state=0)
    >>> np.linalg.det(parts.matrices[:, :, :2]).round(6).tolist()
    [0.25, 0.25]
    """
    share, n = as_floats(share, "share"), _as_number(n)
    if share.shape not in {(), (n,)} or not ((share > 0) & (share <= 1)).all():
        raise ParameterError(
            "share must be above 0, and 1 at most, one number or one for each of "
            f"{n} photos"
        )
    share = np.broadcast_to(share, n)
    rng = as_generator(random_state)
    aspect = 2.0 ** rng.uniform(-1, 1, n)
    width = np.clip(np.sqrt(share * aspect), share, 1)
    height = share / width
    x, y = rng.uniform(size=(2, n)) * (1 - np.stack([width, height]))
    return _inside_face(as_box(face, "face"), x, y, width, height)


def _inside_face(face, x, y, width, height):
    """Frames of boxes that are fractions of a face box."""
    matrices = np.zeros((len(x), 2, 3))
    matrices[:, 0, 0], matrices[:, 1, 1] = width * face[2], height * face[3]
    matrices[:, 0, 2] = face[0] + x * face[2]
    matrices[:, 1, 2] = face[1] + y * face[3]
    return Frames(matrices)


def _as_number(n):
    if not isinstance(n, Integral) or n < 0:
        raise ParameterError(f"n must be a number of photos, got {shown(n)}")
    return int(n)
