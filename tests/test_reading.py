"""One reading of a photo file: what the header says, what is decoded, what is kept."""

import builtins
import importlib.util
import os
import struct
import sys
import threading
import time
import tracemalloc
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from skface import CelebALoader, ImageArray, make_landmark_pipeline
from skface._work import Share
from skface.exceptions import ImageError, InputError
from skface.photos import (
    _reading,
    as_images,
    check_photo,
    photo_size,
    read_photo,
    row_keys,
)
from skface.photos._modes import to_rgb

NAMES = [f"{number:06d}.jpg" for number in range(1, 25)]  # of celeba_root
ROOT = Path(__file__).parents[1]
SIZE = (30, 20)
SHORT = 3


@pytest.fixture(scope="module")
def mangling():
    """tools/mangle_photos.py as a module."""
    path = ROOT / "tools" / "mangle_photos.py"
    specification = importlib.util.spec_from_file_location("mangle_photos", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.filterwarnings("ignore")
def test_mangled_metadata_neither_refuses_nor_turns_wrongly(mangling, tmp_path, form):
    results = set()
    for seed in range(100):
        case = mangling.Case(form, np.random.default_rng(seed))
        results.add(mangling.outcome(case, tmp_path / f"{seed}.{form}")[0])
    assert results <= {"read", "refused, rightly"}


def exif(*entries):
    """EXIF with one folder of (tag, kind, count, value)."""
    offset, folder, data = 14 + 12 * len(entries), struct.pack("<H", len(entries)), b""
    for tag, kind, count, value in entries:
        at = struct.pack("<I", offset + len(data))
        folder += struct.pack("<HHI", tag, kind, count)
        folder += value.ljust(4, b"\0") if len(value) <= 4 else at
        data += value if len(value) > 4 else b""
    return b"Exif\0\0II*\0\x08\0\0\0" + folder + b"\0\0\0\0" + data


BROKEN_RATIONAL = (0x11A, 10, 1, struct.pack("<ii", -1, 0))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (exif((0x112, SHORT, 1, b"\6\0")), (20, 30)),
        (exif((0x112, SHORT, 1, b"\x09\0")), SIZE),
        (exif((0x112, SHORT, 1, b"\0\0")), SIZE),
        (exif((0x112, 2, 2, b"6\0")), SIZE),
        (exif((0x112, SHORT, 2, b"\6\0\6\0")), SIZE),
        (exif((0x112, 4, 1, b"\6\0\0\0")), (20, 30)),
        (exif((0x112, SHORT, 1, b"\6\0"), BROKEN_RATIONAL), (20, 30)),
        (exif(BROKEN_RATIONAL), SIZE),
        (b"Exif\0\0II*\0\xff\xff\xff\xff", SIZE),
        (b"Exif\0\0", SIZE),
    ],
    ids=["6", "9", "0", "text", "two", "long", "broken beside", "none", "far", "empty"],
)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_size_and_pixels_follow_one_orientation(tmp_path, suffix, content, expected):
    path = tmp_path / f"photo.{suffix}"
    Image.new("RGB", SIZE).save(path, exif=content)
    assert photo_size(str(path)) == expected
    photo = read_photo(str(path))
    with photo.upright() as image:
        assert image.size == photo.size == expected


def png_chunk(kind, data):
    length, check = struct.pack(">I", len(data)), zlib.crc32(kind + data)
    return length + kind + data + struct.pack(">I", check)


def test_a_png_that_tells_its_orientation_after_its_pixels_is_turned(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", SIZE).save(path)
    content = path.read_bytes()
    end = content.rindex(b"IEND") - 4
    chunk = png_chunk(b"eXIf", exif((0x112, SHORT, 1, b"\6\0"))[6:])
    path.write_bytes(content[:end] + chunk + content[end:])
    with Image.open(path) as image:
        assert ImageOps.exif_transpose(image).size == (20, 30)
    assert photo_size(str(path)) == (20, 30)
    assert ImageArray([path], (30, 20))[0].shape == (30, 20, 3)


def test_a_multi_picture_file_reads_as_its_first_photo(tmp_path):
    red, blue = (Image.new("RGB", (16, 16), colour) for colour in ("red", "blue"))
    red.save(tmp_path / "two.mpo", save_all=True, append_images=[blue])
    assert ImageArray([tmp_path / "two.mpo"], 4)[0][0, 0].tolist() == [254, 0, 0]


@pytest.mark.parametrize(
    "compression", [None, "tiff_lzw", "tiff_adobe_deflate", "jpeg"]
)
def test_a_tiff_keeps_its_pixels_when_its_metadata_goes(tmp_path, compression):
    pixels = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)
    path = tmp_path / "photo.tiff"
    Image.fromarray(pixels).save(path, compression=compression, dpi=(300, 300))
    with Image.open(path) as image:
        expected = np.asarray(image)
    np.testing.assert_array_equal(ImageArray([path], (24, 32))[0], expected)


