"""What part of a photo is seen, and how: the whole, a crop, an aligned face."""

from numbers import Real
from typing import NamedTuple

import numpy as np

from skface._validation import as_box, as_floats, as_generator, as_sizes
from skface.exceptions import InputError, ParameterError
from skface.targets import CORNERS, as_target

_WHOLE = np.array([[1.0, 0, 0], [0, 1, 0]])
_MIRROR = np.array([[-1.0, 0, 1], [0, 1, 0]])
_CORNERS = np.array([[0.0, 0, 1, 0, 0, 1, 1, 1]])
_LEAST_FACE = 1e-6  # the width of an aligned frame in pixels
_DIGITS = 9  # of a frame that is kept: a millionth of a pixel


class Template(NamedTuple):
    """Where the five points of an aligned face lie in its frame."""

    points: tuple  # (x, y) of each, as fractions of the frame
    image_size: tuple  # (height, width) of the frame in pixels


TEMPLATES = {
    # The mean points of CelebA's aligned photos, 178 x 218 pixels.
    "celeba": Template(
        tuple(
            (x / 178, y / 218)
            for x, y in ((69, 111), (108, 111), (88, 136), (71, 152), (106, 152))
        ),
        (218, 178),
    ),
    "face": Template(
        ((0.34, 0.38), (0.66, 0.38), (0.5, 0.56), (0.37, 0.73), (0.63, 0.73)),
        (224, 224),
    ),
}

# From forehead to chin in CelebA's aligned photos: x, y, width, height.
CELEBA_FACE = (29 / 178, 60 / 218, 120 / 178, 130 / 218)


