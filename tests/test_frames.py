"""Frames: coordinates into them and back, and the pixels that they show."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from skface import Frames, ImageArray
from skface.exceptions import InputError, ParameterError
from skface.photos import _reading, as_images, framed, row_keys, with_mirror_images
from skface.targets import BBOX, LANDMARKS, Landmarks

SIZE = (400, 300)  # of the photo: width, height
FACE = [0.4, 0.4, 0.6, 0.42, 0.5, 0.5, 0.42, 0.6, 0.58, 0.62]
properties = settings(derandomize=True, max_examples=60, deadline=None, database=None)

unit = st.floats(0, 1, width=32)
photo_sizes = st.tuples(st.integers(20, 6000), st.integers(20, 6000))


@st.composite
def upright_frames(draw):
    """One frame with upright sides, mirrored or not, near any photo."""
    size = draw(photo_sizes)
    box = [draw(unit), draw(unit), draw(st.floats(0.01, 1)), draw(st.floats(0.01, 1))]
    frames = Frames.from_boxes([box], size, margin=draw(st.floats(-0.3, 2)))
    frames = frames.scaled(draw(st.floats(0.2, 5)))
    frames = frames.shifted(draw(st.floats(-1, 1)), draw(st.floats(-1, 1)))
    return frames.mirrored() if draw(st.booleans()) else frames


@st.composite
def any_frames(draw):
    """One frame, upright, aligned, or turned by any angle."""
    frames = draw(upright_frames())
    if draw(st.booleans()):
        points = np.array(FACE) + draw(st.floats(-0.3, 0.3))
        template = draw(st.sampled_from(["celeba", "face"]))
        frames = Frames.from_landmarks([points], frames.image_sizes, template=template)
    return frames.turned(draw(st.floats(-180, 180)))


def in_pixels(difference, frames):
    return np.abs(difference.reshape(1, -1, 2)) * frames.image_sizes[:, None]


@properties
@given(any_frames(), st.lists(unit, min_size=10, max_size=10))
def test_points_come_back_from_any_frame(frames, y):
    y = np.array([y])
    back = frames.to_photo(frames.to_frame(y, "landmarks"), "landmarks")
    assert in_pixels(back - y, frames).max() < 0.01


@properties
@given(upright_frames(), st.lists(unit, min_size=4, max_size=4))
def test_boxes_come_back_from_upright_frames(frames, y):
    y = np.array([y])
    back = frames.to_photo(frames.to_frame(y, "bbox"), "bbox")
    assert in_pixels(back - y, frames).max() < 0.01


@properties
@given(any_frames(), st.lists(st.floats(0.01, 1), min_size=4, max_size=4))
def test_a_box_out_of_any_frame_keeps_its_middle(frames, y):
    y = np.array([y])
    middle = y[:, :2] + y[:, 2:] / 2
    box = frames.to_photo(frames.to_frame(y, "bbox"), "bbox")
    assert in_pixels(box[:, :2] + box[:, 2:] / 2 - middle, frames).max() < 0.01


@properties
@given(any_frames())
def test_mirrored_twice_is_the_same(frames):
    np.testing.assert_allclose(
        frames.mirrored().mirrored().matrices, frames.matrices, atol=1e-9
    )


@properties
@given(any_frames(), st.lists(unit, min_size=10, max_size=10))
def test_what_a_mirror_shows_is_the_mirrored_of_what_is_shown(frames, y):
    np.testing.assert_allclose(
        frames.mirrored().to_frame([y], "landmarks"),
        LANDMARKS.mirrored(frames.to_frame([y], "landmarks")),
        atol=1e-6,
    )


@properties
@given(any_frames(), st.floats(-180, 180), st.floats(0.1, 10))
def test_turning_and_scaling_keep_the_middle_and_undo_each_other(frames, angle, factor):
    other = frames.turned(angle).scaled(factor)
    middle = Landmarks(("middle",), (), ("middle", "middle"))
    found = [each.to_photo([[0.5, 0.5]], middle) for each in (frames, other)]
    np.testing.assert_allclose(*found, atol=1e-9)
    back = other.scaled(1 / factor).turned(-angle)
    np.testing.assert_allclose(back.matrices, frames.matrices, atol=1e-7)


def test_integers_are_coordinates_too():
    frames = Frames.from_boxes([[0.2, 0.2, 0.4, 0.4]], (100, 100)).mirrored()
    found = frames.to_photo([[0, 0, 1, 1]], "bbox")
    np.testing.assert_allclose(found, [[0.2, 0.2, 0.4, 0.4]])


def test_the_types_of_coordinates_are_kept():
    frames = Frames.from_boxes([[0.2, 0.2, 0.5, 0.5]], SIZE).mirrored()
    for dtype in (np.float32, np.float64):
        y = np.array([FACE], dtype)
        assert frames.to_photo(y, "landmarks").dtype == dtype
        assert frames.to_frame(y, "landmarks").dtype == dtype


def test_a_box_frame_is_square_in_pixels_and_has_its_margin():
    frames = Frames.from_boxes([[0.4, 0.4, 0.2, 0.1]], (1000, 500), margin=0.4)
    box = frames.to_photo([[0, 0, 1, 1]], "bbox") * [1000, 500, 1000, 500]
    np.testing.assert_allclose(box, [[500 - 180, 225 - 180, 360, 360]])


@pytest.mark.parametrize("angle", [0, 30, 180, -77])
def test_aligned_points_lie_at_celebas_mean_points(angle):
    mean = [(69, 111), (108, 111), (88, 136), (71, 152), (106, 152)]
    wanted = np.array(mean) / (178, 218)
    turned = Frames.whole(1, (178, 218)).turned(angle).scaled(0.5)
    points = turned.to_photo(wanted.reshape(1, -1), "landmarks")
    frames = Frames.from_landmarks(points, (178, 218))
    np.testing.assert_allclose(
        frames.to_frame(points, "landmarks")[0], wanted.ravel(), atol=1e-9
    )
    np.testing.assert_allclose(frames.matrices, turned.matrices, atol=1e-9)


def test_the_face_template_shows_a_square():
    frames = Frames.from_landmarks([FACE], SIZE, template="face")
    sides = np.linalg.norm(frames.matrices[0, :, :2] * np.array(SIZE)[:, None], axis=0)
    assert sides[0] == pytest.approx(sides[1])


def test_jitter_is_the_same_for_the_same_seed_and_of_the_spread_asked_for():
    frames = Frames.whole(2000, (100, 100))
    once, twice = (
        frames.jittered(0, degrees=5, log_scale=0.2, shift=0.1) for _ in range(2)
    )
    np.testing.assert_array_equal(once.matrices, twice.matrices)
    a = once.matrices[:, 0, 0] + 1j * once.matrices[:, 1, 0]
    assert np.std(np.angle(a, deg=True)) == pytest.approx(5, rel=0.1)
    assert np.std(np.log(abs(a))) == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Frames(np.zeros((2, 3))), r"shape \(n, 2, 3\), got \(2, 3\)"),
        (lambda: Frames(np.zeros((1, 2, 3))), "frame 0 has no area"),
        (lambda: Frames(np.full((1, 2, 3), np.nan)), "matrices must be finite"),
        (lambda: Frames.whole(2, [(1, 0)] * 2), "image_sizes must be positive"),
        (lambda: Frames.whole(2, [(1, 1)] * 3), r"\(2, 2\) or \(2,\), got .* \(3, 2\)"),
        (lambda: Frames.from_boxes([[0, 0, 1, 0]], SIZE), "box of row 0 has no area"),
        (lambda: Frames.from_boxes([FACE], SIZE), r"must hold boxes, .*, 4\)"),
        (lambda: Frames.from_landmarks([[0.5] * 10], SIZE), "points of row 0 coincide"),
        (lambda: Frames.whole(1).turned(5), "frames turn in pixels: give"),
        (lambda: Frames.whole(2).shifted([1, 2, 3], 0), "one for each of 2 frames"),
        (lambda: Frames.whole(2).to_photo([FACE], "landmarks"), "1 rows for 2 frames"),
    ],
)
def test_what_makes_no_frame_is_an_input_error(make, text):
    with pytest.raises(InputError, match=text):
        make()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Frames.whole(1).scaled(0), "factor must be positive"),
        (lambda: Frames.whole(1, SIZE).jittered("a"), "random_state cannot be used"),
        (lambda: Frames.from_boxes([[0, 0, 1, 1]], SIZE, margin=-0.5), "margin must"),
        (
            lambda: Frames.from_landmarks([FACE], SIZE, template="dlib"),
            r"template must be in \['celeba', 'face'\], got 'dlib'",
        ),
    ],
)
def test_a_parameter_that_cannot_be_is_a_parameter_error(make, text):
    with pytest.raises(ParameterError, match=text):
        make()


def test_frames_are_indexed_as_arrays_are():
    frames = Frames.whole(4, SIZE).scaled([1, 2, 3, 4])
    np.testing.assert_array_equal(frames[[3, 0]].matrices[:, 0, 0], [4, 1])
    assert len(frames[1:3]) == 2
    assert frames[frames.is_whole].image_sizes.tolist() == [list(SIZE)]
    with pytest.raises(IndexError, match="slices, masks and arrays"):
        frames[0]


# Pixels


@pytest.fixture(scope="module")
def scene():
    """Smooth random colours, 400 x 300."""
    blocks = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(blocks).resize(SIZE, Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def photo_path(scene, tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "photo.png"
    Image.fromarray(scene).save(path)
    return path


@pytest.fixture(params=["file", "array"])
def seen(request, scene, photo_path):
    """What one frame shows, of a file and of the same photo as an array."""

    def seen(frames, image_size=(300, 400)):
        if request.param == "file":
            return ImageArray([photo_path], image_size, frames)[0]
        # Of an array frames have the size of the photos.
        return framed(scene[np.newaxis], frames)[0]

    return seen


TURNED = Frames.whole(1, SIZE).scaled(0.5).turned(25).shifted(0.05, -0.1)
CROP = Frames.from_boxes([[0.3, 0.2, 0.4, 0.5]], SIZE, margin=0.1)


@pytest.mark.parametrize("frames", [Frames.whole(1), TURNED, CROP])
def test_a_mirror_shows_the_flipped_pixels_bit_for_bit(seen, frames):
    np.testing.assert_array_equal(seen(frames.mirrored()), seen(frames)[:, ::-1])


@pytest.mark.parametrize("frames", [Frames.whole(1), TURNED, CROP])
def test_a_mirror_of_a_mirror_shows_the_same_bit_for_bit(seen, frames):
    np.testing.assert_array_equal(seen(frames.mirrored().mirrored()), seen(frames))


def test_the_whole_shows_the_photo(seen, scene):
    np.testing.assert_array_equal(seen(Frames.whole(1)), scene)


def test_a_crop_at_whole_pixels_shows_those_pixels(photo_path, scene):
    crop = Frames.from_boxes([[100 / 400, 50 / 300, 80 / 400, 80 / 300]], SIZE)
    shown = ImageArray([photo_path], (80, 80), crop)[0]
    np.testing.assert_allclose(shown, scene[50:130, 100:180].astype(float), atol=1)


def test_outside_the_photo_it_is_black(seen):
    shown = seen(Frames.whole(1, SIZE).scaled(2))
    assert (shown[:70] == 0).all()
    assert (shown[:, -95:] == 0).all()
    assert shown[80:220, 105:295].max(axis=2).min() > 0


def test_a_frame_beside_the_photo_is_all_black(seen):
    assert seen(Frames.whole(1, SIZE).shifted(1.5, 0)).max() == 0


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_frame_does_not_depend_on_those_asked_for_with_it(scene, tmp_path, suffix):
    path = tmp_path / f"photo.{suffix}"
    Image.fromarray(scene).resize((1600, 1200)).save(path)
    sizes = (1600, 1200)
    several = Frames.concatenated(
        [
            Frames.whole(1, sizes),
            Frames.from_boxes([[0.1, 0.1, 0.1, 0.1]], sizes),
            Frames.whole(1, sizes).turned(20),
            Frames.whole(1, sizes).scaled(3).mirrored(),
        ]
    )
    together = np.asarray(ImageArray([path] * 4, 64, several))
    for i in range(4):
        alone = ImageArray([path], 64, several[[i]])[0]
        np.testing.assert_array_equal(together[i], alone)


@pytest.mark.parametrize("angle", [0, 45, 90])
@pytest.mark.parametrize("kind", ["png", "jpg", "array"])
def test_a_fine_checkerboard_shrunk_much_becomes_grey(tmp_path, angle, kind):
    rows, columns = np.indices((1600, 1600))
    board = np.where((rows // 2 + columns // 2) % 2, 255, 0).astype(np.uint8)
    board = np.repeat(board[..., np.newaxis], 3, axis=2)
    frames = Frames.whole(1, (1600, 1600)).scaled(0.6).turned(angle)
    if kind == "array":
        # What is shown of an array is as large as it is: the photo fills a sixth.
        shown = framed(board[np.newaxis], frames.scaled(10))[0][750:850, 750:850]
    else:
        path = tmp_path / f"board.{kind}"
        Image.fromarray(board).save(path, quality=95)
        shown = ImageArray([path], 96, frames)[0]
    assert abs(shown.mean() - 127.5) < 3
    assert shown.std() < 6


def marked(size, spot, radius):
    """A grey photo with a white disc round a place, by its distance from pixels."""
    x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    distance = np.hypot(x - spot[0], y - spot[1])
    grey = 40 + 200 * np.clip(radius + 0.5 - distance, 0, 1)
    return np.repeat(grey[..., np.newaxis].round().astype(np.uint8), 3, axis=2)


def centre(shown):
    """Where the bright spot of some pixels lies, (x, y) in pixels."""
    weight = np.clip(shown[..., 0].astype(float) - 80, 0, None)
    y, x = np.indices(weight.shape) + 0.5
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("orientation", [1, 6, 3])
@pytest.mark.parametrize(("scale", "reduction"), [(1.0, 4), (0.4, 2), (0.1, 1)])
@pytest.mark.parametrize("angle", [0, 33])
def test_a_spot_is_where_to_frame_says(
    tmp_path, monkeypatch, orientation, scale, reduction, angle
):
    size, spot = (1800, 1300), (940.0, 610.0)
    lying = {
        1: lambda a: a,
        3: lambda a: a[::-1, ::-1],
        6: lambda a: a.swapaxes(0, 1)[::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "spot.jpg"
    content = Image.fromarray(
        np.ascontiguousarray(lying(marked(size, spot, 30 * scale + 6)))
    )
    content.save(path, quality=95, exif=exif)
    decoded, turn = [], _reading.turned

    def watched(image, orientation):
        decoded.append(turn(image, orientation).size)
        return turn(image, orientation)

    monkeypatch.setattr(_reading, "turned", watched)
    frames = Frames.whole(1, size).scaled(scale).turned(angle).shifted(0.04, -0.03)
    X = ImageArray([path], (112, 150), frames.mirrored())
    one_point = Landmarks(("spot",), (), ("spot", "spot"))
    y = np.array([spot]) / size
    expected = frames.mirrored().to_frame(y, one_point)[0] * [150, 112]
    assert np.abs(centre(X[0]) - expected).max() < 0.5
    assert decoded == [(size[0] // reduction, size[1] // reduction)]


def test_a_box_moved_into_a_frame_is_where_its_pixels_are(photo_path, scene):
    photo = np.full((300, 400, 3), 30, np.uint8)
    photo[100:160, 220:300] = 230
    frames = Frames.from_boxes([[0.4, 0.2, 0.5, 0.5]], SIZE).mirrored()
    # An array's frame is as large as its photos.
    bright = framed(photo[np.newaxis], frames)[0][..., 0] > 130
    x, y, width, height = frames.to_frame(
        [[220 / 400, 100 / 300, 80 / 400, 60 / 300]], BBOX
    )[0] * [400, 300, 400, 300]
    columns, rows = (
        np.flatnonzero(bright.any(axis=0)),
        np.flatnonzero(bright.any(axis=1)),
    )
    found = [columns[0], rows[0], len(columns), len(rows)]
    np.testing.assert_allclose(found, [x, y, width, height], atol=1.5)


# Arrays of photos


def test_mirror_images_of_frames_follow_the_photos(photo_path):
    X = ImageArray([photo_path], 32, TURNED)
    both = with_mirror_images(X)
    assert both.shape == (2, 32, 32, 3)
    np.testing.assert_array_equal(both[1], both[0][:, ::-1])
    np.testing.assert_array_equal(both[0], X[0])


def test_mirror_images_of_an_array_are_flipped(scene):
    both = with_mirror_images(as_images(scene[np.newaxis]))
    np.testing.assert_array_equal(both[1], scene[:, ::-1])


def test_each_frame_of_a_photo_has_its_own_key(photo_path):
    several = Frames.concatenated([Frames.whole(1, SIZE), TURNED, CROP, TURNED])
    several = Frames.concatenated([several, several.mirrored()])
    keys = row_keys(ImageArray([photo_path] * 8, 32, several))
    assert len(np.unique(keys, axis=0)) == 6
    np.testing.assert_array_equal(keys[1], keys[3])
    np.testing.assert_array_equal(keys[0], row_keys(ImageArray([photo_path]))[0])


def test_a_frame_that_differs_by_rounding_has_the_same_key(photo_path):
    keys = [
        row_keys(ImageArray([photo_path], 32, frames))
        for frames in (TURNED, TURNED.mirrored().mirrored(), TURNED.scaled(1 + 1e-13))
    ]
    np.testing.assert_array_equal(keys[1], keys[0])
    np.testing.assert_array_equal(keys[2], keys[0])


def test_framed_keeps_paths_and_size_and_takes_the_frames_of_the_whole(photo_path):
    X = ImageArray([photo_path] * 2, 32, Frames.concatenated([TURNED, CROP]))
    again = X.framed(Frames.concatenated([CROP, TURNED]))
    assert again.shape == X.shape
    np.testing.assert_array_equal(again[0], X[1])
    assert repr(again) == "ImageArray(n=2, image_size=(32, 32), framed)"


@pytest.mark.parametrize(
    ("frames", "text"),
    [(Frames.whole(3), "3 frames for 1 photos"), ("whole", "frames must be Frames")],
)
def test_frames_that_do_not_fit_are_refused(photo_path, frames, text):
    with pytest.raises(InputError, match=text):
        ImageArray([photo_path], 32, frames)


def test_of_no_points_there_are_no_frames():
    assert len(Frames.from_landmarks(np.empty((0, 10)), (50, 40))) == 0


def test_parts_and_aspects_that_are_none_are_refused():
    whole = Frames.whole(1, (50, 40))
    with pytest.raises(ParameterError, match=r"box must be \(x, y, width, height\)"):
        whole.cropped((0, 0, 1))
    with pytest.raises(ParameterError, match="box must have an area"):
        whole.cropped((0, 0, -1, 1))
    with pytest.raises(ParameterError, match="aspect must be a positive number"):
        whole.with_aspect(-1)


def test_coordinates_of_frames_are_read_by_their_names():
    frames = Frames.from_boxes([[0.2, 0.3, 0.4, 0.2]], (200, 100))
    boxes = pd.DataFrame([[0.1, 0.2, 0.3, 0.4]], columns=BBOX.columns())
    other = boxes[["height", "x", "width", "y"]]
    for move in (frames.to_frame, frames.to_photo):
        np.testing.assert_array_equal(move(other, "bbox"), move(boxes, "bbox"))
    np.testing.assert_array_equal(BBOX.mirrored(other), BBOX.mirrored(boxes))
    from_other, from_boxes = (
        Frames.from_boxes(y, (200, 100)).matrices for y in (other, boxes)
    )
    np.testing.assert_array_equal(from_other, from_boxes)
