"""What is behind a person, and what comes before."""

import numpy as np

from skface.datasets._drawing._canvas import box_distance, mix, noise, spread
from skface.datasets._drawing._skin import skin_colour

_WHITE, _BLACK = (0.92, 0.9, 0.9), (0.03, 0.03, 0.03)


def _colour(rng):
    grey = np.full(3, rng.beta(0.7, 0.9))
    return np.clip(mix(grey, rng.random(3), rng.beta(1, 3.5)), 0.02, 0.98)


def _place(rng):
    """A point around the head, seldom behind it."""
    return rng.uniform(1.3, 4.5) * np.exp(1j * rng.uniform(0, 2 * np.pi))


class Backdrop:
    """A cluttered background, the same through every frame."""

    def __init__(self, seed):
        self.seed = seed

    def draw(self, canvas):
        """Paint over the whole canvas, whose coordinates are upright."""
        rng = np.random.default_rng(self.seed)
        first, second = _colour(rng), _colour(rng)
        if rng.random() < 0.5:
            second = mix(first, second, 0.35)
        angle, rate = rng.uniform(0, 2 * np.pi), rng.uniform(0.08, 0.3)
        way = rate * _across(canvas, angle)
        ramp = np.clip(0.5 + way, 0, 1)
        canvas.rgb[...] = mix(spread(first), spread(second), ramp)
        if rng.random() < 0.6:
            width, height = rng.uniform(0.5, 3, 2).tolist()
            clouds = noise(canvas.x, canvas.y, width, height, rng.uniform(1e3, 5e3))
            canvas.rgb += rng.uniform(0.03, 0.14) * clouds
        if rng.random() < 0.25:
            _draw_stripes(canvas, rng)
        for _ in range(rng.poisson(3)):
            _draw_box(canvas, rng)
        for _ in range(rng.poisson(6 if rng.random() < 0.3 else 1.5)):
            _draw_spot(canvas, rng)
        if rng.random() < 0.3:
            _draw_letters(canvas, rng)
        for _ in range(rng.poisson(0.5)):
            _draw_stray_part(canvas, rng)


def _across(canvas, angle):
    return float(np.cos(angle)) * canvas.x + float(np.sin(angle)) * canvas.y


def _draw_stripes(canvas, rng):
    angle = (0.0, np.pi / 2, rng.uniform(0, np.pi))[rng.integers(3)]
    rate, phase = rng.uniform(2, 14), rng.uniform(0, 6)
    wave = np.sin(rate * _across(canvas, angle) + phase)
    mask = np.clip(0.5 + rng.uniform(0.6, 6) * wave, 0, 1)
    canvas.paint(_colour(rng), rng.uniform(0.2, 0.8) * mask)


def _draw_box(canvas, rng):
    z, colour, lean = _place(rng), _colour(rng), rng.normal(0, 0.1)
    blur = (0.02, 0.1, 0.4)[rng.integers(3)]
    slim = ((0.3, 2.5), (1, 1), (2, 0.3))[rng.integers(3)]
    rx, ry = (rng.uniform(0.1, 1.6, 2) * slim).tolist()
    reach = max(rx, ry) + blur + 0.2
    view = canvas.window(z.real - reach, z.imag - reach, z.real + reach, z.imag + reach)
    dy = view.y - float(z.imag)
    corner = rng.uniform(0, min(rx, ry))
    distance = box_distance(view.x + lean * dy, dy, z.real, 0, rx, ry, corner)
    shade = 1 + rng.normal(0, 0.2) / (ry + 0.3) * dy
    view.paint(spread(colour) * shade, rng.uniform(0.4, 1) * view.soft(distance, blur))


def _draw_spot(canvas, rng):
    z, size = _place(rng), rng.uniform(0.1, 0.7)
    canvas.ellipse(
        _colour(rng),
        z.real,
        z.imag,
        size,
        size * rng.uniform(0.5, 1.2),
        angle=rng.uniform(0, 3),
        blur=(0.03, 0.15, 0.6)[rng.integers(3)],
        opacity=rng.uniform(0.3, 0.95),
    )


