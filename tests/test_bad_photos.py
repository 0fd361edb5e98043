"""Photos that are hostile, odd or vanish, and interrupts while they are read."""

import base64
import io
import signal
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from skface import FeatureStore, ImageArray, VGG19Features
from skface.exceptions import ImageError, InputError, ParameterError
from skface.features import _network, _vgg19
from skface.photos import as_images, map_photos, photo_size


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


@pytest.fixture
def sideways(pixels, tmp_path):
    """A photo that lies on its side, as EXIF says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "sideways.png"
    Image.fromarray(pixels[0, :20]).save(path, exif=exif)
    return path


def test_a_pil_image_is_its_file(sideways):
    with Image.open(sideways) as image:
        np.testing.assert_array_equal(
            as_images([image]), ImageArray([sideways], (32, 20))
        )


def test_a_pil_image_that_its_user_has_turned_is_not_turned_again(sideways):
    with Image.open(sideways) as image:
        upright = ImageOps.exif_transpose(image)
    assert as_images([upright]).shape == (1, 32, 20, 3)


def test_a_tiff_that_pillow_has_turned_is_not_turned_again(pixels, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels[0, :20]).save(tmp_path / "photo.tiff", exif=exif)
    with Image.open(tmp_path / "photo.tiff") as image:
        np.testing.assert_array_equal(
            as_images([image]), ImageArray([tmp_path / "photo.tiff"], (32, 20))
        )


@pytest.mark.parametrize(
    ("mode", "colour"),
    [
        ("HSV", (0, 255, 255)),
        ("YCbCr", (76, 85, 255)),
        ("LAB", (138, 209, 198)),
        ("CMYK", (0, 255, 255, 0)),
        ("RGBA", (255, 0, 0, 255)),
        ("RGBa", (255, 0, 0, 255)),
        ("RGBX", (255, 0, 0, 0)),
    ],
)
def test_a_pil_image_of_another_colour_space_becomes_rgb(mode, colour):
    red = as_images([Image.new(mode, (4, 3), colour)])[0, 0, 0]
    np.testing.assert_allclose(red, [255, 0, 0], atol=6)


def test_pil_images_of_several_sizes_are_resized_to_the_input(pixels):
    images = [Image.fromarray(pixels[0]), Image.fromarray(pixels[1, :20])]
    assert as_images(images, (16, 8)).shape == (2, 16, 8, 3)


def test_a_pil_image_that_cannot_be_decoded_is_numbered(files):
    files[1].write_bytes(files[1].read_bytes()[:1000])
    images = [Image.open(path) for path in files[:2]]
    with pytest.raises(InputError, match=r"X\[1\]: the image cannot be read"):
        as_images(images)


def test_a_broken_pil_image_after_an_array_is_an_input_error(files, pixels):
    files[1].write_bytes(files[1].read_bytes()[:1000])
    with pytest.raises(InputError, match=r"X cannot be read as an array .*: give"):
        as_images([pixels[0], Image.open(files[1])])


def instead_of_paths(path):
    """What people have in the place of a photo's path."""
    content = path.read_bytes()
    yield "bytes", content, r"got bytes: give the path, or PIL.Image.open\(io.Bytes"
    yield "bytearray", bytearray(content), "got bytes: give the path"
    text = base64.b64encode(content).decode()
    yield "base64", text, "got base64: give the path, or PIL.Image.open"
    yield "data URI", f"data:image/png;base64,{text}", "got base64: give the path"
    row = {"bytes": content, "path": "a.png"}
    yield "dict", row, r'got a dict: give the path in it, such as row\["path"\]'
    yield "open file", io.BytesIO(content), "got an open file: give the path, or PIL"


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("reader", [as_images, ImageArray])
def test_a_photo_in_the_place_of_its_path_is_told_in_a_line(files, number, reader):
    _, photo, cure = list(instead_of_paths(files[0]))[number]
    with pytest.raises(InputError, match=f"must hold str or path-like, {cure}") as told:
        reader([photo])
    assert len(str(told.value)) < 160


@pytest.mark.parametrize("value", ["x" * 100_000, [0] * 100_000], ids=["str", "list"])
def test_no_error_repeats_a_long_value(value):
    calls = [
        lambda: ImageArray(["a.jpg", (value,)]),
        lambda: ImageArray([], image_size=value),
        lambda: ImageArray([], frames=value),
    ]
    for call in calls:
        with pytest.raises((InputError, ParameterError)) as told:
            call()
        assert len(str(told.value)) < 250


def test_one_pil_image_is_no_photos():
    with pytest.raises(InputError, match=r"one PIL image is \[image\]"):
        as_images(Image.new("RGB", (4, 4)))


@pytest.mark.parametrize(
    ("change", "cure", "right"),
    [
        (
            lambda X: X[..., 0],
            r"grey photos are np.repeat\(X\[..., np.newaxis\], 3, axis=-1\)",
            lambda X: np.repeat(X[..., np.newaxis], 3, axis=-1),
        ),
        (
            lambda X: X[..., :1],
            r"grey photos are np.repeat\(X, 3, axis=-1\)",
            lambda X: np.repeat(X, 3, axis=-1),
        ),
        (
            lambda X: np.moveaxis(X, 3, 1),
            r"np.moveaxis\(X, -3, -1\) puts the channels last",
            lambda X: np.moveaxis(X, -3, -1),
        ),
        (
            lambda X: np.concatenate([X, X[..., :1]], axis=-1),
            r"X\[..., :3\] leaves the transparency out",
            lambda X: X[..., :3],
        ),
        (
            lambda X: X[0],
            r"one photo is X\[np.newaxis\]",
            lambda X: X[np.newaxis],
        ),
    ],
    ids=["grey", "one channel", "channels first", "RGBA", "one photo"],
)
def test_an_array_of_another_layout_is_told_the_cure_that_works(
    pixels, change, cure, right
):
    wrong = change(pixels)
    with pytest.raises(InputError, match=rf"got shape .*: {cure}"):
        as_images(wrong)
    assert as_images(right(wrong)).shape[1:] == (32, 32, 3)


def test_fractions_with_one_pixel_beyond_are_refused(pixels):
    fractions = pixels / 255
    fractions[0, 0, 0, 0] = 1.02
    with pytest.raises(InputError, match=r"most of X\[0\] lie in 0 to 1: multiply X"):
        as_images(fractions)


def test_fractions_among_photos_are_refused(pixels):
    mixed = pixels.astype(float)
    mixed[3] /= 255
    with pytest.raises(InputError, match=r"most of X\[3\] lie in 0 to 1"):
        as_images(mixed)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_masks_of_0_and_1_are_refused(pixels, dtype):
    masks = (pixels > 128).astype(dtype)
    with pytest.raises(InputError, match=r"reaches only 1(.0)?: multiply it by 255"):
        as_images(masks)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_black_and_nearly_black_photos_are_photos(pixels, dtype):
    dark = np.zeros((3, 8, 8, 3), dtype)
    np.testing.assert_array_equal(as_images(dark), dark)
    dark[1, 2, 3] = 40
    np.testing.assert_array_equal(as_images(dark), dark)


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
