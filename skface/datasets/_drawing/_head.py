"""The head: its outline, its pose, and its skin under a light."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import arc, bump, ellipse_distance, noise

_DEPTH = 0.75
_TONES = np.array(
    [
        (250, 226, 216),
        (240, 203, 180),
        (224, 177, 146),
        (196, 143, 108),
        (152, 102, 73),
        (108, 70, 50),
        (72, 46, 35),
    ]
)


def skin_colour(tone, warmth):
    """A colour on the way from pale (0) to dark (1) skin, more or less reddish."""
    knots = np.linspace(0, 1, len(_TONES))
    colour = np.array([np.interp(tone, knots, c) for c in _TONES.T]) / 255
    return np.clip(colour * (1 + warmth * np.array([0.04, -0.005, -0.05])), 0, 1)


@dataclass
class Light:
    """Where the light comes from, in the head's frame, and how hard it is."""

    direction: np.ndarray
    ambient: float
    tint: np.ndarray

    @classmethod
    def sample(cls, rng, roll):
        side = rng.normal(0, 0.55)
        above = -abs(rng.normal(0.45, 0.35))
        turned = (side + 1j * above) * np.exp(-1j * roll)
        direction = np.array([turned.real, turned.imag, rng.uniform(0.7, 1.3)])
        warmth = rng.normal(0, 0.05)
        return cls(
            (direction / np.linalg.norm(direction)).astype(np.float32),
            rng.uniform(0.3, 0.7),
            np.array([1 + warmth, 1.0, 1 - warmth]),
        )


