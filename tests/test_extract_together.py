"""Several transformers, one pass of the photos."""

import numpy as np
import pytest
from sklearn.base import clone

from skface import FeatureStore, VGG19Features
from skface.exceptions import InputError, ParameterError
from skface.features import _network, _together, extract_together

VARIANTS = [
    {"layer": "block1_pool", "pooling": "avg", "normalize": None},
    {"layer": "block2_pool", "pooling": (2, 3), "normalize": "sqrt_l2"},
    {"layer": ["block2_pool", "block1_pool"], "pooling": "max", "normalize": "l2"},
]


@pytest.fixture
def photos():
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def plain():
    return VGG19Features(weights=None, input_size=32, batch_size=2)


@pytest.fixture
def stored(plain, tmp_path):
    return clone(plain).set_params(cache_dir=tmp_path / "store")


@pytest.fixture
def n_seen(monkeypatch):
    """How many photos a network saw since."""
    seen = []
    compute = _together.compute

    def counting(network, photos):
        seen.append(len(photos))
        return compute(network, photos)

    monkeypatch.setattr(_together, "compute", counting)
    return lambda: sum(seen)


def variants_of(transformer, settings=VARIANTS):
    return [clone(transformer).set_params(**each) for each in settings]


def test_rows_are_those_of_each_transformer_alone(photos, plain, stored, monkeypatch):
    expected = [each.transform(photos) for each in variants_of(plain)]
    extract_together(variants_of(stored), photos)
    monkeypatch.setattr("skface.features._vgg19.get_network", None)
    for transformer, rows in zip(variants_of(stored), expected, strict=True):
        together = transformer.transform(photos).astype(float)
        # float16's rounding
        np.testing.assert_allclose(together, rows.astype(float), rtol=2**-10)


def test_each_photo_goes_through_the_network_once(photos, stored, n_seen):
    assert extract_together(variants_of(stored), photos) == 5
    assert n_seen() == 5
    assert len(FeatureStore(stored.cache_dir)) == 5 * len(VARIANTS)
    assert extract_together(variants_of(stored), photos) == 0
    assert n_seen() == 5


def test_photos_that_some_variant_lacks_go_again(photos, stored, n_seen):
    first, second = variants_of(stored, VARIANTS[:2])
    first.transform(photos[:3])
    assert extract_together([first, second], photos) == 5
    extract_together([first], photos)
    assert n_seen() == 5


def test_photos_that_occur_twice_go_once(photos, stored):
    twice = np.concatenate([photos, photos])
    assert extract_together(variants_of(stored, VARIANTS[:2]), twice) == 5


def test_only_layers_that_are_wanted_run(photos, stored, monkeypatch):
    built = []
    load_weights = _network.load_weights

    def noting(network, *arguments):
        built.append(network.layers)
        load_weights(network, *arguments)

    _network._build.cache_clear()
    monkeypatch.setattr(_network, "load_weights", noting)
    extract_together(variants_of(stored), photos)
    (layers,) = built
    names = [layer.name for layer in layers if layer.name.startswith("block")]
    assert len(names) == 6
    assert names[-1] == "block2_pool"


def test_photos_seen_differently_need_a_pass_each(photos, stored):
    settings = [{"preprocessing": "caffe"}, {"preprocessing": "unit"}]
    pair = variants_of(stored.set_params(layer="block1_pool"), settings)
    assert extract_together(pair, photos) == 10
    assert extract_together(pair, photos) == 0


def test_each_crop_of_a_photo_goes_through_the_network(photos, stored, monkeypatch):
    settings = [{"crop": None}, {"crop": (0, 0, 1, 0.5)}, {"crop": [0, 0, 1, 0.5]}]
    variants = variants_of(stored, settings)
    assert extract_together(variants, photos) == 10
    monkeypatch.setattr("skface.features._vgg19.get_network", None)
    whole, part, same = (each.transform(photos) for each in variants)
    assert (whole != part).any()
    assert np.array_equal(part, same)


def test_a_store_is_needed(photos, plain):
    with pytest.raises(ParameterError, match="give every VGG19Features a cache_dir"):
        extract_together([plain], photos)


def test_what_is_no_photos_is_refused(stored):
    with pytest.raises(InputError, match="X must be an ImageArray"):
        extract_together([stored], np.zeros((3, 4)))
