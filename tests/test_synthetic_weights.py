"""The packaged weights."""

import json
from importlib import resources

import numpy as np
import pytest

from skface import CelebALoader, VGG19Features, make_attribute_pipeline
from skface.datasets import make_celeba
from skface.exceptions import WeightsError
from skface.features import _weights


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root = make_celeba(tmp_path_factory.mktemp("drawn") / "celeba", 12, random_state=0)
    return CelebALoader(root).load("all")[0]


@pytest.fixture(scope="module")
def about():
    file = resources.files("skface.features") / "data" / "synthetic.json"
    return json.loads(file.read_text())


def test_native_input_size_is_that_of_the_training(photos):
    features = VGG19Features("synthetic", layer="block4_pool")
    assert features.fit_transform(photos).shape == (12, 7 * 7 * 128)
    assert len(features.get_feature_names_out()) == 7 * 7 * 128


def test_features_are_finite_and_differ_between_photos(photos):
    rows = VGG19Features("synthetic").fit_transform(photos).astype(float)
    assert np.isfinite(rows).all()
    assert np.ptp(rows, axis=0).max() > 0.1


def test_file_is_small_and_says_how_it_was_made(about):
    file = resources.files("skface.features") / "data" / "synthetic.npz"
    assert len(file.read_bytes()) < 4_000_000
    assert {"sha256", "settings", "minutes", "backend"} <= set(about)


def test_changed_file_is_refused(monkeypatch):
    monkeypatch.setattr(_weights, "synthetic_digest", lambda: "0" * 64)
    with pytest.raises(WeightsError, match="is not the file that was packaged"):
        _weights._packaged()


def test_pipeline_with_packaged_weights_uses_small_photos(photos):
    pipe = make_attribute_pipeline(weights="synthetic", random_state=0)
    y = np.random.default_rng(0).integers(0, 2, (12, 3))
    pipe.set_params(head__epochs=1).fit(photos, y)
    assert pipe["head"].n_features_in_ == 7 * 7 * 128
