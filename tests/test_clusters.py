"""Photos grouped by their attributes, and what a group leaves of identities."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import skface
from skface import ClustersDisplay
from skface.exceptions import InputError, ParameterError, SavedFileError
from skface.systems import AttributeClusterer, identities_left

NAMES = ["Male", "Smiling", "Bald"]
CENTRES = np.array([[0.1, 0.1, 0.1], [0.9, 0.9, 0.1], [0.9, 0.1, 0.9]])
SIZES = [10, 25, 15]


@pytest.fixture(scope="module")
def truth():
    return np.repeat([0, 1, 2], SIZES)


@pytest.fixture(scope="module")
def p(truth):
    """Probabilities of three kinds of photos."""
    noise = np.random.default_rng(0).normal(0, 0.03, (len(truth), 3))
    return (CENTRES[truth] + noise).clip(0, 1)


@pytest.fixture(scope="module")
def clusterer(p):
    X = pd.DataFrame(p, columns=NAMES)
    return AttributeClusterer(3, random_state=0).fit(X)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("method", ["kmeans", "agglomerative", "hdbscan"])
def test_each_method_finds_the_groups(p, truth, method):
    found = AttributeClusterer(3, method=method, random_state=0).fit_predict(p)
    assert adjusted_rand_score(truth, found) == 1


@pytest.mark.parametrize("method", ["kmeans", "agglomerative", "hdbscan"])
def test_the_largest_cluster_comes_first(p, method):
    clusterer = AttributeClusterer(3, method=method, random_state=0).fit(p)
    assert clusterer.cluster_sizes_.tolist() == [25, 15, 10]
    assert np.bincount(clusterer.labels_).tolist() == [25, 15, 10]


@pytest.mark.parametrize("method", ["kmeans", "agglomerative", "hdbscan"])
def test_predict_takes_the_nearest_mean(p, method):
    clusterer = AttributeClusterer(3, method=method, random_state=0).fit(p)
    assert clusterer.predict(CENTRES).tolist() == [2, 0, 1]


def test_hdbscan_leaves_out_what_belongs_nowhere(p):
    p = np.vstack([p, [[0, 3, 3]]])
    clusterer = AttributeClusterer(method="hdbscan").fit(p)
    assert clusterer.labels_[-1] == -1
    assert clusterer.cluster_sizes_.sum() == 50


def test_without_a_cluster_everything_is_in_none():
    X = np.random.default_rng(0).uniform(size=(20, 3))
    clusterer = AttributeClusterer(method="hdbscan", min_cluster_size=15).fit(X)
    assert set(clusterer.labels_) == set(clusterer.predict(X)) == {-1}
    assert clusterer.cluster_means_.shape == (0, 3)
    assert clusterer.describe().empty


def test_weights_decide_what_counts(p):
    by_smile = AttributeClusterer(2, weights=[0, 1, 0], random_state=0).fit(p)
    assert adjusted_rand_score(p[:, 1] > 0.5, by_smile.labels_) == 1


def test_a_weight_of_two_is_a_column_twice(p):
    rng = np.random.default_rng(1)
    X = rng.uniform(size=(60, 2))
    weighted = AttributeClusterer(4, method="agglomerative", weights=[2, 1]).fit(X)
    twice = AttributeClusterer(4, method="agglomerative").fit(X[:, [0, 0, 1]])
    np.testing.assert_array_equal(weighted.labels_, twice.labels_)


@pytest.mark.parametrize("weights", [[1, 2], [1, -1, 1], [0, 0, 0]])
def test_weights_that_do_not_fit_are_refused(p, weights):
    with pytest.raises(ParameterError, match="weights must hold 3 numbers"):
        AttributeClusterer(2, weights=weights).fit(p)


def test_fewer_photos_than_clusters_are_refused(p):
    with pytest.raises(InputError, match="n_samples=4, fewer than n_clusters=16"):
        AttributeClusterer().fit(p[:4])


def test_distinct_rows_of_labels_are_few(p):
    clusterer = AttributeClusterer(2, random_state=0)
    assert clusterer.fit(p).n_distinct_rows_ == 50
    assert clusterer.fit(p > 0.5).n_distinct_rows_ == 3


def test_description_tells_prevalence_and_lift(clusterer):
    table = clusterer.describe()
    assert list(table.columns) == ["size", "prevalence", "base_rate", "lift"]
    row = table.loc[(1, "Bald")]
    assert row["size"] == 15
    assert row["prevalence"] == pytest.approx(0.9, abs=0.03)
    assert row["base_rate"] == pytest.approx((15 * 0.9 + 35 * 0.1) / 50, abs=0.03)
    assert row["lift"] == pytest.approx(row["prevalence"] / row["base_rate"])


def test_description_takes_other_names(clusterer):
    table = clusterer.describe(["a", "b", "c"])
    assert table.index.unique("attribute").tolist() == ["a", "b", "c"]
    with pytest.raises(InputError, match="names has 2 names for 3 attributes"):
        clusterer.describe(["a", "b"])


def test_identities_that_a_cluster_leaves():
    found = identities_left([0, 0, 0, 1, 1, 1], list("aabbcd"))
    assert found.to_dict() == {
        "identities": 4,
        "left": (3 * 2 + 3 * 3) / 6,
        "share_left": (3 * 2 + 3 * 3) / 24,
        "recall": 1 / 2,  # of a, not of b
        "chance": 6 / 15,
    }


def test_one_cluster_leaves_everybody():
    found = identities_left(np.zeros(5), [1, 2, 3, 4, 4])
    assert found[["left", "recall", "chance"]].tolist() == [4, 1, 1]


def test_identities_need_a_label_each():
    with pytest.raises(InputError, match=r"one shape \(n_samples,\), got \(2,\)"):
        identities_left([0, 1], [0, 1, 2])


def test_identities_that_are_not_known_are_refused():
    with pytest.raises(InputError, match=r"who is in row 2, nor in 2 of 4 rows"):
        identities_left([0, 0, 0, 0], ["Ann", "Ann", None, np.nan])


def test_a_fit_that_fails_leaves_the_clusters_before(p):
    clusterer = AttributeClusterer(random_state=0).fit(p)
    before = clusterer.predict(p)
    with pytest.raises(ParameterError, match="weights must hold"):
        clusterer.set_params(weights=[1, 2]).fit(p[:, :3])
    assert clusterer.set_params(weights=None).n_features_in_ == p.shape[1]
    np.testing.assert_array_equal(clusterer.predict(p), before)


def test_a_clusterer_is_the_same_after_save(clusterer, p, tmp_path):
    skface.save(clusterer, tmp_path / "clusters.skface")
    loaded = skface.load(tmp_path / "clusters.skface")
    pd.testing.assert_frame_equal(loaded.describe(), clusterer.describe())
    X = pd.DataFrame(p, columns=NAMES)
    np.testing.assert_array_equal(loaded.predict(X), clusterer.predict(X))
    np.testing.assert_array_equal(loaded.labels_, clusterer.labels_)
    assert loaded.n_distinct_rows_ == 50


def test_a_clusterer_without_clusters_is_saved_too(tmp_path):
    X = np.random.default_rng(0).uniform(size=(20, 3))
    clusterer = AttributeClusterer(method="hdbscan", min_cluster_size=15).fit(X)
    skface.save(clusterer, tmp_path / "none.skface")
    assert skface.load(tmp_path / "none.skface").predict(X).tolist() == [-1] * 20


def test_weights_set_after_the_fit_that_do_not_fit_are_found_by_load(p, tmp_path):
    clusterer = AttributeClusterer(3, random_state=0).fit(p).set_params(weights=[1.0])
    skface.save(clusterer, tmp_path / "clusters.skface")
    with pytest.raises(SavedFileError, match="weights must hold 3 numbers"):
        skface.load(tmp_path / "clusters.skface")


@pytest.fixture(scope="module")
def photos(truth):
    """Each kind of photos in a grey of its own."""
    greys = np.array([40, 120, 200], np.uint8)[truth]
    return np.broadcast_to(greys[:, None, None, None], (50, 8, 8, 3))


def test_display_shows_the_mean_face_of_each_cluster(clusterer, photos):
    display = ClustersDisplay.from_estimator(clusterer, photos)
    assert [int(face.mean()) for face in display.faces] == [120, 200, 40]
    titles = [ax.get_title("left") for ax in display.face_axes_]
    assert titles[0] == "cluster 0, 25 photos"


def test_chart_begins_with_what_sets_the_cluster_apart(clusterer, photos):
    display = ClustersDisplay.from_estimator(clusterer, photos, n_attributes=2)
    labels = [text.get_text() for text in display.chart_axes_[1].get_yticklabels()]
    assert labels == ["Bald", "Smiling"]
    assert display.bars_[1][0].get_width() == pytest.approx(0.9, abs=0.03)


def test_display_shows_the_largest_clusters(clusterer, photos):
    display = ClustersDisplay.from_estimator(clusterer, photos, n_clusters=2)
    assert len(display.face_axes_) == len(display.chart_axes_) == 2


def test_display_needs_the_photos_of_the_fit(clusterer, photos):
    with pytest.raises(InputError, match="X has 7 photos, the clusterer was"):
        ClustersDisplay.from_estimator(clusterer, photos[:7])


def test_display_needs_a_face_a_cluster(clusterer):
    with pytest.raises(InputError, match="faces must be one photo a cluster"):
        ClustersDisplay(np.zeros((2, 8, 8, 3), np.uint8), clusterer.describe()).plot()


def test_a_fit_without_names_forgets_those_of_the_one_before(p):
    clusterer = AttributeClusterer(3, random_state=0)
    clusterer.fit(pd.DataFrame(p, columns=NAMES)).fit(p[:, :2])
    assert not hasattr(clusterer, "feature_names_in_")
    assert set(clusterer.describe().index.get_level_values("attribute")) == {"0", "1"}
