"""What folders and patterns on the command line stand for, and what is left out."""

import os
import sys
import types

import pytest
from PIL import Image, features

from skface.cli._finding import find_photos
from skface.exceptions import InputError
from skface.photos import _reading

FORMATS = {
    **{".jpg": "JPEG", ".jfif": "JPEG", ".JPE": "JPEG", ".mpo": "MPO", ".png": "PNG"},
    **{".webp": "WEBP", ".gif": "GIF", ".tiff": "TIFF", ".jp2": "JPEG2000"},
    **{".bmp": "BMP", ".ppm": "PPM", ".tga": "TGA", ".avif": "AVIF"},
}
SIGNED = ("AVIF", "GIF", "JPEG", "JPEG2000", "PNG", "TIFF", "WEBP")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def find(capsys):
    """Photos that names stand for, and the lines that were said."""

    def find(*names, quiet=False):
        found = find_photos(types.SimpleNamespace(photos=names, quiet=quiet))
        return found, capsys.readouterr().err.splitlines()

    return find


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def save(path, kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    Image.new("RGB", (8, 8)).save(path, kind)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_folder_stands_for_photos_of_every_format(tree, find, suffix):
    save(tree / f"photo{suffix}", FORMATS[suffix])
    assert find(".") == ([f"./photo{suffix}"], [])


@pytest.mark.parametrize("kind", SIGNED)
def test_a_photo_without_a_suffix_is_told_by_its_first_bytes(tree, find, kind):
    save(tree / "photo", kind)
    assert find(".") == (["./photo"], [])


def test_other_files_without_a_suffix_are_left_out(tree, find):
    touch(tree, "a.jpg", "empty")
    (tree / "README").write_text("BMP and P6 begin a text")
    assert find(".") == (
        ["./a.jpg"],
        ["left out: 2 files that are no photos (2 no suffix)"],
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_in_a_folder_is_not_waited_for(tree, find):
    touch(tree, "a.jpg")
    os.mkfifo(tree / "pipe")
    assert find(".")[0] == ["./a.jpg"]


@pytest.fixture
def linked(tree):
    """A folder g with links to itself, to a folder in it, and to one beside it."""
    touch(tree, "g/a.jpg", "g/z/b.jpg", "beside/c.jpg")
    for name, target in {"loop": ".", "again": "z", "m": "../beside"}.items():
        (tree / "g" / name).symlink_to(target)
    return tree


@pytest.mark.parametrize("name", ["g", "g/**", "g/**/*.jpg", "*/**/?.jpg"])
def test_linked_folders_are_followed_and_each_folder_is_read_once(linked, find, name):
    found, said = find(name)
    beside = "beside/c.jpg" if name.startswith("*") else "g/m/c.jpg"
    assert sorted(found) == sorted(["g/a.jpg", "g/z/b.jpg", beside])
    assert said == []


def test_a_pattern_of_one_level_gives_each_photo_once(linked, find):
    assert find("g/*")[0] == ["g/a.jpg", "g/z/b.jpg", "g/loop/m/c.jpg"]


def test_a_pattern_of_any_depth_matches_the_folders_between(tree, find):
    touch(tree, "a/x/1.jpg", "a/x/deep/2.jpg", "a/y/3.jpg", "a/y/x/4.png")
    assert find("a/**/x/**")[0] == ["a/x/1.jpg", "a/x/deep/2.jpg", "a/y/x/4.png"]
    assert find("**/*.png")[0] == ["a/y/x/4.png"]


def test_what_is_left_out_is_counted_with_the_reason(tree, find):
    touch(tree, "a.jpg", ".b.jpg", "c.heic", "d.txt", "e.mov", "f.mov")
    touch(tree, ".thumbs/t.jpg", "@eaDir/t.jpg", "s/.ipynb_checkpoints/t.jpg")
    touch(tree, "s/__MACOSX/t.jpg")
    found, said = find(".")
    assert found == ["./a.jpg"]
    copies, *others = said
    assert copies.startswith("left out: 4 hidden or thumbnail folders (./")
    assert copies.endswith(", …)")
    assert others == [
        "left out: 1 hidden file (./.b.jpg)",
        "left out: 1 HEIC photo (./c.heic), which Pillow does not read by itself: "
        "pip install 'skface[heic]'",
        "left out: 3 files that are no photos (2 .mov, 1 .txt)",
    ]
    assert find(".", quiet=True) == (["./a.jpg"], [])


def test_a_hidden_folder_that_is_named_is_read(tree, find):
    touch(tree, ".thumbs/t.jpg")
    assert find(".thumbs") == ([".thumbs/t.jpg"], [])


def test_a_folder_that_may_not_be_read_is_told(tree, find, monkeypatch):
    touch(tree, "a.jpg", "closed/b.jpg")
    scan = os.scandir

    def scandir(place):
        if os.path.basename(place) == "closed":
            raise PermissionError(13, "Permission denied", place)
        return scan(place)

    monkeypatch.setattr(os, "scandir", scandir)
    assert find(".") == (
        ["./a.jpg"],
        ["left out: 1 folder (./closed): cannot be read"],
    )


def test_what_is_left_out_is_told_before_the_error_of_nothing_left(tree, find, capsys):
    touch(tree, "h/a.heic")
    with pytest.raises(InputError, match=r"h: no photo there \(.*BMP, .*, WEBP\)"):
        find("h")
    assert "1 HEIC photo (h/a.heic)" in capsys.readouterr().err


def test_heic_is_a_photo_where_pillow_heif_is_installed(tree, find, monkeypatch):
    def register():
        monkeypatch.setitem(Image.OPEN, "HEIF", (None, lambda start: False))
        monkeypatch.setitem(Image.EXTENSION, ".heic", "HEIF")
        monkeypatch.setattr(Image, "ID", [*Image.ID, "HEIF"])

    module = types.SimpleNamespace(register_heif_opener=register)
    monkeypatch.setitem(sys.modules, "pillow_heif", module)
    _reading._register_heif.cache_clear()
    touch(tree, "a.heic")
    assert find(".") == (["./a.heic"], [])
    _reading._register_heif.cache_clear()


def test_a_pattern_in_quotes_knows_the_home_folder(tree, find, monkeypatch):
    monkeypatch.setenv("HOME", str(tree))
    monkeypatch.setenv("USERPROFILE", str(tree))
    touch(tree, "me/a.jpg", "~me.jpg")
    assert find("~/me/*.jpg", "~me.jpg")[0] == [str(tree / "me" / "a.jpg"), "~me.jpg"]
