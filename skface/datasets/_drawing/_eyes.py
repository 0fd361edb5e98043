"""Eyes, their lids and make-up, and eyebrows."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import arc, bump, mix, noise

_IRISES = np.array(
    [(62, 38, 24), (88, 54, 30), (44, 30, 24), (96, 98, 60), (84, 116, 150), (120, 132, 140)]
)  # fmt: skip
_SHADOWS = np.array(
    [
        (70, 52, 60),
        (96, 62, 50),
        (60, 66, 96),
        (104, 60, 92),
        (48, 46, 50),
        (70, 90, 84),
    ]
)


@dataclass
class Eyes:
    """Two eyes and brows. Sizes are in units of the distance between the eyes."""

    half_width: float
    height: float
    tilt: float
    iris: np.ndarray
    iris_radius: float
    gaze: complex
    lid: float
    bags: float
    bag_seed: float
    makeup: float
    shadow: np.ndarray
    lashes: float
    brow_height: float
    brow_width: float
    brow_arch: float
    brow_colour: np.ndarray
    brow_opacity: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free, hair_colour, skin):
        male = "Male" in has
        width, height, tilt, hue, radius, brow, lid = fixed.random(7)
        shade = int(fixed.random() * (3 if skin.mean() < 0.5 else len(_IRISES)))
        narrow, smiling = "Narrow_Eyes" in has, "Smiling" in has
        makeup = free.uniform(0.7, 1) * ("Heavy_Makeup" in has)
        bushy, arched = "Bushy_Eyebrows" in has, "Arched_Eyebrows" in has
        opening = free.uniform(0.92, 1.08)
        brow_colour = mix(hair_colour * 0.55, (0.16, 0.12, 0.1), 0.4)
        return cls(
            half_width=0.235 + 0.03 * width,
            height=(0.042 + 0.012 * height if narrow else 0.088 + 0.022 * height)
            * opening
            * (1 - 0.06 * smiling),
            tilt=0.015 + 0.04 * tilt * (1 - male * 0.5),
            iris=_IRISES[shade] / 255 * (0.85 + 0.35 * hue),
            iris_radius=0.1 + 0.014 * radius,
            gaze=free.normal(0, 0.025) + 1j * free.normal(0, 0.01),
            lid=0.35 + 0.4 * lid,
            bags=free.uniform(0.7, 1.0) * ("Bags_Under_Eyes" in has),
            bag_seed=free.random(),
            makeup=makeup,
            shadow=_SHADOWS[free.integers(len(_SHADOWS))] / 255,
            lashes=(0.25 if male else 0.5) + 0.6 * makeup,
            brow_height=0.34 + 0.04 * brow - 0.04 * male * (not arched),
            brow_width=(0.125 if bushy else 0.058 + 0.014 * brow + 0.012 * male),
            brow_arch=(0.17 + 0.04 * brow) if arched else 0.015 + 0.02 * brow,
            brow_colour=brow_colour * (0.75 if bushy else 1.0),
            brow_opacity=0.95 if bushy else free.uniform(0.55, 0.8),
            seed=fixed.uniform(1e3, 5e3),
        )

    @property
    def centres(self):
        return np.array([-0.5, 0.5])

    def relief(self, x, y):
        height = np.zeros_like(x)
        for side in (-1, 1):
            height += np.float32(0.035) * bump(x, y, 0.5 * side, 0, 0.2, 0.11)
            if self.bags:
                bag = np.float32(0.03 * self.bags)
                height += bag * bump(x, y, 0.5 * side, 0.2, 0.18, 0.05)
                height -= bag * bump(x, y, 0.5 * side, 0.29, 0.2, 0.03)
        return height

    def draw(self, face, skin):
        for side in (-1, 1):
            self._draw_lids(face, side, skin)
            self._draw_eye(face, side, skin)
            self._draw_brow(face, side)

    def _draw_lids(self, face, side, skin):
        x, h = 0.5 * side, self.height
        dark = skin * (0.55, 0.42, 0.4)
        face.ellipse(dark, x, -0.02, 0.32, 0.16, blur=0.2, opacity=0.2)
        inner = 0.24 * side
        face.ellipse(dark, inner, -0.02, 0.07, 0.12, blur=0.1, opacity=0.2)
        if self.makeup:
            face.ellipse(self.shadow, x + 0.03 * side, -0.1, 0.32, 0.15,
                         angle=-0.18 * side, blur=0.14, opacity=0.95 * self.makeup)  # fmt: skip
            face.ellipse(self.shadow, x + 0.02 * side, 0.06, 0.27, 0.09,
                         blur=0.09, opacity=0.5 * self.makeup)  # fmt: skip
        if self.bags:
            bag = skin * (0.56, 0.42, 0.46)
            for y, sag, width, opacity in (
                (0.17, 0.11, 0.06, 0.85),
                (0.22, 0.13, 0.11, 0.5),
            ):
                points = arc(x - 0.25 + 1j * y, x + 0.25 + 1j * y, sag)
                face.stroke(bag, points, width, blur=0.07, taper=0.7,
                            opacity=opacity * self.bags)  # fmt: skip
            points = arc(x - 0.2 + 0.14j, x + 0.2 + 0.14j, 0.07)
            face.stroke(np.minimum(skin * 1.12, 1), points, 0.035, blur=0.05, taper=0.8,
                        opacity=0.35 * self.bags)  # fmt: skip
        crease = arc(x - 0.25 - 0.05j, x + 0.25 - 0.05j, -1.15 * h - 0.03)
        face.stroke(dark, crease, 0.022, blur=0.035, taper=0.8, opacity=self.lid)

    def _draw_eye(self, face, side, skin):
        reach = self.half_width + 0.12
        cx = 0.5 * side
        eye = face.window(cx - reach, -0.25, cx + reach, 0.25)
        # The outer corner stands higher than the inner one by the tilt.
        t = (eye.x - np.float32(cx)) * np.float32(side / self.half_width)
        y = eye.y + np.float32(self.tilt) * t
        hood = np.clip(1 - t * t, 0, None)
        skewed = hood * (1 - np.float32(0.18) * t)
        top = np.float32(-self.height) * np.sqrt(hood) * (1 + np.float32(0.08) * t)
        bottom = np.float32(0.78 * self.height) * skewed
        opening = eye.soft(np.maximum(top - y, y - bottom))
        white = np.array([0.93, 0.91, 0.9]) * (0.72 + 0.28 * skin.mean() ** 0.3)
        ball = white[:, None, None] * (1 - np.float32(0.22) * t * t)
        ix, iy = cx + self.gaze.real, self.gaze.imag - 0.005
        radius = np.hypot(eye.x - np.float32(ix), eye.y - np.float32(iy))
        spokes = noise(np.arctan2(eye.y - iy, eye.x - ix), radius, 0.25, 2, self.seed)
        glow = 0.8 + np.float32(0.15) * spokes + np.clip(eye.y - iy, -0.1, 0.1) * 3
        iris = self.iris[:, None, None] * glow
        iris = iris * (
            1 - 0.55 * eye.soft(np.float32(self.iris_radius - 0.02) - radius, 0.03)
        )
        r = np.float32(self.iris_radius)
        ball = mix(ball, iris, eye.soft(radius - r))
        ball = mix(ball, np.full((3, 1, 1), 0.03), eye.soft(radius - r * 0.43))
        ball = ball * (
            1 - np.float32(0.55) * eye.soft(y - top - np.float32(0.035), 0.06)
        )
        eye.paint(ball, opening)
        spark = np.hypot(eye.x - np.float32(ix + 0.035), eye.y - np.float32(iy - 0.035))
        eye.paint((1, 1, 1), 0.9 * opening * eye.soft(spark - np.float32(0.024)))
        inside = np.abs(t) < 1.12
        tear = eye.soft(np.abs(y - bottom) - np.float32(0.008), 0.03) * inside
        eye.paint(skin * (0.8, 0.6, 0.58), 0.5 * tear)
        thick = np.float32(0.012 + 0.028 * self.lashes) * (1 + np.float32(0.35) * t)
        wing = np.where(
            t > 0.9, np.float32(0.5) * (t - 0.9) * self.lashes * self.half_width, 0
        )
        lash = eye.soft(np.abs(y - top + 0.006 + wing) - thick * 0.7, 0.02)
        lash = lash * eye.soft(np.abs(t - 0.06) - (1.0 + 0.22 * self.lashes), 0.1)
        eye.paint((0.07, 0.05, 0.05), (0.55 + 0.4 * min(self.lashes, 1)) * lash)
        if self.makeup:
            liner = eye.soft(np.abs(y - bottom) - np.float32(0.012), 0.02) * inside
            eye.paint((0.06, 0.04, 0.05), 0.8 * self.makeup * liner)

    def _draw_brow(self, face, side):
        brow = face.window(
            *((0.12, -0.68, 0.98, -0.08) if side > 0 else (-0.98, -0.68, -0.12, -0.08))
        )
        t = (brow.x * side - np.float32(0.2)) * np.float32(1 / 0.66)
        rise = np.clip(t * np.float32(1 / 0.64), 0, 1)
        fall = np.clip(t - np.float32(0.64), 0, None)
        line = -self.brow_height - np.float32(self.brow_arch) * (
            rise * (2 - rise) - np.float32(3) * fall * fall
        )
        width = np.float32(self.brow_width) * np.clip(
            1.05 - np.float32(0.75) * np.clip(t, 0, None) ** 2, 0.1, None
        )
        hairs = noise(
            brow.x * side + brow.y * np.float32(0.8), brow.y, 0.035, 0.2, self.seed
        )
        edge = np.abs(brow.y - line) - width * (
            np.float32(0.5) + np.float32(0.07) * hairs
        )
        mask = brow.soft(
            np.maximum(edge, (np.abs(t - 0.5) - 0.5) * np.float32(0.66)), 0.03
        )
        tone = 1 + np.float32(0.18) * hairs
        brow.paint(
            self.brow_colour[:, None, None] * tone, np.float32(self.brow_opacity) * mask
        )
