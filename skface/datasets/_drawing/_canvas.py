"""A picture that is painted in the coordinates of what it shows.

Every shape is a soft mask computed from the coordinates of the pixels, so one
scene can be painted sharply at any scale and turn. Points are complex numbers
``x + 1j * y`` with y downwards.
"""

import cmath
import functools
import itertools
import math
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

_TILE = 512


class Similarity(NamedTuple):
    """The map ``point -> factor * point + shift``: turn, scale and move."""

    factor: complex
    shift: complex

    def __call__(self, point):
        return self.factor * point + self.shift

    def inverse(self, point):
        return (point - self.shift) / self.factor


class Canvas:
    """A colour picture with the coordinates (x, y) of each pixel.

    Parameters
    ----------
    rgb : ndarray of shape (3, height, width), dtype float32
        The picture, painted in place.
    x, y : ndarray of shape (height, width), dtype float32
        Coordinates of the pixel centres.
    locate : callable
        Maps a complex point in these coordinates to complex pixels of ``rgb``.
    step : complex
        The way from one pixel to its right neighbour in these coordinates.
    """

    def __init__(self, rgb, x, y, locate, step):
        self.rgb, self.x, self.y = rgb, x, y
        self.locate, self.step = locate, step
        self.pixel = abs(step)

    @classmethod
    def blank(cls, size, frame):
        """A black picture of ``size`` (width, height) seen through ``frame``."""
        width, height = size
        return cls.over(np.zeros((3, height, width), dtype=np.float32), frame)

    @classmethod
    def over(cls, rgb, frame):
        """A picture that is there, seen through `frame`."""
        _, height, width = rgb.shape
        column = np.arange(width, dtype=np.float32)
        row = np.arange(height, dtype=np.float32)[:, None]
        # Python's own numbers do not widen float32 arrays.
        step, origin = complex(1 / frame.factor), complex(frame.inverse(0))
        x = step.real * column - step.imag * row + origin.real
        y = step.imag * column + step.real * row + origin.imag
        return cls(rgb, x, y, frame, step)

    def turned(self, angle, pivot=0j):
        """The same picture in coordinates that are turned about ``pivot``."""
        turn = cmath.exp(1j * angle)
        shift = pivot - turn * pivot
        x = turn.real * self.x - turn.imag * self.y + shift.real
        y = turn.imag * self.x + turn.real * self.y + shift.imag
        locate = self.locate
        return Canvas(
            self.rgb, x, y, lambda p: locate((p - shift) / turn), self.step * turn
        )

    def warped(self, x, y, project):
        """The same picture in other coordinates, which ``project`` maps to these."""
        locate = self.locate
        return Canvas(self.rgb, x, y, lambda p: locate(project(p)), self.step)

    def window(self, left, top, right, bottom):
        """The part of the picture that holds a rectangle, sharing its memory."""
        columns = np.array([left, (left + right) / 2, right])
        rows = np.array([[top], [bottom]])
        corners = self.locate(columns + 1j * rows)
        height, width = self.x.shape
        x0 = min(max(int(corners.real.min()) - 2, 0), width)
        x1 = min(max(int(corners.real.max()) + 3, x0), width)
        y0 = min(max(int(corners.imag.min()) - 2, 0), height)
        y1 = min(max(int(corners.imag.max()) + 3, y0), height)
        part = np.s_[..., y0:y1, x0:x1]
        locate = self.locate
        corner = x0 + 1j * y0
        return Canvas(
            self.rgb[part],
            self.x[part],
            self.y[part],
            lambda p: locate(p) - corner,
            self.step,
        )

    def paint(self, colour, mask):
        """Lay a colour, or a picture of this size, over the canvas."""
        change = spread(colour) - self.rgb
        change *= mask
        self.rgb += change

    def shade(self, factor, mask):
        """Multiply the picture, where the mask is 1, by a factor per channel."""
        self.rgb *= 1 + mask * (spread(factor) - 1)

    def slope(self, height):
        """The gradient (d/dx, d/dy) of a height given at every pixel."""
        if min(height.shape) < 2:
            return np.zeros_like(height), np.zeros_like(height)
        rows, columns = np.gradient(height)
        turn = 1 / self.step.conjugate()
        along_x = turn.real * columns - turn.imag * rows
        along_y = turn.imag * columns + turn.real * rows
        return along_x, along_y

    def soft(self, distance, blur=0.0):
        """Mask of the inside of a signed distance, one pixel or ``blur`` soft."""
        width = float(max(blur, 1.3 * self.pixel))
        return np.clip(0.5 - distance / width, 0, 1)

    def ellipse(self, colour, x, y, rx, ry, *, angle=0.0, blur=0.0, opacity=1.0):
        """Paint one ellipse."""
        reach = max(rx, ry) + blur
        part = self.window(x - reach, y - reach, x + reach, y + reach)
        distance = ellipse_distance(part.x, part.y, x, y, rx, ry, angle)
        part.paint(colour, opacity * part.soft(distance, blur))

    def stroke(self, colour, points, width, *, blur=0.0, opacity=1.0, taper=0.0):
        """Paint a polyline, thinner towards its ends by the share ``taper``."""
        points = np.asarray(points)
        x, y, reach = points.real, points.imag, width + blur
        part = self.window(
            x.min() - reach, y.min() - reach, x.max() + reach, y.max() + reach
        )
        distance = np.full(part.x.shape, 9, dtype=np.float32)
        last = len(points) - 1
        for k, (a, b) in enumerate(itertools.pairwise(points.tolist())):
            way = b - a
            px, py = part.x - a.real, part.y - a.imag
            along = (px * way.real + py * way.imag) / (abs(way) ** 2 + 1e-9)
            along = np.clip(along, 0, 1)
            gap = np.hypot(px - along * way.real, py - along * way.imag)
            if taper:
                gap += taper * width / 2 * np.abs(2 * (along + k) / last - 1)
            np.minimum(distance, gap, out=distance)
        part.paint(colour, opacity * part.soft(distance - width / 2, blur))


