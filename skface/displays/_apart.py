"""Texts beside points, where they hide nothing."""

import numpy as np

POINT_RADIUS, RING_RADIUS = 5, 7  # points
# where a text may stand beside its point: direction, and alignment
_SIDES = [
    ((1, 0), "left", "center"),
    ((-1, 0), "right", "center"),
    ((0, 1), "center", "bottom"),
    ((0, -1), "center", "top"),
    ((0.7, 0.7), "left", "bottom"),
    ((0.7, -0.7), "left", "top"),
    ((-0.7, 0.7), "right", "bottom"),
    ((-0.7, -0.7), "right", "top"),
]


def write_apart(ax, points, texts, ringed):
    """A text beside each point, within the axes, where it covers no point or text."""
    from matplotlib.transforms import Bbox

    ax.figure.draw_without_rendering()  # or the layout is not settled yet
    centers = ax.transData.transform(points)
    radii = np.full((len(points), 1), POINT_RADIUS)
    radii[ringed] = RING_RADIUS
    frame = ax.get_window_extent()
    pixels = radii * ax.figure.dpi / 72
    taken = [
        Bbox(corners) for corners in np.stack([centers - pixels, centers + pixels], 1)
    ]
    labels = []
    for point, text, radius in zip(points, texts, radii[:, 0], strict=True):
        label = ax.annotate(
            text, point, xytext=(0, 0), textcoords="offset points", fontsize=8
        )
        fewest = None
        for (right, up), ha, va in _SIDES:
            offset = right * (radius + 2), up * (radius + 2)
            label.set(position=offset, ha=ha, va=va)
            extent = label.get_window_extent()
            both = Bbox.union([frame, extent])
            is_outside = (both.extents != frame.extents).any()
            n_hit = extent.count_overlaps(taken) + is_outside
            if fewest is None or n_hit < fewest[0]:
                fewest = n_hit, (offset, ha, va), extent
            if not n_hit:
                break
        _, (offset, ha, va), extent = fewest
        label.set(position=offset, ha=ha, va=va)
        taken.append(extent)
        labels.append(label)
    return labels
