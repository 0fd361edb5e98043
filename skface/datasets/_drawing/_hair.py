"""Hair on the head and in the face."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import bump, mix, noise

# Reds, and a few colours out of the bottle.
_OTHER_COLOURS = np.array(
    [(134, 62, 38), (112, 46, 32), (158, 86, 52), (92, 34, 36), (142, 70, 40),
     (166, 96, 64), (122, 52, 40), (176, 84, 118), (74, 88, 138), (84, 122, 116)]
)  # fmt: skip


def hair_colour(has, fixed):
    """The colour of an identity's hair."""
    shade, warmth, dye = (
        fixed.random(),
        fixed.random(),
        fixed.integers(len(_OTHER_COLOURS)),
    )
    if "Black_Hair" in has:
        colour = mix((16, 14, 16), (40, 34, 34), shade)
    elif "Blond_Hair" in has:
        colour = mix((214, 176, 120), (236, 212, 166), shade) * mix(
            1, (0.93, 0.9, 0.82), warmth
        )
    elif "Gray_Hair" in has:
        colour = mix((136, 136, 138), (214, 214, 216), shade)
    elif "Brown_Hair" in has:
        colour = mix((84, 56, 36), (128, 88, 56), shade) * mix(
            1, (1.04, 0.95, 0.86), warmth
        )
    else:
        colour = _OTHER_COLOURS[dye] * (0.85 + 0.3 * shade)
    return np.asarray(colour) / 255


