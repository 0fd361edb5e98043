"""Nose and mouth."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import bump, mix, noise

_LIPSTICKS = np.array(
    [(176, 24, 40), (200, 40, 66), (150, 24, 62), (208, 70, 84), (120, 22, 46), (216, 84, 110), (190, 52, 40)]
)  # fmt: skip


@dataclass
class Nose:
    """A nose: ``wing`` is half its width at the nostrils, ``tip`` its roundness."""

    wing: float
    tip: float
    length: float
    height: float
    bridge: float
    lean: complex
    pointy: bool

    @classmethod
    def sample(cls, has, fixed, free, turn):
        width, tip, length, bridge = fixed.random(4)
        big, pointy = "Big_Nose" in has, "Pointy_Nose" in has
        return cls(
            wing=0.31 + 0.05 * width
            if big
            else (0.125 if pointy else 0.195) + 0.02 * width,
            tip=0.17 + 0.03 * tip if big else 0.075 if pointy else 0.12 + 0.02 * tip,
            length=0.57 + 0.04 * length + 0.05 * big + 0.08 * pointy,
            height=0.17 if big else 0.19 if pointy else 0.12,
            bridge=0.11 + 0.025 * bridge + 0.03 * big - 0.025 * pointy,
            lean=0.2 * turn,
            pointy=pointy,
        )

    @property
    def centre(self):
        """The tip in face coordinates; it stands out and so moves with the turn."""
        return self.lean + 1j * self.length

    def relief(self, x, y):
        tip = self.centre
        # The ridge leans from between the eyes to the tip.
        down = np.clip(y / np.float32(self.length), 0, 1)
        ridge = bump(x - np.float32(self.lean.real) * down, y, 0, 0.2, self.bridge, 0.3)
        height = np.float32(0.1) * ridge
        height += np.float32(self.height) * bump(
            x, y, tip.real, tip.imag, self.tip, self.tip * 0.85
        )
        for side in (-1, 1):
            height += np.float32(0.09) * bump(
                x,
                y,
                tip.real * 0.8 + side * self.wing * 0.8,
                tip.imag + 0.06,
                0.07,
                0.075,
            )
        return height

    def draw(self, face, skin):
        tip, wing = self.centre, self.wing
        dark = skin * (0.5, 0.36, 0.33)
        base = tip.imag + (0.1 if not self.pointy else 0.07)
        face.ellipse(
            dark, tip.real, base + 0.06, wing * 1.1, 0.07, blur=0.12, opacity=0.5
        )
        for side in (-1, 1):
            x = tip.real * 0.85 + side * wing
            points = np.array([x - side * 0.02 + 1j * (base - 0.12), x + side * 0.015 + 1j * (base - 0.05),
                               x - side * 0.03 + 1j * base])  # fmt: skip
            face.stroke(dark, points, 0.026, blur=0.04, opacity=0.65)
            face.ellipse(dark * 0.4, tip.real + side * wing * 0.48, base - 0.005,
                         wing * 0.3, 0.032, angle=-0.25 * side, blur=0.035, opacity=0.85)  # fmt: skip
            face.ellipse(dark, side * 0.2 + tip.real * 0.3, 0.12, 0.06, 0.26, angle=0.12 * side, blur=0.14,
                         opacity=0.07)  # fmt: skip
        glow = np.minimum(skin * 1.25 + 0.06, 1)
        size = 0.035 if self.pointy else 0.05 + 0.1 * (wing - 0.15)
        face.ellipse(
            glow, tip.real, tip.imag - 0.02, size, size, blur=0.06, opacity=0.55
        )
        face.ellipse(
            glow, tip.real * 0.5, 0.25, self.bridge * 0.3, 0.24, blur=0.06, opacity=0.3
        )


@dataclass
class Mouth:
    """A mouth: ``smile`` lifts its corners, ``gap`` is how far it is open."""

    y: float
    half_width: float
    upper: float
    lower: float
    smile: float
    gap: float
    teeth: float
    lip: np.ndarray
    gloss: float
    stick: float

    @classmethod
    def sample(cls, has, fixed, free, skin):
        width, upper, lower, hue = fixed.random(4)
        big, smiling, open_ = (
            "Big_Lips" in has,
            "Smiling" in has,
            "Mouth_Slightly_Open" in has,
        )
        smile = free.uniform(0.6, 1.0) if smiling else free.uniform(-0.15, 0.15)
        gap = free.uniform(0.1, 0.26) if open_ else 0.0
        lip = skin * mix((0.9, 0.7, 0.68), (0.95, 0.8, 0.76), hue)
        stick = 0.0
        colour = _LIPSTICKS[free.integers(len(_LIPSTICKS))] / 255
        strength = free.uniform(0.75, 0.95)
        if "Wearing_Lipstick" in has:
            stick = strength
            lip = mix(lip, colour * (0.7 + 0.3 * skin.mean()), stick)
        return cls(
            y=1.06 + free.uniform(-0.02, 0.03),
            half_width=(0.36 + 0.06 * width) * (1 + 0.22 * max(smile, 0)),
            upper=0.13 + 0.02 * upper if big else 0.06 + 0.018 * upper,
            lower=0.19 + 0.03 * lower if big else 0.095 + 0.02 * lower,
            smile=smile,
            gap=gap,
            teeth=free.uniform(0.5, 0.95) if smiling else free.uniform(0.1, 0.6),
            lip=lip,
            gloss=free.uniform(0.1, 0.3) + 0.25 * stick * free.random(),
            stick=stick,
        )

    def _middle(self, t):
        """Height of the line between the lips at the share t of the half width."""
        return (
            np.float32(self.y + 0.07 * self.smile)
            - np.float32(0.2 * self.smile) * t * t
        )

    @property
    def corners(self):
        y = float(self._middle(1.0))
        return np.array([-self.half_width + 1j * y, self.half_width + 1j * y])

    def relief(self, x, y):
        height = np.float32(0.05) * bump(x, y, 0, self.y, 0.3, 0.2)
        height += np.float32(0.2 * self.lower) * bump(
            x, y, 0, self.y + 0.5 * self.lower, 0.22, 0.06
        )
        height -= np.float32(0.05) * bump(
            x, y, 0, self.y + self.lower + self.gap * 0.7 + 0.08, 0.22, 0.06
        )
        height -= np.float32(0.02) * bump(x, y, 0, self.y - 0.22, 0.035, 0.09)
        return height

    def draw(self, face, skin):
        w = self.half_width
        view = face.window(-w - 0.15, self.y - 0.45, w + 0.15, self.y + 0.6)
        t = view.x * np.float32(1 / w)
        inside = np.clip(1 - t * t, 0, None)
        middle = self._middle(t)
        top = middle - np.float32(0.3 * self.gap) * inside
        bottom = middle + np.float32(0.7 * self.gap) * inside
        bow = 1 - np.float32(0.3) * bump(t, 0, 0, 0, 0.16, 1)
        upper = top - np.float32(self.upper) * inside**0.8 * bow
        lower = bottom + np.float32(self.lower) * inside**0.75
        dark = skin * (0.5, 0.36, 0.34)
        shadow = view.soft(np.abs(view.y - lower - 0.06) - 0.03, 0.1) * inside
        view.paint(dark, 0.45 * shadow)
        lips = view.soft(np.maximum(upper - view.y, view.y - lower), 0.02)
        lips = lips * view.soft((np.abs(t) - 1) * w)
        creases = noise(view.x, view.y, 0.06, 0.3, 1500)
        tone = 0.92 + np.float32(0.05) * creases
        tone = tone + 0.3 * np.clip(view.y - middle, -0.3, 0.12)
        colour = self.lip[:, None, None] * tone
        shine = bump(t, view.y - bottom, 0, 0.42 * self.lower, 0.4, 0.22 * self.lower)
        colour = colour + np.float32(self.gloss) * shine
        view.paint(colour, (0.8 + 0.2 * self.stick) * lips)
        if self.gap:
            self._draw_inside(view, t, top, bottom)
        else:
            seam = view.soft(np.abs(view.y - middle) - 0.012, 0.03) * view.soft(
                (np.abs(t) - 1.04) * w
            )
            view.paint(self.lip * 0.3, 0.8 * seam)
        for corner in self.corners:
            face.ellipse(
                dark, corner.real, corner.imag, 0.03, 0.03, blur=0.05, opacity=0.45
            )

    def _draw_inside(self, view, t, top, bottom):
        opening = view.soft(np.maximum(top - view.y, view.y - bottom)) * (np.abs(t) < 1)
        view.paint((0.2, 0.06, 0.06), opening)
        tongue = view.soft(bottom - np.float32(0.35 * self.gap) - view.y, 0.06)
        view.paint((0.55, 0.22, 0.22), 0.6 * opening * tongue)
        edge = top + (bottom - top) * np.float32(self.teeth)
        row = view.soft(view.y - edge, 0.02) * view.soft(
            (np.abs(t) - 0.88) * self.half_width, 0.05
        )
        gaps = np.abs(np.mod(view.x * np.float32(1 / 0.085), 1) - np.float32(0.5))
        ivory = 0.93 - 0.1 * np.clip(gaps - 0.38, 0, 0.12) * 8 - 0.3 * t * t
        view.paint(np.array([1.0, 0.98, 0.93])[:, None, None] * ivory, opening * row)
