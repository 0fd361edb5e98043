"""What people wear: clothes, glasses, hats and jewels."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import (
    arc,
    box_distance,
    bump,
    ellipse_distance,
    mix,
    noise,
)


def _fabric(rng, dark=1.0):
    """A colour for clothes: many dull, some vivid."""
    grey = rng.uniform(0.06, 0.85)
    return np.clip(
        mix(np.full(3, grey), rng.random(3), rng.beta(1, 3)) * dark, 0.03, 0.95
    )


@dataclass
class Clothes:
    """Neck, shoulders, a shirt and perhaps a jacket and a tie."""

    neck: float
    slope: float
    colour: np.ndarray
    second: np.ndarray
    pattern: str
    scale: float
    neckline: float
    pointed: bool
    shirt: bool
    jacket: np.ndarray
    tie: np.ndarray
    has_tie: bool
    striped_tie: bool
    lean: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free, roll):
        male, tie = "Male" in has, "Wearing_Necktie" in has
        neck, slope = fixed.random(2)
        shirt = tie or free.random() < (0.35 if male else 0.12)
        colour = (
            np.full(3, free.uniform(0.75, 0.97)) * free.uniform(0.92, 1, 3)
            if tie
            else _fabric(free)
        )
        pattern = str(
            free.choice(["plain", "plain", "plain", "stripes", "plaid", "blotches"])
        )
        necklace = "Wearing_Necklace" in has
        return cls(
            neck=0.58 + 0.06 * neck + 0.15 * male + 0.06 * ("Chubby" in has),
            slope=0.22 + 0.12 * slope,
            colour=colour,
            second=_fabric(free),
            pattern="plain" if tie else pattern,
            scale=free.uniform(0.08, 0.3),
            neckline=free.uniform(2.75, 3.1)
            if necklace
            else free.uniform(2.15, 2.3)
            if male
            else free.uniform(2.15, 3.0),
            pointed=free.random() < 0.35,
            shirt=shirt,
            jacket=_fabric(free, 0.4)
            if tie or (shirt and free.random() < 0.5)
            else None,
            tie=_fabric(free, 0.7) * (1, 0.75, 0.75)
            if free.random() < 0.5
            else _fabric(free, 0.8),
            has_tie=tie,
            striped_tie=free.random() < 0.5,
            lean=roll * free.uniform(0.4, 0.9) + free.normal(0, 0.05),
            seed=free.uniform(1e3, 5e3),
        )

    def draw(self, canvas, head, light):
        """Paint everything below the chin, and return the body's canvas."""
        body = canvas.turned(self.lean, 1.1j)
        view = body.window(-6, 0.6, 6, 8)
        x, y = view.x, view.y
        wide = np.abs(x)
        out = np.clip(wide - np.float32(self.neck), 0, None)
        shoulder = (
            2.0
            + 0.28 * np.minimum(out * 3, 1)
            + np.float32(self.slope) * out
            + np.float32(0.1) * out**3
        )
        neck = np.maximum(
            wide - np.float32(self.neck) - 0.1 * np.clip(y - 1.7, 0, 1) ** 2, 0.8 - y
        )
        skin = view.soft(np.minimum(neck, shoulder - y))
        cast = np.clip((np.float32(head.chin + 0.42) - y) * np.float32(2.2), 0, 1)
        tone = np.float32(0.92) - np.float32(0.42) * cast * bump(x, 0, 0, 0, 0.8, 1)
        tone = tone + np.float32(0.22) * light.direction[0] * np.clip(x, -1, 1)
        tone = tone - np.float32(0.12) * bump(wide, 0, self.neck, 0, 0.12, 1)
        tone = tone + np.float32(0.03) * noise(x, y, 0.6, 0.6, self.seed)
        tone = tone - np.float32(0.1) * bump(wide, y, 0.2, 2.2, 0.05, 0.16)
        colour = head.skin * light.tint * (1.0, 0.97, 0.96)
        view.paint(colour[:, None, None] * tone, skin)
        depth = self.neckline - (1.1 if self.pointed else 0.5) * wide ** (
            1.0 if self.pointed else 2.0
        )
        cloth = view.soft(np.maximum(shoulder - 0.02, depth) - y)
        folds = noise(x + 0.3 * y, y, 0.25, 1.0, self.seed)
        shade = (
            0.88
            + np.float32(0.08) * folds
            + np.float32(0.25) * light.direction[0] * np.clip(x, -1.6, 1.6)
        )
        view.shade(
            (0.55, 0.5, 0.5),
            0.5 * skin * view.soft(depth - y - 0.04, 0.16) * (1 - cloth),
        )
        view.paint(self._cloth(x, y) * shade, cloth)
        if self.shirt:
            self._draw_collar(view, shade)
        return body

    def _cloth(self, x, y):
        base = self.colour[:, None, None]
        if self.pattern == "plain":
            return base + np.float32(0.02) * noise(x, y, 0.04, 0.04, self.seed)
        k = np.float32(2 * np.pi / self.scale)
        if self.pattern == "stripes":
            share = np.clip(0.5 + 2 * np.sin(k * y), 0, 1)
        elif self.pattern == "plaid":
            share = (
                np.clip(0.5 + np.sin(k * y), 0, 1) * 0.5
                + np.clip(0.5 + np.sin(k * x), 0, 1) * 0.5
            )
        else:
            share = np.clip(
                0.5 + 2 * noise(x, y, self.scale, self.scale, self.seed), 0, 1
            )
        return mix(base, self.second[:, None, None], share)

    def _draw_collar(self, view, shade):
        x, y = view.x, view.y
        wide = np.abs(x)
        shirt = np.clip(self.colour * 1.05, 0, 1)[:, None, None]
        open_ = 0.0 if self.has_tie else 0.12
        front = view.soft(np.maximum(wide - (y - 2.1) * 0.6 - 0.1, 2.12 - y))
        if self.jacket is not None:
            view.paint(shirt * shade, view.soft(np.maximum(2.12 - y, wide - 0.9)))
            lapel = view.soft(
                np.maximum(0.62 - wide * 1.0 + (y - 2.2) * -0.75, 2.1 + 0.2 * wide - y)
            )
            view.paint(self.jacket[:, None, None] * shade, lapel)
            edge = np.abs(0.62 - wide - (y - 2.2) * 0.75) - 0.015
            view.shade((0.5, 0.5, 0.5), 0.6 * view.soft(edge, 0.04) * (y > 2.2))
        elif not self.has_tie:
            view.shade((0.6, 0.58, 0.58), 0.5 * front * view.soft(wide - 0.012, 0.03))
        if self.has_tie:
            knot = np.maximum(wide - 0.16 + 0.25 * (y - 2.14), np.abs(y - 2.26) - 0.14)
            blade = np.maximum(wide - 0.09 - 0.17 * (y - 2.36), 2.36 - y)
            k = np.float32(2 * np.pi / 0.16)
            band = (
                0.25 * np.sin(k * (x + y))
                if self.striped_tie
                else 0.04 * np.sin(k * 2 * x)
            )
            tie = self.tie[:, None, None] * (1 + band) * (1.05 - 1.2 * wide)
            view.shade(
                (0.5, 0.5, 0.55), 0.5 * view.soft(np.minimum(knot, blade) - 0.03, 0.08)
            )
            view.paint(tie, view.soft(np.minimum(knot, blade)))
            view.shade(
                (0.6, 0.6, 0.6),
                0.6 * view.soft(np.abs(y - 2.4) - 0.01, 0.04) * view.soft(wide - 0.13),
            )
        flap = np.maximum(
            np.abs(wide - 0.36 - open_ - 0.2 * (2.4 - y)) - 0.16,
            np.abs(y - 2.2 + 0.35 * (wide - 0.5)) - 0.16,
        )
        view.shade((0.6, 0.6, 0.62), 0.5 * view.soft(flap - 0.03, 0.08))
        view.paint(shirt * 1.03 * shade, view.soft(flap))


