"""Photo files as an array: indices, formats, errors, scikit-learn, joblib."""

import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_score,
    train_test_split,
)

from skface import ImageArray
from skface.exceptions import ImageError, InputError, ParameterError
from skface.photos import photo_size

SIZE = (6, 4)
ORIENTATION = 0x0112
# Where a photo of red left and blue right has its red once it is upright.
RED_SIDE = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top"}
RED_SIDE |= {7: "bottom", 8: "bottom"}


class Brightness(ClassifierMixin, BaseEstimator):
    """Tells bright photos from dark ones, whatever it was fitted on."""

    def __init__(self, threshold=128):
        self.threshold = threshold

    def fit(self, X, y):
        assert np.asarray(X).shape == (len(y), *SIZE, 3)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return (np.asarray(X).mean(axis=(1, 2, 3)) > self.threshold).astype(int)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """8 PNG of random pixels, even ones dark, odd ones bright; and the pixels."""
    folder = tmp_path_factory.mktemp("photos")
    pixels = np.random.default_rng(0).integers(0, 100, (8, *SIZE, 3), dtype=np.uint8)
    pixels[1::2] += 150
    paths = [folder / f"{number}.png" for number in range(8)]
    for path, photo in zip(paths, pixels, strict=True):
        Image.fromarray(photo).save(path)
    return paths, pixels


@pytest.fixture
def X(photos):
    return ImageArray(photos[0], SIZE)


@pytest.fixture
def pixels(photos):
    return photos[1]


@pytest.fixture
def saved(tmp_path):
    """Save an image and read it back as a photo of its own size."""

    def saved(image, name="photo.png", **options):
        path = tmp_path / name
        image.save(path, **options)
        return ImageArray([path], image.size[::-1])[0]

    return saved