def test_the_size_of_a_jpeg_needs_its_header_alone(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (400, 500, 3), dtype=np.uint8)
    path = tmp_path / "photo.jpg"
    Image.fromarray(noise).save(path, exif=exif((0x112, SHORT, 1, b"\6\0")))
    path.write_bytes(path.read_bytes()[:1000])
    assert photo_size(str(path)) == (400, 500)


def test_metadata_longer_than_the_first_look_is_read_to_its_end(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.new("RGB", SIZE).save(path, exif=exif((0x112, SHORT, 1, b"\6\0")))
    content = path.read_bytes()
    comment = b"\xff\xfe\xff\xff" + bytes(65_533)
    path.write_bytes(content[:2] + 3 * comment + content[2:])
    assert photo_size(str(path)) == (20, 30)


def test_lab_and_cmyk_tiffs_read_as_their_colours(tmp_path):
    Image.new("LAB", (8, 8), (255, 128, 128)).save(tmp_path / "white.tiff")
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "red.tiff")
    white, red = ImageArray([tmp_path / "white.tiff", tmp_path / "red.tiff"], 4)
    assert white.min() >= 250
    np.testing.assert_allclose(red[0, 0], [255, 0, 0], atol=2)


def test_integers_that_would_all_be_black_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 200, np.int32)).save(tmp_path / "dark.tiff")
    with pytest.raises(ImageError, match=r"dark.tiff: .* reach only 200 of 65535"):
        ImageArray([tmp_path / "dark.tiff"], 4)[0]


def test_32_bit_integers_are_scaled_from_16_bits(tmp_path):
    Image.fromarray(np.full((4, 4), 257 * 77, np.int32)).save(tmp_path / "grey.tiff")
    assert ImageArray([tmp_path / "grey.tiff"], 4)[0].max() == 77


PROGRAMS = "#!/bin/sh\necho ran >> {log}\nexit 1\n"
POSTSCRIPT = (
    "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="a program of POSIX")
def test_postscript_under_a_photos_name_starts_no_program(tmp_path, monkeypatch):
    log = tmp_path / "log"
    program = tmp_path / "gs"
    program.write_text(PROGRAMS.format(log=log))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "me.jpg").write_text(POSTSCRIPT)
    with pytest.raises(ImageError, match=r"me.jpg: not a photo"):
        ImageArray([tmp_path / "me.jpg"]).check()
    assert not log.exists()


@pytest.mark.parametrize("suffix", ["eps", "ico", "pcx", "sgi", "pdf", "msp"])
def test_other_formats_are_refused_whatever_their_name(tmp_path, suffix):
    mode = "1" if suffix == "msp" else "L"
    Image.new(mode, (32, 32)).save(tmp_path / f"photo.{suffix}")
    (tmp_path / f"photo.{suffix}").rename(tmp_path / "photo.jpg")
    with pytest.raises(ImageError, match=r"photo.jpg: not a photo that"):
        ImageArray([tmp_path / "photo.jpg"]).check()


def test_heic_is_told_with_what_reads_it(tmp_path):
    path = tmp_path / "photo.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(
        ImageError, match=r"HEIC, which .* pip install 'skface\[heic\]'"
    ):
        ImageArray([path]).check()


def test_a_format_that_is_registered_later_is_read(tmp_path, monkeypatch):
    Image.new("L", (8, 8), 77).save(tmp_path / "photo.pcx")
    Image.init()
    monkeypatch.setitem(Image.OPEN, "HEIF", Image.OPEN["PCX"])
    assert ImageArray([tmp_path / "photo.pcx"], 4)[0].max() == 77


def test_the_docs_name_the_formats_that_are_opened():
    text = (ROOT / "docs" / "datasets.md").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("Formats: "))
    named = line.removeprefix("Formats: ").rstrip(".").split(", ")
    expected = ["JPEG 2000" if name == "JPEG2000" else name for name in named_formats()]
    assert named == expected


