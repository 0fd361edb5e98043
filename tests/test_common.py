"""scikit-learn's own checks, over every estimator."""

import re
from pathlib import Path

import pytest
import sklearn
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

from skface import DenseHeadClassifier, DenseHeadRegressor, VGG19Features

ESTIMATORS = [
    DenseHeadRegressor(
        n_layers=1,
        n_units=16,
        output_activation="linear",
        learning_rate=0.02,
        epochs=40,
        batch_size=256,
        early_stopping=False,
        random_state=0,
    ),
    DenseHeadClassifier(
        n_layers=1,
        n_units=16,
        learning_rate=0.02,
        epochs=20,
        batch_size=256,
        early_stopping=False,
        random_state=0,
    ),
    VGG19Features(weights=None, layer="block1_pool", input_size=32),
]

_SCIKERAS = {
    "check_mixin_order": "scikeras lists its wrapper before scikit-learn's mixin",
    "check_estimator_tags_renamed": "scikeras still defines _more_tags",
}
EXPECTED_FAILURES = {
    "DenseHeadRegressor": _SCIKERAS,
    "DenseHeadClassifier": _SCIKERAS,
}
PAGE = (Path(__file__).parents[1] / "docs" / "scikit_learn.md").read_text()


@parametrize_with_checks(
    ESTIMATORS,
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES.get(
        type(estimator).__name__, {}
    ),
)
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: type(each).__name__)
def test_the_page_says_how_many_checks_pass(estimator):
    (version,) = re.findall(r"^scikit-learn (\S+) has checks", PAGE, re.M)
    if not sklearn.__version__.startswith(f"{version}."):
        pytest.skip(f"the figures are those of scikit-learn {version}")
    name = type(estimator).__name__
    n_checks = sum(1 for _ in estimator_checks_generator(estimator))
    n_failures = len(EXPECTED_FAILURES.get(name, {}))
    figures = f"{n_checks} | {n_checks - n_failures} | {n_failures}"
    assert f"| `{name}` | {figures} |" in PAGE


def test_the_page_gives_a_reason_for_every_expected_failure():
    reasons = re.findall(r"^\| `(check_\w+)` \| \w", PAGE, re.M)
    assert set(reasons) == set().union(*EXPECTED_FAILURES.values())