@dataclass
class Hair:
    """Hair of the head. Lengths are in units of the distance between the eyes."""

    style: str
    colour: np.ndarray
    volume: float
    lift: float
    length: float
    spread: float
    wave: float
    rate: float
    phase: float
    part: float
    line: float
    temple: float
    bangs: float
    sweep: float
    strands: float
    streak: float
    shine: float
    rough: float
    bumps: float
    ragged: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free):
        male, young = "Male" in has, "Young" in has
        straight, wavy = "Straight_Hair" in has, "Wavy_Hair" in has
        colour = hair_colour(has, fixed)
        line, kind, length, volume, streak = fixed.random(5)
        length = np.clip(length + free.normal(0, 0.1), 0, 1)
        if "Bald" in has:
            style, length = "bald", 0.0
        elif straight or wavy:
            style = "long"
            length = 0.75 + 0.8 * length if male else 1.25 + 2.1 * length
        elif male:
            style = "crop" if kind < 0.8 else "curls"
            length = 0.0
        else:
            style = "curls" if kind < 0.3 else "tied"
            length = 0.0
        bulk = (0.14 + 0.12 * volume) * (0.7 if style in ("crop", "tied") else 1)
        bulk += 0.12 * wavy + (0.11 if male else 0.22) * (style == "curls")
        if "Wearing_Hat" in has:
            bulk = min(bulk, 0.2)
        receding = "Receding_Hairline" in has
        side = 1 if fixed.random() < 0.5 else -1
        return cls(
            style=style,
            colour=colour * free.uniform(0.94, 1.06),
            volume=bulk,
            lift=0.28 * free.random() ** 2 * ("Wearing_Hat" not in has),
            length=length,
            spread=(0.16 if wavy else 0.04) * length + 0.02,
            wave=free.uniform(0.09, 0.15) if wavy else 0.0,
            rate=free.uniform(5.0, 8.0),
            phase=free.uniform(0, 6),
            part=side * free.uniform(0.0, 0.45),
            line=-(1.42 if style == "long" else 1.5) + 0.05 * line
            if receding
            else -1.15 + 0.13 * line,
            temple=(0.25 if style == "long" else 0.42)
            if receding
            else 0.02 + 0.06 * male,
            bangs=free.uniform(0.34, 0.46) * ("Bangs" in has),
            sweep=side * free.uniform(-0.1, 0.25),
            strands=free.uniform(0.16, 0.3) * (0.75 if straight else 1),
            streak=streak * (0.5 if young else 0.2),
            shine=free.uniform(0.12, 0.35) * (1.3 if straight else 0.8),
            rough=0.012
            if straight or style == "tied"
            else 0.035
            if style == "crop"
            else 0.05,
            bumps=0.1 if style == "crop" else 0.3,
            ragged=0.012 if style in ("tied", "long") else 0.04,
            seed=fixed.uniform(1e3, 5e3),
        )

    def _strands(self, canvas, top, flow):
        """Coordinates (across, along) of the strands, and their light and dark."""
        x, y = canvas.x, canvas.y
        if flow == "around":
            # Strands leave the parting aslant, bend down and hang.
            dx = x - np.float32(0.6 * self.part)
            out = np.sqrt(dx * dx + np.float32(0.004))
            fall = out * (np.float32(0.5) + out)
            across = np.float32(0.5) * (np.minimum(y, 0) - fall) + np.float32(0.4) * dx
            along = np.maximum(y, 0) + out
        else:
            dx, dy = x - np.float32(self.part), y - np.float32(top - 0.1)
            along = np.hypot(dx, dy)
            across = np.arctan2(dx, dy + np.float32(0.25))
        if flow == "curls":
            curl = noise(x, y, 0.16, 0.16, self.seed)
            fine = noise(x + 0.05 * curl, y, 0.06, 0.06, self.seed + 9)
            return across, along, 0.7 * curl + 0.5 * fine
        if flow == "crop":
            tuft = noise(across, along, 0.1, 0.35, self.seed)
            fine = noise(x + 0.3 * y, y - 0.2 * x, 0.05, 0.16, self.seed + 9)
            return across, along, 0.6 * tuft + 0.6 * fine
        if self.wave:
            across = across + np.float32(self.wave) * self._ripple(x, along, 0.0)
        clump = noise(across, along, 0.13, 2.6, self.seed)
        fine = noise(across, along, 0.04, 1.6, self.seed + 9)
        return across, along, 0.42 * clump + 0.5 * fine

    def _ripple(self, x, along, ahead):
        """Waves that run down the hair, not quite in step from side to side."""
        swing = np.sin(
            np.float32(self.rate) * along
            + np.float32(self.phase + ahead)
            + 2 * np.sin(3 * x)
        )
        return swing * np.clip(along - np.float32(0.5), 0, 1)

    def _paint(self, canvas, mask, top, light, flow, dim=1.0):
        across, along, strands = self._strands(canvas, top, flow)
        lx, ly, _ = light.direction
        glow = np.float32(0.88) + np.float32(0.2) * (
            lx * canvas.x * 0.8 + ly * (canvas.y + 0.3) * 0.5
        )
        glow = np.clip(glow, 0.6, 1.25) * (1 + np.float32(self.strands) * strands)
        if self.wave and flow == "around":
            glow *= 1 + np.float32(0.25) * self._ripple(canvas.x, along, 1.2)
        high = np.float32(top + 0.42) + np.float32(0.3) * canvas.x * canvas.x
        band = bump(canvas.x, canvas.y - high, 0.5 * lx, 0, 0.7, 0.13)
        band = band * np.clip(0.6 + np.float32(0.4) * strands, 0, None)
        colour = (self.colour * light.tint)[:, None, None].astype(np.float32)
        if self.streak:
            streaks = noise(across, along, 0.3, 4, self.seed + 77)
            glow *= 1 + np.float32(0.22 * self.streak) * streaks
        tone = colour * (glow * np.asarray(dim, np.float32))
        canvas.paint(tone + np.float32(self.shine) * band * (0.2 + colour), mask)

    def _cap(self, x, y, head):
        """Signed distance to the outline of the hair above the ears."""
        rx = np.float32(head.half_width + self.volume)
        ry = np.float32(0.1 - head.top + self.volume + self.lift)
        dx, dy = x / rx, (y - np.float32(0.1)) / ry
        # Bumps that depend on the angle alone leave no islands of hair.
        angle = np.arctan2(dx, -dy)
        bumps = noise(angle, angle * 0, self.bumps, 1, self.seed)
        level = (
            np.abs(dx) ** np.float32(2.3) + np.abs(dy) ** np.float32(2.3)
        ) ** np.float32(1 / 2.3)
        return (level - 1) * rx + np.float32(self.rough) * bumps

    def _fall(self, x, y, head):
        """Signed distance to the hair that hangs down beside the face."""
        down = np.clip(y, 0, None)
        width = np.float32(head.half_width + self.volume) + np.float32(
            self.spread
        ) * np.sin(np.clip(down / np.float32(self.length), 0, 1) * np.float32(2.4))
        if self.wave:
            width = width + np.float32(0.08) * np.sin(
                y * np.float32(self.rate) + np.float32(self.phase) + np.sign(x)
            ) * np.clip(down, 0, 1)
        tips = noise(x, y, 0.1, 0.5, self.seed + 5) * np.float32(0.06)
        width = width + np.float32(0.03) * noise(np.sign(x), y, 1, 0.35, self.seed)
        end = y - np.float32(self.length) + tips + np.float32(0.1) * x * x
        return np.maximum(np.maximum(np.abs(x) - width, end), -y)

    def draw_back(self, canvas, head, light):
        """Paint what hangs behind the head."""
        if self.style == "tied":
            bun = head.top - 0.12
            view = canvas.window(-0.7, bun - 0.6, 0.7, bun + 0.6)
            knot = np.hypot(
                (view.x + np.float32(0.3 * self.part)) / 1.15, view.y - np.float32(bun)
            )
            rim = np.clip(1.15 - knot * knot * 3, 0.4, 1.1)
            self._paint(
                view, view.soft(knot - 0.36, 0.05), head.top - 0.3, light, "radial", rim
            )
        if self.style != "long":
            return
        reach = head.half_width + self.volume + self.spread + 0.25
        view = canvas.window(-reach, -0.2, reach, self.length + 0.2)
        mask = view.soft(self._fall(view.x, view.y, head), 0.05)
        middle = bump(view.x, 0, 0, 0, 0.8, 1)
        self._paint(view, mask, head.top, light, "around", 0.92 - 0.55 * middle)

    def draw_front(self, canvas, head, light):
        """Paint the hair on and around the face."""
        if self.style == "bald":
            self._draw_fringe(canvas, head, light)
            return
        reach = head.half_width + self.volume + self.spread + 0.25
        bottom = self.length + 0.2 if self.style == "long" else 0.7
        view = canvas.window(-reach, head.top - self.volume - 0.55, reach, bottom)
        level = head.level(view.x, view.y)
        depth = 1 - np.minimum(level, 1) ** 2
        x = view.x - np.float32(head.turn.real * 0.75) * depth
        y = view.y - np.float32(head.turn.imag * 0.75) * depth
        cap = self._cap(view.x, view.y, head)
        jag = noise(x, y, 0.09, 0.4, self.seed + 31)
        if self.style == "long":
            outline = np.minimum(
                np.maximum(cap, view.y - 0.3), self._fall(view.x, view.y, head)
            )
        else:
            ends = 0.06 if self.style in ("crop", "tied") else 0.5
            outline = np.maximum(
                cap, (y - np.float32(ends)) * np.float32(0.5) + np.float32(0.03) * jag
            )
        bare = self._opening(x, y, head) + np.float32(self.ragged) * jag
        # Only skin shows through: the opening ends before the outline of the head.
        inside = (level - np.float32(0.96)) * np.float32(head.half_width)
        bare = np.maximum(bare, np.where(view.y < 0, inside, np.float32(-9)))
        hair = np.maximum(outline, -bare)
        # Hair shades the skin beside it.
        view.shade(
            (0.72, 0.63, 0.6),
            0.5 * view.soft(hair - np.float32(0.03), 0.16) * (depth > 0),
        )
        flow = {"long": "around", "tied": "radial"}.get(self.style, self.style)
        softness = {"long": 0.05, "tied": 0.07}.get(self.style, 0.1)
        self._paint(view, view.soft(hair, softness), head.top, light, flow)
        if self.bangs:
            tips = np.float32(0.08) * noise(
                x - np.float32(self.sweep) * y, y, 0.1, 1.5, self.seed + 3
            )
            edge = (
                np.float32(-self.bangs)
                + np.float32(self.sweep) * x
                - np.float32(0.12) * x * x
                + tips
            )
            fringe = np.maximum(
                np.maximum(y - edge, np.abs(x) - np.float32(head.half_width - 0.03)),
                cap,
            )
            fringe = np.maximum(fringe, np.float32(self.line - 0.35) - y)
            view.shade(
                (0.66, 0.56, 0.53),
                0.6 * view.soft(fringe - np.float32(0.05), 0.14) * (depth > 0),
            )
            flow = "curls" if self.style == "curls" else "radial"
            self._paint(view, view.soft(fringe, 0.05), head.top, light, flow)

    def _opening(self, x, y, head):
        """Signed distance to the part of the face that the hair leaves free."""
        wide = head.half_width * (
            0.86 if self.style == "long" else 0.92 if self.style != "curls" else 0.9
        )
        line = np.float32(self.line) + np.float32(0.12) * np.float32(self.part) * x
        line = line - np.float32(self.temple) * bump(np.abs(x), 0, 0.5, 0, 0.2, 1)
        low = np.clip(y - np.float32(0.3), 0, None)
        rise = np.clip((y - np.float32(0.3)) / (line - np.float32(0.3)), 0, None)
        side = x / (np.float32(wide) + np.float32(0.1) * low)
        level = (np.abs(side) ** 3 + rise**3) ** np.float32(1 / 3)
        return (level - 1) * np.float32(wide)

    def _draw_fringe(self, canvas, head, light):
        reach = head.half_width + 0.15
        view = canvas.window(-reach, -0.7, reach, 0.4)
        rim = np.abs(view.x) - np.float32(head.half_width - 0.09)
        inside = head.level(view.x, view.y) - np.float32(1.05)
        distance = np.maximum(np.maximum(-rim, inside), np.abs(view.y + 0.12) - 0.32)
        self._paint(view, 0.75 * view.soft(distance, 0.1), head.top, light, "crop")