@dataclass
class Accessories:
    """Glasses, hat, earrings and necklace; each None or how it looks."""

    glasses: dict
    hat: dict
    earrings: dict
    necklace: dict

    @classmethod
    def sample(cls, has, free):
        metal = np.array([(0.86, 0.7, 0.34), (0.82, 0.83, 0.86), (0.75, 0.55, 0.4)])[
            free.integers(3)
        ]
        jewel = (
            metal if free.random() < 0.6 else np.clip(free.random(3) * 0.9 + 0.1, 0, 1)
        )
        vivid = _fabric(free)
        glasses = dict(
            round=free.random(), width=free.uniform(0.35, 0.42), height=free.uniform(0.24, 0.33),
            frame=free.uniform(0.04, 0.075), colour=mix((0.05, 0.05, 0.06), free.random(3) * 0.5, free.random() ** 3),
            tint=free.uniform(0.75, 0.95) if free.random() < 0.12 else free.uniform(0.02, 0.12),
            glare=free.uniform(0.05, 0.3),
        )  # fmt: skip
        hat = dict(kind=str(free.choice(["cap", "beanie", "brim"])), colour=vivid, band=_fabric(free),
                   height=free.uniform(0.25, 0.5), side=free.uniform(-0.2, 0.2), seed=free.uniform(1e3, 5e3))  # fmt: skip
        earrings = dict(kind=str(free.choice(["drop", "hoop", "stud"], p=[0.5, 0.35, 0.15])), colour=jewel,
                        size=free.uniform(0.8, 1.25))  # fmt: skip
        necklace = dict(colour=jewel if free.random() < 0.7 else np.full(3, 0.9), drop=free.uniform(2.32, 2.52),
                        bead=free.uniform(0.045, 0.085), pendant=free.random() < 0.5)  # fmt: skip
        return cls(
            glasses if "Eyeglasses" in has else None,
            hat if "Wearing_Hat" in has else None,
            earrings if "Wearing_Earrings" in has else None,
            necklace if "Wearing_Necklace" in has else None,
        )

    def draw_necklace(self, body):
        look = self.necklace
        if look is None:
            return
        ends = np.array([-0.72 + 1.95j, 0.72 + 1.95j])
        points = arc(*ends, look["drop"] - 1.95, 25)
        dark = look["colour"] * 0.35
        body.stroke(dark, points + 0.03j, look["bead"], blur=0.05, opacity=0.5)
        body.stroke(look["colour"] * 0.75, points, look["bead"] * 0.8)
        for point in points[1:-1]:
            size = look["bead"] * 0.5
            body.ellipse(look["colour"], point.real, point.imag, size, size)
            body.ellipse(
                (1, 1, 1),
                point.real - 0.01,
                point.imag - 0.015,
                size * 0.3,
                size * 0.3,
                opacity=0.8,
            )
        if look["pendant"]:
            y = look["drop"] + 0.12
            body.ellipse(dark, 0, y + 0.02, 0.1, 0.13, blur=0.05, opacity=0.6)
            body.ellipse(look["colour"], 0, y, 0.08, 0.11)
            body.ellipse((1, 1, 1), -0.02, y - 0.04, 0.02, 0.03, blur=0.02, opacity=0.8)

    def draw_earrings(self, canvas, head):
        look = self.earrings
        if look is None:
            return
        for side in (-1, 1):
            x = side * (head.half_width + 0.05) + 0.1 * head.turn.real
            y, size, colour = 0.5, look["size"], look["colour"]
            if look["kind"] == "hoop":
                angle = np.linspace(0, 2 * np.pi, 13)
                ring = (
                    x
                    + 1j * (y + 0.17 * size)
                    + size * (0.12 * np.cos(angle) + 0.18j * np.sin(angle))
                )
                canvas.stroke(colour * 0.4, ring + 0.015, 0.055, opacity=0.6)
                canvas.stroke(colour, ring, 0.045)
            elif look["kind"] == "drop":
                canvas.stroke(
                    colour * 0.7, [x + 1j * y, x + 1j * (y + 0.2 * size)], 0.035
                )
                canvas.ellipse(
                    colour * 0.45, x + 0.01, y + 0.26 * size, 0.075 * size, 0.14 * size
                )
                canvas.ellipse(colour, x, y + 0.25 * size, 0.06 * size, 0.125 * size)
            else:
                canvas.ellipse(colour * 0.4, x, y + 0.01, 0.085 * size, 0.085 * size)
                canvas.ellipse(colour, x, y, 0.07 * size, 0.07 * size)
            canvas.ellipse((1, 1, 1), x - 0.015, y + 0.2 * size * (look["kind"] == "drop"), 0.025, 0.03,
                           blur=0.02, opacity=0.9)  # fmt: skip

    def draw_glasses(self, face, head):
        look = self.glasses
        if look is None:
            return
        rx, ry = look["width"], look["height"]
        view = face.window(-1.2, -0.5, 1.2, 0.55)
        wide = np.abs(view.x)
        corner = min(rx, ry) * (0.35 + 0.65 * look["round"])
        lens = box_distance(wide, view.y, 0.52, 0.05, rx, ry, corner)
        view.shade((0.75, 0.7, 0.7), 0.4 * view.soft(np.abs(lens) - 0.05, 0.1))
        view.paint((0.07, 0.07, 0.09), look["tint"] * view.soft(lens))
        slant = np.abs(np.mod(view.x + 0.6 * view.y, 1.0) - 0.3) - 0.06
        view.paint(
            (0.95, 0.97, 1.0),
            look["glare"] * view.soft(lens + 0.05) * view.soft(slant, 0.05),
        )
        frame = np.abs(lens) - np.float32(look["frame"] / 2)
        bridge = np.maximum(np.abs(view.y + 0.04) - 0.025, wide - (0.54 - rx))
        temple = np.maximum(np.abs(view.y + 0.08) - 0.03, 0.5 + rx - wide)
        mask = view.soft(np.minimum(np.minimum(frame, bridge), temple))
        tone = 1 + 0.6 * np.clip(-view.y - 0.1, 0, 0.2)
        view.paint(np.asarray(look["colour"])[:, None, None] * tone, mask)

    def draw_hat(self, canvas, head, light):
        look = self.hat
        if look is None:
            return
        width = head.half_width + 0.2
        crown = -0.78
        top = head.top - look["height"]
        view = canvas.window(-2.1, top - 0.1, 2.1, -0.2)
        x, y = view.x, view.y
        dome = np.maximum(
            ellipse_distance(x, y, 0, crown, width, crown - top),
            y - crown - 0.12 * np.cos(x),
        )
        lit = 0.85 + np.float32(0.3) * light.direction[0] * x + 0.12 * (crown - y)
        weave = noise(x, y, 0.05, 0.05, look["seed"])
        if look["kind"] == "beanie":
            ribs = np.cos(x * np.float32(24)) * 0.12
            view.paint(look["colour"][:, None, None] * (lit + ribs), view.soft(dome))
            cuff = box_distance(x, y, 0, crown, width + 0.02, 0.17, 0.12)
            view.shade((0.5, 0.5, 0.5), 0.5 * view.soft(cuff - 0.03, 0.12))
            view.paint(look["band"][:, None, None] * (lit + ribs), view.soft(cuff))
            return
        folds = 0.05 * noise(x, y, 0.5, 0.8, look["seed"]) + 0.03 * weave
        view.paint(look["colour"][:, None, None] * (lit + folds), view.soft(dome))
        if look["kind"] == "cap":
            seam = np.minimum(
                np.abs(x),
                np.abs(
                    np.abs(x) - 0.6 * np.sqrt(np.clip((y - top) / (crown - top), 0, 1))
                ),
            )
            view.shade(
                (0.7, 0.7, 0.7), 0.5 * view.soft(seam - 0.01, 0.03) * view.soft(dome)
            )
            cx = look["side"]
            shadow = ellipse_distance(x, y, cx, crown + 0.16, width * 0.95, 0.2)
            view.shade((0.5, 0.48, 0.48), 0.6 * view.soft(shadow, 0.2))
            visor = np.maximum(
                ellipse_distance(x, y, cx, crown + 0.02, width * 0.97, 0.2),
                -0.1 - (y - crown),
            )
            tone = 0.75 + 0.8 * (y - crown)
            view.paint(look["band"][:, None, None] * tone, view.soft(visor))
            return
        band = np.maximum(dome, np.abs(y - crown + 0.16) - 0.12)
        view.paint(look["band"][:, None, None] * lit, view.soft(band))
        shadow = ellipse_distance(x, y, 0, crown + 0.2, width, 0.24)
        view.shade((0.5, 0.48, 0.48), 0.6 * view.soft(shadow, 0.25))
        brim = ellipse_distance(x, y, 0, crown + 0.02 + 0.05 * x * x, width + 0.62, 0.2)
        view.paint(
            look["colour"][:, None, None] * (0.72 + 0.9 * (crown - y) + 0.03 * weave),
            view.soft(brim),
        )
