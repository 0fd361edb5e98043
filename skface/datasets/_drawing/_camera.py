"""The light on a scene, and the camera that takes the photo."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from skface.datasets._drawing._canvas import spread


@dataclass
class Light:
    """The light: its direction in the head's frame, its colour, its softness.

    ``ambient`` is the share that comes from everywhere.
    """

    direction: np.ndarray
    ambient: float
    tint: np.ndarray

    @classmethod
    def sample(cls, rng, roll):
        across = rng.normal(0, 0.55) - 1j * abs(rng.normal(0.45, 0.35))
        across *= np.exp(-1j * roll)
        direction = np.array([across.real, across.imag, rng.uniform(0.7, 1.3)])
        direction /= np.linalg.norm(direction)
        warmth = rng.normal(0, 0.05)
        return cls(
            direction=direction.astype(np.float32),
            ambient=rng.uniform(0.3, 0.7),
            tint=np.array([1 + warmth, 1, 1 - warmth], np.float32),
        )


@dataclass
class Camera:
    """Exposure, colours, sharpness, noise and compression of a photo.

    ``blur`` is a deviation in units of the distance between the eyes, so that both
    photos of a scene are equally sharp.
    """

    gain: np.ndarray
    contrast: float
    lift: float
    saturation: float
    vignette: float
    blur: float
    noise: float
    quality: int
    seed: int

    @classmethod
    def sample(cls, has, rng):
        warmth, green = rng.normal(0, 0.05), rng.normal(0, 0.025)
        balance = np.array([1 + warmth, 1 + green, 1 - warmth])
        blurry = "Blurry" in has
        return cls(
            gain=balance * rng.normal(1.0, 0.08),
            contrast=rng.normal(1.04, 0.12),
            lift=rng.normal(0, 0.03),
            saturation=min(max(rng.normal(0.95, 0.14), 0.5), 1.4),
            vignette=max(rng.normal(0.1, 0.15), 0.0),
            blur=rng.uniform(0.055, 0.09) if blurry else 0.02 * rng.beta(1, 2.5),
            noise=0.05 * rng.beta(1, 3),
            quality=int(rng.integers(40, 96)),
            seed=int(rng.integers(2**31)),
        )

    def take(self, canvas):
        """Turn the painted picture into the bytes of a JPEG file."""
        rgb = canvas.rgb
        _, height, width = rgb.shape
        sigma = self.blur / canvas.pixel
        if sigma > 0.3:
            rgb = gaussian_filter(rgb, (0, sigma, sigma), truncate=2.5)
        v = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        h = np.linspace(-1, 1, width, dtype=np.float32)
        shade = 1 - 0.5 * self.vignette * (v * v + h * h)
        rgb = rgb * (spread(255 * self.contrast * self.gain) * shade)
        grey = (rgb[0] + rgb[1] + rgb[2]) * ((1 - self.saturation) / 3)
        grey += 255 * (0.45 * (1 - self.contrast) + self.lift) + 0.5
        if self.noise > 0.004:
            rng = np.random.default_rng([self.seed, height, width])
            grain = rng.standard_normal((height, width), np.float32)
            grey += 255 * self.noise * grain
        rgb *= self.saturation
        rgb += grey
        pixels = np.clip(rgb, 0, 255, out=rgb).astype(np.uint8)
        file = io.BytesIO()
        image = Image.fromarray(pixels.transpose(1, 2, 0))
        image.save(file, "JPEG", quality=self.quality)
        return file.getvalue()