def ellipse_distance(x, y, cx, cy, rx, ry, angle=0.0):
    """Signed distance to an ellipse, exact where it matters: at its outline."""
    dx, dy = x - float(cx), y - float(cy)
    if angle:
        cos, sin = math.cos(angle), math.sin(angle)
        dx, dy = cos * dx + sin * dy, cos * dy - sin * dx
    level = np.hypot(dx / float(rx), dy / float(ry))
    return (level - 1) * float(min(rx, ry))


def box_distance(x, y, cx, cy, rx, ry, corner=0.0):
    """Signed distance to an upright rectangle with round corners."""
    dx = np.abs(x - float(cx)) - float(rx - corner)
    dy = np.abs(y - float(cy)) - float(ry - corner)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return outside + np.minimum(np.maximum(dx, dy), 0) - float(corner)


def bump(x, y, cx, cy, sx, sy):
    """A Gaussian hill of height 1."""
    dx = (x - float(cx)) * float(1 / sx)
    dy = (y - float(cy)) * float(1 / sy)
    return np.exp(-0.5 * (dx * dx + dy * dy))


def arc(start, end, sag, n_points=7):
    """Points of a parabola between two points that sags downwards in its middle."""
    t = np.linspace(0, 1, n_points)
    return start + (end - start) * t + 1j * sag * 4 * t * (1 - t)


def noise(x, y, scale_x, scale_y, offset):
    """Smooth noise of mean 0 and deviation 1 with blobs of about this scale."""
    # Wide blobs come from a smoother tile, so that its cells stay invisible.
    blob = 4 if min(scale_x, scale_y) < 0.4 else 16
    tile = _noise_tile(blob)
    column = (x * float(blob / scale_x) + offset).astype(np.int32)
    row = (y * float(blob / scale_y) + 1.7 * offset).astype(np.int32)
    column &= _TILE - 1
    row &= _TILE - 1
    row *= _TILE
    row += column
    return tile.take(row)


@functools.cache
def _noise_tile(blob):
    grain = np.random.default_rng(0).standard_normal((_TILE, _TILE))
    tile = gaussian_filter(grain, blob / 2, mode="wrap")
    return (tile / tile.std()).astype(np.float32).ravel()


def mix(a, b, t):
    """The colour or picture between a and b at the share t."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    return a + (b - a) * t


def spread(colour):
    """A colour in the shape that broadcasts over a picture."""
    colour = np.asarray(colour, np.float32)
    return colour[:, None, None] if colour.ndim == 1 else colour
