"""What is behind and before a person, and the camera that takes the photo."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from skface.datasets._drawing._canvas import box_distance, mix, noise
from skface.datasets._drawing._head import skin_colour


def _colour(rng):
    grey = np.full(3, rng.beta(0.7, 0.9))
    return np.clip(mix(grey, rng.random(3), rng.beta(1, 3.5)), 0.02, 0.98)


class Backdrop:
    """A cluttered background, the same from every frame."""

    def __init__(self, seed):
        self.seed = seed

    def draw(self, canvas):
        """Paint the background; the canvas has upright coordinates."""
        rng = np.random.default_rng(self.seed)
        x, y = canvas.x, canvas.y
        first, second = _colour(rng), _colour(rng)
        if rng.random() < 0.5:
            second = mix(first, second, 0.35)
        way = np.exp(2j * np.pi * rng.random()) * rng.uniform(0.08, 0.3)
        ramp = np.clip(0.5 + np.float32(way.real) * x + np.float32(way.imag) * y, 0, 1)
        canvas.paint(first, np.float32(1))
        canvas.paint(second, ramp)
        cloudy = rng.random() < 0.6
        scale, strength = rng.uniform(0.5, 3), rng.uniform(0.03, 0.14)
        if cloudy:
            canvas.rgb += np.float32(strength) * noise(
                x, y, scale, scale * rng.uniform(0.5, 2), rng.uniform(1e3, 5e3)
            )
        if rng.random() < 0.25:
            self._stripes(canvas, rng)
        for _ in range(rng.poisson(3)):
            self._box(canvas, rng)
        lights = rng.poisson(6) if rng.random() < 0.3 else rng.poisson(1.5)
        for _ in range(lights):
            z = _place(rng)
            size = rng.uniform(0.1, 0.7)
            canvas.ellipse(_colour(rng), z.real, z.imag, size, size * rng.uniform(0.5, 1.2),
                           angle=rng.uniform(0, 3), blur=rng.choice([0.03, 0.15, 0.6]), opacity=rng.uniform(0.3, 0.95))  # fmt: skip
        if rng.random() < 0.3:
            self._letters(canvas, rng)
        for _ in range(rng.poisson(0.5)):
            self._stray_part(canvas, rng)

    def _stripes(self, canvas, rng):
        turn = np.exp(1j * rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)]))
        across = np.float32(turn.real) * canvas.x + np.float32(turn.imag) * canvas.y
        wave = np.sin(
            across * np.float32(rng.uniform(2, 14)) + np.float32(rng.uniform(0, 6))
        )
        mask = np.clip(0.5 + rng.uniform(0.6, 6) * wave, 0, 1)
        canvas.paint(_colour(rng), np.float32(rng.uniform(0.2, 0.8)) * mask)

    def _box(self, canvas, rng):
        z, blur = _place(rng), rng.choice([0.02, 0.1, 0.4])
        rx, ry = rng.uniform(0.1, 1.6, 2) * rng.choice([(0.3, 2.5), (1, 1), (2, 0.3)])
        colour, lean = _colour(rng), rng.normal(0, 0.1)
        reach = max(rx, ry) + blur + 0.2
        part = canvas.window(
            z.real - reach, z.imag - reach, z.real + reach, z.imag + reach
        )
        distance = box_distance(part.x + np.float32(lean) * (part.y - np.float32(z.imag)), part.y,
                                z.real, z.imag, rx, ry, rng.uniform(0, min(rx, ry)))  # fmt: skip
        shade = 1 + rng.normal(0, 0.2) * (part.y - np.float32(z.imag)) / np.float32(
            ry + 0.3
        )
        part.paint(
            colour[:, None, None] * shade,
            np.float32(rng.uniform(0.4, 1)) * part.soft(distance, blur),
        )

    def _letters(self, canvas, rng):
        """Rows of strokes that look like writing on a wall."""
        z, colour, size = _place(rng), _colour(rng), rng.uniform(0.25, 0.7)
        for _ in range(rng.integers(3, 8)):
            for _ in range(rng.integers(2, 4)):
                a, b = rng.uniform(-0.35, 0.35, 2), rng.uniform(-0.5, 0.5, 2)
                canvas.stroke(
                    colour,
                    z + size * np.array([a[0] + 1j * b[0], a[1] + 1j * b[1]]),
                    0.13 * size,
                )
            z += size

    def _stray_part(self, canvas, rng):
        """Something that could be mistaken for a part of a face."""
        z, skin = _place(rng), skin_colour(rng.random(), rng.normal())
        size = rng.uniform(0.25, 0.9)
        kind = rng.integers(4)
        if kind == 0:
            canvas.ellipse(
                skin,
                z.real,
                z.imag,
                size,
                size * 1.25,
                angle=rng.normal(0, 0.4),
                blur=rng.uniform(0.03, 0.3),
            )
            hair = z - 0.7j * size
            canvas.ellipse(
                skin * 0.25, hair.real, hair.imag, size * 1.1, size * 0.7, blur=0.1
            )
        elif kind == 1:
            canvas.ellipse((0.92, 0.9, 0.9), z.real, z.imag, 0.28 * size, 0.12 * size)
            canvas.ellipse(skin * 0.4, z.real, z.imag, 0.12 * size, 0.12 * size)
            canvas.ellipse((0.03, 0.03, 0.03), z.real, z.imag, 0.06 * size, 0.06 * size)
        elif kind == 2:
            canvas.ellipse(
                (0.7, 0.25, 0.28),
                z.real,
                z.imag,
                0.4 * size,
                0.14 * size,
                angle=rng.normal(0, 0.5),
            )
            canvas.ellipse((0.3, 0.08, 0.1), z.real, z.imag, 0.3 * size, 0.03 * size)
        else:
            end = z + size * np.exp(1j * rng.uniform(0, 6)) * 2
            canvas.stroke(skin, [z, end], 0.5 * size, blur=0.1)


def _place(rng):
    """A point around the head, seldom behind it."""
    angle = rng.uniform(0, 2 * np.pi)
    return rng.uniform(1.3, 4.5) * np.exp(1j * angle)


class Occluder:
    """Now and then a hand, a microphone or a bar before a corner of the face."""

    def __init__(self, seed):
        self.seed = seed

    def draw(self, canvas, skin):
        rng = np.random.default_rng(self.seed)
        if rng.random() > 0.12:
            return
        side = rng.choice([-1, 1])
        kind = rng.integers(3)
        if kind == 0:
            wrist = side * rng.uniform(0.9, 1.3) + 1j * rng.uniform(1.9, 2.4)
            reach = side * rng.uniform(-0.15, 0.1) - 0.8j
            for k in range(4):
                spread = side * (0.2 * k - 0.2)
                tip = wrist + reach * (0.75 + 0.25 * np.sin(0.8 * k + 0.6)) + spread
                canvas.stroke(
                    skin * 0.55, [wrist + spread + 0.02, tip + 0.02], 0.23, blur=0.06
                )
                canvas.stroke(
                    skin * (0.86 + 0.04 * k), [wrist + spread, tip], 0.17, blur=0.04
                )
            canvas.stroke(skin * 0.9, [wrist, wrist + 3j + side], 0.7, blur=0.05)
        elif kind == 1:
            head = side * rng.uniform(0.35, 0.9) + 1j * rng.uniform(1.75, 2.0)
            canvas.stroke((0.08, 0.08, 0.09), [head, head + 2.5j + 0.6 * side], 0.14)
            canvas.ellipse((0.12, 0.12, 0.13), head.real, head.imag, 0.24, 0.27)
            canvas.ellipse(
                (0.45, 0.45, 0.47),
                head.real - 0.07,
                head.imag - 0.1,
                0.07,
                0.06,
                blur=0.12,
            )
        else:
            x = side * rng.uniform(1.05, 1.4)
            lean = rng.normal(0, 0.4)
            canvas.stroke(
                _colour(rng),
                [x - lean - 5j, x + lean + 5j],
                rng.uniform(0.1, 0.4),
                blur=0.04,
            )


@dataclass
class Camera:
    """Exposure, colours, sharpness, noise and compression of a photo."""

    gain: np.ndarray
    contrast: float
    lift: float
    saturation: float
    vignette: float
    blur: float
    noise: float
    quality: int
    grain: int

    @classmethod
    def sample(cls, has, rng):
        warmth, tint = rng.normal(0, 0.05), rng.normal(0, 0.025)
        blurry = "Blurry" in has
        return cls(
            gain=np.array([1 + warmth, 1 + tint, 1 - warmth]) * rng.normal(1.0, 0.08),
            contrast=rng.normal(1.04, 0.12),
            lift=rng.normal(0, 0.03),
            saturation=np.clip(rng.normal(0.95, 0.14), 0.5, 1.4),
            vignette=max(rng.normal(0.1, 0.15), 0),
            blur=rng.uniform(0.055, 0.09) if blurry else rng.beta(1, 2.5) * 0.02,
            noise=rng.beta(1, 3) * 0.05,
            quality=int(rng.integers(40, 96)),
            grain=int(rng.integers(2**31)),
        )

    def take(self, canvas):
        """Turn the painted picture into the bytes of a JPEG file."""
        rgb = canvas.rgb
        sigma = self.blur / canvas.pixel
        if sigma > 0.3:
            rgb = gaussian_filter(rgb, (0, sigma, sigma), truncate=2.5)
        _, height, width = rgb.shape
        v = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        h = np.linspace(-1, 1, width, dtype=np.float32)
        rgb = rgb * (1 - np.float32(0.5 * self.vignette) * (v * v + h * h))
        rgb *= self.gain[:, None, None].astype(np.float32)
        grey = rgb.mean(axis=0)
        rgb = grey + np.float32(self.saturation) * (rgb - grey)
        rgb = (rgb - np.float32(0.45)) * np.float32(self.contrast) + np.float32(
            0.45 + self.lift
        )
        if self.noise > 0.004:
            rng = np.random.default_rng([self.grain, height, width])
            grain = rng.standard_normal((height, width), dtype=np.float32)
            rgb += np.float32(self.noise) * grain
        pixels = np.clip(rgb * 255 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 0)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=self.quality)
        return file.getvalue()
