"""The shape and pose of a head."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import bump, ellipse_distance, spread

_DEPTH = 0.75
_HAIRLINE = -1.3


@dataclass
class Head:
    """Outline and pose of a head.

    The unit is the distance between the eyes, the origin lies midway between them,
    y points to the chin. ``taper`` narrows the jaw and ``square`` widens the chin.
    ``turn`` is ``sin(yaw) + 1j * sin(pitch)``. Coordinates of the face are those of
    the head before the turn.
    """

    half_width: float
    top: float
    chin: float
    taper: float
    square: float
    fullness: float
    double_chin: float
    ear: float
    turn: complex

    @classmethod
    def sample(cls, has, fixed, free):
        male, oval = "Male" in has, "Oval_Face" in has
        width, length, taper, square, ear = fixed.random(5).tolist()
        half_width, chin = 1.09 + 0.08 * width + 0.03 * male, 1.66 + 0.14 * length
        if oval:
            half_width, chin = half_width - 0.06, chin + 0.12
            taper, square = 0.32 + 0.08 * taper, 0.1 + 0.2 * square
        else:
            half_width, chin = half_width + 0.02, chin - 0.05
            taper, square = 0.14 + 0.14 * taper, 0.5 + 0.35 * square
        fullness = free.uniform(0.8, 1.1) * ("Chubby" in has)
        if fullness:
            half_width, taper = half_width + 0.12, taper - 0.1
        yaw, pitch = free.normal(0, 0.17), free.normal(0, 0.07)
        return cls(
            half_width=half_width,
            top=-1.6 - 0.16 * length + 0.12 * ("Bald" in has),
            chin=chin + 0.05 * male,
            taper=taper - 0.04 * male,
            square=square + 0.15 * male,
            fullness=fullness,
            double_chin=free.uniform(0.7, 1) * ("Double_Chin" in has),
            ear=0.26 + 0.06 * ear + 0.02 * male,
            turn=min(max(yaw, -0.36), 0.36) + 1j * min(max(pitch, -0.15), 0.15),
        )

    def level(self, x, y):
        """A number that is 1 on the outline of the head and less inside."""
        below = np.maximum((y - 0.1) / (self.chin - 0.1), 0)
        above = np.maximum((y - 0.1) / (self.top - 0.1), 0)
        drop = np.minimum(below, 1.2)
        width = self.half_width * (1 - self.taper * drop * drop)
        if self.fullness:
            width = width + 0.18 * self.fullness * bump(0, y, 0, 1.05, 1, 0.4)
        across = x / width
        below *= below * (1 + self.square * (below - 1))
        above *= above * np.sqrt(above)
        return np.sqrt(across * across + below + above)

    def face_coordinates(self, x, y, level):
        """Which point of the face is seen at points of the picture."""
        depth = _depth(level)
        return x - self.turn.real * depth, y - self.turn.imag * depth

    def project(self, point, n_steps=16):
        """Where points of the face are seen: ``face_coordinates`` inverted."""
        seen = point = np.asarray(point)
        for _ in range(n_steps):
            seen = point + self.turn * _depth(self.level(seen.real, seen.imag))
        return seen

    def outline(self):
        """Points on the contour of the face, hairline to chin and ear to ear."""
        ray = np.exp(1j * np.linspace(0, 2 * np.pi, 72, endpoint=False))
        contour = 0.1j + ray
        for _ in range(20):
            level = self.level(contour.real, contour.imag)
            contour = 0.1j + (contour - 0.1j) / level
        return contour.real + 1j * np.maximum(contour.imag, _HAIRLINE)

    def draw_ears(self, canvas, light, skin):
        """Paint the ears, but not one that the head hides."""
        for side in (-1, 1):
            if side * self.turn.real > 0.22:
                continue
            x = side * (self.half_width + 0.03) + 0.1 * self.turn.real
            glow = 0.84 * (0.8 + 0.2 * side * float(light.direction[0]))
            colour = skin * glow * (1.05, 0.92, 0.9)
            for tone, dx, y, rx, height, blur, opacity in (
                (1.0, 0.0, 0.22, 0.15, 1.0, 0.0, 1.0),
                (0.62, -0.015, 0.2, 0.07, 0.6, 0.07, 0.8),
                (1.12, 0.07, 0.12, 0.03, 0.6, 0.06, 0.5),
            ):
                canvas.ellipse(
                    tone * colour,
                    x + side * dx,
                    y,
                    rx,
                    height * self.ear,
                    angle=0.2 * side,
                    blur=blur,
                    opacity=opacity,
                )

    def draw_double_chin(self, canvas, light, skin):
        """Paint the roll under the chin; the head is painted over its top."""
        if not self.double_chin:
            return
        middle, width, height = self.chin - 0.01, 0.56 * self.half_width, 0.34
        view = canvas.window(-1, middle - 0.4, 1, middle + 0.45)
        x, y = view.x, view.y
        distance = ellipse_distance(x, y, 0, middle, width, height)
        fold = np.clip((y - middle) / height, 0, 1)
        tone = 0.95 - 0.3 * fold * fold - 0.4 * bump(0, y, 0, middle + 0.03, 1, 0.05)
        tone = tone + 0.1 * float(light.direction[0]) * x
        view.shade((0.6, 0.5, 0.47), 0.6 * view.soft(distance - 0.04, 0.16))
        view.paint(spread(skin) * tone, view.soft(distance, 0.08))


def _depth(level):
    """How far the skin stands out towards the camera."""
    inside = np.minimum(level, 1)
    return _DEPTH * (1 - inside * inside)
