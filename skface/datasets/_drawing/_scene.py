"""Several people in one scene, and the photo that is taken of them."""

from typing import NamedTuple

import numpy as np

from skface.datasets._drawing._backdrop import Backdrop
from skface.datasets._drawing._camera import Camera, Light
from skface.datasets._drawing._canvas import Canvas, Similarity
from skface.datasets._drawing._portrait import Portrait, children
from skface.datasets._drawing._sampling import sample_attributes
from skface.targets import ATTRIBUTE_NAMES

_FOREHEAD = -1.3  # as the outline of a head
_BLURRY = ATTRIBUTE_NAMES.index("Blurry")
_MOST_HIDDEN = 0.35  # of a face, by the others
_LEAST_INSIDE = 0.5  # of a box, within the photo


class DrawnFace(NamedTuple):
    """A face of a scene.

    Attributes
    ----------
    box : ndarray of shape (4,)
        x, y, width, height in pixels, of what is within the photo.
    landmarks : ndarray of shape (5, 2)
        In pixels; a point may lie outside of the photo.
    attributes : ndarray of shape (40,), bool
    hidden : float
        The share that others or a thing before it hide, or that is cut off.
    roll : float
        How the head is turned in the plane of the photo, in radians.
    """

    box: np.ndarray
    landmarks: np.ndarray
    attributes: np.ndarray
    hidden: float
    roll: float


class Scene:
    """One imagined photo of people who stand together, or of nobody.

    Parameters
    ----------
    seed : numpy.random.SeedSequence
    """

    def __init__(self, seed):
        layout, light, camera, behind, who, *people = children(seed, 40)
        rng = np.random.default_rng(layout)
        long, short = rng.integers(400, 641), rng.integers(300, 401)
        is_upright = rng.random() < 0.2
        self.size = (int(short), int(long)) if is_upright else (int(long), int(short))
        self.places = _places(rng, *self.size)
        who = np.random.default_rng(who)
        n_people = max(len(self.places), 1)
        self.attributes = sample_attributes(who, np.arange(n_people))
        self.attributes[:, _BLURRY] = self.attributes[0, _BLURRY]
        has = {"Blurry"} if self.attributes[0, _BLURRY] else set()
        self.camera = Camera.sample(has, np.random.default_rng(camera))
        self.backdrop = Backdrop(np.random.default_rng(behind).integers(2**62))
        self.light = light
        self.people = people

    def take(self):
        """Bytes of a JPEG file, and the `DrawnFace`s in it from left to right."""
        width, height = self.size
        unit = min(width, height) / 6
        frame = Similarity(unit + 0j, width / 2 + 0.4j * height)
        canvas = Canvas.blank(self.size, frame)
        self.backdrop.draw(canvas)
        drawn = []
        for place, attributes, seed in zip(
            self.places, self.attributes, self.people, strict=False
        ):
            person = _Person(place, attributes, seed, self.light, self.size)
            if person.is_inside:
                person.join(canvas.rgb, drawn)
        units = [abs(person.frame.factor) for person in drawn]
        canvas.pixel = 1 / np.median(units) if drawn else canvas.pixel
        faces = sorted((person.face() for person in drawn), key=lambda f: f.box[0])
        return self.camera.take(canvas), faces


