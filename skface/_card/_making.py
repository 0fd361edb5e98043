"""The card: a document filled from a model and its evaluation."""

import os
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

from skface._card import _texts
from skface._card._document import Document
from skface._files import write_file
from skface._naming import last_step, readable
from skface._pictures import (
    faces_picture,
    has_matplotlib,
    history_pictures,
    scores_picture,
)
from skface._validation import as_path
from skface.displays import check_matplotlib
from skface.evaluation import Evaluation
from skface.exceptions import InputError
from skface.features import VGG19Features
from skface.pipelines import AlignedFaces, SecondLook

_N_FACES, _N_COLUMNS = 6, 3  # of photos, as wide as the page
# Folders of this machine, and what changes no answer.
_LEFT_OUT = {"cache_dir", "checkpoint_path", "memory", "verbose", "n_jobs", "steps"}
_SCORES = ["accuracy", "balanced_accuracy", "precision", "recall", "f1"]


@dataclass(frozen=True)
class Card:
    """A model card in two forms.

    Attributes
    ----------
    markdown : str
    html : str
        A page that needs no other file.
    pictures : dict of bytes
        PNG files that the Markdown names, by file name.
    """

    markdown: str = field(repr=False)
    html: str = field(repr=False)
    pictures: dict = field(repr=False)

    def _repr_html_(self):
        # in a frame, or its style would be that of the whole notebook
        return (
            f'<iframe title="Model card" srcdoc="{escape(self.html)}" '
            'style="width: 100%; height: 40rem; border: 1px solid #ccc"></iframe>'
        )


def card(
    estimator,
    X,
    y,
    *,
    target=None,
    path=None,
    target_names=None,
    groups=None,
    y_train=None,
    trained_on=None,
    image_sizes=None,
    photos=False,
) -> Card:
    """Write a model card: what the model is, how good, for whom, and for what not.

    Parameters
    ----------
    estimator : fitted FacePipeline or other estimator
        Of boxes, landmarks or attributes.
    X : ImageArray, array-like of shape (n, height, width, 3), or sequence of paths
        Photos that it was not trained on.
    y : array-like of shape (n, n_targets)
        Their boxes or landmarks as fractions of the photo's width and height, or
        attributes in {0, 1}, or NaN where a label is missing.
    target : {"bbox", "landmarks", "attributes"}, Target or tuple, default=None
        What the columns of y mean, where the estimator does not say it itself, as
        skface's pipelines do. Without either they are taken for boxes or landmarks by
        their number, which is deprecated.
    path : path-like, default=None
        ``path`` with the suffixes .md and .html is written, and the pictures that the
        Markdown shows beside it. None writes nothing.
    target_names : sequence of str, default=None
        Of the columns of y; those that a pipeline was saved with, or CelebA's, without
        it.
    groups : array-like of shape (n,), dict of such, or DataFrame, default=None
        Groups of photos to report one by one, as for `skface.metrics.attribute_report`:
        ``{"Male": male, "Young": young}``.
    y_train : array-like of shape (n_train, n_targets), default=None
        Targets of the training photos, for the trivial baseline. Without it y's own
        mean or commoner answer is taken, which is a bit harder to beat.
    trained_on : str, default=None
        One sentence: which photos, how many, under which terms.
    image_sizes : array-like of shape (n, 2), default=None
        (width, height) of the photos in pixels, so that both axes of landmark errors
        count equally.
    photos : bool, default=False
        Whether the card shows photos, the best and the worst. Leave it off unless the
        people in them and the terms of the data allow it.

    Returns
    -------
    Card
        It shows itself in a notebook.

    Raises
    ------
    InputError
        y, the names or the groups do not fit X.
    ParameterError
        There is no such target.
    ImportError
        ``photos`` were asked for, and matplotlib is missing.
    OSError
        The files cannot be written.

    Notes
    -----
    Without matplotlib there are no pictures. The idea is that of [1]_.

    References
    ----------
    .. [1] M. Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.

    Examples
    --------
    >>> import numpy as np
    >>> import skface
    >>> X = np.random.default_rng(0).normal(size=(60, 5))
    >>> y = (X[:, :2] > 0).astype(int)
    >>> head = skface.DenseHeadClassifier(0, epochs=2, random_state=0).fit(X, y)
    >>> card = skface.card(head, X, y, target_names=["Smiling", "Young"])
    >>> print(card.markdown.splitlines()[0])
    # Model card: face attributes
    """
    stem = Path("card") if path is None else as_path(path, "path", "a file")
    if path is not None and not stem.parent.is_dir():
        raise InputError(f"path: there is no folder {stem.parent}")
    if photos:
        check_matplotlib("card(..., photos=True)")
    evaluation = Evaluation.from_estimator(
        estimator,
        X,
        y,
        target=target,
        y_train=y_train,
        names=target_names,
        image_sizes=image_sizes,
    )
    document = _document(estimator, evaluation, groups, trained_on, y_train)
    if photos:
        _add_photos(document, evaluation, X)
    _add_texts(document, [part.target.name for part in evaluation.parts()])
    _add_settings(document, estimator)
    if stem.suffix in (".md", ".html"):
        stem = stem.with_suffix("")
    pictures = document.pictures()
    made = Card(
        document.markdown(f"{stem.name}-"),
        document.html(),
        {f"{stem.name}-{name}.png": png for name, png in pictures.items()},
    )
    if path is not None:
        _write(made, stem)
    return made