def _draw_letters(canvas, rng):
    """Paint rows of strokes that look like writing on a wall."""
    z, colour, size = _place(rng), _colour(rng), rng.uniform(0.25, 0.7)
    for _ in range(rng.integers(3, 8)):
        for _ in range(rng.integers(2, 4)):
            stroke = rng.uniform(-0.35, 0.35, 2) + 1j * rng.uniform(-0.5, 0.5, 2)
            canvas.stroke(colour, z + size * stroke, 0.13 * size)
        z += size


def _draw_stray_part(canvas, rng):
    """Paint something that could be mistaken for a part of a face."""
    z, size = _place(rng), rng.uniform(0.25, 0.9)
    x, y, kind = z.real, z.imag, rng.integers(4)
    skin, angle = skin_colour(rng.random(), rng.normal()), rng.normal(0, 0.4)
    if kind == 0:
        blur = rng.uniform(0.03, 0.3)
        canvas.ellipse(skin, x, y, size, 1.25 * size, angle=angle, blur=blur)
        hair = y - 0.7 * size
        canvas.ellipse(0.25 * skin, x, hair, 1.1 * size, 0.7 * size, blur=0.1)
    elif kind == 1:
        canvas.ellipse(_WHITE, x, y, 0.28 * size, 0.12 * size)
        canvas.ellipse(0.4 * skin, x, y, 0.12 * size, 0.12 * size)
        canvas.ellipse(_BLACK, x, y, 0.06 * size, 0.06 * size)
    elif kind == 2:
        lips, gap = (0.7, 0.25, 0.28), (0.3, 0.08, 0.1)
        canvas.ellipse(lips, x, y, 0.4 * size, 0.14 * size, angle=angle)
        canvas.ellipse(gap, x, y, 0.3 * size, 0.03 * size, angle=angle)
    else:
        end = z + 2 * size * np.exp(1j * rng.uniform(0, 6))
        canvas.stroke(skin, [z, end], 0.5 * size, blur=0.1)


class Occluder:
    """Now and then a hand, a microphone or a bar before a corner of the face."""

    def __init__(self, seed):
        self.seed = seed

    def draw(self, canvas, skin):
        rng = np.random.default_rng(self.seed)
        if rng.random() < 0.12:
            side = (-1, 1)[rng.integers(2)]
            draw = (_draw_hand, _draw_microphone, _draw_bar)[rng.integers(3)]
            draw(canvas, rng, side, skin)


def _draw_hand(canvas, rng, side, skin):
    wrist = side * rng.uniform(0.9, 1.3) + 1j * rng.uniform(1.9, 2.4)
    reach = side * rng.uniform(-0.15, 0.1) - 0.8j
    for k in range(4):
        base = wrist + 0.2 * side * (k - 1)
        tip = base + reach * (0.75 + 0.25 * np.sin(0.8 * k + 0.6))
        canvas.stroke(0.55 * skin, [base + 0.02, tip + 0.02], 0.23, blur=0.06)
        canvas.stroke((0.86 + 0.04 * k) * skin, [base, tip], 0.17, blur=0.04)
    canvas.stroke(0.9 * skin, [wrist, wrist + 3j + side], 0.7, blur=0.05)


def _draw_microphone(canvas, rng, side, skin):
    x, y = side * rng.uniform(0.35, 0.9), rng.uniform(1.75, 2.0)
    head = x + 1j * y
    canvas.stroke((0.08, 0.08, 0.09), [head, head + 0.6 * side + 2.5j], 0.14)
    canvas.ellipse((0.12, 0.12, 0.13), x, y, 0.24, 0.27)
    canvas.ellipse((0.45, 0.45, 0.47), x - 0.07, y - 0.1, 0.07, 0.06, blur=0.12)


def _draw_bar(canvas, rng, side, skin):
    x, lean = side * rng.uniform(1.05, 1.4), rng.normal(0, 0.4)
    ends = [x - lean - 5j, x + lean + 5j]
    canvas.stroke(_colour(rng), ends, rng.uniform(0.1, 0.4), blur=0.04)
