"""What the columns of y mean: boxes, landmarks, attributes, or several of them.

Whoever holds a y asks its target: how it mirrors and moves, how good a prediction is,
what the trivial answer is, and what it is called.
"""

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from skface._boxes import BBOX_NAMES
from skface._naming import last_step, names_of, names_told_by, ordered
from skface._validation import MOST_FRACTION, as_array, as_floats, as_names
from skface.exceptions import InputError, ParameterError, SkfaceWarning
from skface.metrics import (
    attribute_accuracy,
    attribute_balanced_accuracy,
    failure_rate,
    iou_score,
    nme_score,
)

__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTE_NAMES",
    "BBOX",
    "BBOX_NAMES",
    "CORNERS",
    "LANDMARKS",
    "LANDMARK_NAMES",
    "Attributes",
    "Boxes",
    "Joint",
    "Landmarks",
    "Target",
    "as_target",
    "mirrored",
    "target_of",
]

LANDMARK_NAMES = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")

ATTRIBUTE_NAMES = tuple(
    """
    5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips
    Big_Nose Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin
    Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open
    Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline
    Rosy_Cheeks Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat
    Wearing_Lipstick Wearing_Necklace Wearing_Necktie Young
    """.split()  # noqa: SIM905
)

_LEAST_IOU = 0.5
_LEAST_JUDGED = 10  # rows
_MOST_MIRRORED = 0.9  # of them
_BEYOND, _MOST_BEYOND = 1.05, 0.3  # of the photo's side, of the boxes
_MOST_LIKE_CORNERS = 0.9  # of the boxes
_MOST_ERROR = 0.1  # of the distance between the eyes, see failure_rate


def _sequence(value, name, what):
    if not isinstance(value, tuple | list):
        raise ParameterError(f"{name} must be a tuple of {what}, got {value!r}")
    return value


def _names(value, name):
    value = _sequence(value, name, "names")
    return tuple(as_names(value, name, len(value), "columns"))


class Figure(NamedTuple):
    """One number of a target: its name, which way is better, and how it is computed."""

    name: str
    better: str  # "higher" or "lower"
    metric: object  # metric(y_true, y_pred) -> float


class Target:
    """What the columns of y mean.

    Attributes
    ----------
    name : str
        As `CelebALoader` calls it: "bbox", "landmarks", "attributes".
    plural : str
        As people call it.
    is_coordinates : bool
        Whether y holds fractions of the photo's width and height.

    Examples
    --------
    >>> from skface.targets import BBOX
    >>> BBOX.columns()
    ['x', 'y', 'width', 'height']
    >>> BBOX.score([[0, 0, 0.5, 0.5]], [[0, 0, 0.5, 0.25]])
    0.5
    """

    name: str
    plural: str

    @property
    def is_coordinates(self) -> bool:
        raise NotImplementedError

    @property
    def has_coordinates(self) -> bool:
        """Whether some columns of y are such, and move from frame to frame."""
        return self.is_coordinates

    def columns(self, n_columns=None) -> list[str]:
        """Names of the columns of y.

        Parameters
        ----------
        n_columns : int, default=None
            How many there are, for a target that does not fix it.

        Returns
        -------
        list of str
        """
        raise NotImplementedError

    def parts(self, y) -> list:
        """The simple targets in y, as pairs of a target and its columns of y."""
        return [(self, y)]

    def checked(self, y, name="y") -> np.ndarray:
        """y as an array with the columns of this target, found by their names.

        Raises
        ------
        InputError
            It has another number of columns, or others.
        """
        y = as_array(self.arranged(y), name)
        n_columns = len(self.columns(y.shape[1] if y.ndim == 2 else None))
        if y.ndim != 2 or y.shape[1] != n_columns:
            raise InputError(
                f"{name} must hold {self.plural}, of the shape (n_samples, "
                f"{n_columns}), got the shape {y.shape}"
            )
        return y

    def arranged(self, y) -> Any:
        """y in the order of the target's columns, where a DataFrame names them.

        Raises
        ------
        InputError
            It names as many columns, but others.
        """
        names = names_of(y)
        if names is None:
            return y
        columns = self.columns(len(names))
        if len(columns) != len(names):
            return y  # its shape tells more
        return ordered(y, columns, f"y of {self.plural}")

    def check_learnable(self, y) -> None:
        """Raise an InputError where y is plainly not what the target means.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_columns)
            NaN is a missing value.
        """

    def mirrored(self, y) -> np.ndarray:
        """y on the mirror images of the photos; left and right change places.

        Parameters
        ----------
        y : array-like of shape (n_samples, n_columns)

        Returns
        -------
        ndarray of the same shape and, of floats, the same dtype
        """
        raise NotImplementedError

    def moved(self, y, matrices) -> np.ndarray:
        """y carried along by affine maps that keep left and right.

        Parameters
        ----------
        y : array-like of shape (n_samples, n_columns)
        matrices : ndarray of shape (n_samples, 2, 3)

        Returns
        -------
        ndarray of the same shape; of floats, of their dtype
        """
        raise NotImplementedError

    def score(self, y_true, y_pred, sample_weight=None) -> float:
        """The field's number; higher is better."""
        raise NotImplementedError

    def scores(self, y_true, y_pred, image_sizes=None) -> np.ndarray:
        """The score of each photo; higher is better."""
        raise NotImplementedError

    def told(self, score, n_columns) -> str:
        """One of the `scores` in words, for the title over a photo."""
        raise NotImplementedError

    def figures(self, image_sizes=None) -> list[Figure]:
        """What is reported of predictions, the most important first.

        Parameters
        ----------
        image_sizes : array-like of shape (n_samples, 2), default=None
            (width, height) of the photos in pixels, where axes are to count equally.
        """
        raise NotImplementedError

    def constant(self, y) -> np.ndarray:
        """The best answer that needs no photo, from the training targets.

        Returns
        -------
        ndarray of shape (n_columns,)
        """
        return pd.DataFrame(np.asarray(y)).mean().to_numpy()  # NaN is left out