@dataclass
class Head:
    """Outline, pose and skin of a head.

    The unit is the distance between the eyes, the origin lies midway between
    them, y points to the chin. ``turn`` is ``sin(yaw) + 1j * sin(pitch)``.
    """

    half_width: float
    top: float
    chin: float
    taper: float
    square: float
    turn: complex
    roll: float
    skin: np.ndarray
    shine: float
    freckles: float
    cheekbones: float
    smile_lines: float
    wrinkles: float
    rosy: float
    fullness: float
    double_chin: float
    dimple: float
    ear: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free):
        male, chubby, oval = "Male" in has, "Chubby" in has, "Oval_Face" in has
        tone, warmth = fixed.beta(1.0, 1.9), fixed.normal()
        width, length, taper, square, ear, shine, freckles, dimple = fixed.random(8)
        if has & {"Blond_Hair", "Pale_Skin"}:
            tone *= 0.6
        tone = 0.03 * tone if "Pale_Skin" in has else 0.27 + 0.73 * tone
        half_width = 1.09 + 0.08 * width + 0.03 * male
        if oval:
            half_width -= 0.06
            taper, square = 0.32 + 0.08 * taper, 2.1 + 0.15 * square
        else:
            half_width += 0.02
            taper, square = 0.14 + 0.14 * taper, 2.5 + 0.7 * square
        if chubby:
            half_width += 0.12
            taper -= 0.1
        return cls(
            half_width=half_width,
            top=-1.6 - 0.16 * length + 0.12 * ("Bald" in has),
            chin=1.66 + 0.14 * length + 0.05 * male + 0.12 * oval - 0.05 * (not oval),
            taper=taper - 0.04 * male,
            square=square + 0.2 * male,
            turn=np.clip(free.normal(0, 0.17), -0.36, 0.36)
            + 1j * np.clip(free.normal(0, 0.07), -0.15, 0.15),
            roll=0.0,
            skin=skin_colour(tone, 0.3 if tone < 0.05 else warmth),
            shine=0.08 + 0.22 * shine * free.uniform(0.4, 1),
            freckles=0.05 + 0.12 * freckles**3,
            cheekbones=free.uniform(0.7, 1.1) * ("High_Cheekbones" in has),
            smile_lines=("Smiling" in has) * free.uniform(0.4, 0.8)
            + ("Young" not in has) * free.uniform(0.4, 0.8),
            wrinkles=("Young" not in has) * free.uniform(0.5, 1),
            rosy=("Rosy_Cheeks" in has) * free.uniform(0.5, 0.8),
            fullness=free.uniform(0.8, 1.1) * chubby,
            double_chin=free.uniform(0.7, 1) * ("Double_Chin" in has),
            dimple=dimple * male * (dimple > 0.6),
            ear=0.26 + 0.06 * ear + 0.02 * male,
            seed=fixed.uniform(1e3, 5e3),
        )

    def level(self, x, y):
        """A number that is 1 on the outline of the head and less inside."""
        dy = y - np.float32(0.1)
        below = np.clip(dy * np.float32(1 / (self.chin - 0.1)), 0, None)
        above = np.clip(dy * np.float32(1 / (self.top - 0.1)), 0, None)
        drop = np.minimum(below, np.float32(1.2))
        width = np.float32(self.half_width) * (1 - np.float32(self.taper) * drop * drop)
        if self.fullness:
            width = width + np.float32(0.18 * self.fullness) * bump(
                0, y, 0, 1.05, 1, 0.4
            )
        across = x / width
        return np.sqrt(
            across * across
            + below ** np.float32(self.square)
            + above ** np.float32(2.3)
        )

    def project(self, point, n_steps=16):
        """Where points of the face stand in the picture of the turned head."""
        point = np.asarray(point)
        seen = point
        for _ in range(n_steps):
            seen = point + self.turn * _depth(self.level(seen.real, seen.imag))
        return seen

    def outline(self):
        """Points on the contour of the face, hairline to chin and ear to ear."""
        angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        ray = np.exp(1j * angle)
        length = np.ones_like(angle)
        for _ in range(20):
            point = 0.1j + length * ray
            length = length / self.level(point.real, point.imag)
        contour = 0.1j + length * ray
        return np.where(contour.imag < -1.3, contour.real - 1.3j, contour)

    def draw_ears(self, canvas, light):
        for side in (-1, 1):
            x = side * (self.half_width + 0.03) + 0.1 * self.turn.real
            hidden = side * self.turn.real > 0.22
            if hidden:
                continue
            glow = 0.8 + 0.2 * side * light.direction[0]
            ear = self.ear
            skin = self.skin * (0.84 * glow) * (1.05, 0.92, 0.9)
            canvas.ellipse(skin, x, 0.22, 0.15, ear, angle=side * 0.2)
            canvas.ellipse(
                skin * 0.62, x - side * 0.015, 0.2, 0.07, ear * 0.6,
                angle=side * 0.2, blur=0.07, opacity=0.8,
            )  # fmt: skip
            canvas.ellipse(
                skin * 1.12, x + side * 0.07, 0.12, 0.03, ear * 0.6,
                angle=side * 0.25, blur=0.06, opacity=0.5,
            )  # fmt: skip

    def draw(self, canvas, light, parts):
        """Paint the shaded skin.

        Returns
        -------
        face : Canvas
            The head's part of the picture in coordinates that turn with the face.
        mask : ndarray
            Where the head is in it.
        """
        reach = self.half_width + 0.2
        view = canvas.window(-reach, self.top - 0.1, reach, self.chin + 0.1)
        level = self.level(view.x, view.y)
        mask = view.soft((level - 1) * np.float32(0.85))
        depth = _depth(level)
        turn = self.turn
        face = view.warped(
            view.x - np.float32(turn.real) * depth,
            view.y - np.float32(turn.imag) * depth,
            lambda p: self.project(p, 4),
        )
        relief = self.relief(face.x, face.y)
        for part in parts:
            relief += part.relief(face.x, face.y)
        slope_x, slope_y = face.slope(relief)
        round_ = np.minimum(level, 1) ** 2
        nx = view.x * np.float32(0.75 / self.half_width) - slope_x
        ny = (view.y - np.float32(0.1)) * np.float32(0.33) - slope_y
        nz = np.sqrt(np.float32(1.2) - round_)
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        lx, ly, lz = light.direction
        facing = np.clip((lx * nx + ly * ny + lz * nz) / length, 0, 1)
        bright = np.float32(light.ambient) + np.float32(1 - light.ambient) * facing
        bright *= 1 - np.float32(0.22) * round_ * round_ * round_
        grain = noise(face.x, face.y, 0.05, 0.05, self.seed)
        blotch = noise(face.x, face.y, 0.5, 0.5, self.seed)
        bright *= 1 + np.float32(0.012) * grain + np.float32(0.025) * blotch
        shadow = self.skin * (0.48, 0.4, 0.38)
        lit = np.minimum(self.skin * light.tint * 1.07, 1.05)
        colour = shadow[:, None, None].astype(np.float32)
        colour = colour + (lit[:, None, None] - shadow[:, None, None]) * bright
        self._tint(face, colour, blotch, grain)
        gleam = np.clip(
            (0.4 * lx * nx + (0.4 * ly - 0.1) * ny + nz) / length, 0, 1
        ).astype(np.float32)
        for _ in range(4):
            gleam *= gleam
        colour += np.float32(self.shine) * gleam
        face.paint(colour, mask)
        self._draw_lines(face)
        return face, mask

    def relief(self, x, y):
        """Height of cheeks, brow, eye sockets and chin above the bare skull."""
        height = np.float32(0.05) * bump(x, y, 0, -0.42, 0.7, 0.14)
        height += np.float32(0.06) * bump(x, y, 0, self.chin - 0.25, 0.22, 0.16)
        if self.dimple:
            height -= np.float32(0.025) * bump(x, y, 0, self.chin - 0.2, 0.03, 0.08)
        puff = 0.05 + 0.07 * self.fullness + 0.05 * min(self.smile_lines, 1)
        for side in (-1, 1):
            height -= np.float32(0.05) * bump(x, y, 0.5 * side, -0.06, 0.27, 0.16)
            height += np.float32(puff) * bump(x, y, 0.62 * side, 0.62, 0.28, 0.24)
            if self.cheekbones:
                bone = np.float32(0.09 * self.cheekbones)
                height += bone * bump(x, y, 0.74 * side, 0.44, 0.22, 0.11)
                height -= bone * bump(x, y, 0.74 * side, 0.92, 0.18, 0.17)
        return height

    def _tint(self, face, colour, blotch, grain):
        x, y = face.x, face.y
        cheeks = bump(np.abs(x), y, 0.64, 0.62, 0.22, 0.18)
        flush = np.float32(0.12 + 0.55 * self.rosy) * cheeks
        flush *= 1 + np.float32(0.15) * blotch
        rose = np.array([1.0, 0.62, 0.62]) if self.rosy else np.array([1, 0.8, 0.78])
        colour *= 1 + flush * (rose[:, None, None].astype(np.float32) - 1)
        if self.freckles > 0.1:
            spots = np.clip(grain - np.float32(1.3), 0, 1) * np.float32(self.freckles)
            colour *= 1 - spots * cheeks
        if self.cheekbones:
            hollow = bump(np.abs(x), y, 0.77, 0.92, 0.16, 0.18)
            high = bump(np.abs(x), y, 0.74, 0.44, 0.19, 0.085)
            strength = np.float32(0.19 * self.cheekbones)
            colour *= 1 + strength * (high * np.float32(0.8) - hollow)

    def _draw_lines(self, face):
        dark = self.skin * (0.6, 0.46, 0.42)
        if self.smile_lines:
            for side in (-1, 1):
                points = np.array(
                    [0.27 + 0.62j, 0.4 + 0.76j, 0.5 + 0.93j, 0.53 + 1.12j]
                )
                points = points.real * side + 1j * points.imag
                face.stroke(dark, points, 0.035, blur=0.07, taper=0.8,
                            opacity=0.5 * min(self.smile_lines, 1.2))  # fmt: skip
        if self.wrinkles:
            for k, y in enumerate((-0.62, -0.78, -0.93)):
                reach = 0.5 - 0.06 * k
                points = arc(-reach + 1j * y, reach + 1j * y, -0.05)
                face.stroke(dark, points, 0.02, blur=0.04, taper=0.9,
                            opacity=0.4 * self.wrinkles)  # fmt: skip
            for side in (-1, 1):
                for end in (1.0 - 0.07j, 1.02 + 0.03j, 0.98 + 0.13j):
                    outer = end.real * side + 1j * end.imag
                    inner = 0.82 * side + 1j * (0.02 + 0.4 * end.imag)
                    face.stroke(dark, [inner, outer], 0.016, blur=0.03,
                                opacity=0.4 * self.wrinkles)  # fmt: skip

    def draw_double_chin(self, canvas, light):
        """Paint the roll under the chin; the head is painted over its top."""
        if not self.double_chin:
            return
        y = self.chin - 0.02
        width = 0.52 * self.half_width
        view = canvas.window(-1, y - 0.4, 1, y + 0.45)
        distance = ellipse_distance(view.x, view.y, 0, y, width, 0.31)
        mask = view.soft(distance, 0.08)
        fold = np.clip((view.y - np.float32(y)) / np.float32(0.31), 0, 1)
        lit = (
            0.95
            - 0.3 * fold**2
            - np.float32(0.4) * bump(0, view.y, 0, y + 0.03, 1, 0.05)
        )
        lit = lit + np.float32(0.1) * light.direction[0] * view.x
        view.shade((0.6, 0.5, 0.47), 0.6 * view.soft(distance - 0.04, 0.16))
        view.paint(self.skin[:, None, None] * lit, mask)


def _depth(level):
    inside = np.minimum(level, 1)
    return np.float32(_DEPTH) * (1 - inside * inside)
