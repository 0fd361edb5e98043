"""Photos to a table of faces: boxes, landmarks and attributes of each."""

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skface._naming import names_of, names_told_by
from skface._validation import HasMethods, as_floats, validate_params
from skface._work import evenly, part_of_a_bar, progress_bar
from skface.detection._detector import FaceDetector
from skface.detection._found import faces_in, name_of
from skface.evaluation import presence, target_names
from skface.exceptions import ImageError, InputError, ParameterError, SkfaceWarning
from skface.photos import (
    TEMPLATES,
    Frames,
    ImageArray,
    as_whole_photos,
    photo_sizes,
    seen_in_array,
    size_of,
    to_pixels,
    unreadable,
)
from skface.pipelines import (
    FacePipeline,
    SecondLook,
    are_other,
    make_attribute_pipeline,
    make_landmark_pipeline,
    predicted_through,
)
from skface.targets import BBOX_NAMES, LANDMARKS, target_of

# The mean of 2,400 photos of MTFL, both sides alike.
_POINTS_IN_BOX = (0.27, 0.26, 0.73, 0.26, 0.5, 0.54, 0.3, 0.77, 0.7, 0.77)
_MOST_PLACED = 300  # photos that the place of the points is learnt from
_LEAST_PLACED = 0.1  # of them, in whose boxes the points must lie
_AT_ONCE = 64  # faces
_COLLAPSED = 0.1  # of the extent of the points at first