@dataclass(frozen=True)
class Boxes(Target):
    """x, y, width, height of one box a photo, as fractions of its sides.

    Examples
    --------
    >>> from skface.targets import BBOX
    >>> BBOX.mirrored([[0.25, 0.5, 0.125, 0.25]])
    array([[0.625, 0.5  , 0.125, 0.25 ]])
    """

    name = "bbox"
    plural = "boxes"
    is_coordinates = True

    def columns(self, n_columns=None) -> list[str]:
        return list(BBOX_NAMES)

    def check_learnable(self, y) -> None:
        """Raise an InputError where a box has no area; warn of two corners."""
        bad = np.flatnonzero((y[:, 2:] <= 0).any(axis=1))
        if len(bad):
            raise InputError(
                f"row {bad[0]} of y is a box without area, {np.round(y[bad[0]], 3)}: "
                "boxes are x, y, width, height, and not two corners"
            )
        if len(y) < _LEAST_JUDGED:
            return
        share = (y[:, :2] + y[:, 2:] > _BEYOND).any(axis=1).mean()
        like_corners = (y[:, 2:] > y[:, :2]).all(axis=1).mean()
        if share > _MOST_BEYOND and like_corners > _MOST_LIKE_CORNERS:
            warnings.warn(
                f"in {share:.0%} of the rows of y the box reaches beyond the photo: "
                "boxes are x, y, width, height, and not two corners",
                SkfaceWarning,
                stacklevel=2,
            )

    def mirrored(self, y) -> np.ndarray:
        y = _coordinates(self, y)
        y[:, 0] = 1 - y[:, 0] - y[:, 2]
        return y

    def moved(self, y, matrices) -> np.ndarray:
        """The upright box round the ellipse that fits into the moved box.

        Upright frames carry a box exactly; a turned one keeps its size.
        """
        y = _coordinates(self, y)
        corner, size = y[:, :2].astype(float), y[:, 2:].astype(float)
        size_moved = np.sqrt(((matrices[:, :, :2] * size[:, None]) ** 2).sum(axis=2))
        middle = _moved_points((corner + size / 2)[:, None], matrices)[:, 0]
        return np.hstack([middle - size_moved / 2, size_moved]).astype(y.dtype)

    def score(self, y_true, y_pred, sample_weight=None) -> float:
        _check_units(y_true, y_pred)
        return iou_score(y_true, y_pred, sample_weight=sample_weight)

    def scores(self, y_true, y_pred, image_sizes=None) -> np.ndarray:
        _check_units(y_true, y_pred)
        return iou_score(y_true, y_pred, average=False)

    def told(self, score, n_columns) -> str:
        return f"IoU {score:.2f}"

    def figures(self, image_sizes=None) -> list[Figure]:
        return [
            Figure("box IoU", "higher", iou_score),
            Figure(f"boxes of IoU {_LEAST_IOU} or more", "higher", _share_of_good),
        ]


