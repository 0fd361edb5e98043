"""What is drawn on a photo and written under it."""

import numpy as np

from skface._naming import readable
from skface.displays._styling import (
    SKY,
    VERMILION,
    YELLOW,
    attribute_names,
    literal,
    shortened,
)
from skface.exceptions import InputError

FONT_SIZE = 8
LINE = 0.145  # inches, of a caption


def captions(parts, names, n_faces, n_lines):
    """Lines under each photo: list of lists of (text, whether it is wrong)."""
    if "attributes" not in parts:
        return [[] for _ in range(n_faces)]
    found = parts["attributes"]
    names = attribute_names(names, found.shape[1])
    truth = parts.get("true_attributes")
    if truth is not None and truth.shape != found.shape:
        raise InputError(
            f"attributes have the shape {found.shape}, true_attributes {truth.shape}"
        )
    return [
        _caption(row, None if truth is None else truth[i], names, n_lines)
        for i, row in enumerate(found)
    ]


def _caption(row, truth, names, n_lines):
    present = row > 0.5
    wrong = np.zeros(len(row), bool)
    if truth is not None:  # NaN is a missing label
        wrong = (present != (truth == 1)) & (truth == truth)
    sureness = np.where(present, row, 1 - row)
    with_probability = not np.isin(row, (0, 1)).all()
    shown = np.flatnonzero(present | wrong)
    shown = shown[np.argsort(-sureness[shown], kind="stable")][:n_lines]
    lines = []
    for i in shown:
        text = readable(names[i]) if present[i] else f"not {readable(names[i])}"
        if with_probability:
            # rounded down: only certainty is 100 %
            text += f" {int(100 * sureness[i] + 1e-4)} %"
        lines.append((f"✗ {text}" if wrong[i] else text, bool(wrong[i])))
    return lines


def strongest(probabilities, names, n_words):
    """The names of the most probable attributes that are more probable than not."""
    names = attribute_names(names, len(probabilities))
    order = np.argsort(-probabilities, kind="stable")[:n_words]
    return [names[i] for i in order if probabilities[i] > 0.5]


def write_title(ax, title, width):
    """Text over a photo, at most so many inches wide."""
    title = literal(shortened(title, width, FONT_SIZE))
    ax.set_title(title, fontsize=FONT_SIZE, loc="left", pad=3)


def write_caption(ax, lines, width):
    """The lines under a photo, as a list of matplotlib Text."""
    return [
        ax.annotate(
            literal(shortened(text, width, FONT_SIZE)),
            xy=(0, 0),
            xycoords="axes fraction",
            xytext=(0, -3 - 72 * LINE * line),
            textcoords="offset points",
            va="top",
            fontsize=FONT_SIZE,
            color=VERMILION if wrong else "black",
            annotation_clip=False,
        )
        for line, (text, wrong) in enumerate(lines)
    ]


def draw_coordinates(ax, parts, i, point_size=4.5):
    """Box and points of photo `i`, predicted and true."""
    # the truth lies above: it is the thinner line
    for prefix in ("", "true_"):
        if f"{prefix}boxes" in parts:
            ax.add_patch(_rectangle(parts[f"{prefix}boxes"][i], prefix))
        if f"{prefix}landmarks" in parts:
            points = parts[f"{prefix}landmarks"][i]
            ax.add_line(_points(points, prefix, point_size))


def draw_frame(ax, matrix):
    """The outline of a frame; of what lies outside the photo nothing is seen."""
    from matplotlib.patches import Polygon

    corners = np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]])
    style = {"edgecolor": "white", "linewidth": 1, "path_effects": _casing(1)}
    ax.add_patch(Polygon(corners @ matrix.T, facecolor="none", **style))


def legend_handles(parts):
    """What tells predicted from true, where both are drawn."""
    from matplotlib.lines import Line2D

    handles = []
    for prefix, label in (("", "predicted"), ("true_", "true")):
        has_box = f"{prefix}boxes" in parts
        has_points = f"{prefix}landmarks" in parts
        if has_box or has_points:
            marker = _points(np.zeros(2), prefix).get_marker() if has_points else None
            style = _line_style(prefix, visible=has_box)
            handles.append(Line2D([], [], label=label, marker=marker, **style))
    return handles if len(handles) == 2 else []


def _rectangle(box, prefix):
    from matplotlib.patches import Rectangle

    style = _line_style(prefix)
    style["edgecolor"] = style.pop("color")
    return Rectangle(box[:2], *box[2:], facecolor="none", **style)


def _points(landmarks, prefix, size=4.5):
    from matplotlib.lines import Line2D

    x, y = landmarks.reshape(-1, 2).T
    style = _line_style(prefix, visible=False)
    marker, size = ("+", 1.55 * size) if prefix else ("o", size)
    return Line2D(x, y, marker=marker, markersize=size, **style)


def _line_style(prefix, visible=True):
    color, line = (YELLOW, "--") if prefix else (SKY, "-")
    return {
        "color": color,
        "linestyle": line if visible else "none",
        "linewidth": 1.5,
        "path_effects": _casing(1.5),
    }


def _casing(width):
    """A dark rim, so that a line is seen on skin of any shade."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=width + 1.5, foreground="black")]
