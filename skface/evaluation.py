"""A model measured on photos, beside the constant answer that needs no photo."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from skface._naming import names_of, names_told_by
from skface._validation import as_array, as_names
from skface.exceptions import InputError
from skface.metrics import attribute_report, members
from skface.pipelines import FacePipeline
from skface.targets import Target, by_name, target_of

_COLUMNS = ["figure", "better", "baseline", "skface"]
_OF_SCORES = ["prevalence", "average_precision"]


@dataclass(frozen=True)
class Evaluation:
    """Predictions for photos, the truth, and the constant answer.

    Attributes
    ----------
    target : Target
    y_true, y_pred : ndarray of shape (n_samples, n_targets)
        NaN in attributes is a missing label.
    constant : ndarray of shape (n_targets,)
        The mean of the training targets, or the commoner answer.
    names : list of str
        Of the targets.
    y_score : ndarray of shape (n_samples, n_targets) or None
        Probabilities of attributes.
    image_sizes : ndarray of shape (n_samples, 2) or None
        (width, height) in pixels.
    """

    target: Target
    y_true: np.ndarray
    y_pred: np.ndarray
    constant: np.ndarray
    names: list
    y_score: np.ndarray | None = None
    image_sizes: np.ndarray | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        target=None,
        y_train=None,
        names=None,
        image_sizes=None,
    ):
        """Predict X and keep it beside y.

        Parameters
        ----------
        estimator : fitted estimator
        X : what it predicts from
        y : array-like of shape (n_samples, n_targets)
        target : {"bbox", "landmarks", "attributes"}, Target or tuple, default=None
            What the columns of y mean, where the estimator does not say it itself.
        y_train : array-like of shape (n_train, n_targets), default=None
            For the constant answer; y itself without it.
        names : sequence of str, default=None
            Of the targets; those that the estimator or y tells, or CelebA's.
        image_sizes : array-like of shape (n_samples, 2), default=None
            (width, height) of the photos in pixels.

        Raises
        ------
        InputError
            y does not have one row a photo, or one column a target, or `names` are in
            another order than theirs.
        """
        target = target_of(estimator, target, as_array(y, "y"))
        y = by_name(estimator, y, "y", target)
        told, y = names_of(y) or names_told_by(estimator), as_array(y, "y")
        y_pred, y_score = answers(estimator, X)
        if y.shape != y_pred.shape or y.ndim != 2:
            raise InputError(
                f"y must have one row a photo and one column a target, {y_pred.shape}, "
                f"got the shape {y.shape}"
            )
        target.score(target.checked(y), y_pred)  # refuses other units
        if y_train is not None:
            y_train = like(y, by_name(estimator, y_train, "y_train", target))
        return cls(
            target,
            y,
            y_pred,
            target.constant(y if y_train is None else y_train),
            target_names(told, target, y.shape[1], names),
            y_score,
            image_sizes,
        )

    def figures(self):
        """What counts for the target, of the constant answer and of the model.

        Returns
        -------
        DataFrame, one row a figure
            figure: its name; better: "higher" or "lower"; baseline; skface.
        """
        parts = self.parts()
        rows = [row for part in parts for row in part._figures()]
        scored = [part for part in parts if part.y_score is not None]
        if scored:
            reports = [part.attributes() for part in scored if part._is_labelled]
            report = pd.concat(reports) if reports else pd.DataFrame(columns=_OF_SCORES)
            means = report[_OF_SCORES].dropna().mean()
            rows.append(("attribute average precision", "higher", *means))
        return pd.DataFrame(rows, columns=_COLUMNS)

    def _figures(self):
        """Rows of a simple target, NaN without any label."""
        constant = np.broadcast_to(self.constant, self.y_true.shape)
        for name, better, metric in self.target.figures(self.image_sizes):
            values = [np.nan, np.nan]
            if self._is_labelled:
                values = [metric(self.y_true, y) for y in (constant, self.y_pred)]
            yield name, better, *values

    @property
    def _is_labelled(self):
        return not pd.isna(self.y_true).all()

    def attributes(self, groups=None):
        """`skface.metrics.attribute_report` of the attributes."""
        return self._report if groups is None else self._reported(groups)

    @cached_property
    def _report(self):
        return self._reported(groups=None)

    def _reported(self, groups):
        return attribute_report(
            self.y_true,
            self.y_pred,
            y_score=self.y_score,
            names=self.names,
            groups=groups,
        )

    def by_group(self, groups):
        """`figures` of each group of photos.

        Parameters
        ----------
        groups : array-like of shape (n_samples,), dict of such, or DataFrame
            As for `skface.metrics.attribute_report`.

        Returns
        -------
        DataFrame, one row a group and figure
            group, n_photos, and the columns of `figures`, NaN without any label.

        Raises
        ------
        InputError
            The groups have not one value a photo.
        """
        tables = []
        for group, rows in members(groups, len(self.y_true)):
            table = self._part(rows).figures()
            table.insert(0, "group", group)
            table.insert(1, "n_photos", rows.sum())
            tables.append(table)
        if not tables:
            raise InputError("groups holds no group: every value is missing")
        return pd.concat(tables, ignore_index=True)

    def parts(self):
        """An evaluation of each simple target, as a list."""
        columns = self.target.parts(np.arange(len(self.names))[None])
        return [
            replace(
                self,
                target=target,
                y_true=self.y_true[:, own],
                y_pred=self.y_pred[:, own],
                constant=self.constant[own],
                names=np.array(self.names)[own].tolist(),
                y_score=None
                if self.y_score is None or target.is_coordinates
                else self.y_score[:, own],
            )
            for target, (own,) in columns
        ]

    def _part(self, rows):
        def picked(values):
            return None if values is None else np.asarray(values)[rows]

        return replace(
            self,
            y_true=self.y_true[rows],
            y_pred=self.y_pred[rows],
            y_score=picked(self.y_score),
            image_sizes=picked(self.image_sizes),
        )


def answers(estimator, X):
    """Predictions, and probabilities of attributes or None, from one pass of photos."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    if isinstance(estimator, FacePipeline) and hasattr(estimator, "outputs"):
        head, outputs = estimator[-1], estimator.outputs(X)
        score = getattr(head, "probabilities", lambda outputs: None)(outputs)
        return head.predictions(outputs), score
    head = estimator
    if isinstance(estimator, Pipeline) and is_classifier(estimator):
        X = estimator[:-1].transform(X) if len(estimator) > 1 else X
        head = estimator[-1]
    y_pred = np.asarray(head.predict(X))
    return y_pred, presence(head, X, is_one=y_pred.ndim == 1)