@dataclass(frozen=True)
class Landmarks(Target):
    """x, y of named points, as fractions of the photo's sides.

    Parameters
    ----------
    points : tuple of str
        Their names, in the order of the columns.
    pairs : tuple of (str, str)
        Points that change places in a mirror.
    eyes : (str, str)
        The two points whose distance errors are measured in.

    Examples
    --------
    >>> from skface.targets import Landmarks
    >>> eyes = Landmarks(("left", "right"), (("left", "right"),), ("left", "right"))
    >>> eyes.columns()
    ['left_x', 'left_y', 'right_x', 'right_y']
    >>> eyes.mirrored([[0.25, 0.5, 0.5, 0.375]])
    array([[0.5  , 0.375, 0.75 , 0.5  ]])
    """

    points: tuple = LANDMARK_NAMES
    pairs: tuple = (("left_eye", "right_eye"), ("left_mouth", "right_mouth"))
    eyes: tuple = ("left_eye", "right_eye")

    name = "landmarks"
    plural = "landmarks"
    is_coordinates = True

    def __post_init__(self):
        points = _names(self.points, "points")
        pairs = _sequence(self.pairs, "pairs", "pairs of points")
        for pair in (*pairs, self.eyes):
            is_pair = isinstance(pair, tuple | list) and len(pair) == 2
            if not is_pair or not all(name in points for name in pair):
                raise ParameterError(
                    f"pairs and eyes must be two of the points each, got {pair!r}"
                )
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "pairs", tuple(map(tuple, pairs)))
        object.__setattr__(self, "eyes", tuple(self.eyes))

    def columns(self, n_columns=None) -> list[str]:
        return [f"{name}_{axis}" for name in self.points for axis in "xy"]

    def check_learnable(self, y) -> None:
        """Raise an InputError where CelebA's five points lie as in a mirror."""
        if self != LANDMARKS or len(y) < _LEAST_JUDGED:
            return
        left, right, _, *mouth = np.moveaxis(y.reshape(len(y), -1, 2), 1, 0)
        across, down = right - left, sum(mouth) - left - right
        turn = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
        if (turn < 0).mean() > _MOST_MIRRORED:
            raise InputError(
                f"in {np.mean(turn < 0):.0%} of the rows of y the points lie as in a "
                "mirror: left_eye and left_mouth are those on the left of the photo, "
                "and of each point x comes before y"
            )

    def mirrored(self, y) -> np.ndarray:
        y = _coordinates(self, y)
        other = {a: b for pair in self.pairs for a, b in (pair, pair[::-1])}
        order = [self.points.index(other.get(name, name)) for name in self.points]
        points = y.reshape(len(y), -1, 2)[:, order]
        points[..., 0] = 1 - points[..., 0]
        return points.reshape(y.shape)

    def moved(self, y, matrices) -> np.ndarray:
        y = _coordinates(self, y)
        points = _moved_points(y.reshape(len(y), -1, 2), matrices)
        return points.reshape(y.shape).astype(y.dtype)

    def score(self, y_true, y_pred, sample_weight=None) -> float:
        _check_units(y_true, y_pred)
        return -self._nme()(y_true, y_pred, sample_weight=sample_weight)

    def scores(self, y_true, y_pred, image_sizes=None) -> np.ndarray:
        _check_units(y_true, y_pred)
        return -self._nme(image_sizes)(y_true, y_pred, average=False)

    def told(self, score, n_columns) -> str:
        return f"NME {-100 * score:.1f} %"

    def figures(self, image_sizes=None) -> list[Figure]:
        rate = partial(
            failure_rate,
            threshold=_MOST_ERROR,
            image_sizes=image_sizes,
            eyes=self._eye_indices(),
        )
        return [
            Figure("landmark NME", "lower", self._nme(image_sizes)),
            Figure(f"landmark failures, NME above {_MOST_ERROR}", "lower", rate),
        ]

    def _nme(self, image_sizes=None):
        return partial(nme_score, image_sizes=image_sizes, eyes=self._eye_indices())

    def _eye_indices(self):
        return tuple(map(self.points.index, self.eyes))


