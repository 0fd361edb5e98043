"""Pixels and fractions."""

import numpy as np
import pandas as pd
import pytest

from skface import to_pixels
from skface.datasets import mirrored, to_fractions
from skface.exceptions import InputError

SIZES = [(200, 100), (50, 400)]
BOXES = [[20, 10, 50, 25], [5, 40, 10, 200]]


def test_fractions_are_of_each_photos_own_width_and_height():
    expected = [[0.1, 0.1, 0.25, 0.25], [0.1, 0.1, 0.2, 0.5]]
    np.testing.assert_allclose(to_fractions(BOXES, SIZES), expected, rtol=1e-6)


def test_fractions_are_float32():
    assert to_fractions(BOXES, SIZES).dtype == np.float32


def test_pixels_are_fractions_times_width_and_height():
    pixels = to_pixels([[0.5, 0.5, 0.1, 0.2, 1.0, -0.1]], [(200, 100)])
    np.testing.assert_allclose(pixels, [[100, 50, 20, 20, 200, -10]])


def test_to_pixels_inverts_to_fractions():
    pixels = to_pixels(to_fractions(BOXES, SIZES), SIZES)
    np.testing.assert_allclose(pixels, BOXES, rtol=1e-6)


def test_one_size_stands_for_all_photos():
    pixels = to_pixels([[0.5, 0.5], [1.0, 0.0]], (200, 100))
    np.testing.assert_array_equal(pixels, [[100, 50], [200, 0]])


def test_two_photos_and_two_sizes_are_not_taken_for_one_size():
    pixels = to_pixels([[1.0, 1.0], [1.0, 1.0]], [(2, 3), (5, 7)])
    np.testing.assert_array_equal(pixels, [[2, 3], [5, 7]])


def test_the_callers_array_is_not_changed():
    y = np.full((1, 4), 0.5)
    to_pixels(y, (10, 10))
    np.testing.assert_array_equal(y, np.full((1, 4), 0.5))


@pytest.mark.parametrize("y", [[0.5, 0.5], [[0.5, 0.5, 0.5]], [[[0.5, 0.5]]]])
def test_coordinates_that_do_not_come_in_pairs_are_refused(y):
    with pytest.raises(InputError, match=r"coordinates must have the shape"):
        to_pixels(y, (10, 10))


@pytest.mark.parametrize("order", [["y", "x", "height", "width"], ["a_y", "a_x"]])
@pytest.mark.parametrize("convert", [to_pixels, to_fractions])
def test_columns_whose_names_exchange_x_and_y_are_refused(convert, order):
    y = pd.DataFrame(np.ones((1, len(order))), columns=order)
    with pytest.raises(InputError, match=r"column 0 of y is '(a_)?y': x comes b"):
        convert(y, (200, 100))


def test_sizes_for_another_number_of_photos_are_refused():
    with pytest.raises(InputError, match=r"image_sizes must .* \(2, 2\) .* \(3, 2\)"):
        to_pixels(BOXES, [(1, 1)] * 3)


def test_the_right_side_of_a_box_becomes_the_left_one():
    expected = [[0.5, 0.25, 0.125, 0.5]]
    np.testing.assert_array_equal(
        mirrored([[0.375, 0.25, 0.125, 0.5]], "bbox"), expected
    )


def test_mirrored_landmarks_change_sides_and_names():
    y = [[0.25, 0.4, 0.75, 0.5, 0.5, 0.6, 0.375, 0.7, 0.625, 0.8]]
    expected = [[0.25, 0.5, 0.75, 0.4, 0.5, 0.6, 0.375, 0.8, 0.625, 0.7]]
    np.testing.assert_array_equal(mirrored(y, "landmarks"), expected)


@pytest.mark.parametrize(("target", "n_columns"), [("bbox", 4), ("landmarks", 10)])
def test_the_mirror_image_of_a_mirror_image_is_the_first(target, n_columns):
    y = np.random.default_rng(0).integers(0, 17, (3, n_columns)) / 16
    np.testing.assert_array_equal(mirrored(mirrored(y, target), target), y)


@pytest.mark.parametrize(("target", "n_columns"), [("bbox", 4), ("landmarks", 10)])
def test_without_a_target_the_number_of_columns_tells_it_for_now(target, n_columns):
    y = np.random.default_rng(0).integers(0, 17, (3, n_columns)) / 16
    with pytest.warns(FutureWarning, match=rf'say so by target="{target}"'):
        found = mirrored(y)
    np.testing.assert_array_equal(found, mirrored(y, target))


@pytest.mark.parametrize("y", [np.zeros((2, 6)), np.zeros(4)])
def test_what_is_neither_box_nor_landmarks_cannot_be_mirrored(y):
    with pytest.raises(InputError, match=r"4 columns or landmarks of 10"):
        mirrored(y)
