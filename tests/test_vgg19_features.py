"""VGG19Features against NumPy, Keras' own VGG19, and what it must refuse."""

import os
import pickle
import sys
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skface import FeatureStore, Frames, ImageArray, VGG19Features
from skface._keras import import_keras
from skface.exceptions import ImageError, InputError, ParameterError, WeightsError
from skface.features import FeatureArray, _network, _vgg19
from skface.features._device import fastest_dtype
from skface.photos import framed

CAFFE_MEAN = (103.939, 116.779, 123.68)


def features(layer="block1_pool", **options):
    """The smallest and exact variant, but for what a test is about."""
    exact = {"weights": None, "input_size": 32, "dtype": "float32"}
    return VGG19Features(
        layer=layer, **(exact | {"compute_dtype": "float32"} | options)
    )


def network_of(transformer):
    return _network.get_network(transformer._specification(), "float32")


@pytest.fixture(scope="module", autouse=True)
def keras():
    return import_keras()


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def paths(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    paths = [str(folder / f"{number}.png") for number in range(len(photos))]
    for path, photo in zip(paths, photos, strict=True):
        Image.fromarray(photo).save(path)
    return paths


@pytest.fixture
def fake_network(monkeypatch):
    """A network that answers every photo with the given rows."""

    def fake_network(rows):
        network = SimpleNamespace(
            input_shape=(None, 32, 32, 3), predict_on_batch=lambda photos: rows
        )
        monkeypatch.setattr(
            "skface.features._vgg19.get_network", lambda *arguments: network
        )

    return fake_network


@pytest.fixture
def no_network(monkeypatch):
    def get_network(*arguments):
        raise AssertionError("built a network")

    monkeypatch.setattr("skface.features._vgg19.get_network", get_network)


@pytest.fixture
def n_builds(monkeypatch):
    """Networks built since; none is known at the start."""
    built = []
    load_weights = _network.load_weights

    def counting(network, *arguments):
        built.append(network)
        load_weights(network, *arguments)

    _network._build.cache_clear()
    monkeypatch.setattr(_network, "load_weights", counting)
    return lambda: len(built)


@pytest.mark.parametrize(
    ("layer", "pooling", "n_features"),
    [
        ("block1_conv1", None, 32 * 32 * 64),
        ("block1_pool", None, 16 * 16 * 64),
        ("block2_pool", None, 8 * 8 * 128),
        ("block1_pool", "avg", 64),
        ("block1_pool", "max", 64),
        ("block1_pool", (3, 5), 3 * 5 * 64),
        ("block1_pool", [2, 2], 2 * 2 * 64),
        (["block1_pool", "block2_pool"], "avg", 64 + 128),
        (("block2_pool", "block1_conv2"), (2, 2), 4 * (128 + 64)),
        (["block1_pool", "block2_pool"], None, 16 * 16 * 64 + 8 * 8 * 128),
    ],
)
def test_features_have_the_shape_of_the_pooled_map(photos, layer, pooling, n_features):
    transformer = features(layer, pooling=pooling)
    assert transformer.transform(photos).shape == (5, n_features)
    assert len(transformer.get_feature_names_out()) == n_features


@pytest.mark.parametrize(
    ("layer", "n_features"),
    [("block4_pool", 2 * 3 * 512), ("block5_pool", 1 * 1 * 512)],
)
def test_deep_layers_and_oblong_inputs_have_their_shape(layer, n_features):
    names = features(layer, input_size=(32, 48)).get_feature_names_out()
    assert len(names) == n_features


@pytest.mark.parametrize("input_size", [32, 48, 64, 33, (64, 32)])
def test_each_input_size_gives_as_many_features_as_announced(photos, input_size):
    transformer = features("block2_pool", input_size=input_size)
    n_features = transformer.transform(photos).shape[1]
    assert n_features == len(transformer.get_feature_names_out())


def test_the_deepest_layer_runs_at_the_smallest_input(photos):
    assert features("block5_pool").transform(photos[:1]).shape == (1, 512)


def _map(photos, layer="block1_pool"):
    rows = features(layer).transform(photos)
    side = int((rows.shape[1] / 64) ** 0.5)
    return rows.reshape(len(photos), side, side, 64)


def test_the_average_is_that_of_the_map(photos):
    expected = _map(photos).mean(axis=(1, 2))
    pooled = features(pooling="avg").transform(photos)
    np.testing.assert_allclose(pooled, expected, rtol=1e-4)


def test_the_maximum_is_that_of_the_map(photos):
    expected = _map(photos).max(axis=(1, 2))
    pooled = features(pooling="max").transform(photos)
    np.testing.assert_array_equal(pooled, expected)


def test_a_grid_that_divides_the_map_averages_its_cells(photos):
    expected = _map(photos).reshape(5, 4, 4, 2, 8, 64).mean(axis=(2, 4))
    pooled = features(pooling=(4, 2)).transform(photos)
    np.testing.assert_allclose(pooled.reshape(5, 4, 2, 64), expected, rtol=1e-4)


def test_a_grid_that_does_not_divide_the_map_averages_as_pytorch_does(photos):
    # AdaptiveAvgPool2d: cell i of 3 over 16 pixels is floor(16i/3) to ceil(16(i+1)/3)
    runs = [slice(0, 6), slice(5, 11), slice(10, 16)]
    pixels = _map(photos)
    expected = [[pixels[:, r, c].mean(axis=(1, 2)) for c in runs] for r in runs]
    pooled = features(pooling=(3, 3)).transform(photos).reshape(5, 3, 3, 64)
    np.testing.assert_allclose(pooled, np.moveaxis(expected, 2, 0), rtol=1e-4)


def test_a_grid_as_fine_as_the_map_is_the_map(photos):
    pooled = features(pooling=(16, 16)).transform(photos)
    np.testing.assert_allclose(pooled, features().transform(photos), rtol=1e-5)


def test_several_layers_stand_in_the_order_asked_for(photos):
    both = features(["block2_pool", "block1_pool"], pooling="avg").transform(photos)
    first = features("block2_pool", pooling="avg").transform(photos)
    second = features("block1_pool", pooling="avg").transform(photos)
    np.testing.assert_allclose(both, np.hstack([first, second]), rtol=1e-5)


def test_names_tell_layer_row_column_and_channel(photos):
    transformer = features(["block1_pool", "block2_conv1"])
    names = list(transformer.get_feature_names_out())
    assert names[0] == "block1_pool_0_0_0"
    assert names[64 * 16 + 5] == "block1_pool_1_0_5"
    assert names[-1] == "block2_conv1_15_15_127"
    assert len(set(names)) == len(names)


def _relu_convolution(images, kernel, bias):
    """3x3, zeros around."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.maximum(np.einsum("bhwcij,ijco->bhwo", windows, kernel) + bias, 0)


def _preprocessed(photos, preprocessing):
    if preprocessing == "unit":
        return photos / 255.0
    return photos[..., ::-1] - np.array(CAFFE_MEAN)


@pytest.mark.parametrize("preprocessing", ["caffe", "unit"])
def test_the_first_convolution_agrees_with_numpy(photos, preprocessing):
    transformer = features("block1_conv1", preprocessing=preprocessing)
    kernel, bias = network_of(transformer).get_layer("block1_conv1").get_weights()
    images = _preprocessed(photos, preprocessing)
    expected = _relu_convolution(images, kernel, bias).reshape(5, -1)
    rows = transformer.transform(photos)
    np.testing.assert_allclose(rows, expected, atol=1e-4 * expected.max())
    assert np.count_nonzero(rows) > 0.3 * rows.size


@pytest.mark.parametrize("layer", ["block1_pool", ["block1_pool", "block2_pool"]])
@pytest.mark.parametrize("normalize", ["l2", "sqrt_l2"])
def test_normalised_rows_have_the_length_1(photos, layer, normalize):
    rows = features(layer, normalize=normalize).transform(photos)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), np.ones(5), rtol=1e-5)


@pytest.mark.parametrize(
    ("normalize", "function"), [("l2", lambda rows: rows), ("sqrt_l2", np.sqrt)]
)
def test_normalised_rows_are_the_plain_ones_scaled(photos, normalize, function):
    plain = function(features().transform(photos))
    expected = plain / np.linalg.norm(plain, axis=1, keepdims=True)
    rows = features(normalize=normalize).transform(photos)
    np.testing.assert_allclose(rows, expected, atol=1e-6)


def test_normalised_layers_weigh_the_same(photos):
    rows = features(
        ["block1_pool", "block2_pool"], pooling="avg", normalize="l2"
    ).transform(photos)
    half = np.full(5, 0.5**0.5)
    np.testing.assert_allclose(np.linalg.norm(rows[:, :64], axis=1), half, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(rows[:, 64:], axis=1), half, rtol=1e-5)


def test_mirror_gives_the_features_of_the_mirror_images(photos):
    mirrored = features().transform(framed(photos, Frames.whole(5).mirrored()))
    np.testing.assert_array_equal(mirrored, features().transform(photos[:, :, ::-1]))


def test_mirror_images_of_files_are_those_of_their_pixels(paths, photos):
    X = ImageArray(paths, 32).framed(Frames.whole(5).mirrored())
    rows = features().transform(X)
    np.testing.assert_array_equal(rows, features().transform(photos[:, :, ::-1]))


def test_a_black_photo_has_no_length_to_divide_by():
    black = np.zeros((1, 32, 32, 3), dtype=np.uint8)
    rows = features(preprocessing="unit", normalize="l2").transform(black)
    np.testing.assert_array_equal(rows, np.zeros_like(rows))


def test_features_are_float16_by_default(photos):
    transformer = VGG19Features(weights=None, layer="block1_pool", input_size=32)
    assert transformer.transform(photos).dtype == np.float16


def test_float16_and_float32_agree(photos):
    half = features(dtype="float16").transform(photos)
    np.testing.assert_allclose(half, features().transform(photos), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("writeable", [True, False])
@pytest.mark.filterwarnings("error")
def test_features_beyond_float16_saturate(photos, fake_network, writeable, dtype):
    rows = np.full((1, 64), 1e6, dtype=np.float32)
    rows[0, :2] = 3, np.inf
    # JAX gives arrays that cannot be written to
    rows.flags.writeable = writeable
    fake_network(rows)
    saturated = features(pooling="avg", dtype=dtype).transform(photos[:1])
    np.testing.assert_array_equal(saturated, [[3] + [65504] * 63])


@pytest.mark.parametrize(
    "form",
    [
        lambda paths, photos: paths,
        lambda paths, photos: np.array(paths),
        lambda paths, photos: np.array(paths).reshape(-1, 1),
        lambda paths, photos: pd.Series(paths),
        lambda paths, photos: pd.DataFrame({"path": paths}),
        lambda paths, photos: ImageArray(paths, (32, 32)),
        lambda paths, photos: ImageArray(paths, (224, 224)),
        lambda paths, photos: list(photos),
        lambda paths, photos: photos.astype(np.int64),
        lambda paths, photos: photos.astype(np.float32),
        lambda paths, photos: np.maximum(photos - 0.25, 0),
    ],
    ids=[
        "paths", "array", "column", "series", "frame", "images", "large images", "list",
        "int", "float", "fractions of a step",
    ],
)  # fmt: skip
def test_each_form_of_the_photos_gives_the_same_features(paths, photos, form):
    rows = features().fit_transform(form(paths, photos))
    np.testing.assert_allclose(rows, features().transform(photos), rtol=1e-6)


def test_files_are_decoded_at_the_input_size(paths):
    rows = features(input_size=48).transform(paths)
    decoded = np.asarray(ImageArray(paths, 48))
    np.testing.assert_allclose(rows, features(input_size=48).transform(decoded))


def test_arrays_of_another_size_are_resized(photos):
    resized = [
        Image.fromarray(photo).resize((48, 64), Image.BILINEAR) for photo in photos
    ]
    expected = features(input_size=(64, 48)).transform(np.stack(resized))
    rows = features(input_size=(64, 48)).transform(photos)
    np.testing.assert_allclose(rows, expected)


def test_the_batch_size_changes_nothing(photos):
    whole = features().transform(photos)
    np.testing.assert_allclose(
        features(batch_size=2).transform(photos), whole, rtol=1e-5
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("input_size", [32, 48])
def test_the_callers_array_is_not_changed(photos, dtype, input_size):
    X = photos.astype(dtype)
    features(input_size=input_size).transform(X)
    np.testing.assert_array_equal(X, photos)
    assert X.dtype == dtype


def test_an_array_that_cannot_be_written_to_is_taken(photos):
    X = photos.copy()
    X.flags.writeable = False
    assert len(features().transform(X)) == 5


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda X: X / 255, "X reaches only .* multiply it by 255"),
        (lambda X: X - 1.0, "pixels must lie in 0 to 255, got -1"),
        (lambda X: X * 2.0, "pixels must lie in 0 to 255, got 0.0 to 510"),
        (lambda X: np.where(X > 128, np.nan, X), "got nan"),
        (lambda X: X > 128, "pixels must be numbers in 0 to 255, got bool"),
        (lambda X: X * 1j, "pixels must be numbers in 0 to 255, got complex"),
        (lambda X: X[0], r"got shape \(32, 32, 3\): one photo is X\[np.newaxis\]"),
        (lambda X: X[..., 0], r"got shape \(5, 32, 32\)"),
        (lambda X: X[..., :1], r"got shape \(5, 32, 32, 1\)"),
        (lambda X: np.moveaxis(X, 3, 1), r"got shape \(5, 3, 32, 32\)"),
        (lambda X: X.reshape(5, -1), r"got shape \(5, 3072\)"),
        (lambda X: X[:0], "X holds no photo"),
        (lambda X: X[:0] / 1, "X holds no photo"),
        (lambda X: [], "X holds no photo"),
        (lambda X: "photo.jpg", r"got shape \(\)"),
        (lambda X: [X[0], X[0, :16]], "photos of one size"),
        (lambda X: ["photo.jpg", None], "paths must hold str or path-like"),
        (lambda X: ImageArray([]), "X holds no photo"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "transform"])
def test_what_is_no_photos_is_refused_before_a_network_is_built(
    no_network, photos, spoil, match, method
):
    with pytest.raises(InputError, match=match):
        getattr(features(), method)(spoil(photos))


def test_a_black_float_array_is_not_taken_for_one_in_0_to_1():
    black = np.zeros((2, 32, 32, 3), dtype=np.float32)
    assert len(features().transform(black)) == 2


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"input_size": 31}, "input_size must be 32 to 1024 pixels"),
        ({"input_size": (1025, 32)}, r"a side, got \(1025, 32\)"),
        ({"input_size": (224, 16)}, r"a side, got \(224, 16\)"),
        ({"input_size": "large"}, "input_size"),
        ({"input_size": 0}, "input_size must be"),
        ({"input_size": 2.5}, "'input_size' parameter"),
        ({"input_size": 10**12}, "input_size must be a number of pixels"),
        ({"pooling": (17, 2)}, r"pooling=\(17, 2\) is finer than the 16x16 map of"),
        ({"pooling": (0, 2)}, "pooling must be"),
        ({"pooling": (2,)}, "pooling must be"),
        ({"pooling": 2}, "'pooling' parameter"),
        ({"pooling": "mean"}, "'pooling' parameter"),
        ({"layer": "block6_pool"}, "layer must be .* got 'block6_pool'"),
        ({"layer": ["block1_pool", "fc1"]}, "layer must be .* got 'fc1'"),
        ({"layer": []}, r"layer must be .* got \[\]"),
        ({"layer": None}, "'layer' parameter"),
        ({"layer": [3]}, "layer must be .* got 3"),
        ({"layer": [["block1_pool"]]}, r"layer must be .* got \['block1_pool'\]"),
        ({"preprocessing": "torch"}, "'preprocessing' parameter"),
        ({"normalize": "l1"}, "'normalize' parameter"),
        ({"dtype": "float64"}, "'dtype' parameter"),
        ({"batch_size": 0}, "'batch_size' parameter"),
        ({"compute_dtype": "int4"}, "'compute_dtype' parameter"),
        ({"weights": 3}, "'weights' parameter"),
        ({"crop": (0, 0, 1)}, r"crop must be \(x, y, width, height\)"),
        ({"crop": (0, 0, 0, 1)}, "crop must have an area"),
        ({"crop": "face"}, "'crop' parameter"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "transform"])
def test_a_bad_parameter_is_refused_before_a_network_is_built(
    no_network, photos, options, match, method
):
    with pytest.raises(ParameterError, match=match):
        getattr(features(**options), method)(photos)


def test_a_grid_too_fine_for_one_of_several_layers_names_it():
    transformer = features(["block1_pool", "block4_pool"], pooling=(4, 4))
    with pytest.raises(ParameterError, match="finer than the 2x2 map of block4_pool"):
        transformer.get_feature_names_out()


def test_pandas_output_has_names_and_the_callers_index(paths):
    frame = pd.DataFrame({"path": paths}, index=list("abcde"))
    transformer = features(pooling="avg").set_output(transform="pandas")
    out = transformer.fit_transform(frame)
    assert list(out.columns) == list(transformer.get_feature_names_out())
    assert list(out.index) == list("abcde")


def test_names_go_through_a_pipeline(photos):
    log = FunctionTransformer(np.log1p, feature_names_out="one-to-one")
    pipeline = make_pipeline(features(pooling="avg"), log).fit(photos)
    names = pipeline.get_feature_names_out()
    assert (len(names), names[-1]) == (64, "block1_pool_0_0_63")


@pytest.mark.usefixtures("no_network")
def test_nothing_but_transform_builds_a_network(photos):
    transformer = features().fit(photos)
    copies = [clone(transformer), pickle.loads(pickle.dumps(transformer))]
    for copy in copies:
        assert copy.get_params() == transformer.get_params()
    assert len(transformer.get_feature_names_out()) == 16 * 16 * 64
    assert "VGG19Features" in repr(transformer)


def test_pickle_after_transform_carries_no_network(photos):
    transformer = features()
    expected = transformer.fit_transform(photos)
    data = pickle.dumps(transformer)
    assert len(data) < 2000
    np.testing.assert_array_equal(pickle.loads(data).transform(photos), expected)
    assert not [name for name in vars(transformer) if name.endswith("_")]


def test_equal_parameters_share_a_network(photos, n_builds):
    for twin in (
        features(),
        clone(features()),
        features(["block1_pool"], input_size=(32, 32)),
        features(batch_size=2, dtype="float16", verbose=0),
    ):
        twin.transform(photos)
    assert n_builds() == 1


def test_other_parameters_have_another_network(photos, n_builds):
    features().transform(photos)
    features(preprocessing="unit").transform(photos)
    features(compute_dtype="bfloat16").transform(photos)
    assert n_builds() == 3


@pytest.mark.parametrize(
    ("layer", "last", "n_layers"),
    [
        ("block1_conv1", "block1_conv1", 1),
        ("block2_pool", "block2_pool", 6),
        (["block3_conv2", "block1_pool"], "block3_conv2", 8),
    ],
)
def test_only_as_many_layers_are_built_as_are_needed(layer, last, n_layers):
    network = network_of(features(layer))
    names = [layer.name for layer in network.layers if layer.name.startswith("block")]
    assert len(names) == n_layers
    assert names[-1] == last


def test_the_network_cannot_be_trained():
    assert network_of(features("block2_pool")).trainable_weights == []


def test_weights_none_are_always_the_same(photos, n_builds):
    first = features().transform(photos)
    _network._build.cache_clear()
    np.testing.assert_array_equal(features().transform(photos), first)
    assert n_builds() == 2


def test_weights_none_are_he_normal():
    kernel, bias = (
        network_of(features("block2_pool")).get_layer("block2_conv2").get_weights()
    )
    assert kernel.std() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)
    assert kernel.mean() == pytest.approx(0, abs=1e-3)
    assert not bias.any()


def test_a_weights_file_that_is_missing_is_named_with_the_ways_to_get_it(photos):
    with pytest.raises(WeightsError, match=r"absent.h5: no such weights file. Ways to"):
        features(weights="absent.h5").transform(photos)


@pytest.fixture(params=["dense head", "first blocks of VGG19", "text"])
def other_weights(request, keras, tmp_path):
    path = tmp_path / "other.weights.h5"
    if request.param == "text":
        path.write_text("no weights")
    elif request.param == "dense head":
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(path)
    else:
        network_of(features("block3_pool")).save_weights(path)
    return path


@pytest.mark.filterwarnings("ignore")
def test_weights_of_another_network_are_refused(photos, other_weights):
    match = "other.weights.h5: does not hold the weights of VGG19 without its top"
    with pytest.raises(WeightsError, match=match):
        features(weights=other_weights).transform(photos)


def test_weights_that_cannot_be_downloaded_are_an_error_with_the_ways(
    keras, photos, monkeypatch
):
    def vgg19(**options):
        assert options == {"include_top": False, "weights": "imagenet"}
        raise Exception("URL fetch failure on https://storage.googleapis.com/x: None")

    monkeypatch.setattr(keras.applications, "VGG19", vgg19)
    with pytest.raises(
        WeightsError, match=r"cannot be downloaded .URL fetch"
    ) as caught:
        features(weights="imagenet").transform(photos)
    assert "~/.keras/models" in str(caught.value)
    assert "give the path of a VGG19 weights file" in str(caught.value)


def test_a_failed_download_is_tried_again(keras, photos, monkeypatch):
    calls = []

    def get_file(**options):
        calls.append(options)
        raise Exception("offline")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    for _ in range(2):
        with pytest.raises(WeightsError, match="offline"):
            features(weights="imagenet").transform(photos)
    assert len(calls) == 2


def test_an_unreadable_photo_amid_a_run_names_all_bad_ones_after_it(paths, tmp_path):
    bad = [str(tmp_path / f"bad{number}.png") for number in range(3)]
    X = [*paths[:3], bad[0], paths[3], bad[1], *paths, bad[2]]
    with pytest.raises(ImageError, match=r"3 of .* photos cannot be read") as caught:
        features(batch_size=2).transform(X)
    assert caught.value.paths == bad
    assert all(path in str(caught.value) for path in bad)


def test_one_unreadable_photo_is_named_alone(paths, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no photo")
    with pytest.raises(ImageError, match=r"^\S+bad.png: not a photo") as caught:
        features(batch_size=2).transform([*paths, bad])
    assert caught.value.paths == [str(bad)]


def test_fit_opens_no_photo():
    assert isinstance(features().fit(["absent.jpg"]), VGG19Features)


@pytest.mark.parametrize("verbose", [0, 1])
def test_the_bar_is_shown_where_it_is_asked_for(photos, capsys, verbose):
    features(verbose=verbose).transform(photos)
    captured = capsys.readouterr()
    assert ("VGG19" in captured.err) == bool(verbose)
    assert captured.out == ""


@pytest.mark.parametrize(("dtype", "cosine"), [("bfloat16", 0.999), ("int8", 0.99)])
def test_fewer_bits_stay_close_to_float32(photos, dtype, cosine):
    exact = features("block2_pool").transform(photos)
    fast = features("block2_pool", compute_dtype=dtype).transform(photos)
    assert _cosines(exact, fast).min() > cosine
    assert (exact != fast).any()


def test_a_crop_is_what_a_frame_of_it_shows(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (48, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo.png")
    whole = ImageArray([tmp_path / "photo.png"])
    part = whole.framed(Frames.whole(1).cropped((0.25, 0.5, 0.5, 0.25)))
    seen = features(crop=(0.25, 0.5, 0.5, 0.25)).transform(whole)
    assert np.array_equal(seen, features().transform(part))
    assert (seen != features().transform(whole)).any()


def test_a_crop_of_arrays_leaves_out_what_lies_beside(photos):
    other = photos.copy()
    other[:, :, : photos.shape[2] // 4] = 0
    crop = (0.5, 0, 0.5, 1)
    seen = features(crop=crop).transform(photos)
    assert np.array_equal(seen, features(crop=crop).transform(other))


def test_8_bits_of_several_layers_are_pooled_and_joined(photos):
    options = {"pooling": (2, 2), "normalize": "sqrt_l2"}
    layers = ["block2_pool", "block1_pool"]
    exact = features(layers, **options).transform(photos)
    fast = features(layers, compute_dtype="int8", **options).transform(photos)
    assert fast.shape == exact.shape
    assert _cosines(exact, fast).min() > 0.99


def test_8_bits_of_a_photo_do_not_depend_on_the_photos_beside_it(photos):
    fast = features("block2_pool", compute_dtype="int8")
    dark = np.concatenate([photos // 4, photos])
    beside = fast.transform(dark)[len(photos) :]
    assert np.array_equal(beside, fast.transform(photos))
    assert np.array_equal(beside[:1], fast.transform(photos[:1]))


def test_8_bits_are_kept_apart_from_float32(photos, tmp_path):
    options = {"cache_dir": tmp_path / "store", "dtype": "float16"}
    exact = features("block2_pool", **options).transform(photos)
    fast = features("block2_pool", compute_dtype="int8", **options)
    assert (exact != fast.transform(photos)).any()


def test_8_bits_without_litert_say_what_to_install(photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ImportError, match=r'pip install "skface\[int8\]"'):
        features("block1_conv1", compute_dtype="int8").transform(photos)


def _cosines(one, other):
    one, other = one.astype(np.float64), other.astype(np.float64)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(axis=1) / lengths


@pytest.fixture(scope="module")
def random_vgg19(keras):
    """Keras' own network of full depth, with random weights."""
    network = keras.applications.VGG19(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    rng = np.random.default_rng(0)
    for layer in network.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            kernel = rng.standard_normal(kernel.shape, np.float32) * np.sqrt(
                2 / kernel[..., 0].size, dtype=np.float32
            )
            layer.set_weights([kernel, rng.normal(0, 0.1, bias.shape)])
    return network


@pytest.fixture(scope="module")
def random_weights(random_vgg19, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "random.weights.h5"
    random_vgg19.save_weights(path)
    return path


@pytest.mark.parametrize("preprocessing", ["caffe", "unit"])
def test_features_of_full_depth_are_those_of_keras_vgg19(
    keras, photos, random_vgg19, random_weights, preprocessing
):
    images = photos.astype(np.float32)
    if preprocessing == "caffe":
        images = keras.applications.vgg19.preprocess_input(images)
    else:
        images /= 255
    expected = random_vgg19.predict_on_batch(images).reshape(5, -1)
    rows = features(
        "block5_pool", weights=random_weights, preprocessing=preprocessing
    ).transform(photos)
    assert np.count_nonzero(expected) > 0.3 * expected.size
    np.testing.assert_allclose(rows, expected, atol=1e-4 * expected.max())


def test_weights_that_are_not_finite_are_refused_by_their_layer(
    photos, random_vgg19, random_weights, tmp_path
):
    """ReLU and pooling would hide them."""
    content = bytearray(random_weights.read_bytes())
    kernel, _ = random_vgg19.get_layer("block3_conv2").get_weights()
    start = content.index(kernel.tobytes()[:64])
    content[start : start + 4] = np.float32(np.nan).tobytes()
    path = tmp_path / "damaged.weights.h5"
    path.write_bytes(content)
    for kind in (WeightsError, ValueError):
        with pytest.raises(kind, match="block3_conv2 holds NaN or infinity"):
            features("block3_conv2", weights=path).transform(photos)


@pytest.fixture
def replaced_when_read(random_vgg19, random_weights, tmp_path, monkeypatch):
    """A weights file that is another one once its digest is known."""
    path = tmp_path / "own.weights.h5"
    path.write_bytes(random_weights.read_bytes())
    load = _network.load_weights

    def loading(*arguments):
        replace(path, random_vgg19)
        load(*arguments)

    monkeypatch.setattr(_network, "load_weights", loading)
    return path


def replace(path, network):
    """Another weight in a file that keeps its size and its time."""
    before = os.stat(path)
    content = bytearray(path.read_bytes())
    kernel, _ = network.get_layer("block1_conv1").get_weights()
    start = content.index(kernel.tobytes()[:64])
    content[start : start + 4] = np.float32(3).tobytes()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_replaced_weights_file_is_another_one(
    photos, random_vgg19, random_weights, tmp_path
):
    path = tmp_path / "own.weights.h5"
    path.write_bytes(random_weights.read_bytes())
    stored = features(weights=path, cache_dir=tmp_path / "store")
    before = stored.transform(photos)
    replace(path, random_vgg19)
    after = stored.transform(photos)
    assert not np.array_equal(before, after)
    plain = clone(stored).set_params(cache_dir=None, dtype="float16")
    np.testing.assert_array_equal(after.astype(np.float16), plain.transform(photos))


def test_a_weights_file_replaced_while_it_is_read_is_an_error(
    photos, replaced_when_read
):
    with pytest.raises(WeightsError, match="was replaced while it was in use"):
        features(weights=replaced_when_read).transform(photos)


def test_a_weights_file_replaced_before_it_is_read_fills_no_store(
    photos, random_vgg19, random_weights, tmp_path, monkeypatch
):
    path = tmp_path / "own.weights.h5"
    path.write_bytes(random_weights.read_bytes())
    get_network = _vgg19.get_network

    def late(*arguments):
        replace(path, random_vgg19)
        return get_network(*arguments)

    monkeypatch.setattr(_vgg19, "get_network", late)
    with pytest.raises(WeightsError, match="was replaced while it was in use"):
        features(weights=path, cache_dir=tmp_path / "store").transform(photos)
    assert len(FeatureStore(tmp_path / "store")) == 0


@pytest.fixture
def settings_of_keras(keras):
    yield keras.config
    keras.config.set_dtype_policy("float32")
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize(
    ("weights", "setting", "value"),
    [
        (None, "dtype_policy", "mixed_bfloat16"),
        (None, "floatx", "float16"),
        ("synthetic", "image_data_format", "channels_first"),
        ("file", "floatx", "float16"),
        ("file", "image_data_format", "channels_first"),
    ],
)
def test_settings_of_keras_change_no_feature(
    photos, random_weights, settings_of_keras, weights, setting, value
):
    weights = random_weights if weights == "file" else weights
    pooled = features("block1_pool", weights=weights, pooling=(2, 2), normalize="l2")
    expected = pooled.transform(photos)
    _network._build.cache_clear()
    getattr(settings_of_keras, f"set_{setting}")(value)
    np.testing.assert_array_equal(pooled.transform(photos), expected)
    left = getattr(settings_of_keras, setting)()
    assert getattr(left, "name", left) == value


def test_small_features_become_0_in_float16_whatever_numpy_does_with_errors(
    photos, fake_network
):
    fake_network(np.full((1, 64), 1e-9, dtype=np.float32))
    with np.errstate(all="raise"):
        rows = features(pooling="avg", dtype="float16").transform(photos[:1])
    np.testing.assert_array_equal(rows, np.zeros((1, 64)))


def test_joblib_tells_weights_files_by_more_than_their_path(
    random_vgg19, random_weights, tmp_path
):
    path = tmp_path / "own.weights.h5"
    path.write_bytes(random_weights.read_bytes())
    transformer = features(weights=path)
    before = joblib.hash(transformer)
    assert joblib.hash(clone(transformer)) == before
    replace(path, random_vgg19)
    assert joblib.hash(transformer) != before


@pytest.fixture(scope="module")
def real_paths(real_faces):
    folder = real_faces / "celeba" / "Img" / "img_align_celeba"
    return sorted(folder.iterdir())[:2]


def real_features(weights, **options):
    options = {"compute_dtype": "float32", "dtype": "float32"} | options
    return VGG19Features(weights=weights, **options)


@pytest.fixture(scope="module")
def real_rows(real_weights, real_paths):
    return real_features(real_weights).transform(real_paths)


@pytest.fixture(scope="module")
def keras_rows(keras, real_weights, real_paths):
    """What Keras' own network and preprocessing say of the real photos."""
    vgg19 = keras.applications.VGG19(include_top=False, weights=str(real_weights))
    images = np.asarray(ImageArray(real_paths, (224, 224)), dtype=np.float32)
    images = keras.applications.vgg19.preprocess_input(images)
    return vgg19.predict_on_batch(images).reshape(2, -1)


@pytest.fixture(scope="module")
def bfloat16_rows(real_weights, real_paths):
    if fastest_dtype() != "bfloat16":
        pytest.skip("no bfloat16 in this processor")
    return real_features(real_weights, compute_dtype="bfloat16").transform(real_paths)


def test_real_features_are_those_of_keras_vgg19(real_rows, keras_rows):
    assert real_rows.shape == (2, 25088)
    error = np.linalg.norm(real_rows - keras_rows, axis=1)
    assert (error < 0.01 * np.linalg.norm(keras_rows, axis=1)).all()


def test_real_features_in_bfloat16_are_close_to_float32(real_rows, bfloat16_rows):
    assert _cosines(real_rows, bfloat16_rows).min() > 0.999


def test_real_photos_differ_in_their_features(real_rows):
    assert _cosines(real_rows[:1], real_rows[1:]).max() < 0.9


def test_large_features_stay_in_the_store(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(_vgg19, "_MOST_BYTES_IN_MEMORY", 0)
    stored = features(cache_dir=tmp_path / "store", dtype="float16")
    plain = clone(stored).set_params(cache_dir=None)
    lazy = stored.fit_transform(photos)
    assert isinstance(lazy, FeatureArray)
    assert np.array_equal(np.asarray(lazy), plain.fit_transform(photos))


def test_known_photos_do_not_reach_the_network(photos, tmp_path, monkeypatch):
    stored = features(cache_dir=tmp_path / "store", dtype="float16")
    first = stored.fit_transform(photos)
    monkeypatch.setattr(_vgg19, "get_network", None)
    assert np.array_equal(stored.transform(photos[::-1]), first[::-1])


def test_photos_that_occur_twice_are_extracted_once(photos, tmp_path):
    twice = np.concatenate([photos, photos])
    stored = features(cache_dir=tmp_path / "store", dtype="float16")
    assert len(stored.fit_transform(twice)) == len(twice)
    assert len(FeatureStore(tmp_path / "store")) == len(photos)


def test_mirror_images_have_rows_of_their_own(photos, paths, tmp_path):
    stored, X = features(cache_dir=tmp_path), ImageArray(paths, 32)
    sides = X, X.framed(Frames.whole(5).mirrored())
    rows = [stored.transform(side) for side in sides]
    assert len(FeatureStore(tmp_path)) == 2 * len(photos)
    assert not np.array_equal(*rows)


def test_other_parameters_have_rows_of_their_own(photos, tmp_path):
    stored = features(cache_dir=tmp_path / "store", dtype="float16")
    flat = stored.fit_transform(photos)
    pooled = clone(stored).set_params(pooling="avg").fit_transform(photos)
    assert flat.shape[1] != pooled.shape[1]
    assert len(FeatureStore(tmp_path / "store")) == 2 * len(photos)


def test_large_features_become_a_frame_where_one_is_asked_for(
    photos, tmp_path, monkeypatch
):
    monkeypatch.setattr(_vgg19, "_MOST_BYTES_IN_MEMORY", 0)
    stored = features(pooling="avg", cache_dir=tmp_path / "store", dtype="float16")
    plain = clone(stored).set_params(cache_dir=None)
    frame = stored.set_output(transform="pandas").fit_transform(photos)
    assert list(frame.columns) == list(stored.get_feature_names_out())
    np.testing.assert_array_equal(frame, plain.fit_transform(photos))
