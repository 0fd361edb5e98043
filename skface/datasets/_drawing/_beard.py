"""Hair of the face."""

from dataclasses import dataclass

import numpy as np

from skface.datasets._drawing._canvas import mix, noise, spread


@dataclass
class Beard:
    """Hair of the face; each kind is 0 or how dense it is."""

    mustache: float
    goatee: float
    sideburns: float
    stubble: float
    colour: np.ndarray
    thick: float
    seed: float

    @classmethod
    def sample(cls, has, fixed, free, hair):
        colour = hair.colour
        if hair.style == "bald":
            colour = np.array([0.2, 0.15, 0.12])
        if "Gray_Hair" not in has:
            colour = mix(colour * 0.7, (0.14, 0.09, 0.06), 0.5)
        dense = free.uniform(0.85, 1)
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
        """Paint the beard where ``mask`` says that the head is."""
        if not (self.mustache or self.goatee or self.sideburns or self.stubble):
            return
        x, y = np.abs(face.x), face.y
        coarse = noise(face.x, y, 0.03, 0.16, self.seed)
        hairs = 0.6 * coarse + 0.5 * noise(face.x, y, 0.02, 0.05, self.seed)
        upper, lower = mouth.edges(x)
        if self.stubble:
            area = self._shaved(face, x, y, upper, lower, mouth)
            tint = mix(self.colour, (0.2, 0.22, 0.26), 0.5)
            grain = np.clip(0.85 + 0.25 * hairs, 0, 1.4)
            face.paint(tint, np.minimum(self.stubble * area * grain, 0.85) * mask)
        cover = np.zeros_like(x)
        for strength, shape, blur in self._shapes(x, y, upper, lower, head, mouth):
            part = face.soft(shape + 0.03 * hairs, blur)
            cover = np.maximum(cover, strength * part)
        tone = 0.9 + 0.2 * hairs + 0.15 * float(light.direction[0]) * face.x
        cover = np.clip(cover * (0.9 + 0.1 * hairs), 0, 1)
        face.paint(spread(self.colour) * tone, cover * mask)

    def _shapes(self, x, y, upper, lower, head, mouth):
        """Density, signed distance and softness of each patch of hair."""
        wide = mouth.half_width
        if self.mustache:
            half = 1.02 * wide + 0.05 * self.thick
            arch = np.maximum(1 - (x / half) ** 2, 0) ** 0.4
            top = upper - (0.13 + 0.06 * self.thick) * arch
            shape = np.maximum(np.maximum(top - y, y - upper - 0.035), x - half)
            yield self.mustache, shape, 0.05
        if self.goatee:
            low = mouth.bottom
            middle, rx = (low + 0.06 + head.chin) / 2, 0.3 + 0.08 * self.thick
            ry = (head.chin - low) / 2 + 0.06
            yield self.goatee, (np.hypot(x / rx, (y - middle) / ry) - 1) * 0.3, 0.08
        if self.goatee and self.mustache:
            side = np.abs(x - wide - 0.06) - 0.07
            yield self.goatee, np.maximum(side, np.abs(y - 1.2) - 0.3), 0.08
        if self.sideburns:
            inner = head.half_width - 0.3
            shape = np.maximum(inner - x, np.abs(y - 0.35) - 0.6)
            if self.goatee:
                jaw = 0.98 - 0.55 * (x / inner) ** 3 - y
                lips = (np.hypot(x / (wide + 0.1), 2.6 * (y - mouth.y)) - 1) * 0.3
                strip = np.minimum(np.maximum(jaw, -lips), inner - x)
                shape = np.maximum(strip, -0.25 - y)
            yield self.sideburns, shape, 0.08

    def _shaved(self, face, x, y, upper, lower, mouth):
        """Where stubble grows: jaw, chin and upper lip, but not on the lips."""
        cheek = 1.0 - 0.5 * np.minimum(x / 0.9, 1) ** 2
        jaw = face.soft(cheek - y, 0.2)
        above = np.maximum(np.abs(y - upper + 0.1) - 0.1, x - mouth.half_width - 0.1)
        lips = np.maximum(np.maximum(upper - y, y - lower), x - mouth.half_width)
        return np.maximum(jaw, face.soft(above, 0.08)) * (1 - face.soft(lips, 0.06))