def _document(estimator, evaluation, groups, trained_on, y_train):
    """The card up to the pictures of scores."""
    parts, n_photos = evaluation.parts(), len(evaluation.y_true)
    nouns = " and ".join(part.target.plural for part in parts)
    document = Document(f"Model card: face {nouns}")
    what = ", and ".join(map(_what, parts))
    document.paragraph(" ".join([f"This model {what}.", *_how(estimator)]))
    document.heading("What it was trained on")
    document.paragraph(trained_on or "Whoever wrote this card did not say.")
    for name, png in history_pictures(estimator).items() if has_matplotlib() else ():
        document.picture(name, png, _texts.HISTORY[name])

    document.heading("How good it is")
    constant = " and ".join(_texts.CONSTANT[part.target.name] for part in parts)
    document.paragraph(
        f"Measured on {n_photos:,} photos, beside the trivial baseline: what "
        f"{constant} of the "
        f"{'measured' if y_train is None else 'training'} photos scores, without a "
        "look at any photo."
    )
    document.table(_with_arrows(evaluation.figures()))
    for part in parts:
        document.paragraph(_texts.FIGURES[part.target.name])
    for part in parts if has_matplotlib() else ():
        name = "scores" if len(parts) == 1 else f"scores-{part.target.name}"
        caption = _texts.SCORES[part.target.name]
        document.picture(name, scores_picture(part, groups), caption)
    attributes = [part for part in parts if not part.target.is_coordinates]
    for part in attributes:
        document.heading("Attribute by attribute")
        document.table(_attribute_table(part))
    document.heading("Group by group")
    if groups is None:
        document.paragraph(_texts.NO_GROUPS)
    else:
        document.paragraph(_texts.GROUPS)
        document.table(_with_arrows(evaluation.by_group(groups)))
        for part in attributes:
            document.paragraph("Accuracy of each attribute in each group:")
            document.table(_accuracy_by_group(part, groups))
    return document


def _what(part):
    points = ", ".join(map(readable, getattr(part.target, "points", ())))
    return _texts.WHAT[part.target.name].format(n=len(part.names), points=points)


def _how(estimator):
    """Sentences on what happens to a photo, of skface's own models."""
    kinds = {type(step) for _, step in getattr(estimator, "steps", ())}
    if isinstance(estimator, SecondLook) and estimator.n_looks > 1:
        yield _texts.LOOKS.format(n=estimator.n_looks)
    if AlignedFaces in kinds:
        yield _texts.ALIGNED
    n_passes = getattr(estimator, "n_passes", int(VGG19Features in kinds))
    if n_passes:
        yield _texts.HOW
        if getattr(last_step(estimator), "tail", None) is not None:
            yield _texts.TAIL
        yield _texts.PASSES.format(n="once" if n_passes == 1 else f"{n_passes} times")


def _attribute_table(evaluation):
    report = evaluation.attributes()
    columns = ["prevalence", "majority", *_SCORES]
    if "average_precision" in report:
        columns.append("average_precision")
    return _readable(report[columns].reset_index())


def _accuracy_by_group(evaluation, groups):
    report = evaluation.attributes(groups)
    table = report["accuracy"].unstack("group").loc[evaluation.names]
    return _readable(table.rename_axis(columns=None).reset_index())


def _readable(table):
    table = table.assign(attribute=[readable(name) for name in table["attribute"]])
    return table.rename(columns=readable)


def _with_arrows(figures):
    """Figures with an arrow in the place of "higher" and "lower"."""
    arrows = figures["better"].map({"higher": " ↑", "lower": " ↓"})
    table = figures.assign(figure=figures["figure"] + arrows).drop(columns="better")
    return table.rename(columns={"skface": "this model", "n_photos": "photos"})


def _add_photos(document, evaluation, X):
    document.heading("Photos")
    for order in ("best", "worst"):
        png = faces_picture(evaluation, X, order, _N_FACES, _N_COLUMNS)
        document.picture(order, png, f"Photos on which it does {order}.")


def _add_texts(document, names):
    """What targets of these names are for, and what they are not for."""
    for heading, texts in (
        ("What it is for", [_texts.USES[name] for name in names]),
        ("What it is not for", [_texts.MISUSES]),
        ("Limits", [_texts.LIMITS[name] for name in names]),
    ):
        document.heading(heading)
        document.bullets(dict.fromkeys(text for each in texts for text in each))


def _add_settings(document, estimator):
    document.heading("Settings")
    settings = {
        name: value
        for name, value in estimator.get_params().items()
        if name.rpartition("__")[2] not in _LEFT_OUT and not hasattr(value, "fit")
    }
    shown = [_setting(name, value) for name, value in settings.items()]
    table = pd.DataFrame({"parameter": list(settings), "value": shown})
    document.table(table.sort_values("parameter"))


def _setting(name, value):
    is_file = isinstance(value, str | os.PathLike)
    if is_file and name.rpartition("__")[2] in ("weights", "tail"):
        return os.path.basename(value)
    return repr(value)


def _write(made, stem):
    contents = {
        f"{stem.name}.md": made.markdown.encode(),
        f"{stem.name}.html": made.html.encode(),
        **made.pictures,
    }
    for name, content in contents.items():
        write_file(stem.with_name(name), content)
