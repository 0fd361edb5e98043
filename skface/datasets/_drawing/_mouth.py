"""Nose and mouth."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import bump, mix, noise, spread

_LIPSTICKS = np.array(
    [
        (176, 24, 40),
        (200, 40, 66),
        (150, 24, 62),
        (208, 70, 84),
        (120, 22, 46),
        (216, 84, 110),
        (190, 52, 40),
    ]
)


@dataclass
class Nose:
    """A nose.

    ``wing`` is half its width at the nostrils, ``tip`` the breadth of its tip, ``lean``
    how far the tip, which stands out, moves with the turn of the head.
    """

    wing: float
    tip: float
    length: float
    height: float
    bridge: float
    lean: complex
    pointed: bool

    @classmethod
    def sample(cls, has, fixed, turn):
        width, tip, length, bridge = fixed.random(4).tolist()
        if "Big_Nose" in has:
            wing, tip, length = 0.31 + 0.05 * width, 0.17 + 0.03 * tip, length + 1.25
            height, bridge = 0.17, bridge + 1.2
        elif "Pointy_Nose" in has:
            wing, tip, length = 0.125 + 0.02 * width, 0.075, length + 2
            height, bridge = 0.19, bridge - 1
        else:
            wing, tip = 0.195 + 0.02 * width, 0.12 + 0.02 * tip
            height = 0.12
        return cls(
            wing=wing,
            tip=tip,
            length=0.57 + 0.04 * length,
            height=height,
            bridge=0.11 + 0.025 * bridge,
            lean=0.2 * turn,
            pointed="Pointy_Nose" in has,
        )

    @property
    def centre(self):
        """The tip in face coordinates."""
        return self.lean + 1j * self.length

    def relief(self, x, y):
        tip = self.centre
        # The ridge leans from between the eyes to the tip.
        ridge = x - self.lean.real * np.clip(y / self.length, 0, 1)
        height = 0.1 * bump(ridge, y, 0, 0.2, self.bridge, 0.3)
        height += self.height * bump(
            x, y, tip.real, tip.imag, self.tip, 0.85 * self.tip
        )
        for side in (-0.8, 0.8):
            wing = 0.8 * tip.real + side * self.wing
            height += 0.09 * bump(x, y, wing, tip.imag + 0.06, 0.07, 0.075)
        return height

    def draw(self, face, skin):
        x, wing = self.centre.real, self.wing
        base = self.centre.imag + (0.07 if self.pointed else 0.1)
        dark = skin * (0.5, 0.36, 0.33)
        face.ellipse(dark, x, base + 0.06, 1.1 * wing, 0.07, blur=0.12, opacity=0.5)
        for side in (-1, 1):
            edge = 0.85 * x + side * wing
            curve = np.array([-0.02, 0.015, -0.03]) * side + edge
            curve = curve + 1j * (base + np.array([-0.12, -0.05, 0]))
            face.stroke(dark, curve, 0.026, blur=0.04, opacity=0.65)
            face.ellipse(
                0.4 * dark,
                x + 0.48 * side * wing,
                base,
                0.3 * wing,
                0.032,
                angle=-0.25 * side,
                blur=0.035,
                opacity=0.85,
            )
            flank = 0.2 * side + 0.3 * x
            face.ellipse(dark, flank, 0.12, 0.06, 0.26, blur=0.14, opacity=0.07)
        glow = np.minimum(1.25 * skin + 0.06, 1)
        size = 0.035 if self.pointed else 0.05 + 0.1 * (wing - 0.15)
        y = self.centre.imag - 0.02
        face.ellipse(glow, x, y, size, size, blur=0.06, opacity=0.55)
        ridge = 0.3 * self.bridge
        face.ellipse(glow, 0.5 * x, 0.25, ridge, 0.24, blur=0.06, opacity=0.3)


@dataclass
class Mouth:
    """A mouth.

    ``smile`` lifts its corners, ``gap`` is how far it is open, ``upper`` and ``lower``
    are the heights of the lips, ``teeth`` is the share of the gap that teeth fill.
    """

    y: float
    half_width: float
    upper: float
    lower: float
    smile: float
    gap: float
    teeth: float
    lip: np.ndarray
    stick: float
    gloss: float

    @classmethod
    def sample(cls, has, fixed, free, skin):
        width, upper, lower, hue = fixed.random(4).tolist()
        big, smiling = "Big_Lips" in has, "Smiling" in has
        smile = free.uniform(0.6, 1.0) if smiling else free.uniform(-0.15, 0.15)
        lip = skin * mix((0.9, 0.7, 0.68), (0.95, 0.8, 0.76), hue)
        colour = _LIPSTICKS[free.integers(len(_LIPSTICKS))] / 255
        stick = free.uniform(0.75, 0.95) * ("Wearing_Lipstick" in has)
        return cls(
            y=1.06 + free.uniform(-0.02, 0.03),
            half_width=(0.36 + 0.06 * width) * (1 + 0.22 * max(smile, 0)),
            upper=0.14 + 0.02 * upper if big else 0.06 + 0.015 * upper,
            lower=0.2 + 0.03 * lower if big else 0.09 + 0.015 * lower,
            smile=smile,
            gap=free.uniform(0.1, 0.26) * ("Mouth_Slightly_Open" in has),
            teeth=free.uniform(0.5, 0.95) if smiling else free.uniform(0.1, 0.6),
            lip=mix(lip, colour * (0.7 + 0.3 * skin.mean()), stick),
            stick=stick,
            gloss=free.uniform(0.1, 0.3) + 0.25 * stick * free.random(),
        )

    @property
    def corners(self):
        """The corners in face coordinates."""
        x, y = self.half_width, self._middle(1.0)
        return np.array([-x + 1j * y, x + 1j * y])

    @property
    def bottom(self):
        """Where the lower lip ends."""
        return self.y + 0.07 * self.smile + 0.7 * self.gap + self.lower

    def edges(self, x):
        """Heights of the upper and the lower edge of the lips, roughly."""
        share = np.minimum(np.abs(x) / self.half_width, 1.2)
        return self._middle(share) - 0.3 * self.gap - self.upper, self.bottom

    def _middle(self, share):
        """Height of the line between the lips at a share of the half width."""
        return self.y + 0.07 * self.smile - 0.2 * self.smile * share * share

    def relief(self, x, y):
        height = 0.05 * bump(x, y, 0, self.y, 0.3, 0.2)
        lip, dip = self.y + 0.5 * self.lower, self.y + self.lower + 0.7 * self.gap
        height += 0.2 * self.lower * bump(x, y, 0, lip, 0.22, 0.06)
        height -= 0.05 * bump(x, y, 0, dip + 0.08, 0.22, 0.06)
        height -= 0.02 * bump(x, y, 0, self.y - 0.22, 0.035, 0.09)
        return height

    def draw(self, face, skin):
        wide = self.half_width
        view = face.window(-wide - 0.15, self.y - 0.45, wide + 0.15, self.y + 0.6)
        y, share = view.y, view.x / wide
        middle, inside = self._middle(share), np.maximum(1 - share * share, 0)
        top = middle - 0.3 * self.gap * inside
        bottom = middle + 0.7 * self.gap * inside
        bow = 1 - 0.3 * bump(share, 0, 0, 0, 0.16, 1)
        upper = top - self.upper * inside**0.8 * bow
        lower = bottom + self.lower * inside**0.75
        dark = skin * (0.5, 0.36, 0.34)
        shadow = view.soft(np.abs(y - lower - 0.06) - 0.03, 0.1)
        view.paint(dark, 0.45 * shadow * inside)
        lips = view.soft(np.maximum(upper - y, y - lower), 0.02)
        lips *= view.soft((np.abs(share) - 1) * wide)
        tone = 0.92 + 0.05 * noise(view.x, y, 0.06, 0.3, 1500)
        tone += 0.3 * np.clip(y - middle, -0.3, 0.12)
        gleam = bump(share, y - bottom, 0, 0.42 * self.lower, 0.4, 0.22 * self.lower)
        colour = spread(self.lip) * tone + self.gloss * gleam
        view.paint(colour, (0.8 + 0.2 * self.stick) * lips)
        if self.gap:
            self._draw_inside(view, share, top, bottom)
        else:
            seam = view.soft(np.abs(y - middle) - 0.012, 0.03)
            seam *= view.soft((np.abs(share) - 1.04) * wide)
            view.paint(0.3 * self.lip, 0.8 * seam)
        for corner in self.corners.tolist():
            x, y = corner.real, corner.imag
            face.ellipse(dark, x, y, 0.03, 0.03, blur=0.05, opacity=0.45)

    def _draw_inside(self, view, share, top, bottom):
        x, y = view.x, view.y
        opening = view.soft(np.maximum(top - y, y - bottom)) * (np.abs(share) < 1)
        view.paint((0.2, 0.06, 0.06), opening)
        tongue = view.soft(bottom - 0.35 * self.gap - y, 0.06)
        view.paint((0.55, 0.22, 0.22), 0.6 * opening * tongue)
        row = view.soft(y - top - (bottom - top) * self.teeth, 0.02)
        row *= view.soft((np.abs(share) - 0.88) * self.half_width, 0.05)
        slit = np.clip(np.abs(np.mod(x / 0.085, 1) - 0.5) - 0.38, 0, 0.12)
        ivory = 0.93 - 0.8 * slit - 0.3 * share * share
        view.paint(spread((1.0, 0.98, 0.93)) * ivory, opening * row)
