"""The skin of a face under a light."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import arc, bump, noise, spread

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
_SMILE_LINE = np.array([0.27 + 0.62j, 0.4 + 0.76j, 0.5 + 0.93j, 0.53 + 1.12j])


def skin_colour(tone, warmth):
    """A colour on the way from pale (0) to dark (1) skin, more or less reddish."""
    knots = np.linspace(0, 1, len(_TONES))
    colour = np.array([np.interp(tone, knots, c) for c in _TONES.T]) / 255
    colour *= 1 + warmth * np.array([0.04, -0.005, -0.05])
    return np.clip(colour, 0, 1).astype(np.float32)


@dataclass
class Skin:
    """Colour and relief of a face; all but the colour are strengths."""

    colour: np.ndarray
    shine: float
    freckles: float
    cheekbones: float
    smile_lines: float
    wrinkles: float
    rosy: float
    dimple: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free):
        tone, warmth = fixed.beta(1.0, 1.9), fixed.normal()
        shine, freckles, dimple = fixed.random(3).tolist()
        if "Pale_Skin" in has:
            tone, warmth = 0.02 * tone, -0.3
        else:
            tone = 0.3 + 0.7 * tone * (0.6 if "Blond_Hair" in has else 1)
        aged = "Young" not in has
        return cls(
            colour=skin_colour(tone, warmth),
            shine=0.08 + 0.22 * shine * free.uniform(0.4, 1),
            freckles=0.12 * freckles**3,
            cheekbones=free.uniform(0.7, 1.1) * ("High_Cheekbones" in has),
            smile_lines=free.uniform(0.4, 0.7) * (("Smiling" in has) + aged),
            wrinkles=free.uniform(0.5, 1) * aged,
            rosy=free.uniform(0.75, 1.05) * ("Rosy_Cheeks" in has),
            dimple=dimple if "Male" in has and dimple > 0.6 else 0.0,
            seed=fixed.uniform(1e3, 5e3),
        )

    def draw(self, canvas, head, light, parts):
        """Paint the skin of a head, with the relief of the parts of its face.

        Returns
        -------
        face : Canvas
            The head's part of the picture in face coordinates.
        mask : ndarray
            Where the head is in it.
        """
        reach = head.half_width + 0.2
        view = canvas.window(-reach, head.top - 0.1, reach, head.chin + 0.1)
        level = head.level(view.x, view.y)
        x, y = head.face_coordinates(view.x, view.y, level)
        face = view.warped(x, y, lambda point: head.project(point, 2))
        relief = self._relief(x, y, head) + sum(part.relief(x, y) for part in parts)
        edge = np.minimum(level, 1) ** 2
        slope_x, slope_y = face.slope(relief)
        nx = view.x * (0.75 / head.half_width) - slope_x
        ny = 0.33 * (view.y - 0.1) - slope_y
        nz = np.sqrt(1.2 - edge)
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        lx, ly, lz = light.direction.tolist()
        facing = np.clip((lx * nx + ly * ny + lz * nz) / length, 0, 1)
        grain = noise(x, y, 0.05, 0.05, self.seed)
        blotch = noise(x, y, 0.5, 0.5, self.seed)
        bright = light.ambient + (1 - light.ambient) * facing
        bright *= (1 - 0.22 * edge**3) * (1 + 0.012 * grain + 0.025 * blotch)
        dark = spread(self.colour * (0.48, 0.4, 0.38))
        lit = spread(np.minimum(1.07 * self.colour * light.tint, 1.05))
        colour = (dark + (lit - dark) * bright) * self._tint(x, y, blotch, grain)
        gleam = (0.4 * lx * nx + (0.4 * ly - 0.1) * ny + nz) / length
        gleam = np.clip(gleam, 0, 1)
        for _ in range(4):
            gleam *= gleam
        colour += self.shine * gleam
        mask = view.soft(0.85 * (level - 1))
        face.paint(colour, mask)
        self._draw_lines(face)
        return face, mask

    def _relief(self, x, y, head):
        """Height of brow, eye sockets, cheeks and chin above the bare skull."""
        wide = np.abs(x)
        puff = 0.05 + 0.07 * head.fullness + 0.05 * min(self.smile_lines, 1)
        height = 0.05 * bump(x, y, 0, -0.42, 0.7, 0.14)
        height -= 0.05 * bump(wide, y, 0.5, -0.06, 0.27, 0.16)
        height += puff * bump(wide, y, 0.62, 0.62, 0.28, 0.24)
        height += 0.06 * bump(x, y, 0, head.chin - 0.25, 0.22, 0.16)
        if self.cheekbones:
            bone = 0.07 * self.cheekbones
            height += bone * bump(wide, y, 0.76, 0.44, 0.22, 0.14)
            height -= bone * bump(wide, y, 0.76, 0.95, 0.2, 0.2)
        if self.dimple:
            height -= 0.025 * bump(x, y, 0, head.chin - 0.2, 0.03, 0.08)
        return height

    def _tint(self, x, y, blotch, grain):
        """Factor per channel of cheeks, freckles and cheekbones."""
        wide = np.abs(x)
        cheeks = bump(wide, y, 0.64, 0.62, 0.22, 0.18)
        flush = np.minimum((0.12 + 0.72 * self.rosy) * cheeks * (1 + 0.15 * blotch), 1)
        rose = (1.03, 0.64, 0.67) if self.rosy else (1, 0.8, 0.78)
        tint = 1 + flush * (spread(rose) - 1)
        if self.freckles > 0.05:
            tint *= 1 - self.freckles * cheeks * np.clip(grain - 1.3, 0, 1)
        if self.cheekbones:
            high = bump(wide, y, 0.74, 0.44, 0.19, 0.085)
            hollow = bump(wide, y, 0.77, 0.92, 0.16, 0.18)
            tint *= 1 + self.cheekbones * (0.15 * high - 0.19 * hollow)
        return tint

    def _draw_lines(self, face):
        dark = self.colour * (0.6, 0.46, 0.42)
        for side in (-1, 1):
            if self.smile_lines:
                line = side * _SMILE_LINE.real + 1j * _SMILE_LINE.imag
                opacity = 0.5 * self.smile_lines
                face.stroke(dark, line, 0.035, blur=0.07, taper=0.8, opacity=opacity)
            for y in (-0.07, 0.03, 0.13) if self.wrinkles else ():
                crow = [0.82 * side + 1j * (0.02 + 0.4 * y), side + 1j * y]
                opacity = 0.4 * self.wrinkles
                face.stroke(dark, crow, 0.016, blur=0.03, opacity=opacity)
        for y, half in ((-0.62, 0.5), (-0.78, 0.44), (-0.93, 0.38)):
            if self.wrinkles:
                fold = arc(1j * y - half, 1j * y + half, -0.05)
                opacity = 0.4 * self.wrinkles
                face.stroke(dark, fold, 0.02, blur=0.04, taper=0.9, opacity=opacity)
