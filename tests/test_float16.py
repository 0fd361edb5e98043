import numpy as np
import pytest

from skface._float16 import as_float32

EVERY_FLOAT16 = np.arange(2**16, dtype=np.uint16).view(np.float16).reshape(256, 256)


@pytest.mark.filterwarnings("error")
def test_every_float16_becomes_what_numpy_makes_of_it():
    with np.errstate(invalid="ignore"):
        expected = EVERY_FLOAT16.astype(np.float32)
    np.testing.assert_array_equal(as_float32(EVERY_FLOAT16), expected)


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::3], np.s_[5], np.s_[:0]])
def test_views_keep_their_shape_and_order(view):
    part = EVERY_FLOAT16[:100][view]
    result = as_float32(part)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, part)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_other_dtypes_are_cast(dtype):
    result = as_float32(np.arange(6, dtype=dtype).reshape(2, 3))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, [[0, 1, 2], [3, 4, 5]])
