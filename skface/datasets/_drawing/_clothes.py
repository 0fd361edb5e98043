"""Neck, shoulders and clothes."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import bump, mix, noise, spread

_PATTERNS = ("plain", "plain", "plain", "stripes", "plaid", "blotches")


def fabric(rng, dark=1.0):
    """A colour for cloth: mostly dull, sometimes vivid."""
    grey = np.full(3, rng.uniform(0.06, 0.85))
    colour = mix(grey, rng.random(3), rng.beta(1, 3)) * dark
    return np.clip(colour, 0.03, 0.95)


@dataclass
class Clothes:
    """A top, perhaps with a collar, a jacket and a tie.

    ``neckline`` is the y of its upper edge in the middle, ``lean`` the angle between
    body and head.
    """

    neck: float
    slope: float
    colour: np.ndarray
    second: np.ndarray
    pattern: str
    scale: float
    neckline: float
    pointed: bool
    collar: bool
    jacket: np.ndarray | None
    tie: np.ndarray | None
    striped_tie: bool
    lean: float
    seed: float

    @classmethod
    def sample(cls, has, free, roll):
        male, tie = "Male" in has, "Wearing_Necktie" in has
        neck, slope = free.random(2).tolist()
        collar = tie or free.random() < (0.35 if male else 0.12)
        white = np.full(3, free.uniform(0.75, 0.97)) * free.uniform(0.92, 1, 3)
        colour, second, jacket = fabric(free), fabric(free), fabric(free, 0.4)
        open_jacket = free.random() < 0.5
        low, high = (2.15, 2.3) if male else (2.15, 3.0)
        if "Wearing_Necklace" in has:
            low, high = 2.75, 3.1
        return cls(
            neck=0.58 + 0.06 * neck + 0.15 * male + 0.06 * ("Chubby" in has),
            slope=0.22 + 0.12 * slope,
            colour=white if tie else colour,
            second=second,
            pattern="plain" if tie else _PATTERNS[free.integers(len(_PATTERNS))],
            scale=free.uniform(0.08, 0.3),
            neckline=free.uniform(low, high),
            pointed=free.random() < 0.35,
            collar=collar,
            jacket=jacket if tie or (collar and open_jacket) else None,
            tie=fabric(free, 0.75) * (1, 0.85, 0.85) if tie else None,
            striped_tie=free.random() < 0.5,
            lean=roll * free.uniform(0.4, 0.9) + free.normal(0, 0.05),
            seed=free.uniform(1e3, 5e3),
        )

    def draw(self, canvas, head, light, skin, bottom=8):
        """Paint all from the chin to `bottom`, and return the body's canvas."""
        body = canvas.turned(self.lean, 1.1j)
        view = body.window(-6, 0.6, 6, bottom)
        x, y, wide = view.x, view.y, np.abs(view.x)
        side = float(light.direction[0])
        out = np.maximum(wide - self.neck, 0)
        shoulder = 2.0 + 0.28 * np.minimum(3 * out, 1) + self.slope * out + 0.1 * out**3
        neck = wide - self.neck - 0.1 * np.clip(y - 1.7, 0, 1) ** 2
        bare = view.soft(np.minimum(np.maximum(neck, 0.8 - y), shoulder - y))
        chin_shadow = np.clip((head.chin + 0.42 - y) * 2.2, 0, 1)
        tone = 0.92 - 0.42 * chin_shadow * bump(x, 0, 0, 0, 0.8, 1)
        tone += 0.22 * side * np.clip(x, -1, 1) + 0.03 * noise(
            x, y, 0.6, 0.6, self.seed
        )
        tone -= 0.12 * bump(wide, 0, self.neck, 0, 0.12, 1)
        tone -= 0.1 * bump(wide, y, 0.2, 2.2, 0.05, 0.16)
        colour = skin * light.tint * (1.0, 0.97, 0.96)
        view.paint(spread(colour) * tone, bare)
        dip = 1.1 * wide if self.pointed else 0.5 * wide * wide
        edge = self.neckline - dip
        cloth = view.soft(np.maximum(shoulder - 0.02, edge) - y)
        folds = 0.08 * noise(x + 0.3 * y, y, 0.25, 1.0, self.seed)
        tone = 0.88 + folds + 0.25 * side * np.clip(x, -1.6, 1.6)
        view.shade((0.55, 0.5, 0.5), 0.5 * bare * view.soft(edge - y - 0.04, 0.16))
        view.paint(self._cloth(x, y) * tone, cloth)
        if self.jacket is not None:
            self._draw_jacket(view, tone)
        if self.tie is not None:
            self._draw_tie(view)
        if self.collar:
            self._draw_collar(view, tone)
        return body

    def _cloth(self, x, y):
        if self.pattern == "plain":
            return spread(self.colour) + 0.02 * noise(x, y, 0.04, 0.04, self.seed)
        rate = 2 * np.pi / self.scale
        if self.pattern == "stripes":
            share = np.clip(0.5 + 2 * np.sin(rate * y), 0, 1)
        elif self.pattern == "plaid":
            share = np.clip(0.5 + np.sin(rate * y), 0, 1) / 2
            share += np.clip(0.5 + np.sin(rate * x), 0, 1) / 2
        else:
            blotches = noise(x, y, self.scale, self.scale, self.seed)
            share = np.clip(0.5 + 2 * blotches, 0, 1)
        return mix(spread(self.colour), spread(self.second), share)

    def _draw_jacket(self, view, tone):
        y, wide = view.y, np.abs(view.x)
        shirt = np.maximum(2.12 - y, wide - 0.9)
        view.paint(spread(self.colour) * tone, view.soft(shirt))
        opening = 0.62 - wide - 0.75 * (y - 2.2)
        lapel = np.maximum(opening, 2.1 + 0.2 * wide - y)
        view.paint(spread(self.jacket) * tone, view.soft(lapel))
        rim = view.soft(np.abs(opening) - 0.015, 0.04) * (y > 2.2)
        view.shade((0.5, 0.5, 0.5), 0.6 * rim)

    def _draw_tie(self, view):
        x, y, wide = view.x, view.y, np.abs(view.x)
        knot = np.maximum(wide - 0.17 + 0.25 * (y - 2.14), np.abs(y - 2.26) - 0.14)
        blade = np.maximum(wide - 0.1 - 0.17 * (y - 2.36), 2.36 - y)
        shape = np.minimum(knot, blade)
        rate = 2 * np.pi / 0.16
        band = 0.25 * np.sin(rate * (x + y)) if self.striped_tie else 0 * x
        view.shade((0.5, 0.5, 0.55), 0.5 * view.soft(shape - 0.03, 0.08))
        view.paint(
            spread(self.tie) * (1 + band) * (1.05 - 1.2 * wide), view.soft(shape)
        )
        fold = view.soft(np.abs(y - 2.4) - 0.01, 0.04) * view.soft(wide - 0.13)
        view.shade((0.6, 0.6, 0.6), 0.6 * fold)

    def _draw_collar(self, view, tone):
        y, wide = view.y, np.abs(view.x)
        middle = 0.36 if self.tie is not None else 0.48
        across = np.abs(wide - middle - 0.2 * (2.4 - y)) - 0.16
        down = np.abs(y - 2.2 + 0.35 * (wide - 0.5)) - 0.16
        flap = np.maximum(across, down)
        view.shade((0.6, 0.6, 0.62), 0.5 * view.soft(flap - 0.03, 0.08))
        view.paint(spread(np.clip(self.colour * 1.08, 0, 1)) * tone, view.soft(flap))
