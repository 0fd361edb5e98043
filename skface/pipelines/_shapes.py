"""The shape of the photos that a pipeline has learnt from, and photos of another."""

import warnings

import numpy as np

from skface._work import evenly
from skface.exceptions import SkfaceWarning
from skface.photos import TEMPLATES, files_of, photo_sizes

_MOST_LOOKED_AT = 256  # photos, evenly among all
_SAME, _OTHER = 0.02, 0.05  # differences of logarithms
_NEARLY_ALL, _MOST = 0.95, 0.5


def common_aspect(X):
    """Height over width that nearly all files of X have; None without one.

    Photos that a machine has aligned have one; arrays and frames do not tell theirs.
    """
    aspects = _aspects(X)
    if not len(aspects):
        return None
    middle = float(np.median(aspects))
    return middle if (_apart(aspects, middle) < _SAME).mean() >= _NEARLY_ALL else None


def warn_of_others(X, aspect, stacklevel):
    """Tell, once, that most files of X plainly have another height over width.

    Square photos pass for crops of faces, whatever was learnt from.
    """
    aspects = _aspects(X)
    if not len(aspects):
        return
    is_other = are_other(aspects, aspect) & (_apart(aspects, 1) > _SAME)
    if is_other.mean() > _MOST:
        warnings.warn(
            f"most photos have another shape, such as {aspects[is_other][0]:.2f} times "
            f"as high as wide, than those that the pipeline has learnt from, all "
            f"{aspect:.2f} times: attributes of faces that are not aligned like those "
            "are told badly. AlignedFaces(landmarks) in front of the pipeline, or "
            "--landmarks MODEL of skface predict, turns the faces upright",
            SkfaceWarning,
            stacklevel=stacklevel + 1,
        )


def warn_of_unaligned(X, stacklevel):
    """Tell that most files of X plainly are not shaped as CelebA's aligned photos."""
    height, width = TEMPLATES["celeba"].image_size
    aspects = _aspects(X)
    if len(aspects) and are_other(aspects, height / width).mean() > _MOST:
        warnings.warn(
            "the features see the part of a photo where the face lies in CelebA's "
            f"aligned photos, but most photos are not {height / width:.2f} times as "
            "high as wide, as these are: give align=landmarks to "
            "make_attribute_pipeline, or features__crop=None",
            SkfaceWarning,
            stacklevel=stacklevel + 1,
        )


def are_other(aspects, aspect):
    """Whether photos of some heights over widths plainly have another one."""
    return _apart(aspects, aspect) > _OTHER


def _aspects(X):
    files = files_of(X)
    looked_at = evenly(len(files), _MOST_LOOKED_AT)
    width, height = photo_sizes([files[row] for row in looked_at]).T
    return height / width


def _apart(aspects, aspect):
    return np.abs(np.log(aspects / aspect))