@pytest.fixture
def broken(tmp_path):
    """Four files that cannot be read, by the way they are broken."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no photo")
    ways = ("truncated", "empty", "text", "missing")
    return {way: tmp_path / f"{way}.jpg" for way in ways}


def test_it_has_the_looks_of_the_decoded_array(X, pixels):
    for name in ("shape", "dtype", "ndim", "size"):
        assert getattr(X, name) == getattr(pixels, name), name
    assert len(X) == 8


def test_repr_counts(X):
    assert repr(X) == "ImageArray(n=8, image_size=(6, 4))"


def test_pixels_are_those_of_the_files(X, pixels):
    np.testing.assert_array_equal(np.asarray(X), pixels)


KEYS = {
    "int": 2,
    "negative": -1,
    "numpy int": np.int64(3),
    "0-d array": np.array(3),
    "slice": slice(1, 5),
    "step": slice(None, None, -2),
    "empty slice": slice(3, 3),
    "mask": np.arange(8) % 3 == 0,
    "mask list": [True, False] * 4,
    "indices": np.array([5, 1, 1, -2]),
    "list": [7, 0],
    "empty list": [],
    "ellipsis": Ellipsis,
    "empty tuple": (),
    "indices, ellipsis": (np.array([5, 1]), Ellipsis),
    "slice, ellipsis": (slice(1, 4), Ellipsis),
    "int, ellipsis": (4, Ellipsis),
    "one in a tuple": (slice(2, 4),),
    "pixel": (1, 2, 3),
    "channel of all": (Ellipsis, 0),
    "channel of some": (slice(2, 6), Ellipsis, 1),
    "rows of one": (3, slice(1, 4)),
    "rows by list": (slice(0, 3), [4, 1]),
    "paired": ([0, 5], [1, 2]),
    "new axis": (2, None),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_an_index_gives_what_it_gives_of_the_decoded_array(X, pixels, key):
    taken = X[key]
    np.testing.assert_array_equal(np.asarray(taken), pixels[key])
    assert taken.shape == pixels[key].shape


@pytest.mark.parametrize(
    "key", [8, -9, [0, 8], np.ones(7, dtype=bool), 1.0, "a", np.zeros((2, 2), int)]
)
def test_an_index_that_fits_no_photo_is_an_index_error(X, key):
    with pytest.raises(IndexError):
        X[key]


@pytest.mark.parametrize("key", ["slice", "mask", "list", "indices, ellipsis"])
def test_many_photos_stay_undecoded(key):
    X = ImageArray([f"missing{number}.png" for number in range(8)], SIZE)
    assert isinstance(X[KEYS[key]], ImageArray)


def test_one_photo_needs_only_its_own_file(photos):
    X = ImageArray([*photos[0][:2], "missing.png"], SIZE)
    np.testing.assert_array_equal(X[1, 2:4, :, 0], photos[1][1, 2:4, :, 0])


def test_iterating_gives_the_photos(X, pixels):
    np.testing.assert_array_equal(np.stack(list(X)), pixels)


def test_asarray_converts(X, pixels):
    floats = np.asarray(X, dtype=np.float32)
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(floats, pixels)


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="NumPy 1")
def test_a_view_is_refused(X):
    with pytest.raises(ValueError, match="cannot be a view"):
        np.asarray(X, copy=False)


def test_resized_decodes_at_the_new_size(X):
    assert np.asarray(X.resized((5, 3))).shape == (8, 5, 3, 3)
    assert X.image_size == SIZE


def test_the_aspect_is_not_kept(tmp_path):
    halves = np.zeros((40, 20, 3), dtype=np.uint8)
    halves[:20] = 200
    Image.fromarray(halves).save(tmp_path / "tall.png")
    photo = ImageArray([tmp_path / "tall.png"], (4, 30))[0]
    np.testing.assert_array_equal(photo[0], np.full((30, 3), 200))
    np.testing.assert_array_equal(photo[-1], np.zeros((30, 3)))


def test_a_large_jpeg_reads_as_its_full_decoding_does(tmp_path):
    blocks = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    path = tmp_path / "large.jpg"
    Image.fromarray(blocks).resize((400, 320)).save(path, quality=95)
    full = np.asarray(Image.open(path).resize((50, 40), Image.BILINEAR), dtype=float)
    difference = np.abs(ImageArray([path], (40, 50))[0] - full)
    assert difference.mean() < 2


def test_pickle_carries_paths_only(X, pixels):
    data = pickle.dumps(X)
    assert len(data) < 2000
    np.testing.assert_array_equal(np.asarray(pickle.loads(data)), pixels)


def test_train_test_split_keeps_photos_and_labels_together(X, pixels):
    X_train, X_test, row_train, row_test = train_test_split(
        X, np.arange(8), test_size=3, random_state=0
    )
    assert isinstance(X_train, ImageArray)
    np.testing.assert_array_equal(np.asarray(X_train), pixels[row_train])
    np.testing.assert_array_equal(np.asarray(X_test), pixels[row_test])


def test_cross_val_score_runs_on_photos(X):
    y = np.arange(8) % 2
    y[7] = 0
    scores = cross_val_score(Brightness(), X, y, cv=KFold(4), error_score="raise")
    np.testing.assert_array_equal(scores, [1, 1, 1, 0.5])


def test_grid_search_runs_on_photos(X):
    grid = {"threshold": [0, 128, 255]}
    search = GridSearchCV(Brightness(), grid, cv=2, error_score="raise")
    search.fit(X, np.arange(8) % 2)
    assert search.best_params_ == {"threshold": 128}
    assert search.best_score_ == 1


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, [255, 255, 255]),
        ("L", 77, [77, 77, 77]),
        ("LA", (77, 255), [77, 77, 77]),
        ("LA", (77, 0), [255, 255, 255]),
        ("RGB", (10, 20, 30), [10, 20, 30]),
        ("RGBA", (10, 20, 30, 255), [10, 20, 30]),
        ("RGBA", (10, 20, 30, 0), [255, 255, 255]),
        ("RGBA", (0, 100, 200, 51), [204, 224, 244]),
        ("I;16", 257 * 77, [77, 77, 77]),
        ("I;16", 65535, [255, 255, 255]),
    ],
)
def test_a_png_of_each_mode_reads_as_rgb(saved, mode, colour, expected):
    photo = saved(Image.new(mode, (3, 5), colour))
    assert photo.dtype == np.uint8
    np.testing.assert_array_equal(photo, np.broadcast_to(expected, (5, 3, 3)))


def test_a_palette_photo_reads_as_its_colours(saved):
    colours = np.array([[[10, 20, 30], [200, 100, 0]]], dtype=np.uint8)
    palette = Image.fromarray(colours).convert("P", palette=Image.Palette.ADAPTIVE)
    np.testing.assert_array_equal(saved(palette), colours)


def test_the_transparent_colour_of_a_palette_reads_as_white(saved):
    palette = Image.fromarray(np.array([[0, 1]], dtype=np.uint8)).convert("P")
    palette.putpalette([10, 20, 30, 200, 100, 0])
    photo = saved(palette, transparency=1)
    np.testing.assert_array_equal(photo, [[[10, 20, 30], [255, 255, 255]]])


def test_the_transparent_colour_of_an_rgb_png_reads_as_white(saved):
    photo = saved(Image.new("RGB", (2, 2), (1, 2, 3)), transparency=(1, 2, 3))
    np.testing.assert_array_equal(photo, np.full((2, 2, 3), 255))


def test_a_cmyk_jpeg_reads_as_rgb(saved):
    # full cyan, no black: (0, 255, 255)
    photo = saved(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "photo.jpg")
    np.testing.assert_allclose(photo[8, 8], [0, 255, 255], atol=3)


def test_a_16_bit_tiff_is_scaled_and_not_cut_off(saved):
    ramp = np.array([[0, 257, 25700, 65535]], dtype=np.uint16)
    photo = saved(Image.fromarray(ramp), "photo.tiff")
    np.testing.assert_array_equal(photo[0, :, 0], [0, 1, 100, 255])


def test_negative_pixels_are_refused(tmp_path):
    Image.fromarray(np.full((2, 2), -1, np.int32)).save(tmp_path / "photo.tiff")
    with pytest.raises(ImageError, match=r"photo.tiff: .*pixels outside 0 to 65535"):
        ImageArray([tmp_path / "photo.tiff"], SIZE)[0]


def test_floating_point_pixels_are_refused(tmp_path):
    Image.new("F", (2, 2), 0.5).save(tmp_path / "photo.tiff")
    with pytest.raises(ImageError, match=r"photo.tiff: .*\(floating-point pixels"):
        ImageArray([tmp_path / "photo.tiff"], SIZE)[0]


@pytest.fixture(params=["jpg", "png", "webp", "tiff"])
def turned(request, tmp_path):
    """Write a 48x16 photo, red left and blue right, with an EXIF orientation."""
    sides = np.zeros((16, 48, 3), dtype=np.uint8)
    sides[:, :24, 0] = sides[:, 24:, 2] = 255

    def turned(orientation):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        path = str(tmp_path / f"photo.{request.param}")
        Image.fromarray(sides).save(path, exif=exif)
        return path

    return turned


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_upright(turned, orientation):
    photo = ImageArray([turned(orientation)], (32, 32))[0].astype(int)
    redness = photo[..., 0] - photo[..., 2]
    edges = {
        "left": redness[:, 0],
        "right": redness[:, -1],
        "top": redness[0],
        "bottom": redness[-1],
    }
    assert max(edges, key=lambda side: edges[side].mean()) == RED_SIDE[orientation]
    assert edges[RED_SIDE[orientation]].min() > 150


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_are_those_of_the_upright_photo(turned, orientation):
    expected = (48, 16) if orientation < 5 else (16, 48)
    assert photo_size(turned(orientation)) == expected


def test_sizes_are_read_without_decoding(broken, monkeypatch):
    def load(self):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", load)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    assert photo_size(broken["truncated"]) == (64, 64)


def test_the_size_of_a_png_is_read_without_decoding(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 32, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:1000])
    assert photo_size(path) == (32, 64)
    with pytest.raises(ImageError, match=r"photo.png: cannot be decoded"):
        ImageArray([path], SIZE)[0]


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("truncated", "cannot be decoded .*truncated"),
        ("empty", "not a photo"),
        ("text", "not a photo"),
        ("missing", "no such file"),
    ],
)
def test_a_photo_that_cannot_be_read_is_named(broken, way, reason):
    path = str(broken[way])
    with pytest.raises(ImageError, match=f"{way}.jpg: {reason}") as caught:
        ImageArray([path], SIZE)[0]
    assert caught.value.paths == [path]
    assert path in str(caught.value)


def test_a_folder_is_no_photo(tmp_path):
    with pytest.raises(ImageError, match=r"cannot be read \(it is a folder"):
        ImageArray([tmp_path], SIZE)[0]


@pytest.mark.parametrize("read", [np.asarray, ImageArray.check], ids=["array", "check"])
def test_many_bad_photos_are_counted_and_five_are_named(tmp_path, photos, read):
    bad = [str(tmp_path / f"bad{number}.png") for number in range(7)]
    X = ImageArray([*bad[:3], *photos[0], *bad[3:]], SIZE)
    with pytest.raises(ImageError, match="7 of 15 photos cannot be read") as caught:
        read(X)
    message = str(caught.value)
    assert [path in message for path in bad] == [True] * 5 + [False] * 2
    assert "and 2 more" in message
    assert caught.value.paths == bad


def test_two_bad_photos_are_both_named_and_no_more_announced(broken, photos):
    X = ImageArray([broken["empty"], photos[0][0], broken["truncated"]], SIZE)
    with pytest.raises(
        ImageError, match=r"2 of 3 .*\n.*empty.jpg.*\n.*truncated.jpg.*\Z"
    ):
        np.asarray(X)


def test_an_image_error_survives_pickling():
    error = pickle.loads(pickle.dumps(ImageError("2 photos", ["a.jpg", "b.jpg"])))
    assert str(error) == "2 photos"
    assert error.paths == ["a.jpg", "b.jpg"]


def test_check_of_good_photos_says_nothing(X):
    assert X.check() is None


def test_no_photos_decode_to_an_empty_array():
    assert np.asarray(ImageArray([], SIZE)).shape == (0, *SIZE, 3)


def test_one_number_stands_for_a_square():
    assert ImageArray([], 96).image_size == (96, 96)


@pytest.mark.parametrize("size", [0, -1, (3,), (3, 0), (1, 2, 3), 2.5, "large", None])
def test_a_size_without_pixels_is_refused(size):
    with pytest.raises(ParameterError, match="image_size must be a number of pixels"):
        ImageArray([], size)


@pytest.mark.parametrize("path", ["photo.jpg", b"photo.jpg"])
def test_one_path_instead_of_many_is_refused(path):
    with pytest.raises(InputError, match=r"write \[b?'photo.jpg'\]"):
        ImageArray(path)


def test_what_is_no_path_is_refused():
    with pytest.raises(InputError, match="paths must hold str or path-like, got a int"):
        ImageArray(["photo.jpg", 3])


def test_an_array_in_the_place_of_a_path_is_told_in_one_line():
    with pytest.raises(
        InputError, match="str or path-like, got a ndarray: array"
    ) as told:
        ImageArray(["a.jpg", np.zeros((50, 50, 3))])
    assert "\n" not in str(told.value)