@dataclass(frozen=True)
class Attributes(Target):
    """One column an attribute, in {0, 1}; NaN where a label is missing.

    Parameters
    ----------
    names : tuple of str, default=None
        Of the attributes. None leaves their number and their order open.

    Examples
    --------
    >>> from skface.targets import Attributes
    >>> Attributes(("Smiling", "Young")).constant([[0, 1], [0, 1], [1, 1]])
    array([0, 1])
    """

    names: tuple | None = None

    name = "attributes"
    plural = "attributes"
    is_coordinates = False

    def __post_init__(self):
        if self.names is not None:
            object.__setattr__(self, "names", _names(self.names, "names"))

    def columns(self, n_columns=None) -> list[str]:
        """Those that were given; without any CelebA's forty, else numbers."""
        if self.names is not None:
            return list(self.names)
        if n_columns is None:
            raise ParameterError(
                "attributes beside another target need names, so that their number is "
                'known: target=(Attributes(names), "landmarks"), Attributes being of '
                "skface.targets"
            )
        if n_columns == len(ATTRIBUTE_NAMES):
            return list(ATTRIBUTE_NAMES)
        return [str(number) for number in range(n_columns)]

    def arranged(self, y) -> Any:
        return y if self.names is None else super().arranged(y)

    def mirrored(self, y) -> np.ndarray:
        return np.array(self.checked(y))

    def moved(self, y, matrices) -> np.ndarray:
        return np.array(self.checked(y))

    def score(self, y_true, y_pred, sample_weight=None) -> float:
        return attribute_accuracy(y_true, y_pred, sample_weight=sample_weight)

    def scores(self, y_true, y_pred, image_sizes=None) -> np.ndarray:
        """Share of the labels that are right; NaN without any label."""
        is_known = y_true == y_true  # no NaN
        is_right = is_known & ((y_pred > 0.5) == (y_true == 1))
        with np.errstate(invalid="ignore"):
            return is_right.sum(axis=1) / is_known.sum(axis=1)

    def told(self, score, n_columns) -> str:
        n_right = round(score * n_columns) if n_columns else 0
        return f"{n_right}/{n_columns} right"

    def figures(self, image_sizes=None) -> list[Figure]:
        return [
            Figure("attribute accuracy", "higher", attribute_accuracy),
            Figure(
                "attribute balanced accuracy", "higher", attribute_balanced_accuracy
            ),
        ]

    def constant(self, y) -> np.ndarray:
        return (super().constant(y) > 0.5).astype(np.int64)