class _Person:
    """A portrait at its place in a scene."""

    def __init__(self, place, attributes, seed, light, size):
        names = zip(ATTRIBUTE_NAMES, attributes, strict=True)
        has = {name for name, holds in names if holds}
        self.portrait = Portrait(has, *children(seed, 2))
        roll = self.portrait.roll
        self.portrait.light = Light.sample(np.random.default_rng(light), roll)
        unit, middle = place
        self.frame = Similarity(unit * np.exp(1j * roll), middle)
        self.attributes, self.roll = attributes, roll
        whole = self.portrait.box(self.frame)
        near = np.maximum(whole[:2], 0)
        far = np.minimum(whole[:2] + whole[2:], size)
        self.box = np.append(near, far - near)
        self.inside = (far - near).prod() if (far > near).all() else 0.0
        self.inside /= whole[2:].prod()

    @property
    def is_inside(self):
        return self.inside >= _LEAST_INSIDE

    def join(self, rgb, others):
        """Paint the person before the others, unless it hides too much of one."""
        canvas = Canvas.over(rgb, self.frame)
        before = rgb.copy()
        body = self.portrait.draw(canvas, bottom=60)
        # Arms hang down; without them bodies would widen like mountains.
        beside = np.abs(body.x) - 2.5 - 0.05 * np.minimum(body.y, 9)
        rgb[...] = np.where(
            body.y < 1.9, rgb, before + (rgb - before) * body.soft(beside)
        )
        self._hide(before, rgb, others)
        if any(other.hidden.mean() > _MOST_HIDDEN for other in others):
            rgb[...] = before
            for other in others:
                other.hidden = other.hidden_before
            return
        head = self.portrait.head
        self.mask = head.level(canvas.x, canvas.y) <= 1
        self.mask &= canvas.y >= _FOREHEAD
        self.hidden = np.zeros(self.mask.sum(), dtype=bool)
        others.append(self)
        before = rgb.copy()
        self.portrait.occluder.draw(body, self.portrait.skin.colour)
        self._hide(before, rgb, others)

    def _hide(self, before, rgb, others):
        changed = (before != rgb).any(axis=0)
        for other in others:
            other.hidden_before = other.hidden
            other.hidden = other.hidden | changed[other.mask]

    def face(self):
        return DrawnFace(
            box=self.box,
            landmarks=self.portrait.landmarks(self.frame),
            attributes=self.attributes,
            hidden=1 - self.inside * (1 - self.hidden.mean()),
            roll=self.roll,
        )


def _places(rng, width, height):
    """Unit and middle of the eyes of each person, those behind before those before."""
    kind = rng.random()
    if kind < 0.06:
        return []
    if kind < 0.6:
        return _rows(rng, width, height)
    return _crowd(rng, width, height)


def _rows(rng, width, height):
    """People who stand or sit for a photo, in one, two or three rows."""
    n_rows = rng.choice([1, 2, 3], p=[0.55, 0.3, 0.15])
    n_columns = rng.integers(1, 6) if n_rows == 1 else rng.integers(2, 5)
    space = width / n_columns
    rise = rng.uniform(2.4, 3.2)
    unit = space / rng.uniform(3.0, 4.5)
    unit = min(unit, height / (4.4 + rise * (n_rows - 1)) * rng.uniform(0.75, 1))
    low, high = 2.0 * unit, height - (2.3 + rise * (n_rows - 1)) * unit
    if rng.random() < 0.12:  # cut by the upper border
        low, high = 0.7 * unit, 1.3 * unit
    top = rng.uniform(low, max(low, high))
    aside = rng.uniform(-0.5, 0.5) * space if rng.random() < 0.3 else 0
    places = []
    for row in range(n_rows):
        shift = 0.25 * space * (-1) ** row if n_rows > 1 else 0
        for column in range(n_columns):
            size = unit * (1 + 0.06 * row) * np.exp(rng.normal(0, 0.06))
            x = (column + 0.5) * space + aside + shift + rng.normal(0, 0.08) * space
            y = top + (rise * row + rng.normal(0, 0.25)) * unit
            places.append((size, x + 1j * y))
    return places


def _crowd(rng, width, height):
    """People near and far, seen from a height at which a camera is held."""
    n_people = min(1 + rng.poisson(3.5), 9)
    horizon, sink = rng.uniform(0.15, 0.4) * height, rng.uniform(-0.3, 2.0)
    units = np.sort(np.exp(rng.uniform(*np.log([height / 45, height / 6.5]), n_people)))
    places = []
    for unit in units:
        x = rng.uniform(-0.2 * unit, width + 0.2 * unit)
        y = horizon + (sink + rng.normal(0, 0.4)) * unit
        places.append((unit, x + 1j * max(y, 0.9 * unit)))
    return places
