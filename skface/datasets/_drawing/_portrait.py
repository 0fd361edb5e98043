"""A person in a scene, and the two photos that are taken of it."""

import numpy as np

from skface.datasets._drawing._backdrop import Backdrop, Occluder
from skface.datasets._drawing._beard import Beard
from skface.datasets._drawing._camera import Camera, Light
from skface.datasets._drawing._canvas import Canvas, Similarity
from skface.datasets._drawing._clothes import Clothes
from skface.datasets._drawing._eyes import Brows, Eyes
from skface.datasets._drawing._hair import Hair
from skface.datasets._drawing._head import Head
from skface.datasets._drawing._mouth import Mouth, Nose
from skface.datasets._drawing._skin import Skin
from skface.datasets._drawing._wear import Earrings, Glasses, Hat, Necklace

ALIGNED_SIZE = (178, 218)
_ALIGNED_EYES = (69 + 111j, 108 + 111j)


class Portrait:
    """One imagined photo of one person.

    Parameters
    ----------
    has : set of str
        Names of the attributes that hold.
    identity_seed, photo_seed : numpy.random.SeedSequence
        What all photos of a person share, and what is this photo's own.
    """

    def __init__(self, has, identity_seed, photo_seed):
        # One generator a part, so that no part depends on another one's draws.
        fixed = iter(map(np.random.default_rng, children(identity_seed, 8)))
        free = iter(map(np.random.default_rng, children(photo_seed, 16)))
        self._place(next(free))
        self.light = Light.sample(next(free), self.roll)
        self.head = Head.sample(has, next(fixed), next(free))
        self.skin = Skin.sample(has, next(fixed), next(free))
        self.hair = Hair.sample(has, next(fixed), next(free))
        colour = self.skin.colour
        self.eyes = Eyes.sample(has, next(fixed), next(free), colour)
        self.brows = Brows.sample(has, next(fixed), next(free), self.hair.colour)
        self.nose = Nose.sample(has, next(fixed), self.head.turn)
        self.mouth = Mouth.sample(has, next(fixed), next(free), colour)
        self.beard = Beard.sample(has, next(fixed), next(free), self.hair)
        self.clothes = Clothes.sample(has, next(free), self.roll)
        camera, lenses, jewels, top, behind, before = free
        self.camera = Camera.sample(has, camera)
        self.glasses = Glasses.sample(lenses) if "Eyeglasses" in has else None
        self.earrings = Earrings.sample(jewels) if "Wearing_Earrings" in has else None
        self.necklace = Necklace.sample(jewels) if "Wearing_Necklace" in has else None
        self.hat = Hat.sample(top) if "Wearing_Hat" in has else None
        self.backdrop = Backdrop(behind.integers(2**62))
        self.occluder = Occluder(before.integers(2**62))

    def _place(self, rng):
        """Choose the size of the wild photo, and where and how the head is in it."""
        width, height = rng.integers(180, 421, size=2).tolist()
        self.wild_size = (width, height)
        spread = 8 if rng.random() < 0.85 else 18
        self.roll = float(np.deg2rad(rng.normal(0, spread)))
        unit = min(width / 2.6, height / 3.9) * rng.uniform(0.5, 0.97)
        # The head reaches 1.9 units up, 2.1 down and 1.4 to each side of the eyes.
        x = rng.uniform(min(1.4 * unit, width / 2), max(width - 1.4 * unit, width / 2))
        y = rng.uniform(
            min(1.9 * unit, 0.45 * height), max(height - 2.1 * unit, 0.46 * height)
        )
        self.wild_frame = Similarity(unit * np.exp(1j * self.roll), x + 1j * y)

    @property
    def aligned_frame(self):
        """The frame that brings the eyes to CelebA's canonical place."""
        left, right = self._points()[:2]
        factor = (_ALIGNED_EYES[1] - _ALIGNED_EYES[0]) / (right - left)
        return Similarity(factor, _ALIGNED_EYES[0] - factor * left)

    def _points(self):
        """The five landmarks in the frame of the head."""
        points = [self.eyes.centres, [self.nose.centre], self.mouth.corners]
        return self.head.project(np.concatenate(points))

    def landmarks(self, frame):
        """The five landmarks in pixels, an array of shape (5, 2)."""
        points = frame(self._points())
        return np.stack([points.real, points.imag], axis=1)

    def box(self, frame):
        """The upright box (x, y, width, height) about the face in pixels."""
        contour = frame(self.head.outline())
        left, top = contour.real.min(), contour.imag.min()
        return np.array([left, top, np.ptp(contour.real), np.ptp(contour.imag)])

    def wild_photo(self):
        """Bytes of the in-the-wild photo."""
        return self.photo(self.wild_size, self.wild_frame)

    def aligned_photo(self):
        """Bytes of the aligned photo."""
        return self.photo(ALIGNED_SIZE, self.aligned_frame)

    def photo(self, size, frame):
        """Bytes of a JPEG file that shows the scene through a frame."""
        canvas = Canvas.blank(size, frame)
        self.backdrop.draw(canvas.turned(self.roll))
        body = self.draw(canvas)
        self.occluder.draw(body, self.skin.colour)
        return self.camera.take(canvas)

    def draw(self, canvas, bottom=8):
        """Paint the person down to `bottom`, and return the body's canvas."""
        head, light, skin = self.head, self.light, self.skin.colour
        self.hair.draw_back(canvas, head, light)
        body = self.clothes.draw(canvas, head, light, skin, bottom)
        if self.necklace:
            self.necklace.draw(body)
        head.draw_double_chin(canvas, light, skin)
        head.draw_ears(canvas, light, skin)
        relief = (self.eyes, self.nose, self.mouth)
        face, mask = self.skin.draw(canvas, head, light, relief)
        self.nose.draw(face, skin)
        self.beard.draw(face, mask, head, self.mouth, light)
        self.mouth.draw(face, skin)
        self.eyes.draw(face, skin)
        self.brows.draw(face)
        self.hair.draw_front(canvas, head, light)
        if self.glasses:
            self.glasses.draw(face)
        if self.earrings:
            self.earrings.draw(canvas, head)
        if self.hat:
            self.hat.draw(canvas, head, light)
        return body


def children(seed, n_children):
    """Seeds below a seed; unlike ``spawn`` this leaves the parent unchanged."""
    return [
        np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, k))
        for k in range(n_children)
    ]