@dataclass(frozen=True)
class Joint(Target):
    """Several targets side by side, as the columns of one y.

    Parameters
    ----------
    targets : tuple of Target
        Attributes among them need names, so that their number is known.

    Examples
    --------
    >>> from skface.targets import BBOX, LANDMARKS, Joint
    >>> len(Joint((BBOX, LANDMARKS)).columns())
    14
    """

    targets: tuple

    name = "joint"
    plural = "targets"

    def __post_init__(self):
        targets = _sequence(self.targets, "targets", "targets")
        targets = map(as_target, targets)
        simple = [each for one in targets for each in getattr(one, "targets", (one,))]
        object.__setattr__(self, "targets", tuple(simple))
        as_names(self.columns(), "columns of the targets", len(self.columns()), "")

    @property
    def is_coordinates(self) -> bool:
        return all(target.is_coordinates for target in self.targets)

    @property
    def has_coordinates(self) -> bool:
        return any(target.has_coordinates for target in self.targets)

    def columns(self, n_columns=None) -> list[str]:
        return [name for target in self.targets for name in target.columns()]

    def parts(self, y) -> list:
        stops = np.cumsum([len(target.columns()) for target in self.targets])
        return [
            (target, part)
            for target, part in zip(
                self.targets, np.split(y, stops[:-1], axis=1), strict=True
            )
        ]

    def check_learnable(self, y) -> None:
        """Raise an InputError as the targets in it do."""
        for target, part in self.parts(y):
            target.check_learnable(part)

    def mirrored(self, y) -> np.ndarray:
        parts = self.parts(self.checked(y))
        return np.hstack([target.mirrored(part) for target, part in parts])

    def moved(self, y, matrices) -> np.ndarray:
        parts = self.parts(self.checked(y))
        return np.hstack([target.moved(part, matrices) for target, part in parts])

    def score(self, y_true, y_pred, sample_weight=None) -> float:
        """The mean of the targets' scores."""
        return float(
            np.mean(
                [
                    target.score(true, pred, sample_weight)
                    for target, true, pred in self._pairs(y_true, y_pred)
                ]
            )
        )

    def scores(self, y_true, y_pred, image_sizes=None) -> np.ndarray:
        return np.mean(
            [
                target.scores(true, pred, image_sizes)
                for target, true, pred in self._pairs(y_true, y_pred)
            ],
            axis=0,
        )

    def told(self, score, n_columns) -> str:
        return f"score {score:.2f}"

    def figures(self, image_sizes=None) -> list[Figure]:
        def within(index, metric):
            def of_part(y_true, y_pred):
                _, true, pred = self._pairs(y_true, y_pred)[index]
                return metric(true, pred)

            return of_part

        return [
            figure._replace(metric=within(index, figure.metric))
            for index, target in enumerate(self.targets)
            for figure in target.figures(image_sizes)
        ]

    def constant(self, y) -> np.ndarray:
        parts = self.parts(self.checked(y))
        return np.concatenate([target.constant(part) for target, part in parts])

    def _pairs(self, y_true, y_pred):
        true, pred = (
            self.parts(self.checked(y, name))
            for y, name in ((y_true, "y_true"), (y_pred, "y_pred"))
        )
        return [(a[0], a[1], b[1]) for a, b in zip(true, pred, strict=True)]


BBOX = Boxes()
LANDMARKS = Landmarks()
ATTRIBUTES = Attributes()
CORNERS = Landmarks(
    ("upper_left", "upper_right", "lower_left", "lower_right"),
    (("upper_left", "upper_right"), ("lower_left", "lower_right")),
    ("upper_left", "upper_right"),
)

_BY_NAME = {target.name: target for target in (BBOX, LANDMARKS, ATTRIBUTES)}


def as_target(value) -> Target:
    """A target by its name, itself, or a tuple of several.

    Parameters
    ----------
    value : {"bbox", "landmarks", "attributes"}, Target, or tuple of them

    Raises
    ------
    ParameterError
        It is none of these.

    Examples
    --------
    >>> from skface.targets import as_target
    >>> as_target("landmarks").columns()[:2]
    ['left_eye_x', 'left_eye_y']
    """
    if isinstance(value, Target):
        return value
    if isinstance(value, tuple | list) and value:
        return Joint(tuple(value))
    if isinstance(value, str) and value in _BY_NAME:
        return _BY_NAME[value]
    raise ParameterError(
        f"target must be in {tuple(_BY_NAME)}, a Target of skface.targets or a tuple "
        f"of them, got {value!r}"
    )


def target_of(estimator, given=None, y=None) -> Target:
    """What an estimator predicts: as given, as it says itself, or as y looks.

    Parameters
    ----------
    estimator : estimator
        The last step of a pipeline, of a search's best one and of a second look is
        asked for its ``target``; another classifier tells attributes.
    given : str, Target or tuple, default=None
        What the caller was told.
    y : array-like, default=None
        What is looked at as the last resort.

    Raises
    ------
    ParameterError
        Nothing tells it.

    Examples
    --------
    >>> from skface import make_bbox_pipeline
    >>> from skface.targets import target_of
    >>> target_of(make_bbox_pipeline())
    Boxes()
    """
    if given is not None:
        return as_target(given)
    head = last_step(estimator)
    if getattr(head, "target", None) is not None:
        return as_target(head.target)
    if hasattr(head, "__sklearn_tags__") and is_classifier(head):
        return ATTRIBUTES
    return guessed(y)