class FaceReader(BaseEstimator):
    """Find every face in photos, and read its landmarks and attributes.

    Each photo is looked at by `detector`. Round each box the face is looked at by the
    second look of `landmarks`, once or several times; by the points found it is turned
    upright as CelebA's aligned photos are, and read by `attributes`.

    Parameters
    ----------
    detector : FaceDetector, other estimator, or callable
        An estimator's ``predict(X)`` gives an array (k, 5) for each photo, as that of
        `FaceDetector` does. A callable is given one upright photo, a uint8 RGB array of
        shape (height, width, 3), and gives its boxes: x, y, width, height in pixels,
        and perhaps a score, as an array of shape (k, 4) or (k, 5), ``[]`` where there
        is no face.
    landmarks : SecondLook
        As `make_landmark_pipeline` makes it, for the five points, with ``n_looks`` of 2
        or more. The place of its first look is taken by the detector, and its last look
        is told, whatever its `average`.
    attributes : FacePipeline
        As `make_attribute_pipeline` makes it, to be trained on aligned photos, or on
        those of `AlignedFaces`. A step that aligns is passed over here.
    verbose : int, default=0
        1 shows a bar of the photos.

    Attributes
    ----------
    points_in_box_ : ndarray of shape (10,)
        Where the five points lie in the detector's boxes, as fractions of them: the
        mean over the photos that the landmarks were learnt from. Without it (0.27,
        0.26), (0.73, 0.26), (0.5, 0.54), (0.3, 0.77), (0.7, 0.77), the mean of 2,400
        photos of MTFL.

    See Also
    --------
    make_face_reader : One from the presets.
    skface.displays.GroupDisplay : Draws what was read.

    Notes
    -----
    The parts are fitted in place, as the steps of a Pipeline are, or come fitted:
    ``reader.detector.set_params(threshold=0.8)`` makes a reader more choosy at once.

    `n_passes` tells how often a face goes through VGG19, at the ``input_size`` of the
    parts; with preset "best" 5 times, two looks at the points from both sides and one
    reading of attributes. The detector's passes are of whole photos.

    Examples
    --------
    >>> from skface import make_face_reader
    >>> reader = make_face_reader(weights="synthetic")
    >>> reader.n_passes
    5
    >>> reader.set_params(landmarks__n_looks=2).n_passes
    3
    """

    _parameter_constraints = {
        "detector": [HasMethods(["predict"]), callable],
        "landmarks": [SecondLook],
        "attributes": [FacePipeline],
        "verbose": ["verbose"],
    }

    def __init__(self, detector, landmarks, attributes, *, verbose=0):
        self.detector = detector
        self.landmarks = landmarks
        self.attributes = attributes
        self.verbose = verbose

    def set_params(self, **params) -> "FaceReader":
        """Set parameters; the boxes of another detector are not those that were known.

        Returns
        -------
        self
        """
        if "detector" in params and hasattr(self, "points_in_box_"):
            del self.points_in_box_
        return super().set_params(**params)

    def fit(self, *, boxes=None, landmarks=None, attributes=None):
        """Fit the parts whose data are given; the others must be fitted.

        Parameters
        ----------
        boxes : (X, boxes), default=None
            Photos and the boxes of their faces, as for `FaceDetector.fit`.
        landmarks : (X, y), default=None
            Photos in the wild, and five points a photo as fractions of it. They also
            tell where the points lie in the detector's boxes.
        attributes : (X, y), default=None
            Aligned photos, or ``AlignedFaces(landmarks).transform(X)`` of photos in the
            wild, and their attributes. Columns of a DataFrame name them.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, InputError
            A parameter or data cannot be used. Of landmarks and attributes this is
            found before photos go through VGG19.
        sklearn.exceptions.NotFittedError
            A part is not fitted, and there are no data for it.

        Warns
        -----
        SkfaceWarning
            Attributes have learnt from photos that plainly were not aligned; or the
            detector finds next to none of the faces of the landmarks.
        """
        self._check_parts()
        given = {"boxes": boxes, "landmarks": landmarks, "attributes": attributes}
        for name, data in given.items():
            if data is not None and not (isinstance(data, tuple) and len(data) == 2):
                raise InputError(f"{name} must be photos and y, ({name}=(X, y))")
        parts = {"boxes": self.detector, **self._readers()}
        for name, part in parts.items():
            if given[name] is None and hasattr(part, "fit"):
                check_is_fitted(part)
            if given[name] is not None and not hasattr(part, "fit"):
                raise InputError(
                    "detector is a function, which learns nothing: leave boxes out"
                )
        if landmarks is not None:
            as_whole_photos(landmarks[0])
            self.landmarks.check_fit(*landmarks)
        if attributes is not None:
            self.attributes.check_fit(*attributes)
            _checked_names(names_of(attributes[1]) or [])
        if boxes is not None:
            self.detector.fit(*boxes)
        if boxes is not None or landmarks is not None:
            vars(self).pop("points_in_box_", None)  # of an earlier fit
        if landmarks is not None:
            self.landmarks.fit(*landmarks)
            self._place_points(*landmarks)
        if attributes is not None:
            self.attributes.fit(*attributes)
        self._warn_of_other_photos()
        return self

    def read(self, photos) -> pd.DataFrame:
        """Every face of the photos.

        Parameters
        ----------
        photos : ImageArray, sequence of n paths, or array-like of shape (n, h, w, 3)

        Returns
        -------
        DataFrame, one row a face
            ``photo``, its path, or its row in an array; ``face``, its number in the
            photo, 0 being the best; ``score``; the box, ``x``, ``y``, ``width``,
            ``height``, and the points, ``left_eye_x`` to ``right_mouth_y``, in pixels
            of the upright photo; and the probability of each attribute by its name.
            A photo without a face has no row.

            Its ``attrs`` tell of photos without rows: ``"without_face"`` lists them,
            ``"unreadable"`` is a dict from those that cannot be read to the reason.

        Raises
        ------
        ParameterError, InputError
            A parameter or X cannot be used, or the detector gave no boxes. The photos
            before it are lost then; `read_in_parts` gives them.
        sklearn.exceptions.NotFittedError
            A part is not fitted.
        WeightsError, StoreError
            As from `skface.VGG19Features.transform`.

        Warns
        -----
        SkfaceWarning
            Photos could not be read: it counts them and names the first five. The
            others are read.
        """
        table = joined(list(self.read_in_parts(photos)))
        bad = table.attrs["unreadable"]
        if bad:
            errors = [ImageError(reason, [photo]) for photo, reason in bad.items()]
            warnings.warn(
                f"passed by: {unreadable(errors, len(photos))}",
                SkfaceWarning,
                stacklevel=2,
            )
        return table

    def read_in_parts(self, photos) -> Iterator[pd.DataFrame]:
        """`read`, of some photos after others, so that what is done can be kept.

        Parameters
        ----------
        photos : ImageArray, sequence of n paths, or array-like of shape (n, h, w, 3)

        Yields
        ------
        DataFrame
            As from `read`, with its own ``attrs``, of the next photos: so many that
            they hold 64 faces or more. Before an error or an interrupt at a photo goes
            on, those before it are yielded. Memory does not grow with n.
        """
        names = self._check_ready()
        images = as_whole_photos(photos)
        part = _Part()
        with progress_bar(len(images), "faces", self.verbose, unit="photo") as progress:
            for row in range(len(images)):
                try:
                    with part_of_a_bar():
                        self._find(images, row, part)
                except BaseException:
                    yield self._table(images, part, names)
                    raise
                progress.update()
                if part.n_faces >= _AT_ONCE or row == len(images) - 1:
                    yield self._table(images, part, names)
                    part = _Part()

    def aligned(self, reading) -> ImageArray:
        """The faces of a table as the attributes were read from them, upright.

        Parameters
        ----------
        reading : DataFrame
            From `read` of files, or some rows of it.

        Returns
        -------
        ImageArray of shape (n_faces, 218, 178, 3)

        Raises
        ------
        InputError
            The table lacks a column, or was read from an array.
        """
        for name in ("photo", *BBOX_NAMES, *LANDMARKS.columns()):
            if name not in reading:
                raise InputError(f"reading has no column {name!r}, as one of read has")
        paths = reading["photo"].tolist()
        if not all(isinstance(path, str) for path in paths):
            raise InputError("reading is not of files: its photos are no paths")
        sizes = photo_sizes(paths)

        def fractions(columns):
            pixels = as_floats(reading[list(columns)], "reading")
            return pixels / np.tile(sizes, len(columns) // 2)

        start = self._start(fractions(BBOX_NAMES))
        frames = _frames(fractions(LANDMARKS.columns()), start, sizes, "celeba")
        return ImageArray(paths, TEMPLATES["celeba"].image_size, frames)

    @property
    def n_passes(self) -> int:
        """How often a face goes through VGG19."""
        second = getattr(self.landmarks, "second_", self.landmarks.second)
        n_looks = self.landmarks.n_looks - 1
        return n_looks * second.n_passes + self.attributes.after_aligning.n_passes

    @property
    def target_names_(self) -> list | None:
        """Names of the attributes, where they are known."""
        return names_told_by(self.attributes)

    @target_names_.setter
    def target_names_(self, names):
        self.attributes.target_names_ = names

    def __sklearn_is_fitted__(self):
        try:
            for part in (self.detector, *self._readers().values()):
                if hasattr(part, "fit"):
                    check_is_fitted(part)
        except ValueError:  # NotFittedError
            return False
        return True

    def _readers(self):
        return {"landmarks": self.landmarks, "attributes": self.attributes}

    def _check_parts(self):
        validate_params(self)
        if target_of(self.landmarks) != LANDMARKS:
            raise ParameterError(
                "landmarks must find the five points, not "
                f"{target_of(self.landmarks).plural}"
            )
        if self.landmarks.n_looks < 2:
            raise ParameterError(
                "landmarks must look at a face that was found: set its n_looks to 2 or "
                "more"
            )
        if not hasattr(self.attributes, "predict_proba"):
            raise ParameterError(
                "attributes must tell probabilities, as make_attribute_pipeline does"
            )

    def _check_ready(self):
        """Raise what is wrong; the names of the attributes."""
        self._check_parts()
        for part in (self.detector, *self._readers().values()):
            if hasattr(part, "fit"):
                check_is_fitted(part)
        head = self.attributes[-1]
        if not hasattr(head, "model_"):
            raise ParameterError(
                "attributes must end in a head of skface, such as a "
                f"DenseHeadClassifier, not in a {type(head).__name__}"
            )
        n_attributes = head.model_.output_shape[-1]
        target = target_of(self.attributes)
        names = target_names(self.target_names_, target, n_attributes)
        return _checked_names(names)

    def _place_points(self, X, y):
        """Learn where the points lie in the boxes that are found round them."""
        images = as_whole_photos(X)
        y = LANDMARKS.checked(y)
        rows = evenly(len(y), _MOST_PLACED)
        found = []
        with part_of_a_bar():
            for row in rows:
                points = y[row].reshape(-1, 2)
                boxes = faces_in(self.detector, images, row, size_of(images, row))
                places = (points - boxes[:, None, :2]) / boxes[:, None, 2:4]
                off = np.abs(places.mean(axis=1) - 0.5).max(axis=1)
                if off.min(initial=1) < 0.5:
                    found.append(places[off.argmin()].ravel())
        if len(found) > _LEAST_PLACED * len(rows):
            self.points_in_box_ = np.mean(found, axis=0)
        else:
            n_found = len(found) or "none"
            warnings.warn(
                f"the detector found the face of {n_found} of {len(rows)} photos of "
                "the landmarks: where the points lie in its boxes is not known",
                SkfaceWarning,
                stacklevel=3,
            )

    def _warn_of_other_photos(self):
        """Tell that attributes have learnt from what plainly were no aligned faces."""
        height, width = TEMPLATES["celeba"].image_size
        aspect = getattr(self.attributes, "aspect_", None)
        if aspect is not None and are_other(aspect, height / width):
            warnings.warn(
                f"the photos that attributes has learnt from are all {aspect:.2f} "
                "times as high as wide, the aligned faces that it is shown "
                f"{height / width:.2f} times: let it learn from aligned photos",
                SkfaceWarning,
                stacklevel=3,
            )

    def _find(self, images, row, part):
        """Let the detector look at one photo."""
        try:
            size = size_of(images, row)
            faces = faces_in(self.detector, images, row, size)
        except ImageError as error:
            part.unreadable[name_of(images, row)] = str(error)
            return
        part.add(row, np.array(size), faces)

    def _table(self, images, part, names):
        """The rows of some photos; one that cannot be read any more is passed by."""
        while True:
            try:
                with part_of_a_bar():
                    return self._read(images, part, names)
            except ImageError as error:
                bad = set(error.paths)
                if not part.leave_out(images, bad, str(error)):
                    raise

    def _read(self, images, part, names):
        rows, sizes, faces = part.faces()
        points = np.empty((0, 10))
        attributes = np.empty((0, len(names)))
        if len(rows):
            start = self._start(faces[:, :4])
            points = self._points(images, rows, start, sizes)
            frames = _frames(points, start, sizes, "celeba")
            aligned = _seen(images, rows, frames, "celeba")
            attributes = presence(self.attributes.after_aligning, aligned)
        table = pd.DataFrame(
            np.hstack(
                [
                    faces[:, 4:],
                    to_pixels(faces[:, :4], sizes),
                    to_pixels(points, sizes),
                    attributes,
                ]
            ),
            columns=["score", *BBOX_NAMES, *LANDMARKS.columns(), *names],
        )
        table.insert(0, "photo", [name_of(images, row) for row in rows])
        table.insert(1, "face", np.array(part.numbers(), int))
        table.attrs = {
            "without_face": [name_of(images, row) for row in part.without_face()],
            "unreadable": part.unreadable,
        }
        return table

    def _start(self, boxes):
        """Points where they lie in boxes as a rule."""
        place = getattr(self, "points_in_box_", np.array(_POINTS_IN_BOX))
        return np.tile(boxes[:, :2], 5) + place * np.tile(boxes[:, 2:], 5)

    def _points(self, images, rows, start, sizes):
        """The landmarks, from where they lie in a box as a rule."""
        second, y = self.landmarks.second_, start
        for _ in range(self.landmarks.n_looks - 1):
            frames = _frames(y, start, sizes, "face")
            seen = _seen(images, rows, frames, "face")
            y = predicted_through(second, seen, frames, LANDMARKS).astype(float)
        return y


def joined(parts) -> pd.DataFrame:
    """The parts of a reading as one, what they tell of photos without rows as well."""
    # of an empty part no column says what it would hold
    table = pd.concat([*filter(len, parts)] or parts[:1], ignore_index=True)
    table.attrs = {
        "without_face": [
            photo for each in parts for photo in each.attrs["without_face"]
        ],
        "unreadable": {
            photo: reason
            for each in parts
            for photo, reason in each.attrs["unreadable"].items()
        },
    }
    return table


class _Part:
    """What a detector found in some photos."""

    def __init__(self):
        self.unreadable = {}
        self.n_faces = 0
        self._rows, self._sizes, self._faces = [], [], []

    def add(self, row, size, faces):
        self._rows.append(row)
        self._sizes.append(size)
        self._faces.append(faces)
        self.n_faces += len(faces)

    def faces(self):
        """The photo's row, its size, and the box and score of each face."""
        n_each = list(map(len, self._faces))
        return (
            np.repeat(np.array(self._rows, int), n_each),
            np.repeat(np.reshape(self._sizes, (-1, 2)), n_each, axis=0),
            np.concatenate([np.empty((0, 5)), *self._faces]),
        )

    def numbers(self):
        return [number for faces in self._faces for number in range(len(faces))]

    def without_face(self):
        pairs = zip(self._rows, self._faces, strict=True)
        return [row for row, faces in pairs if not len(faces)]

    def leave_out(self, images, names, reason):
        """Take photos out; whether there were such."""
        found = list(zip(self._rows, self._sizes, self._faces, strict=True))
        self._rows, self._sizes, self._faces, self.n_faces = [], [], [], 0
        for row, size, faces in found:
            if name_of(images, row) in names:
                self.unreadable[name_of(images, row)] = reason
            else:
                self.add(row, size, faces)
        return len(self._rows) < len(found)


def make_face_reader(
    preset="best", *, weights="imagenet", cache_dir=None, random_state=None, verbose=0
) -> FaceReader:
    """Reader of every face in photos.

    Parameters
    ----------
    preset : {"best", "finest", "fast", "paper"}, default="best"
        Of landmarks and attributes, as for `make_landmark_pipeline`. A face is looked
        at once for its points where the preset has no second look.
    weights : "imagenet", "synthetic", path-like or None, default="imagenet"
        Of VGG19, see `skface.VGG19Features`.
    cache_dir : path-like, default=None
        Folder that keeps features and the detector's maps, see `FaceDetector`.
    random_state : int, RandomState or None, default=None
        Of all parts.
    verbose : int, default=0
        1 shows bars.

    Returns
    -------
    FaceReader

    Raises
    ------
    ParameterError
        There is no such preset; or "finest" gets no weights to begin with.

    Examples
    --------
    >>> from skface import make_face_reader
    >>> make_face_reader().detector.longest_side
    448
    """
    options = {
        "weights": weights,
        "cache_dir": cache_dir,
        "random_state": random_state,
        "verbose": verbose,
    }
    landmarks = make_landmark_pipeline(preset, **options)
    if not isinstance(landmarks, SecondLook):
        landmarks = make_landmark_pipeline(preset, looks=2, **options)
    return FaceReader(
        FaceDetector(**options),
        landmarks,
        make_attribute_pipeline(preset, **options),
        verbose=verbose,
    )


def _frames(points, start, sizes, template):
    """Frames round points; round those at first where these have collapsed."""

    def extent(y):
        pixels = y.reshape(-1, 5, 2) * sizes[:, None]
        return np.ptp(pixels, axis=1).max(axis=1)

    is_speck = extent(points) < _COLLAPSED * extent(start)
    points = np.where(is_speck[:, None], start, points)
    return Frames.from_landmarks(points, sizes, template=template)


def _checked_names(names):
    """Names of attributes, none of which is that of another column of a reading.

    Raises
    ------
    InputError
        One is.
    """
    own = {"photo", "face", "score", *BBOX_NAMES, *LANDMARKS.columns()}
    taken = [name for name in names if name in own]
    if taken:
        raise InputError(
            f"an attribute is named {taken[0]!r}, as a column of the reading is: give "
            "it another name"
        )
    return names


def _seen(images, rows, frames, template):
    """Faces through their frames; a photo of several is not copied for each."""
    size = TEMPLATES[template].image_size
    if isinstance(images, ImageArray):
        return images[rows].framed(frames).resized(size)
    return seen_in_array((images[row] for row in rows), frames, size)
