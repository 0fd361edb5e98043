"""Glasses, hats and jewels."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import (
    arc,
    box_distance,
    ellipse_distance,
    mix,
    noise,
    spread,
)
from skface.datasets._drawing._clothes import fabric

_METALS = np.array([(0.86, 0.7, 0.34), (0.82, 0.83, 0.86), (0.75, 0.55, 0.4)])
_WHITE = (1, 1, 1)


def jewel_colour(rng):
    """A metal or a coloured stone."""
    metal, stone = _METALS[rng.integers(len(_METALS))], 0.1 + 0.9 * rng.random(3)
    return metal if rng.random() < 0.6 else stone


@dataclass
class Glasses:
    """Spectacles; the lenses are rounder the higher ``roundness`` (0 to 1) is."""

    roundness: float
    width: float
    height: float
    frame: float
    colour: np.ndarray
    tint: float
    glare: float

    @classmethod
    def sample(cls, rng):
        dark = rng.random() < 0.12
        return cls(
            roundness=rng.random(),
            width=rng.uniform(0.35, 0.42),
            height=rng.uniform(0.24, 0.33),
            frame=rng.uniform(0.04, 0.075),
            colour=mix((0.05, 0.05, 0.06), 0.5 * rng.random(3), rng.random() ** 3),
            tint=rng.uniform(0.75, 0.95) if dark else rng.uniform(0.02, 0.12),
            glare=rng.uniform(0.05, 0.3),
        )

    def draw(self, face):
        rx, ry = self.width, self.height
        view = face.window(-1.2, -0.5, 1.2, 0.55)
        x, y, wide = view.x, view.y, np.abs(view.x)
        corner = min(rx, ry) * (0.35 + 0.65 * self.roundness)
        lens = box_distance(wide, y, 0.52, 0.05, rx, ry, corner)
        view.shade((0.75, 0.7, 0.7), 0.4 * view.soft(np.abs(lens) - 0.05, 0.1))
        view.paint((0.07, 0.07, 0.09), self.tint * view.soft(lens))
        streak = view.soft(np.abs(np.mod(x + 0.6 * y, 1.0) - 0.3) - 0.06, 0.05)
        view.paint((0.95, 0.97, 1), self.glare * view.soft(lens + 0.05) * streak)
        rim = np.abs(lens) - self.frame / 2
        bridge = np.maximum(np.abs(y + 0.04) - 0.025, wide - 0.54 + rx)
        temple = np.maximum(np.abs(y + 0.08) - 0.03, 0.5 + rx - wide)
        mask = view.soft(np.minimum(np.minimum(rim, bridge), temple))
        view.paint(spread(self.colour) * (1 + 0.6 * np.clip(-y - 0.1, 0, 0.2)), mask)


@dataclass
class Hat:
    """A cap with a visor, a knitted beanie, or a hat with a brim."""

    kind: str
    colour: np.ndarray
    second: np.ndarray
    height: float
    side: float
    seed: float

    @classmethod
    def sample(cls, rng):
        return cls(
            kind=("cap", "beanie", "brim")[rng.integers(3)],
            colour=fabric(rng),
            second=fabric(rng),
            height=rng.uniform(0.25, 0.5),
            side=rng.uniform(-0.2, 0.2),
            seed=rng.uniform(1e3, 5e3),
        )

    def draw(self, canvas, head, light):
        width, edge, top = head.half_width + 0.2, -0.78, head.top - self.height
        view = canvas.window(-2.1, top - 0.1, 2.1, -0.2)
        x, y = view.x, view.y
        dome = ellipse_distance(x, y, 0, edge, width, edge - top)
        dome = np.maximum(dome, y - edge - 0.12 * np.cos(x))
        tone = 0.85 + 0.3 * float(light.direction[0]) * x + 0.12 * (edge - y)
        if self.kind == "beanie":
            tone += 0.12 * np.cos(24 * x)
        else:
            tone += 0.05 * noise(x, y, 0.5, 0.8, self.seed)
            tone += 0.03 * noise(x, y, 0.05, 0.05, self.seed)
        view.paint(spread(self.colour) * tone, view.soft(dome))
        draw_edge = {
            "beanie": self._draw_cuff,
            "cap": self._draw_visor,
            "brim": self._draw_brim,
        }[self.kind]
        draw_edge(view, width, edge, top, dome, tone)

    def _draw_cuff(self, view, width, edge, top, dome, tone):
        cuff = box_distance(view.x, view.y, 0, edge, width + 0.02, 0.17, 0.12)
        view.shade((0.5, 0.5, 0.5), 0.5 * view.soft(cuff - 0.03, 0.12))
        view.paint(spread(self.second) * tone, view.soft(cuff))

    def _draw_visor(self, view, width, edge, top, dome, tone):
        x, y = view.x, view.y
        bend = 0.6 * np.sqrt(np.clip((y - top) / (edge - top), 0, 1))
        seam = np.minimum(np.abs(x), np.abs(np.abs(x) - bend)) - 0.01
        view.shade((0.7, 0.7, 0.7), 0.5 * view.soft(seam, 0.03) * view.soft(dome))
        shadow = ellipse_distance(x, y, self.side, edge + 0.16, 0.95 * width, 0.2)
        view.shade((0.5, 0.48, 0.48), 0.6 * view.soft(shadow, 0.2))
        visor = ellipse_distance(x, y, self.side, edge + 0.02, 0.97 * width, 0.2)
        visor = np.maximum(visor, edge - 0.1 - y)
        view.paint(spread(self.second) * (0.75 + 0.8 * (y - edge)), view.soft(visor))

    def _draw_brim(self, view, width, edge, top, dome, tone):
        x, y = view.x, view.y
        band = np.maximum(dome, np.abs(y - edge + 0.16) - 0.12)
        view.paint(spread(self.second) * tone, view.soft(band))
        shadow = ellipse_distance(x, y, 0, edge + 0.2, width, 0.24)
        view.shade((0.5, 0.48, 0.48), 0.6 * view.soft(shadow, 0.25))
        lifted = y - 0.05 * x * x
        brim = ellipse_distance(x, lifted, 0, edge + 0.02, width + 0.62, 0.2)
        view.paint(spread(self.colour) * (0.72 + 0.9 * (edge - y)), view.soft(brim))


@dataclass
class Earrings:
    """A pair of drops, hoops or studs."""

    kind: str
    colour: np.ndarray
    size: float

    @classmethod
    def sample(cls, rng):
        kind = ("drop", "drop", "drop", "hoop", "hoop", "stud")[rng.integers(6)]
        return cls(kind, jewel_colour(rng), rng.uniform(0.95, 1.35))

    def draw(self, canvas, head):
        size, bright, dark = self.size, self.colour, 0.4 * self.colour
        for side in (-1, 1):
            x, y = side * (head.half_width + 0.05) + 0.1 * head.turn.real, 0.5
            if self.kind == "hoop":
                angle = np.linspace(0, 2 * np.pi, 13)
                ring = 0.12 * np.cos(angle) + 1j * (0.17 + 0.18 * np.sin(angle))
                ring = x + 1j * y + size * ring
                canvas.stroke(dark, ring + 0.015, 0.055, opacity=0.6)
                canvas.stroke(bright, ring, 0.045)
            elif self.kind == "drop":
                top, y = x + 1j * y, y + 0.25 * size
                canvas.stroke(0.7 * bright, [top, x + 1j * y], 0.035)
                canvas.ellipse(dark, x + 0.01, y, 0.075 * size, 0.14 * size)
                canvas.ellipse(bright, x, y - 0.01, 0.06 * size, 0.125 * size)
            else:
                canvas.ellipse(dark, x, y + 0.01, 0.085 * size, 0.085 * size)
                canvas.ellipse(bright, x, y, 0.07 * size, 0.07 * size)
            canvas.ellipse(_WHITE, x - 0.015, y - 0.03, 0.025, 0.03, blur=0.02)


@dataclass
class Necklace:
    """A chain of beads, perhaps with a pendant; ``drop`` is the y of its middle."""

    colour: np.ndarray
    drop: float
    bead: float
    pendant: bool

    @classmethod
    def sample(cls, rng):
        pearls = rng.random() < 0.3
        colour = jewel_colour(rng)
        return cls(
            colour=np.full(3, 0.9) if pearls else colour,
            drop=rng.uniform(2.32, 2.52),
            bead=rng.uniform(0.045, 0.085),
            pendant=rng.random() < 0.5,
        )

    def draw(self, body):
        dark, size = 0.35 * self.colour, self.bead / 2
        points = arc(-0.72 + 1.95j, 0.72 + 1.95j, self.drop - 1.95, 25)
        body.stroke(dark, points + 0.03j, self.bead, blur=0.05, opacity=0.5)
        body.stroke(0.75 * self.colour, points, 0.8 * self.bead)
        for point in points[1:-1].tolist():
            x, y = point.real, point.imag
            body.ellipse(self.colour, x, y, size, size)
            body.ellipse(_WHITE, x - 0.01, y - 0.015, 0.3 * size, 0.3 * size)
        if self.pendant:
            y = self.drop + 0.12
            body.ellipse(dark, 0, y + 0.02, 0.1, 0.13, blur=0.05, opacity=0.6)
            body.ellipse(self.colour, 0, y, 0.08, 0.11)
            body.ellipse(_WHITE, -0.02, y - 0.04, 0.02, 0.03, blur=0.02, opacity=0.8)
