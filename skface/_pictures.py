"""The displays that belong to an evaluation, as PNG files' content."""

import io

from skface._naming import last_step
from skface.displays import (
    AttributesDisplay,
    ErrorsDisplay,
    FacesDisplay,
    HistoryDisplay,
    check_matplotlib,
)
from skface.pipelines import SecondLook

_DPI = 120


def has_matplotlib():
    try:
        check_matplotlib("a picture")
    except ImportError:
        return False
    return True


def history_pictures(estimator):
    """Loss and metric by epoch, by the picture's name; none without a history."""
    looks = {"history": estimator}
    if isinstance(estimator, SecondLook):
        looks = {
            "history-first": estimator.first_,
            "history-second": estimator.second_,
        }
    return {
        name: as_png(HistoryDisplay.from_estimator(look))
        for name, look in looks.items()
        if hasattr(last_step(look), "history_")
    }


def scores_picture(evaluation, groups=None):
    """Spread of the errors; of attributes bars, with a dot for each group.

    Parameters
    ----------
    evaluation : Evaluation
        Of one simple target.
    groups : as for `skface.metrics.attribute_report`, default=None
    """
    if not evaluation.target.is_coordinates:
        by_group = None if groups is None else evaluation.attributes(groups)
        return as_png(AttributesDisplay(evaluation.attributes(), by_group).plot())
    return as_png(
        ErrorsDisplay.from_predictions(
            evaluation.y_true,
            evaluation.y_pred,
            target=evaluation.target,
            y_baseline=evaluation.constant,
            image_sizes=evaluation.image_sizes,
            name="skface",
        )
    )


def faces_picture(evaluation, X, order, n_faces=12, n_columns=None):
    """Photos with what was found in them, the best or the worst first."""
    y_pred = evaluation.y_pred if evaluation.y_score is None else evaluation.y_score
    names = [
        name
        for part in evaluation.parts()
        for name in part.names
        if not part.target.is_coordinates
    ]
    return as_png(
        FacesDisplay.from_predictions(
            X,
            y_pred,
            evaluation.y_true,
            target=evaluation.target,
            n_faces=n_faces,
            n_columns=n_columns,
            order=order,
            names=names or None,
            image_sizes=evaluation.image_sizes,
        )
    )


def as_png(display):
    """The display's figure as the bytes of a PNG file; the figure is closed."""
    import matplotlib.pyplot as plt

    file = io.BytesIO()
    # without the version of matplotlib, the same figures give the same bytes
    metadata = {"Software": None}
    display.figure_.savefig(file, dpi=_DPI, bbox_inches="tight", metadata=metadata)
    plt.close(display.figure_)
    return file.getvalue()
