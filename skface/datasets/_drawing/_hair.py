"""Hair of the head."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import bump, mix, noise, spread

# Reds, and a few colours out of the bottle.
_OTHER_COLOURS = np.array(
    [
        (134, 62, 38),
        (112, 46, 32),
        (158, 86, 52),
        (92, 34, 36),
        (142, 70, 40),
        (166, 96, 64),
        (122, 52, 40),
        (104, 44, 30),
        (150, 94, 74),
        (146, 66, 34),
        (176, 84, 118),
        (78, 92, 136),
    ]
)


def hair_colour(has, rng):
    """The colour of an identity's hair."""
    shade, warmth, other = rng.random(3)
    if "Black_Hair" in has:
        colour = mix((16, 14, 16), (40, 34, 34), shade)
    elif "Blond_Hair" in has:
        colour = mix((214, 176, 120), (236, 212, 166), shade)
        colour *= mix((1, 1, 1), (0.93, 0.9, 0.82), warmth)
    elif "Gray_Hair" in has:
        colour = mix((136, 136, 138), (214, 214, 216), shade)
    elif "Brown_Hair" in has:
        colour = mix((84, 56, 36), (128, 88, 56), shade)
        colour *= mix((1, 1, 1), (1.04, 0.95, 0.86), warmth)
    else:
        colour = _OTHER_COLOURS[int(other * len(_OTHER_COLOURS))] * (0.85 + 0.3 * shade)
    return np.asarray(colour, np.float32) / 255