class Frames:
    """Parts of photos: an affine map each, from a unit square to the upright photo.

    Parameters
    ----------
    matrices : array-like of shape (n, 2, 3)
        A point (u, v) of the frame, as fractions of its width and height, lies at
        ``matrix @ (u, v, 1)`` in the photo, as fractions of the photo's.
    image_sizes : array-like of shape (n, 2) or (2,), default=None
        (width, height) of the photos in pixels. Only what turns frames needs them.

    Attributes
    ----------
    matrices : ndarray of shape (n, 2, 3), float64
    image_sizes : ndarray of shape (n, 2), or None

    Raises
    ------
    InputError
        The shapes do not fit, values are not finite, or a frame has no area.

    See Also
    --------
    skface.ImageArray.framed : The photos seen through frames.

    Notes
    -----
    Indexing by a slice, a mask or an array of indices gives other Frames.

    Examples
    --------
    >>> from skface import Frames
    >>> frames = Frames.from_boxes([[0.4, 0.4, 0.2, 0.2]], (200, 100), margin=0.5)
    >>> frames.to_frame([[0.4, 0.4, 0.2, 0.2]], "bbox").round(3)
    array([[0.25 , 0.375, 0.5  , 0.25 ]])
    >>> frames.to_photo([[0.0, 0.0, 1.0, 1.0]], "bbox").round(3)
    array([[0.3, 0.1, 0.4, 0.8]])
    """

    def __init__(self, matrices, image_sizes=None):
        matrices = as_floats(matrices, "matrices")
        if matrices.ndim != 3 or matrices.shape[1:] != (2, 3):
            raise InputError(
                f"matrices must have the shape (n, 2, 3), got {matrices.shape}"
            )
        flat = np.linalg.det(matrices[:, :, :2]) == 0
        if flat.any():
            raise InputError(f"frame {flat.argmax()} has no area")
        self.matrices = matrices
        self.image_sizes = None
        if image_sizes is not None:
            self.image_sizes = as_sizes(image_sizes, len(matrices))

    @classmethod
    def whole(cls, n, image_sizes=None) -> "Frames":
        """The whole of each of n photos."""
        return cls(np.broadcast_to(_WHOLE, (n, 2, 3)), image_sizes)

    @classmethod
    def from_boxes(cls, boxes, image_sizes, *, margin=0.0) -> "Frames":
        """Upright squares round boxes.

        Parameters
        ----------
        boxes : array-like of shape (n, 4)
            x, y, width, height as fractions of the photo.
        image_sizes : array-like of shape (n, 2) or (2,)
            (width, height) of the photos in pixels.
        margin : float, default=0.0
            What is seen on each side beside the longer side of the box, as a part of
            it: 0.4 makes a frame of 1.8 boxes.

        Returns
        -------
        Frames

        Raises
        ------
        InputError
            `boxes` or `image_sizes` are none, or a box has no area.
        ParameterError
            `margin` is -0.5 or less.
        """
        boxes = as_floats(as_target("bbox").checked(boxes, "boxes"), "boxes")
        if not (isinstance(margin, Real) and margin > -0.5):
            raise ParameterError(f"margin must be above -0.5, got {margin!r}")
        sizes = as_sizes(image_sizes, len(boxes))
        if not (boxes[:, 2:] > 0).all():
            row = int((boxes[:, 2:] <= 0).any(axis=1).argmax())
            raise InputError(f"the box of row {row} has no area")
        side = (boxes[:, 2:] * sizes).max(axis=1, keepdims=True) * (1 + 2 * margin)
        size = side / sizes
        corner = boxes[:, :2] + boxes[:, 2:] / 2 - size / 2
        matrices = np.zeros((len(boxes), 2, 3))
        matrices[:, [0, 1], [0, 1]] = size
        matrices[:, :, 2] = corner
        return cls(matrices, sizes)

    @classmethod
    def from_landmarks(cls, points, image_sizes, *, template="celeba") -> "Frames":
        """Frames in which faces are upright, their points near those of a template.

        Parameters
        ----------
        points : array-like of shape (n, 10)
            x, y of left eye, right eye, nose, left and right mouth corner, as fractions
            of the photo.
        image_sizes : array-like of shape (n, 2) or (2,)
            (width, height) of the photos in pixels.
        template : {"celeba", "face"}, default="celeba"
            "celeba" gives the aspect of CelebA's aligned photos, 178 x 218, with the
            eyes at (69, 111) and (108, 111); "face" a square with the face alone.

        Returns
        -------
        Frames

        Raises
        ------
        InputError
            `points` or `image_sizes` are none, or all points of a photo coincide.
        ParameterError
            There is no such template.

        Notes
        -----
        The similarity of least squares [1]_, without reflection, in pixels.

        References
        ----------
        .. [1] S. Umeyama, "Least-Squares Estimation of Transformation Parameters
           Between Two Point Patterns", IEEE Transactions on Pattern Analysis and
           Machine Intelligence, 1991.
        """
        points = as_floats(as_target("landmarks").checked(points, "points"), "points")
        if template not in list(TEMPLATES):
            raise ParameterError(
                f"template must be in {list(TEMPLATES)}, got {template!r}"
            )
        wanted, (height, width) = TEMPLATES[template]
        sizes = as_sizes(image_sizes, len(points))
        return cls._nearest(points, wanted, height / width, sizes)

    @classmethod
    def from_corners(cls, corners, image_sizes, *, aspect=1.0) -> "Frames":
        """Rectangles whose corners lie as near as can be to four points each.

        Parameters
        ----------
        corners : array-like of shape (n, 8)
            x, y of upper left, upper right, lower left and lower right, as fractions of
            the photo, as `corners` of frames are.
        image_sizes : array-like of shape (n, 2) or (2,)
            (width, height) of the photos in pixels.
        aspect : float, default=1.0
            Height over width of the rectangles in pixels.

        Returns
        -------
        Frames

        Raises
        ------
        InputError
            `corners` or `image_sizes` are none, or all points of a photo coincide.

        Notes
        -----
        The similarity of least squares, as in `from_landmarks`.
        """
        corners = CORNERS.checked(as_floats(corners, "corners"), "corners")
        sizes = as_sizes(image_sizes, len(corners))
        return cls._nearest(corners, _CORNERS.reshape(4, 2), aspect, sizes)

    @classmethod
    def concatenated(cls, several) -> "Frames":
        """Frames one after another."""
        sizes = [frames.image_sizes for frames in several]
        known = all(size is not None for size in sizes)
        return cls(
            np.concatenate([frames.matrices for frames in several]),
            np.concatenate(sizes) if known else None,
        )

    def mirrored(self, where=True) -> "Frames":
        """The mirror image of each: what was on the left is on the right.

        Parameters
        ----------
        where : bool or array-like of shape (n,), default=True
            Which ones; the others stay as they are.
        """
        where = np.broadcast_to(where, len(self))[:, None, None]
        matrices = _product(self.matrices, np.broadcast_to(_MIRROR, (len(self), 2, 3)))
        return Frames(np.where(where, matrices, self.matrices), self.image_sizes)

    def unmirrored(self) -> "Frames":
        """The same frames, left and right as in the photo."""
        return self.mirrored(self.is_mirrored)

    def turned(self, degrees) -> "Frames":
        """Frames turned clockwise round their middle, so that faces turn the other way.

        Parameters
        ----------
        degrees : float or array-like of shape (n,)

        Raises
        ------
        InputError
            The sizes of the photos are not known.
        """
        sizes = self._known_sizes()
        angles = np.deg2rad(self._each(degrees, "degrees"))
        cos, sin = np.cos(angles), np.sin(angles)
        turns = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
        linear = turns @ (self.matrices[:, :, :2] * sizes[:, :, None])
        return self._round_middle(linear / sizes[:, :, None])

    def scaled(self, factor) -> "Frames":
        """Frames made larger round their middle, so that faces become smaller.

        Parameters
        ----------
        factor : float or array-like of shape (n,)

        Raises
        ------
        ParameterError
            One is not positive.
        """
        factor = self._each(factor, "factor")
        if not (factor > 0).all():
            raise ParameterError("factor must be positive")
        return self._round_middle(self.matrices[:, :, :2] * factor[:, None, None])

    def shifted(self, x, y) -> "Frames":
        """Frames moved by parts of their own width and height.

        Parameters
        ----------
        x, y : float or array-like of shape (n,)
        """
        matrices = np.zeros((len(self), 2, 3))
        matrices[:, :, :2] = np.eye(2)
        matrices[:, 0, 2], matrices[:, 1, 2] = self._each(x, "x"), self._each(y, "y")
        return self._after(matrices)

    def cropped(self, box) -> "Frames":
        """The same part of each.

        Parameters
        ----------
        box : (x, y, width, height)
            As fractions of the frame.

        Raises
        ------
        ParameterError
            It is no box, or has no area.
        """
        x, y, width, height = as_box(box, "box")
        part = np.array([[width, 0, x], [0, height, y]])
        return self._after(np.broadcast_to(part, (len(self), 2, 3)))

    def with_aspect(self, aspect) -> "Frames":
        """Frames made wider or higher round their middle, to a height over width.

        Parameters
        ----------
        aspect : float
            Height over width, in pixels of the photo. What was seen is seen still.

        Raises
        ------
        InputError
            The sizes of the photos are not known.
        ParameterError
            `aspect` is no positive number.
        """
        if not (isinstance(aspect, Real) and 0 < aspect < np.inf):
            raise ParameterError(f"aspect must be a positive number, got {aspect!r}")
        width, height = self._sides().T
        wider = np.maximum(width, height / aspect)
        factors = np.stack([wider / width, wider * aspect / height], axis=1)
        # A frame that has the aspect stays as it is, to the last bit.
        factors = np.round(factors, _DIGITS)
        return self._round_middle(self.matrices[:, :, :2] * factors[:, None])

    def jittered(
        self, random_state=None, *, degrees=8.0, log_scale=0.1, shift=0.05
    ) -> "Frames":
        """Frames near these, drawn at random.

        Parameters
        ----------
        random_state : int, RandomState, array-like of shape (n,) or None, default=None
            Integers of an array are of one frame each, whose jitter then does not
            depend on the others.
        degrees, log_scale, shift : float
            Standard deviations of the turn, of the logarithm of the scale, and of the
            shift along each side, as a part of it.

        Raises
        ------
        InputError
            The sizes of the photos are not known.
        ParameterError
            `random_state` is none.
        """
        if np.ndim(random_state) == 0:
            draws = as_generator(random_state).normal(size=(4, len(self)))
        else:
            seeds = self._each(random_state, "random_state").astype(np.uint64)
            draws = np.stack(
                [np.random.default_rng(seed).normal(size=4) for seed in seeds], axis=1
            )
        turn, scale, x, y = draws
        return (
            self.turned(degrees * turn)
            .scaled(np.exp(log_scale * scale))
            .shifted(shift * x, shift * y)
        )

    def to_photo(self, y, target) -> np.ndarray:
        """Coordinates in the frames as coordinates in the photos.

        Parameters
        ----------
        y : array-like of shape (n, n_columns)
            Fractions of the frames.
        target : {"bbox", "landmarks", "attributes"}, Target, or tuple of them
            What the columns of y mean. Attributes are the same everywhere.

        Returns
        -------
        ndarray of the same shape and, of floats, the same dtype
            Fractions of the photos. A box of a turned frame comes out upright, round
            the ellipse that fits into it. Seen in a mirror, left becomes right.
        """
        target = as_target(target)
        y = self._rows(target.arranged(y))
        is_mirrored = self.is_mirrored
        if is_mirrored.any():
            y = np.where(is_mirrored[:, None], target.mirrored(y), y)
        return _moved(target, y, self.mirrored(is_mirrored).matrices)

    def to_frame(self, y, target) -> np.ndarray:
        """Coordinates in the photos as coordinates in the frames.

        Parameters
        ----------
        y, target
            As for `to_photo`, y being fractions of the photos.

        Returns
        -------
        ndarray of the same shape and, of floats, the same dtype
            Fractions of the frames.
        """
        target = as_target(target)
        y = self._rows(target.arranged(y))
        is_mirrored = self.is_mirrored
        y = _moved(target, y, _inverse(self.mirrored(is_mirrored).matrices))
        if is_mirrored.any():
            y = np.where(is_mirrored[:, None], target.mirrored(y), y)
        return y

    @property
    def corners(self) -> np.ndarray:
        """x, y of each upper left, upper right, lower left and lower right corner.

        Fractions of the photo, of shape (n, 8); left and right as in the photo.
        """
        return self.to_photo(np.tile(_CORNERS, (len(self), 1)), CORNERS)

    @property
    def aspects(self) -> np.ndarray:
        """Height over width of each, in pixels of the photo; shape (n,)."""
        width, height = self._sides().T
        return height / width

    @property
    def is_whole(self) -> np.ndarray:
        """Which of them show the whole photo as it is, bool of shape (n,)."""
        return (self.matrices == _WHOLE).all(axis=(1, 2))

    @property
    def is_mirrored(self) -> np.ndarray:
        """Which of them show left and right changed, bool of shape (n,)."""
        return np.linalg.det(self.matrices[:, :, :2]) < 0

    def __len__(self) -> int:
        return len(self.matrices)

    def __getitem__(self, key):
        matrices = self.matrices[key]
        if matrices.ndim != 3:
            raise IndexError("Frames take slices, masks and arrays of indices")
        sizes = self.image_sizes
        return Frames(matrices, None if sizes is None else sizes[key])

    def __repr__(self):
        return f"Frames(n={len(self)})"

    @classmethod
    def _nearest(cls, points, wanted, aspect, sizes):
        """Frames of an aspect in which `points` lie nearest to where they should."""
        # As complex numbers a similarity is z -> a z + b.
        shape = np.array([1.0, aspect])
        source = _complex(np.array(wanted) * shape)
        found = _complex(points.reshape(-1, len(wanted), 2) * sizes[:, None])
        centred = source - source.mean()
        a = found @ centred.conj() / (abs(centred) ** 2).sum()
        has_no_size = abs(a) < _LEAST_FACE
        if has_no_size.any():
            raise InputError(
                f"the points of row {has_no_size.argmax()} coincide: no face can be "
                "aligned by them"
            )
        b = found.mean(axis=1) - a * source.mean()
        matrices = np.empty((len(points), 2, 3))
        matrices[:, :, 0] = _real(a * shape[0])
        matrices[:, :, 1] = _real(1j * a * shape[1])
        matrices[:, :, 2] = _real(b)
        return cls(matrices / sizes[:, :, None], sizes)

    def _after(self, matrices):
        """What maps of the unit square make of these frames."""
        return Frames(_product(self.matrices, matrices), self.image_sizes)

    def _round_middle(self, linear):
        """Frames with these linear parts and the same middle."""
        middle = np.full((len(self), 2, 1), 0.5)
        corner = self.matrices[:, :, :2] @ middle + self.matrices[:, :, 2:]
        matrices = np.concatenate([linear, corner - linear @ middle], axis=2)
        return Frames(matrices, self.image_sizes)

    def _sides(self):
        """(width, height) of each frame in pixels of the photo."""
        sizes = self._known_sizes()
        return np.linalg.norm(self.matrices[:, :, :2] * sizes[:, :, None], axis=1)

    def _known_sizes(self):
        if self.image_sizes is None:
            raise InputError(
                "frames turn in pixels: give them the photos' sizes, "
                "Frames.whole(n, image_sizes)"
            )
        return self.image_sizes

    def _each(self, value, name):
        value = as_floats(value, name)
        if value.shape not in {(), (len(self),)}:
            raise InputError(
                f"{name} must be one number or one for each of {len(self)} frames, "
                f"got the shape {value.shape}"
            )
        return np.broadcast_to(value, len(self))

    def _rows(self, y):
        if len(y) != len(self):
            raise InputError(f"y has {len(y)} rows for {len(self)} frames")
        return y


def _moved(target, y, matrices):
    """y through affine maps; of whole photos as it is, to the last bit."""
    is_whole = (matrices == _WHOLE).all(axis=(1, 2))
    return np.where(is_whole[:, None], y, target.moved(y, matrices))


def frame_keys(frames):
    """What tells each frame from others, as bytes; of the whole photo none."""
    rounded = np.round(frames.matrices, _DIGITS) + 0.0
    return [
        b"" if whole else matrix.astype("<f8").tobytes()
        for whole, matrix in zip(frames.is_whole, rounded, strict=True)
    ]


def _product(first, second):
    """Affine maps, the second being done first."""
    linear = first[:, :, :2] @ second[:, :, :2]
    shift = first[:, :, :2] @ second[:, :, 2:] + first[:, :, 2:]
    return np.concatenate([linear, shift], axis=2)


def _inverse(matrices):
    linear = np.linalg.inv(matrices[:, :, :2])
    return np.concatenate([linear, -linear @ matrices[:, :, 2:]], axis=2)


def _complex(points):
    return points[..., 0] + 1j * points[..., 1]


def _real(numbers):
    return np.stack([numbers.real, numbers.imag], axis=-1)
