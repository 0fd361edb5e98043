"""Parts of photos hidden, and what of a map's cells that hides."""

import numpy as np
import pytest
from PIL import Image

from skface import Frames, ImageArray
from skface.exceptions import InputError, ParameterError
from skface.systems import face_parts, hidden_cells, hide, random_parts

WHOLE = (0, 0, 1, 1)
COVERS = ("grey", "noise", "photo", "hand", "bar")


@pytest.fixture(scope="module")
def photos():
    """Four photos of one colour each."""
    shades = np.array([10, 80, 150, 250], np.uint8)
    return np.broadcast_to(shades[:, None, None, None], (4, 32, 24, 3)).copy()


@pytest.mark.parametrize("cover", COVERS)
def test_nothing_changes_outside_of_the_part(photos, cover):
    hidden = hide(photos, face_parts("left", 4, face=WHOLE), cover, random_state=0)
    np.testing.assert_array_equal(hidden[:, :, 12:], photos[:, :, 12:])


@pytest.mark.parametrize("cover", ["grey", "noise", "photo", "bar"])
def test_all_of_the_part_is_covered(photos, cover):
    hidden = hide(photos, face_parts("left", 4, face=WHOLE), cover, random_state=0)
    same = (hidden == photos)[:, :, :12].all(axis=3)
    assert same.mean() < 0.01


@pytest.mark.parametrize("cover", COVERS)
def test_the_same_seed_hides_the_same_way_and_leaves_the_photos(photos, cover):
    parts, before = random_parts(4, 0.3, random_state=1), photos.copy()
    one, two = (hide(photos, parts, cover, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(photos, before)


def test_pieces_come_from_another_photo(photos):
    hidden = hide(photos, Frames.whole(4), "photo", random_state=0)
    shades = photos[:, 0, 0, 0]
    for own, covered in zip(shades, hidden, strict=True):
        assert set(np.unique(covered)) < set(shades) - {own} | {0}
        assert len(np.unique(covered)) == 1


def test_a_picture_hides_by_its_opacity(photos):
    picture = np.zeros((2, 2, 4))
    picture[0], picture[1] = (200, 0, 0, 255), (200, 0, 0, 0)
    hidden = hide(photos, Frames.whole(4), picture)
    np.testing.assert_array_equal(hidden[:, 0], np.tile([200, 0, 0], (4, 24, 1)))
    np.testing.assert_array_equal(hidden[:, -1], photos[:, -1])
    cells = hidden_cells(Frames.whole(1), (2, 1), picture)
    assert cells.ravel().tolist() == [1, 0]


def test_a_turned_part_hides_a_turned_rectangle(photos):
    parts = Frames.whole(4, (24, 32)).scaled(0.5).turned(90)
    # 32 pixels high become 16 wide, and 24 wide become 12 high
    covered = (hide(photos, parts) != photos).any(axis=3)
    assert covered.any(axis=1).sum(axis=1).tolist() == [16] * 4
    assert covered.any(axis=2).sum(axis=1).tolist() == [12] * 4


def test_cells_tell_the_share_that_is_hidden():
    cells = hidden_cells(face_parts("upper", 1, face=WHOLE), (4, 1))
    assert cells.ravel().tolist() == [1, 1, 0, 0]
    cells = hidden_cells(face_parts("upper", 1, face=WHOLE), (1, 1))
    assert cells.ravel().tolist() == [0.5]


@pytest.mark.parametrize("cover", ["grey", "noise", "photo", "bar"])
def test_cells_agree_with_the_photo(cover):
    photos = np.zeros((3, 64, 64, 3), np.uint8)
    photos[1:] = 255
    parts = random_parts(3, 0.4, face=WHOLE, random_state=0)
    hidden = hide(photos, parts, cover, random_state=0)[:1]
    if cover == "photo":
        hidden = hide(photos[[0, 1]], parts[:2], cover, random_state=0)[:1]
    shares = (hidden != 0).any(axis=3).reshape(1, 4, 16, 4, 16).mean(axis=(2, 4))
    np.testing.assert_allclose(hidden_cells(parts[:1], 4, cover), shares, atol=0.01)


def test_random_parts_have_their_share_and_lie_in_the_face():
    parts = random_parts(50, 0.25, face=(0.2, 0.1, 0.5, 0.8), random_state=0)
    boxes = parts.to_photo(np.tile(WHOLE, (50, 1)), "bbox")
    np.testing.assert_allclose(boxes[:, 2] * boxes[:, 3], 0.25 * 0.4)
    assert (boxes[:, :2] >= (0.2, 0.1)).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= np.add((0.7, 0.9), 1e-9)).all()


def test_a_part_of_the_whole_face_is_the_face():
    parts = random_parts(3, 1.0, face=WHOLE, random_state=0)
    np.testing.assert_allclose(parts.matrices, Frames.whole(3).matrices)


def test_photos_of_files_are_hidden_as_they_are_seen(photos, tmp_path):
    path = tmp_path / "one.png"
    Image.fromarray(photos[3]).save(path)
    X = ImageArray([path], image_size=(16, 12))
    hidden = hide(X, face_parts("lower", 1, face=WHOLE))
    assert hidden.shape == (1, 16, 12, 3)
    assert hidden[0, :, 0, 0].tolist() == [250] * 8 + [128] * 8


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda X: hide(X, Frames.whole(3)), InputError, "Frames of 4 photos"),
        (lambda X: hide(X, None), InputError, "Frames of 4 photos, got None"),
        (
            lambda X: hide(X, Frames.whole(4), "mist"),
            ParameterError,
            "cover must be in .* got 'mist'",
        ),
        (
            lambda X: hide(X, Frames.whole(4), np.zeros((2, 2, 3))),
            ParameterError,
            "RGBA of shape",
        ),
        (
            lambda X: hide(X, Frames.whole(4), np.full((2, 2, 4), 300)),
            ParameterError,
            "pixels in 0 to 255$",
        ),
        (
            lambda X: hide(X, Frames.whole(4), np.ones((2, 2, 4))),
            ParameterError,
            "pixels in 0 to 255, not in 0 to 1",
        ),
        (
            lambda X: hide(X[:1], Frames.whole(1), "photo"),
            InputError,
            "no other to cut a piece from",
        ),
        (lambda X: face_parts("nose", 1), ParameterError, "got 'nose'"),
        (lambda X: face_parts("left", 1, face=(0, 0)), ParameterError, "face must be"),
        (
            lambda X: face_parts("left", 1, face=(0, 0, 0, 1)),
            ParameterError,
            "face must have an area",
        ),
        (lambda X: random_parts(1, 1.5), ParameterError, "share must be above 0"),
    ],
)
def test_bad_input_is_refused_by_name(photos, call, error, text):
    with pytest.raises(error, match=text):
        call(photos)