@dataclass
class Hair:
    """Hair of the head. Lengths are in units of the distance between the eyes.

    ``style`` is "bald", "crop", "curls", "tied" or "long". ``line`` is the height
    of the hairline, ``temple`` how far it recedes beside the middle, ``bangs`` how
    far above the eyes a fringe ends (0 for none).
    """

    style: str
    colour: np.ndarray
    volume: float
    lift: float
    length: float
    flare: float
    wave: float
    rate: float
    phase: float
    part: float
    line: float
    temple: float
    bangs: float
    sweep: float
    strands: float
    streaks: float
    shine: float
    rough: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free):
        male, wavy = "Male" in has, "Wavy_Hair" in has
        straight, receding = "Straight_Hair" in has, "Receding_Hairline" in has
        colour = hair_colour(has, fixed)
        line, kind, length, volume, streaks, side = fixed.random(6).tolist()
        length = min(max(length + free.normal(0, 0.1), 0.0), 1.0)
        if "Bald" in has:
            style = "bald"
        elif straight or wavy:
            style = "long"
        elif male:
            style = "crop" if kind < 0.8 else "curls"
        else:
            style = "curls" if kind < 0.3 else "tied"
        close = style in ("crop", "tied")
        volume = (0.14 + 0.12 * volume) * (0.7 if close else 1) + 0.12 * wavy
        volume += (0.11 if male else 0.22) * (style == "curls")
        lift = 0.2 * free.random() ** 2
        if "Wearing_Hat" in has:
            volume, lift = min(volume, 0.2), 0.0
        if receding:
            line = (-1.42 if style == "long" else -1.5) + 0.05 * line
            temple = 0.25 if style == "long" else 0.42
        else:
            line, temple = -1.15 + 0.13 * line, 0.02 + 0.06 * male
        side = 1 if side < 0.5 else -1
        return cls(
            style=style,
            colour=colour * free.uniform(0.94, 1.06),
            volume=volume,
            lift=lift,
            length=0.75 + 0.8 * length if male else 1.25 + 2.1 * length,
            flare=(0.16 if wavy else 0.04) * length + 0.05,
            wave=free.uniform(0.09, 0.15) * wavy,
            rate=free.uniform(5.0, 8.0),
            phase=free.uniform(0, 6),
            part=side * free.uniform(0.0, 0.45),
            line=line,
            temple=temple,
            bangs=free.uniform(0.34, 0.46) * ("Bangs" in has),
            sweep=side * free.uniform(-0.1, 0.25),
            strands=free.uniform(0.16, 0.3) * (0.75 if straight else 1),
            streaks=streaks * (0.11 if "Young" in has else 0.04),
            shine=free.uniform(0.12, 0.35) * (1.3 if straight else 0.8),
            rough=0.012 if straight or style == "tied" else 0.05,
            seed=fixed.uniform(1e3, 5e3),
        )

    def draw_back(self, canvas, head, light):
        """Paint what hangs behind the head."""
        if self.style == "tied":
            y = head.top - 0.12
            view = canvas.window(-0.7, y - 0.6, 0.7, y + 0.6)
            knot = np.hypot((view.x + 0.3 * self.part) / 1.15, view.y - y)
            rim = np.clip(1.15 - 3 * knot * knot, 0.4, 1.1)
            mask = view.soft(knot - 0.36, 0.05)
            self._paint(view, mask, head.top - 0.3, light, "radial", rim)
        elif self.style == "long":
            reach = head.half_width + self.volume + self.flare + 0.25
            view = canvas.window(-reach, -0.2, reach, self.length + 0.2)
            mask = view.soft(self._fall(view.x, view.y, head), 0.05)
            dim = 0.92 - 0.55 * bump(view.x, 0, 0, 0, 0.8, 1)
            self._paint(view, mask, head.top, light, "around", dim)

    def draw_front(self, canvas, head, light):
        """Paint the hair on and around the face."""
        if self.style == "bald":
            self._draw_rim(canvas, head, light)
            return
        long = self.style == "long"
        reach = head.half_width + self.volume + self.flare + 0.25
        top = head.top - self.volume - self.lift - 0.25
        view = canvas.window(-reach, top, reach, self.length + 0.2 if long else 0.7)
        level = head.level(view.x, view.y)
        x, y = head.face_coordinates(view.x, view.y, level)
        on_head = level < 1
        cap = self._cap(view.x, view.y, head)
        jag = noise(x, y, 0.09, 0.4, self.seed + 31)
        if long:
            fall = self._fall(view.x, view.y, head)
            outline = np.minimum(np.maximum(cap, view.y - 0.3), fall)
        else:
            ends = 0.5 if self.style == "curls" else 0.06
            outline = np.maximum(cap, 0.5 * (y - ends) + 0.03 * jag)
        ragged = 0.012 if self.style in ("tied", "long") else 0.04
        bare = self._opening(x, y, head) + ragged * jag
        # Only skin shows through: the opening ends before the outline of the head.
        inside = (level - 0.96) * head.half_width
        bare = np.where(view.y < 0, np.maximum(bare, inside), bare)
        hair = np.maximum(outline, -bare)
        view.shade((0.72, 0.63, 0.6), 0.5 * view.soft(hair - 0.03, 0.16) * on_head)
        flow = {"long": "around", "tied": "radial"}.get(self.style, self.style)
        blur = {"long": 0.05, "tied": 0.07}.get(self.style, 0.1)
        self._paint(view, view.soft(hair, blur), head.top, light, flow)
        if self.bangs:
            tips = 0.08 * noise(x - self.sweep * y, y, 0.1, 1.5, self.seed + 3)
            edge = self.sweep * x - 0.12 * x * x - self.bangs + tips
            fringe = np.maximum(y - edge, np.abs(x) - head.half_width + 0.03)
            fringe = np.maximum(fringe, cap)
            shadow = view.soft(fringe - 0.05, 0.14)
            view.shade((0.66, 0.56, 0.53), 0.6 * shadow * on_head)
            flow = "curls" if self.style == "curls" else "radial"
            root = np.clip((y - self.line + 0.4) * 3, 0, 1)
            self._paint(view, view.soft(fringe, 0.05) * root, head.top, light, flow)

    def _draw_rim(self, canvas, head, light):
        """Paint what is left above the ears of a bald head."""
        reach = head.half_width + 0.15
        view = canvas.window(-reach, -0.7, reach, 0.4)
        inner = head.half_width - 0.09 - np.abs(view.x)
        outer = head.level(view.x, view.y) - 1.05
        distance = np.maximum(np.maximum(inner, outer), np.abs(view.y + 0.12) - 0.32)
        mask = 0.75 * view.soft(distance, 0.1)
        self._paint(view, mask, head.top, light, "crop")

    def _cap(self, x, y, head):
        """Signed distance to the outline of the hair above the ears."""
        rx = head.half_width + self.volume
        ry = 0.1 - head.top + self.volume + self.lift
        dx, dy = x / rx, (y - 0.1) / ry
        # Bumps that depend on the angle alone leave no islands of hair.
        angle = np.arctan2(dx, -dy)
        size = 0.1 if self.style == "crop" else 0.3
        bumps = noise(angle, 0 * angle, size, 1, self.seed)
        dx, dy = np.abs(dx), np.abs(dy)
        level = (dx * dx * np.sqrt(dx) + dy * dy * np.sqrt(dy)) ** 0.4
        return (level - 1) * rx + self.rough * bumps

    def _fall(self, x, y, head):
        """Signed distance to the hair that hangs down beside the face."""
        down = np.maximum(y, 0)
        swell = np.sin(2.4 * np.minimum(down / self.length, 1))
        width = head.half_width + self.volume + self.flare * swell
        width += 0.03 * noise(np.sign(x), y, 1, 0.35, self.seed)
        if self.wave:
            swing = np.sin(self.rate * y + self.phase + np.sign(x))
            width += 0.08 * np.minimum(down, 1) * swing
        tips = 0.06 * noise(x, y, 0.1, 0.5, self.seed + 5)
        end = y - self.length + tips + 0.1 * x * x
        return np.maximum(np.maximum(np.abs(x) - width, end), -y)

    def _opening(self, x, y, head):
        """Signed distance to the part of the face that the hair leaves free."""
        wide = head.half_width * (0.86 if self.style == "long" else 0.91)
        recess = bump(np.abs(x), 0, 0.5, 0, 0.2, 1)
        line = self.line + 0.12 * self.part * x - self.temple * recess
        low = np.maximum(y - 0.3, 0)
        rise = np.maximum((y - 0.3) / (line - 0.3), 0)
        side = np.abs(x) / (wide + 0.1 * low)
        return (np.cbrt(side * side * side + rise * rise * rise) - 1) * wide

    def _paint(self, canvas, mask, top, light, flow, dim=1.0):
        across, along, strands = self._strands(canvas, top, flow)
        x, y = canvas.x, canvas.y
        lx, ly, _ = light.direction.tolist()
        glow = 0.88 + 0.16 * lx * x + 0.1 * ly * (y + 0.3)
        glow = np.clip(glow, 0.6, 1.25) * (1 + self.strands * strands)
        if self.wave and flow == "around":
            glow *= 1 + 0.25 * self._ripple(x, along, 1.2)
        if self.streaks:
            glow *= 1 + self.streaks * noise(across, along, 0.3, 4, self.seed + 77)
        ring = y - (top + 0.42) - 0.3 * x * x
        band = bump(x, ring, 0.5 * lx, 0, 0.7, 0.13)
        band *= self.shine * np.maximum(0.6 + 0.4 * strands, 0)
        colour = spread(self.colour * light.tint)
        canvas.paint(colour * (glow * dim) + band * (0.2 + colour), mask)

    def _strands(self, canvas, top, flow):
        """Coordinates (across, along) of the strands, and their light and dark."""
        x, y, seed = canvas.x, canvas.y, self.seed
        if flow == "around":
            # Strands leave the parting aslant, bend down and hang.
            dx = x - 0.6 * self.part
            out = np.sqrt(dx * dx + 0.004)
            across = 0.5 * (np.minimum(y, 0) - out * (0.5 + out)) + 0.4 * dx
            along = np.maximum(y, 0) + out
        else:
            dx, dy = x - self.part, y - top + 0.1
            across = np.arctan2(dx, dy + 0.25)
            along = np.hypot(dx, dy)
        if flow == "curls":
            curl = noise(x, y, 0.16, 0.16, seed)
            fine = noise(x + 0.05 * curl, y, 0.06, 0.06, seed + 9)
            return across, along, 0.7 * curl + 0.5 * fine
        if flow == "crop":
            tuft = noise(across, along, 0.1, 0.35, seed)
            fine = noise(x + 0.3 * y, y - 0.2 * x, 0.05, 0.16, seed + 9)
            return across, along, 0.6 * tuft + 0.6 * fine
        if self.wave:
            across = across + self.wave * self._ripple(x, along, 0.0)
        clump = noise(across, along, 0.13, 2.6, seed)
        fine = noise(across, along, 0.04, 1.6, seed + 9)
        return across, along, 0.42 * clump + 0.5 * fine

    def _ripple(self, x, along, ahead):
        """Waves that run down the hair, not quite in step from side to side."""
        phase = self.phase + ahead + 2 * np.sin(3 * x)
        return np.sin(self.rate * along + phase) * np.clip(along - 0.5, 0, 1)
