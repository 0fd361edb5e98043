"""A person in a scene, and the two photos that are taken of it."""

import numpy as np

from skface.datasets._drawing._canvas import Canvas, Similarity
from skface.datasets._drawing._eyes import Eyes
from skface.datasets._drawing._hair import Beard, Hair
from skface.datasets._drawing._head import Head, Light
from skface.datasets._drawing._mouth import Mouth, Nose
from skface.datasets._drawing._scene import Backdrop, Camera, Occluder
from skface.datasets._drawing._wear import Accessories, Clothes

ALIGNED_SIZE = (178, 218)
_ALIGNED_EYES = (69 + 111j, 108 + 111j)


class Portrait:
    """One imagined photo of one person.

    Parameters
    ----------
    has : frozenset of str
        Names of the attributes that hold.
    identity_seed, photo_seed : numpy.random.SeedSequence
        What all photos of a person share, and what is this photo's own.
    """

    def __init__(self, has, identity_seed, photo_seed):
        fixed = [np.random.default_rng(s) for s in _children(identity_seed, 8)]
        free = [np.random.default_rng(s) for s in _children(photo_seed, 12)]
        self._place(free[0])
        self.light = Light.sample(free[1], self.roll)
        self.head = Head.sample(has, fixed[0], free[2])
        skin = self.head.skin
        self.hair = Hair.sample(has, fixed[1], free[3])
        self.eyes = Eyes.sample(has, fixed[2], free[4], self.hair.colour, skin)
        self.nose = Nose.sample(has, fixed[3], free[5], self.head.turn)
        self.mouth = Mouth.sample(has, fixed[4], free[6], skin)
        self.beard = Beard.sample(has, fixed[5], free[7], self.hair)
        self.clothes = Clothes.sample(has, fixed[6], free[8], self.roll)
        self.wear = Accessories.sample(has, free[9])
        self.camera = Camera.sample(has, free[10])
        scene = free[11].integers(2**62, size=2)
        self.backdrop, self.occluder = Backdrop(scene[0]), Occluder(scene[1])

    def _place(self, rng):
        """Choose the size of the wild photo, and where and how the head is in it."""
        width, height = rng.integers(180, 421, size=2)
        self.wild_size = (int(width), int(height))
        self.roll = np.deg2rad(
            rng.normal(0, 8) if rng.random() < 0.85 else rng.normal(0, 18)
        )
        unit = min(width / 2.6, height / 3.9) * rng.uniform(0.5, 0.97)
        # The head reaches 1.9 units up, 2 down and 1.4 to each side of the eyes.
        x = rng.uniform(min(1.4 * unit, width / 2), max(width - 1.4 * unit, width / 2))
        y = rng.uniform(
            min(1.9 * unit, height * 0.45), max(height - 2.1 * unit, height * 0.46)
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
        on_face = np.concatenate(
            [self.eyes.centres, [self.nose.centre], self.mouth.corners]
        )
        return self.head.project(on_face)

    def landmarks(self, frame):
        """The five landmarks in pixels, an array of shape (5, 2)."""
        points = frame(self._points())
        return np.stack([points.real, points.imag], axis=1)

    def box(self, frame):
        """The upright box (x, y, width, height) about the face in pixels."""
        contour = frame(self.head.outline())
        left, top = contour.real.min(), contour.imag.min()
        return np.array(
            [left, top, contour.real.max() - left, contour.imag.max() - top]
        )

    def wild_photo(self):
        """Bytes of the in-the-wild photo."""
        return self.photo(self.wild_size, self.wild_frame)

    def aligned_photo(self):
        """Bytes of the aligned photo."""
        return self.photo(ALIGNED_SIZE, self.aligned_frame)

    def photo(self, size, frame):
        """Bytes of a JPEG file that shows the scene through a frame."""
        canvas = Canvas.blank(size, frame)
        head, light, skin = self.head, self.light, self.head.skin
        self.backdrop.draw(canvas.turned(self.roll))
        self.hair.draw_back(canvas, head, light)
        body = self.clothes.draw(canvas, head, light)
        self.wear.draw_necklace(body)
        head.draw_double_chin(canvas, light)
        head.draw_ears(canvas, light)
        face, mask = head.draw(canvas, light, (self.eyes, self.nose, self.mouth))
        self.nose.draw(face, skin)
        self.beard.draw(face, mask, head, self.mouth, light)
        self.mouth.draw(face, skin)
        self.eyes.draw(face, skin)
        self.hair.draw_front(canvas, head, light)
        self.wear.draw_glasses(face, head)
        self.wear.draw_earrings(canvas, head)
        self.wear.draw_hat(canvas, head, light)
        self.occluder.draw(body, skin)
        return self.camera.take(canvas)


def _children(seed, n_children):
    """Seeds below a seed; unlike ``spawn`` this leaves the parent unchanged."""
    return [
        np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, k))
        for k in range(n_children)
    ]