def named_formats():
    return [{"WEBP": "WebP"}.get(name, name) for name in _reading._FORMATS]


@pytest.mark.parametrize("read", [photo_size, check_photo, row_keys])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_and_a_device_are_told_at_once(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    for name in ("pipe.jpg", "zero.jpg"):
        path = str(tmp_path / name)
        with pytest.raises(
            ImageError, match=f"{name}: cannot be read .it is a folder,"
        ):
            read(ImageArray([path]) if read is row_keys else path)


def test_a_path_of_a_million_characters_is_told_in_a_line():
    path = "x" * 1_000_000
    with pytest.raises(ImageError, match=r"x\.\.\.x+: cannot be read") as caught:
        ImageArray([path]).check()
    assert len(str(caught.value)) < 300
    assert caught.value.paths == [path]


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled at once, so that what is learnt of them is kept."""
    monkeypatch.setattr("skface._files._SETTLED", -(10**18))


@pytest.fixture
def opened(monkeypatch):
    """The names of the files that the reading opens, as often as it does."""
    names = []

    def opening(path, *args, **options):
        names.append(Path(path).name)
        return open(path, *args, **options)

    monkeypatch.setattr(_reading, "open", opening, raising=False)
    return names


@pytest.mark.usefixtures("settled")
def test_what_is_known_of_a_file_opens_it_no_more(tmp_path, opened):
    path = str(tmp_path / "photo.png")
    Image.new("RGB", SIZE).save(path)
    keys = row_keys(ImageArray([path]))
    check_photo(path)
    assert photo_size(path) == SIZE
    assert opened == ["photo.png"] * 3
    np.testing.assert_array_equal(row_keys(ImageArray([path])), keys)
    check_photo(path)
    assert photo_size(path) == SIZE
    assert len(opened) == 3


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("keeps_times", [False, True])
def test_a_file_that_has_changed_is_read_again(tmp_path, keeps_times):
    path = tmp_path / "photo.bmp"
    Image.new("RGB", (8, 8), "red").save(path)
    X, before = ImageArray([path], 4), path.stat()
    first = row_keys(X)
    other = tmp_path / "other.bmp"
    Image.new("RGB", (8, 8), "blue").save(other)
    other.replace(path)
    if keeps_times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (row_keys(X) != first).any()
    assert X[0][0, 0].tolist() == [0, 0, 255]


def test_a_file_that_was_just_written_is_not_remembered(tmp_path):
    path = str(tmp_path / "photo.png")
    Image.new("RGB", SIZE).save(path)
    assert photo_size(path) == SIZE
    assert path not in _reading._known


def test_the_digest_is_of_the_content_that_is_decoded(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (4, 4), "red").save(path)
    expected = read_photo(str(path)).digest
    photo = read_photo(str(path))
    Image.new("RGB", (4, 4), "blue").save(path)
    with photo.upright() as image:
        assert image.getpixel((0, 0)) == (255, 0, 0)
    assert photo.digest == expected


def test_a_share_is_never_exceeded_and_one_alone_may_have_it_all():
    share, held, most = Share(10), [0], [0]
    counting = threading.Lock()

    def take(amount):
        with share.taken(amount):
            with counting:
                held[0] += amount
                most[0] = max(most[0], held[0])
            time.sleep(0.002)
            with counting:
                held[0] -= amount

    threads = [
        threading.Thread(target=take, args=(amount,)) for amount in [4, 7, 3, 6] * 5
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most[0] <= 10
    with share.taken(1000):
        pass


def test_an_error_gives_a_share_back():
    share = Share(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), share.taken(1):
            raise ValueError("broken")


def test_large_photos_are_decoded_one_at_a_time(tmp_path, monkeypatch):
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for path in paths:
        Image.new("RGB", (40, 40)).save(path)
    monkeypatch.setattr(_reading, "_decoding", Share(40 * 40))
    n_held, most, convert = [0], [0], _reading.to_rgb

    def counted(image):
        n_held[0] += 1
        most[0] = max(most[0], n_held[0])
        time.sleep(0.005)
        converted = convert(image)
        n_held[0] -= 1
        return converted

    monkeypatch.setattr(_reading, "to_rgb", counted)
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    assert np.asarray(ImageArray(paths, 8)).shape == (6, 8, 8, 3)
    assert most[0] == 1


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_photo_beyond_pillows_limit_is_refused_unless_it_decodes_smaller(
    tmp_path, monkeypatch
):
    for name in ("photo.png", "photo.jpg"):
        Image.new("RGB", (150, 100)).save(tmp_path / name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(ImageError, match=r"photo.png: has more pixels than .*15000"):
        ImageArray([tmp_path / "photo.png"], 8)[0]
    assert photo_size(str(tmp_path / "photo.png")) == (150, 100)
    assert ImageArray([tmp_path / "photo.jpg"], 8)[0].shape == (8, 8, 3)


def deep_png(kind, pixel):
    """A PNG of one pixel, with 16 bits a channel."""

    def chunk(name, data):
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", 1, 1, 16, kind, 0, 0, 0)
    data = zlib.compress(b"\0" + struct.pack(f">{len(pixel)}H", *pixel))
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(
    ("kind", "pixel"),
    [(2, (200,) * 3), (6, (200,) * 3 + (65_535,)), (4, (200, 65_535))],
)
def test_colours_of_16_bits_that_are_of_8_are_not_read_as_black(tmp_path, kind, pixel):
    (tmp_path / "deep.png").write_bytes(deep_png(kind, pixel))
    with pytest.raises(ImageError, match="reach no more than 255 of 65535, which is b"):
        ImageArray([tmp_path / "deep.png"], 4)[0]


def test_a_deep_image_of_pillow_is_not_read_as_black(tmp_path):
    (tmp_path / "deep.png").write_bytes(deep_png(2, (200, 200, 200)))
    with pytest.raises(InputError, match="reach no more than 255 of 65535"):
        as_images([Image.open(tmp_path / "deep.png")])


def test_transparent_pixels_of_16_bits_are_white(tmp_path):
    (tmp_path / "deep.png").write_bytes(deep_png(6, (0, 0, 0, 0)))
    assert ImageArray([tmp_path / "deep.png"], 1)[0].ravel().tolist() == [255] * 3


def test_colours_of_16_bits_are_read(tmp_path):
    (tmp_path / "deep.png").write_bytes(deep_png(2, (25_700, 0, 0)))
    assert ImageArray([tmp_path / "deep.png"], 1)[0].ravel().tolist() == [100, 0, 0]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("I;16", 25_700, (100, 100, 100)),
        ("I", 25_700, (100, 100, 100)),
        ("RGBA", (0, 100, 200, 51), (204, 224, 244)),
    ],
)
def test_a_large_photo_is_converted_in_little_memory(mode, colour, expected):
    image = Image.new(mode, (4000, 2500), colour)
    tracemalloc.start()
    converted = to_rgb(image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert converted.size == (4000, 2500)
    assert converted.getextrema() == tuple((value, value) for value in expected)
    assert peak < 100e6


@pytest.fixture
def photos_opened(monkeypatch):
    """Names of the photos that anything in this process opens, as often as it does."""
    names, opening = [], builtins.open

    def watched(file, *args, **options):
        if str(file).endswith(".jpg"):
            names.append(Path(file).name)
        return opening(file, *args, **options)

    monkeypatch.setattr("builtins.open", watched)
    monkeypatch.setattr("io.open", watched)
    return names


@pytest.mark.usefixtures("settled")
def test_a_fit_with_mirror_images_reads_every_photo_once(
    celeba_root, tmp_path, photos_opened, monkeypatch
):
    monkeypatch.setattr(_reading, "_known", {})
    X, y = CelebALoader(celeba_root, "landmarks").load("all")
    assert Counter(photos_opened) == dict.fromkeys(NAMES, 1)  # their headers
    photos_opened.clear()
    pipe = make_landmark_pipeline(
        looks=1, weights="synthetic", cache_dir=tmp_path / "store"
    )
    pipe.set_params(head__epochs=1, head__n_layers=0)
    assert pipe.mirror == "fit+predict"
    pipe.fit(X[:20], y[:20], X_val=X[20:], y_val=y[20:])
    assert Counter(photos_opened) == dict.fromkeys(NAMES, 1)
    photos_opened.clear()
    pipe.fit(X[:20], y[:20], X_val=X[20:], y_val=y[20:])
    pipe.predict(X[:20])
    assert photos_opened == []