def presence(estimator, X, is_one=None):
    """Probability that each attribute is present, or None where there is none.

    Parameters
    ----------
    estimator : fitted estimator
    X : what it predicts from
    is_one : bool, default=None
        Whether it tells one attribute, its y having one dimension; None looks at its
        ``classes_``, which some classifiers of several attributes have like those of
        one.

    Returns
    -------
    ndarray of shape (n_samples, n_attributes) or None
    """
    if not (is_classifier(estimator) and hasattr(estimator, "predict_proba")):
        return None
    probabilities = estimator.predict_proba(X)
    if isinstance(probabilities, list):  # scikit-learn's: a column for each class
        return np.column_stack(
            [
                each @ (np.asarray(classes) == 1)
                for each, classes in zip(probabilities, estimator.classes_, strict=True)
            ]
        )
    if is_one is None:
        is_one = np.ndim(getattr(estimator, "classes_", 0)) == 1
    return probabilities[:, 1:] if is_one else probabilities


def target_names(told, target, n_targets, names=None):
    """Names of the columns of y, as a list.

    Parameters
    ----------
    told : list of str or None
        By an estimator, or by y.
    target : Target
        Whose own names are taken without any.
    n_targets : int
    names : sequence of str, default=None
        That somebody wishes instead.

    Raises
    ------
    InputError
        Names are too many or too few, or `names` are those told in another order.
    """
    if names is None:
        names = target.columns(n_targets) if told is None else told
    names = as_names(names, "names", n_targets, target.plural)
    if told is not None and names != told and sorted(names) == sorted(told):
        raise InputError(
            f"names begin with {names[:3]}, but the columns with {told[:3]}: a y that "
            "is a DataFrame is read by the names of its columns"
        )
    return names


def like(y, y_train):
    """y_train as an array that has the columns of y.

    Raises
    ------
    InputError
        It has others, or holds no numbers.
    """
    y_train = as_array(y_train, "y_train")
    if y_train.shape[1:] != y.shape[1:] or y_train.dtype.kind not in "biuf":
        raise InputError(
            f"y_train must hold numbers in {y.shape[1]} columns, as y does; got "
            f"{y_train.dtype} of the shape {y_train.shape}"
        )
    return y_train