def guessed(y) -> Target:
    """What y looks like; deprecated, as it can be wrong.

    Raises
    ------
    ParameterError
        It looks like nothing.
    """
    y = np.zeros(()) if y is None else as_array(y, "y")
    coordinates = _coordinates_by_width(y, 4) if y.dtype.kind == "f" else None
    if coordinates is not None:
        return coordinates
    is_numbers = y.ndim == 2 and y.size and y.dtype.kind in "biuf"
    if is_numbers and 0 <= np.nanmin(y) <= np.nanmax(y) <= 1:
        return ATTRIBUTES
    raise ParameterError(
        f"nothing tells what the columns of y mean, which has the shape {y.shape}: "
        'give target="bbox", "landmarks" or "attributes", or a Target of '
        "skface.targets"
    )


def _coordinates_by_width(y, stacklevel):
    """Boxes or landmarks by the number of columns, with a warning; None of others."""
    n_columns = y.shape[1] if y.ndim == 2 else 0
    for target in (BBOX, LANDMARKS):
        if len(target.columns()) == n_columns:
            warnings.warn(
                f"y was taken for {target.plural}, as it has {n_columns} columns; say "
                f'so by target="{target.name}", which will be needed from skface 0.3 '
                "on",
                FutureWarning,
                stacklevel=stacklevel,
            )
            return target
    return None


def mirrored(y, target=None) -> np.ndarray:
    """Coordinates on the mirror images of the photos.

    Parameters
    ----------
    y : array-like of shape (n_samples, n_columns)
        Fractions of the photo's width and height.
    target : {"bbox", "landmarks", "attributes"}, Target or tuple, default=None
        What the columns mean. Without it they are taken for boxes or landmarks by
        their number, which is deprecated.

    Returns
    -------
    ndarray of the same shape; of floats, of their dtype
        In landmarks left and right have changed places, so that the left eye is
        again the one further to the left.

    Raises
    ------
    InputError
        y has another number of columns, or values are no finite numbers.

    Examples
    --------
    >>> from skface.datasets import mirrored
    >>> mirrored([[0.25, 0.5, 0.125, 0.25]], "bbox")
    array([[0.625, 0.5  , 0.125, 0.25 ]])
    """
    if target is None:
        y = as_array(y, "y")
        target = _coordinates_by_width(y, 3)
        if target is None:
            raise InputError(
                "y must hold boxes of 4 columns or landmarks of 10, or its target be "
                f"given, got the shape {y.shape}"
            )
    return as_target(target).mirrored(y)


def arranged(y, target):
    """y in the order of the columns of a target, or as it is without one."""
    return y if target is None else as_target(target).arranged(y)


def by_name(estimator, y, what, target=None):
    """y with its columns in the order of those that the estimator tells.

    Parameters
    ----------
    estimator : fitted estimator
    y : array-like
        Whose columns stay where they have no names.
    what : str
        Its name, for the errors.
    target : Target, default=None
        The estimator's own without it.
    """
    if target is None:
        target = getattr(last_step(estimator), "target", None)
    return ordered(arranged(y, target), names_told_by(estimator), what)


def forget_names(estimator):
    """Drop the names that `skface.load` has given: a fit knows its own, or none."""
    vars(estimator).pop("target_names_", None)


def _coordinates(target, y):
    """A copy of y that holds numbers in the columns of a target; integers as floats."""
    y = target.checked(y)
    floats = as_floats(y, "y")
    return np.array(y) if y.dtype.kind == "f" else floats


def _check_units(y_true, y_pred):
    """Raise an InputError where fractions would be compared with pixels."""
    largest, found = (
        np.abs(as_floats(y, name)).max(initial=0)
        for name, y in (("y", y_true), ("y_pred", y_pred))
    )
    if largest > MOST_FRACTION >= found:
        raise InputError(
            f"y reaches {largest:g}, but the predictions are fractions of the photo's "
            "width and height: skface.datasets.to_fractions turns pixels into them"
        )


def _moved_points(points, matrices):
    """Points of shape (n, k, 2) through affine maps."""
    turned = np.einsum("nij,nkj->nki", matrices[:, :, :2], points.astype(float))
    return turned + matrices[:, None, :, 2]


def _share_of_good(y_true, y_pred):
    return float((iou_score(y_true, y_pred, average=False) >= _LEAST_IOU).mean())
