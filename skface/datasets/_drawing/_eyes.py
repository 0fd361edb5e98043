"""Eyes, their lids and make-up, and eyebrows."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import arc, bump, mix, noise, spread

# The first three go with every skin, the others with light skin only.
_IRISES = np.array(
    [
        (62, 38, 24),
        (88, 54, 30),
        (44, 30, 24),
        (96, 98, 60),
        (84, 116, 150),
        (120, 132, 140),
    ]
)
_EYE_SHADOWS = np.array(
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
    """Two eyes.

    ``tilt`` lifts the outer corners, ``lid`` is how deep the crease is; ``bags``,
    ``makeup`` and ``lashes`` are strengths.
    """

    half_width: float
    height: float
    tilt: float
    iris: np.ndarray
    iris_radius: float
    gaze: complex
    lid: float
    bags: float
    makeup: float
    shadow: np.ndarray
    lashes: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free, skin):
        male, narrow = "Male" in has, "Narrow_Eyes" in has
        width, height, tilt, hue, shade, radius, lid = fixed.random(7).tolist()
        shade = int(shade * (3 if skin.mean() < 0.5 else len(_IRISES)))
        height = 0.042 + 0.012 * height if narrow else 0.088 + 0.022 * height
        height *= free.uniform(0.92, 1.08) * (0.94 if "Smiling" in has else 1)
        makeup = free.uniform(0.7, 1) * ("Heavy_Makeup" in has)
        return cls(
            half_width=0.235 + 0.03 * width,
            height=height,
            tilt=0.015 + (0.02 if male else 0.04) * tilt,
            iris=_IRISES[shade] / 255 * (0.85 + 0.35 * hue),
            iris_radius=0.1 + 0.014 * radius,
            gaze=free.normal(0, 0.025) + 1j * free.normal(-0.005, 0.01),
            lid=0.35 + 0.4 * lid,
            bags=free.uniform(0.7, 1) * ("Bags_Under_Eyes" in has),
            makeup=makeup,
            shadow=_EYE_SHADOWS[free.integers(len(_EYE_SHADOWS))] / 255,
            lashes=(0.25 if male else 0.5) + 0.6 * makeup,
            seed=fixed.uniform(1e3, 5e3),
        )

    @property
    def centres(self):
        """The middles of the eyes in face coordinates."""
        return np.array([-0.5, 0.5])

    def relief(self, x, y):
        wide = np.abs(x)
        height = 0.035 * bump(wide, y, 0.5, 0, 0.2, 0.11)
        if self.bags:
            height += 0.03 * self.bags * bump(wide, y, 0.5, 0.2, 0.18, 0.05)
            height -= 0.03 * self.bags * bump(wide, y, 0.5, 0.3, 0.18, 0.05)
        return height

    def draw(self, face, skin):
        for side in (-1, 1):
            self._draw_lids(face, side, skin)
            if self.bags:
                self._draw_bag(face, 0.5 * side, skin)
            self._draw_eye(face, side, skin)

    def _draw_lids(self, face, side, skin):
        x, dark, paint = 0.5 * side, skin * (0.55, 0.42, 0.4), self.shadow
        face.ellipse(dark, x, -0.02, 0.32, 0.16, blur=0.2, opacity=0.2)
        face.ellipse(dark, 0.24 * side, -0.02, 0.07, 0.12, blur=0.1, opacity=0.2)
        if self.makeup:
            face.ellipse(
                paint,
                x + 0.03 * side,
                -0.1,
                0.32,
                0.15,
                angle=-0.18 * side,
                blur=0.14,
                opacity=0.95 * self.makeup,
            )
            opacity = 0.5 * self.makeup
            face.ellipse(paint, x, 0.06, 0.28, 0.09, blur=0.09, opacity=opacity)
        crease = arc(x - 0.25 - 0.05j, x + 0.25 - 0.05j, -1.15 * self.height - 0.03)
        face.stroke(dark, crease, 0.022, blur=0.035, taper=0.8, opacity=self.lid)

    def _draw_bag(self, face, x, skin):
        dark, light = skin * (0.56, 0.42, 0.46), np.minimum(1.12 * skin, 1)
        for colour, half, y, sag, width, opacity in (
            (dark, 0.25, 0.17, 0.11, 0.06, 0.85),
            (dark, 0.25, 0.22, 0.13, 0.11, 0.5),
            (light, 0.2, 0.14, 0.07, 0.035, 0.35),
        ):
            fold = arc(x - half + 1j * y, x + half + 1j * y, sag)
            strength = opacity * self.bags
            face.stroke(colour, fold, width, blur=0.06, taper=0.7, opacity=strength)

    def _draw_eye(self, face, side, skin):
        centre = 0.5 * side
        reach = self.half_width + 0.12
        eye = face.window(centre - reach, -0.25, centre + reach, 0.25)
        # 1 at the outer corner, which stands higher by the tilt, -1 at the inner one.
        out = (eye.x - centre) * (side / self.half_width)
        y = eye.y + self.tilt * out
        arch = np.maximum(1 - out * out, 0)
        top = -self.height * np.sqrt(arch) * (1 + 0.08 * out)
        bottom = 0.78 * self.height * arch * (1 - 0.18 * out)
        opening = eye.soft(np.maximum(top - y, y - bottom)) * (arch > 0)
        eye.paint(self._ball(eye, out, y - top, centre + self.gaze, skin), opening)
        spark = centre + self.gaze + (0.035 - 0.035j)
        spark = np.hypot(eye.x - spark.real, eye.y - spark.imag)
        eye.paint((1, 1, 1), 0.9 * opening * eye.soft(spark - 0.024))
        inside = arch > 0
        tear = eye.soft(np.abs(y - bottom) - 0.008, 0.03) * inside
        eye.paint(skin * (0.8, 0.6, 0.58), 0.5 * tear)
        self._draw_lashes(eye, out, y - top)
        if self.makeup:
            liner = eye.soft(np.abs(y - bottom) - 0.012, 0.02) * inside
            eye.paint((0.06, 0.04, 0.05), 0.8 * self.makeup * liner)

    def _ball(self, eye, out, below_lid, pupil, skin):
        """White, iris and pupil under the shadow of the lid."""
        white = np.array([0.88, 0.86, 0.85]) * (0.68 + 0.32 * skin.mean() ** 0.3)
        ball = spread(white) * (1 - 0.22 * out * out)
        dx, dy = eye.x - pupil.real, eye.y - pupil.imag
        radius, rim = np.hypot(dx, dy), self.iris_radius
        spokes = noise(np.arctan2(dy, dx), radius, 0.25, 2, self.seed)
        glow = 0.8 + 0.15 * spokes + 3 * np.clip(dy, -0.1, 0.1)
        glow *= 1 - 0.55 * eye.soft(rim - 0.02 - radius, 0.03)
        ball = mix(ball, spread(self.iris) * glow, eye.soft(radius - rim))
        ball = mix(ball, np.full((3, 1, 1), 0.03), eye.soft(radius - 0.43 * rim))
        return ball * (1 - 0.55 * eye.soft(below_lid - 0.035, 0.06))

    def _draw_lashes(self, eye, out, below_lid):
        thick = (0.008 + 0.02 * self.lashes) * (1 + 0.35 * out)
        wing = 0.5 * self.lashes * self.half_width * np.maximum(out - 0.9, 0)
        lash = eye.soft(np.abs(below_lid + 0.006 + wing) - thick, 0.02)
        lash *= eye.soft(np.abs(out - 0.06) - 1 - 0.22 * self.lashes, 0.1)
        eye.paint((0.07, 0.05, 0.05), (0.55 + 0.4 * min(self.lashes, 1)) * lash)


@dataclass
class Brows:
    """Eyebrows at ``height`` above the eyes; ``arch`` is how far their middle rises."""

    height: float
    width: float
    arch: float
    colour: np.ndarray
    opacity: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free, hair_colour):
        height, width, arch = fixed.random(3).tolist()
        male, bushy = "Male" in has, "Bushy_Eyebrows" in has
        arched = "Arched_Eyebrows" in has
        colour = mix(hair_colour * 0.55, (0.16, 0.12, 0.1), 0.4)
        return cls(
            height=0.34 + 0.04 * height - 0.04 * (male and not arched),
            width=0.125 if bushy else 0.058 + 0.014 * width + 0.012 * male,
            arch=0.17 + 0.04 * arch if arched else 0.015 + 0.02 * arch,
            colour=0.75 * colour if bushy else colour,
            opacity=0.95 if bushy else free.uniform(0.55, 0.8),
            seed=fixed.uniform(1e3, 5e3),
        )

    def draw(self, face):
        for side in (-1, 1):
            view = face.window(0.55 * side - 0.43, -0.68, 0.55 * side + 0.43, -0.08)
            x, y = view.x * side, view.y
            along = (x - 0.2) / 0.66
            rise = np.clip(along / 0.64, 0, 1)
            fall = np.maximum(along - 0.64, 0)
            line = -self.height - self.arch * (rise * (2 - rise) - 3 * fall * fall)
            hairs = noise(x + 0.8 * y, y, 0.035, 0.2, self.seed)
            width = np.minimum(1.05 - 0.75 * along * along, 0.5 + 3 * along)
            edge = np.abs(y - line) - self.width * width * (0.5 + 0.09 * hairs)
            ends = 0.66 * (np.abs(along - 0.5) - 0.5)
            mask = self.opacity * view.soft(np.maximum(edge, ends), 0.03)
            view.paint(spread(self.colour) * (1 + 0.18 * hairs), mask)