@dataclass
class Beard:
    """Hair of the face; each part is 0 or how dense it is."""

    mustache: float
    goatee: float
    sideburns: float
    stubble: float
    colour: np.ndarray
    thick: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free, hair):
        gray = "Gray_Hair" in has
        colour = hair.colour if hair.style != "bald" else np.array([0.2, 0.15, 0.12])
        if not gray:
            colour = mix(colour * 0.75, (0.16, 0.11, 0.08), 0.45)
        dense = free.uniform(0.8, 1)
        return cls(
            mustache=dense * ("Mustache" in has),
            goatee=dense * ("Goatee" in has),
            sideburns=dense * ("Sideburns" in has),
            stubble=free.uniform(0.45, 0.7) * ("5_o_Clock_Shadow" in has),
            colour=colour,
            thick=free.random(),
            seed=fixed.uniform(1e3, 5e3),
        )

    def draw(self, face, mask, head, mouth, light):
        if not (self.mustache or self.goatee or self.sideburns or self.stubble):
            return
        view = face.window(
            -head.half_width - 0.1, -0.35, head.half_width + 0.1, head.chin + 0.12
        )
        rows, columns = view.x.shape
        top, left = _offset(face, view)
        mask = mask[top : top + rows, left : left + columns]
        x, y = np.abs(view.x), view.y
        hairs = 0.6 * noise(view.x, y, 0.03, 0.16, self.seed) + 0.5 * noise(
            view.x, y, 0.02, 0.05, self.seed
        )
        lip = (
            mouth.y
            - mouth.upper
            - 0.3 * mouth.gap
            + 0.07 * mouth.smile
            - 0.2
            * mouth.smile
            * (np.minimum(x / np.float32(mouth.half_width), 1.2) ** 2)
        )
        low = mouth.y + mouth.lower + 0.7 * mouth.gap + 0.07 * mouth.smile
        shave = 0.03 * hairs
        cover = np.zeros_like(x)
        if self.mustache:
            w = mouth.half_width * 1.02 + 0.05 * self.thick
            up = (
                lip
                - np.float32(0.13 + 0.06 * self.thick)
                * np.clip(1 - (x / w) ** 2, 0, 1) ** 0.4
            )
            part = view.soft(
                np.maximum(np.maximum(up - y, y - lip - 0.035), x - w) + shave, 0.05
            )
            cover = np.maximum(cover, self.mustache * part)
        if self.goatee:
            middle, rx = (low + 0.06 + head.chin) / 2, 0.3 + 0.08 * self.thick
            ry = (head.chin - low) / 2 + 0.06
            chin = (
                np.hypot(x / np.float32(rx), (y - np.float32(middle)) / np.float32(ry))
                - 1
            ) * 0.3
            cover = np.maximum(cover, self.goatee * view.soft(chin + shave, 0.08))
            if self.mustache:
                side = np.maximum(
                    np.abs(x - mouth.half_width - 0.06) - 0.07, np.abs(y - 1.2) - 0.3
                )
                cover = np.maximum(cover, self.goatee * view.soft(side + shave, 0.08))
        if self.sideburns:
            inner = np.float32(head.half_width - 0.25)
            if self.goatee:
                jaw = np.float32(0.98) - np.float32(0.55) * (x / inner) ** 3
                low_lip = (
                    np.hypot(
                        x / np.float32(mouth.half_width + 0.1), (y - mouth.y) * 2.6
                    )
                    - 1
                ) * 0.3
                whiskers = np.maximum(np.maximum(jaw - y, -low_lip), -0.25 - y)
                strip = np.maximum(inner - x, -0.25 - y)
                whiskers = np.minimum(whiskers, strip)
            else:
                whiskers = np.maximum(inner - x, np.abs(y - 0.35) - 0.6)
            cover = np.maximum(
                cover, self.sideburns * view.soft(whiskers + shave, 0.08)
            )
        if self.stubble:
            self._draw_stubble(view, mask, x, y, hairs, lip, low, mouth)
        tone = (
            0.9
            + np.float32(0.2) * hairs
            + np.float32(0.15) * light.direction[0] * view.x
        )
        colour = self.colour[:, None, None] * tone
        view.paint(colour, np.clip(cover * (0.9 + 0.1 * hairs), 0, 1) * mask)

    def _draw_stubble(self, view, mask, x, y, hairs, lip, low, mouth):
        cheek = (
            np.float32(1.0) - np.float32(0.5) * np.minimum(x / np.float32(0.9), 1) ** 2
        )
        area = view.soft(cheek - y, 0.2)
        over = np.maximum(np.abs(y - (lip - 0.1)) - 0.1, x - mouth.half_width - 0.1)
        area = np.maximum(area, view.soft(over, 0.08))
        lips = np.maximum(np.maximum(lip - y, y - low), x - mouth.half_width)
        area = area * (1 - view.soft(lips, 0.06)) * mask
        grain = np.clip(0.85 + 0.25 * hairs, 0, 1.4)
        view.paint(
            mix(self.colour, (0.2, 0.22, 0.26), 0.5),
            np.clip(self.stubble * area * grain, 0, 0.85),
        )


def _offset(outer, inner):
    """Row and column of a window's corner in the canvas it was cut from."""
    shift = outer.locate(0j) - inner.locate(0j)
    return round(shift.imag), round(shift.real)
