"""Features of another domain, moved to where the head has learnt."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skface
from skface import DenseHeadClassifier, VGG19Features
from skface.exceptions import InputError, ParameterError, SkfaceWarning
from skface.pipelines import FacePipeline
from skface.systems import CORAL, mmd

N = 300


@pytest.fixture(scope="module")
def domains():
    """A source, and a target that is turned, stretched and shifted."""
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(2, N, 4)) * [3, 1, 0.5, 0.2]
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return source, target @ turn * [1, 2, 4, 1] + [5, 0, -2, 1]


@pytest.fixture(scope="module")
def both(domains):
    return np.vstack(domains), np.repeat(["source", "target"], N)


@pytest.fixture(scope="module")
def coral(both):
    X, domain = both
    return CORAL(None).fit(X, domain=domain)


def test_target_gets_the_mean_and_the_covariance_of_the_source(coral, domains):
    source, target = domains
    moved = coral.transform(target)
    np.testing.assert_allclose(moved.mean(axis=0), source.mean(axis=0), atol=1e-6)
    # the covariances are shrunk by a few percent
    np.testing.assert_allclose(np.cov(moved.T), np.cov(source.T), atol=0.9)
    assert np.abs(np.cov(target.T) - np.cov(source.T)).max() > 5


def test_rows_of_the_source_stay_to_the_last_bit(both):
    X, domain = both
    moved = CORAL(2).fit_transform(X, domain=domain)
    np.testing.assert_array_equal(moved[:N], X[:N])
    assert (moved[N:] != X[N:]).all()


def test_every_row_is_taken_for_the_targets_where_no_domain_is_given(coral, both):
    X, domain = both
    np.testing.assert_array_equal(
        coral.transform(X)[N:], coral.transform(X, domain=domain)[N:]
    )
    assert (coral.transform(X[:N]) != X[:N]).any(axis=1).all()


def test_the_domains_may_change_places(both, domains):
    X, domain = both
    other = np.where(domain == "source", "target", "source")
    moved = CORAL(None).fit(X, domain=other).transform(domains[0])
    np.testing.assert_allclose(moved.mean(axis=0), domains[1].mean(axis=0), atol=1e-6)


def test_beside_the_components_only_the_mean_is_aligned(both, domains):
    X, domain = both
    coral = CORAL(1).fit(X, domain=domain)
    centred = domains[1] - coral.target_mean_
    added = coral.transform(domains[1]) - coral.source_mean_ - centred
    assert np.linalg.matrix_rank(added) == 1


def test_without_a_domain_nothing_is_moved_and_a_warning_says_so(domains):
    with pytest.warns(SkfaceWarning, match="was given no domain"):
        coral = CORAL().fit(domains[0])
    np.testing.assert_allclose(coral.transform(domains[0]), domains[0], atol=1e-12)


@pytest.mark.parametrize(
    ("domain", "match"),
    [
        (["source"] * 2 * N, "two rows or more of each of 'source' and 'target'"),
        (["source"] * N + ["new"] * N, r"for each of 600 rows, got .* \['new'"),
        (["source", "target"], r"for each of 600 rows, got the shape \(2,\)"),
    ],
)
def test_a_domain_that_fits_no_row_is_refused(both, domain, match):
    with pytest.raises(InputError, match=match):
        CORAL().fit(both[0], domain=domain)


def test_components_that_are_none_are_refused(both):
    with pytest.raises(ParameterError, match="'n_components' parameter"):
        CORAL(0).fit(both[0], domain=both[1])


def test_a_fitted_head_reads_the_target_better_through_it(coral, domains):
    source, _ = domains
    y = source[:, 0] > 0
    head = LogisticRegression().fit(source, y)
    away = source * [1, 3, 1, 1] + [4, 0, 0, 0]
    X, domain = np.vstack([source, away]), np.repeat(["source", "target"], N)
    pipe = make_pipeline(CORAL().fit(X, domain=domain), head)
    assert head.score(away, y) < 0.8
    assert pipe.score(away, y) > 0.98


def test_alignment_does_harm_where_the_labels_are_shifted():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], N // 2)
    rare = np.where(np.arange(N) < 15, 1, 0)
    source, target = (
        rng.normal(size=(N, 2)) + 6 * np.c_[labels, 0 * labels] for labels in (y, rare)
    )
    head = LogisticRegression().fit(source, y)
    coral = CORAL().fit(
        np.vstack([source, target]), domain=np.repeat(["source", "target"], N)
    )
    assert head.score(target, rare) > 0.98
    assert head.score(coral.transform(target), rare) < 0.8


def test_mmd_is_that_of_the_definition():
    X, Z = np.array([[0.0], [1.0]]), np.array([[0.0], [2.0]])
    between = np.mean([1, np.exp(-4), np.exp(-1), np.exp(-1)])
    expected = np.exp(-1) + np.exp(-4) - 2 * between
    assert mmd(X, Z, gamma=1) == pytest.approx(expected)


def test_mmd_falls_when_the_target_is_moved(coral, domains):
    source, target = domains
    assert mmd(source, target) > 0.2
    assert abs(mmd(source, coral.transform(target))) < 0.01


def test_mmd_needs_the_same_features():
    with pytest.raises(InputError, match=r"same features, got the shapes \(3, 2\)"):
        mmd(np.zeros((3, 2)), np.zeros((3, 1)))


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def adapted(photos):
    """A pipeline fitted on photos of both domains, those of the target unlabelled."""
    pipe = FacePipeline(
        [
            ("features", VGG19Features("synthetic", "block1_pool", "avg")),
            ("adapt", CORAL(4)),
            ("head", DenseHeadClassifier(0, epochs=2, random_state=0)),
        ],
        mirror="fit",
    ).set_params(features__input_size=32)
    y = np.tile([[0.0, 1.0], [1.0, 0.0]], (12, 1))
    y[16:] = np.nan
    domain = np.repeat(["source", "target"], [16, 8])
    return pipe.fit(photos, y, adapt__domain=domain)


def test_a_pipeline_aligns_both_sides_of_photos_while_it_is_fitted(adapted, photos):
    features = adapted["features"].transform(np.vstack([photos, photos[:, :, ::-1]]))
    source, target = features[np.r_[:16, 24:40]], features[np.r_[16:24, 40:48]]
    np.testing.assert_allclose(
        adapted["adapt"].source_mean_, source.mean(axis=0), rtol=2e-3
    )
    np.testing.assert_allclose(
        adapted["adapt"].target_mean_, target.mean(axis=0), rtol=2e-3
    )


def test_a_pipeline_takes_what_it_predicts_for_the_targets(adapted, photos):
    features = adapted["features"].transform(photos)
    expected = adapted["head"].predict_proba(adapted["adapt"].transform(features))
    np.testing.assert_array_equal(adapted.predict_proba(photos), expected)


def test_an_adapted_pipeline_is_the_same_after_pickle_and_after_save(
    adapted, photos, tmp_path
):
    skface.save(adapted, tmp_path / "adapted.skface")
    for other in (
        pickle.loads(pickle.dumps(adapted)),
        skface.load(tmp_path / "adapted.skface"),
    ):
        np.testing.assert_array_equal(
            other.predict_proba(photos), adapted.predict_proba(photos)
        )


def test_coral_alone_is_the_same_after_save(both, tmp_path):
    X, domain = both
    X = pd.DataFrame(X, columns=list("abcd"))
    coral = CORAL(2, random_state=3).fit(X, domain=domain)
    skface.save(coral, tmp_path / "coral.skface")
    loaded = skface.load(tmp_path / "coral.skface")
    np.testing.assert_array_equal(loaded.transform(X), coral.transform(X))
    assert loaded.get_params() == coral.get_params()
    assert loaded.feature_names_in_.tolist() == list("abcd")


def test_coral_takes_no_names_of_targets(coral, tmp_path):
    with pytest.raises(InputError, match="target_names has 1 names for 0 targets"):
        skface.save(coral, tmp_path / "coral.skface", target_names=["Male"])


def test_clone_forgets_what_was_learnt(coral):
    assert not hasattr(clone(coral), "mapping_")


def test_a_fit_that_fails_leaves_the_mapping_before(both):
    X, domain = both
    coral = CORAL(None).fit(X, domain=domain)
    with pytest.raises(InputError, match="two rows or more of each"):
        coral.fit(X[:, :3], domain=["source"] * len(X))
    assert coral.n_features_in_ == X.shape[1]
