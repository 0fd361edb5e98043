"""What the displays share: matplotlib, colours, axes, and texts."""

from numbers import Integral

import numpy as np

from skface.evaluation import target_names
from skface.exceptions import ParameterError
from skface.targets import ATTRIBUTES

# Okabe and Ito's palette, which colour-blind readers tell apart too.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000 #E69F00 #56B4E9 #009E73 #F0E442 #0072B2 #D55E00 #CC79A7".split()  # noqa: SIM905
)
GREY = "#8C8C8C"
_CURVES = BLUE, GREEN, PURPLE, SKY, BLACK


def check_matplotlib(caller):
    """Raise an ImportError that tells how to get matplotlib, where it is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib, which is not installed: "
            "pip install skface[plots]"
        ) from error


def axes_or_new(ax, figsize):
    """`ax`, or the axes of a new figure of this size in inches."""
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    return ax


def split_axes(ax, heights, n_columns, n_axes=None, text=(0, 0), wspace=0.3):
    """Hide `ax`, and lay new axes in a grid in its bounds: flat ndarray of Axes.

    Parameters
    ----------
    ax : matplotlib Axes
    heights : list of float
        Of the rows, in any unit.
    n_columns : int
    n_axes : int, default=None
        As many as the grid has places without it.
    text : pair of float
        Height in inches of what stands above and below each of the new axes.
    wspace : float
        Share of a column's width that stays free between two.
    """
    bounds, figure = ax.get_position(), ax.figure
    between = 1  # rows of the grid from one row of axes to the next
    options = {"height_ratios": heights}
    if figure.get_layout_engine() is None:  # a layout engine finds room by itself
        options["wspace"] = wspace
        if any(text):
            between = 3
            inches = bounds.height * figure.get_figheight()
            left = max(inches - len(heights) * sum(text), inches / 4)
            rows = np.multiply(heights, left / np.sum(heights))
            ratios = [each for row in rows for each in (text[0], row, text[1])]
            options |= {"height_ratios": ratios, "hspace": 0}
    shape = between * len(heights), n_columns
    spec = ax.get_subplotspec()
    if spec is not None:
        grid = spec.subgridspec(*shape, **options)
    else:
        sides = {"left": bounds.x0, "right": bounds.x1}
        sides |= {"bottom": bounds.y0, "top": bounds.y1}
        grid = figure.add_gridspec(*shape, **sides, **options)
    ax.set_axis_off()
    cells = [
        grid[row, i]
        for row in range(shape[0])[between // 2 :: between]
        for i in range(n_columns)
    ]
    return np.array([figure.add_subplot(cell) for cell in cells[:n_axes]], dtype=object)


def bare(ax):
    """Leave out the frame's lines that carry no scale."""
    ax.spines[["top", "right"]].set_visible(False)


def legend_above(ax, handles=None, n_columns=None, **options):
    """A legend over the axes, where it hides nothing; in one row unless told."""
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    return ax.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=n_columns or len(handles),
        frameon=False,
        borderaxespad=0.2,
        **options,
    )


def as_percent(share, position=None):
    """A share as a tick's label."""
    return f"{100 * share:g} %"


def check_number(value, name, least=1):
    """Raise a ParameterError where a value is no integer from `least` on."""
    is_integer = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_integer or value < least:
        raise ParameterError(
            f"{name} must be an integer of {least} or more, got {value!r}"
        )


def attribute_names(names, n_attributes, told=None):
    """`names`, those told by an estimator or by y, or `ATTRIBUTES`' own."""
    return target_names(told, ATTRIBUTES, n_attributes, names)


def distinct(i, colors, markers):
    """Colour and marker number `i`; of n each, n * n pairs differ."""
    n = len(colors)
    return colors[i % n], markers[(i + i // n) % n]


def free_color(ax):
    """A colour that no curve of the axes has yet."""
    from matplotlib.colors import to_hex

    taken = {to_hex(line.get_color()) for line in ax.lines}
    taken |= {to_hex(patch.get_edgecolor()) for patch in ax.patches}
    return next((each for each in _CURVES if each.lower() not in taken), BLUE)


def literal(text):
    """Text that matplotlib shows as it is, where dollar signs begin no formula."""
    return str(text).replace("$", r"\$")


def text_width(text, size):
    """Width in inches of a line of text of `size` points."""
    from matplotlib.textpath import TextPath

    if not text.strip():
        return 0.0
    # drawn with few dots an inch, letters are a bit wider than their outlines
    return 1.08 * TextPath((0, 0), literal(text), size=size).get_extents().width / 72


def shortened(text, width, size):
    """The text, its middle left out where it is wider than `width` inches."""
    short = text = str(text)
    full = text_width(text, size)
    n_kept = len(text)
    if full > width:
        n_kept = int(n_kept * width / full) + 1
    while n_kept > 1 and text_width(short, size) > width:
        n_kept -= 1
        n_last = n_kept // 2
        short = f"{text[: n_kept - n_last]}…{text[len(text) - n_last :]}"
    return short
