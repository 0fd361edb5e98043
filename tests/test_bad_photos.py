"""Photos that are hostile, odd or vanish, and interrupts while they are read."""

import signal
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from skface import FeatureStore, ImageArray, VGG19Features
from skface.exceptions import ImageError, InputError, ParameterError
from skface.features import _network, _vgg19
from skface.photos import map_photos, photo_size


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def files(pixels, tmp_path):
    """The pixels as photos in a folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = [folder / f"{index:02}.png" for index in range(len(pixels))]
    for path, photo in zip(paths, pixels, strict=True):
        Image.fromarray(photo).save(path)
    return paths


def features(**params):
    return VGG19Features(
        weights=None, layer="block1_pool", pooling="avg", input_size=32, **params
    )


def bomb(path):
    """A PNG of a few bytes that announces 50,000 x 50,000 pixels."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        length = len(content).to_bytes(4, "big")
        return length + kind + content + checksum.to_bytes(4, "big")

    size = 2 * (50_000).to_bytes(4, "big")
    header = chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0]))
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("read", [lambda path: ImageArray([path])[0], photo_size])
def test_a_decompression_bomb_is_named_and_not_decoded(tmp_path, read):
    path = bomb(tmp_path / "bomb.png")
    with pytest.raises(ImageError, match=r"bomb.png: has more pixels than Pillow dec"):
        read(str(path))


def test_a_photo_of_one_pixel_is_one_colour(tmp_path):
    Image.new("RGB", (1, 1), (10, 20, 30)).save(tmp_path / "one.png")
    photo = ImageArray([tmp_path / "one.png"], (4, 6))[0]
    np.testing.assert_array_equal(photo, np.broadcast_to([10, 20, 30], (4, 6, 3)))


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tiff"])
def test_the_first_frame_of_an_animation_is_read(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    path = tmp_path / f"moving.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    red, green, blue = ImageArray([path], 4)[0][2, 2]
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("path", ["a\0b.jpg", "", ".", "x" * 5000])
def test_a_path_that_cannot_be_a_photo_is_named(tmp_path, cached, path):
    transformer = features(cache_dir=tmp_path / "store" if cached else None)
    with pytest.raises(ImageError, match=r"cannot be|no such") as caught:
        transformer.fit_transform([path])
    assert caught.value.paths == [path]


def test_photos_without_a_pixel_are_refused(no_network):
    with pytest.raises(InputError, match=r"without a pixel; got shape \(2, 0, 5, 3\)"):
        features().fit_transform(np.zeros((2, 0, 5, 3), np.uint8))


@pytest.mark.parametrize("paths", [None, 3])
def test_what_is_no_sequence_of_paths_is_refused(paths):
    with pytest.raises(InputError, match="paths must be a sequence of files, got"):
        ImageArray(paths)


@pytest.mark.parametrize("size", [0, 2.5, True, (True, True), 65_536, (10**12, 1)])
def test_a_size_that_is_no_number_of_pixels_is_refused(size):
    with pytest.raises(ParameterError, match="image_size must be a number of pixels"):
        ImageArray([], size)


def test_a_photo_that_vanishes_during_the_run_costs_no_finished_row(
    files, tmp_path, monkeypatch
):
    known_keys = _vgg19.known_keys

    def then_vanish(images):
        keys = known_keys(images)
        files[-1].unlink()
        return keys

    monkeypatch.setattr(_vgg19, "known_keys", then_vanish)
    stored = features(cache_dir=tmp_path / "store", batch_size=2)
    with pytest.raises(ImageError, match=r"11.png: no such file"):
        stored.fit_transform(files)
    assert len(FeatureStore(tmp_path / "store")) == 11


def test_an_interrupted_extraction_keeps_its_finished_rows(
    files, tmp_path, monkeypatch
):
    stored = features(cache_dir=tmp_path / "store", batch_size=2)
    network = _network.get_network(stored._specification(), stored._compute_dtype())
    predict, n_calls = type(network).predict_on_batch, []

    def then_interrupt(self, photos):
        n_calls.append(len(photos))
        if len(n_calls) == 4:
            raise KeyboardInterrupt
        return predict(self, photos)

    monkeypatch.setattr(type(network), "predict_on_batch", then_interrupt)
    with pytest.raises(KeyboardInterrupt):
        stored.fit_transform(files)
    monkeypatch.undo()
    assert len(FeatureStore(tmp_path / "store")) == 6
    assert np.array_equal(stored.transform(files), features().fit_transform(files))


@pytest.fixture
def interruptible():
    """Python's own answer to Ctrl-C, which a job in the background does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_does_not_wait_for_all_photos():
    n_calls = []

    def slow(index, path):
        n_calls.append(index)
        if index == 50:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.005)

    with pytest.raises(KeyboardInterrupt):
        map_photos(slow, [""] * 5000)
    assert len(n_calls) < 1000
