import imagecodecs
import numpy as np
import pytest

from engine.cog.predictor import (
    separate,
    undo_floating,
    undo_floating_alone,
    undo_horizontal,
)

SHAPES = ((1, 1, 1), (3, 1, 2), (5, 64, 1), (7, 33, 4), (4, 8, 1), (3, 1000, 1))


def noise(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
    return raw.view(dtype).reshape(shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_differences_of_pixels_are_summed_as_imagecodecs_sums_them(
    shape: tuple[int, int, int], dtype: str
) -> None:
    rows, cols, samples = shape
    stored = noise(shape, dtype)
    expected = imagecodecs.delta_decode(stored, axis=1)
    out = np.empty((samples, rows, cols), dtype=dtype)
    undo_horizontal(stored, out)

    np.testing.assert_array_equal(out, np.moveaxis(expected, -1, 0))


@pytest.mark.parametrize("cols", [31, 32])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_one_band_may_be_summed_where_it_lies(dtype: str, cols: int) -> None:
    stored = noise((9, cols, 1), dtype)
    expected = imagecodecs.delta_decode(stored[..., 0].copy(), axis=1)
    undo_horizontal(stored, stored.reshape(1, 9, cols))

    np.testing.assert_array_equal(stored[..., 0], expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_largest_differences_spill_into_no_other_sample(dtype: str) -> None:
    stored = np.full((2, 4096, 1), np.iinfo(dtype).max, dtype=dtype)
    stored[1, ::2] = 0
    expected = np.cumsum(stored[..., 0], axis=1, dtype=np.uint64).astype(dtype)
    out = np.empty((1, 2, 4096), dtype=dtype)
    undo_horizontal(stored, out)

    np.testing.assert_array_equal(out[0], expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_byte_planes_of_floats_are_joined_as_imagecodecs_joins_them(
    shape: tuple[int, int, int], dtype: str
) -> None:
    rows, cols, samples = shape
    size = np.dtype(dtype).itemsize
    values = np.random.default_rng(rows).normal(0, 1e3, shape).astype(dtype)
    flat = values.reshape(rows, cols * samples)
    encoded = imagecodecs.floatpred_encode(flat, axis=-1, dist=samples)
    stored = np.frombuffer(encoded.tobytes(), np.uint8).reshape(rows, -1).copy()
    out = np.empty((samples, rows, cols), f"u{size}")
    undo = undo_floating_alone if samples == 1 else undo_floating
    undo(stored, out)

    np.testing.assert_array_equal(out.view(dtype), np.moveaxis(values, -1, 0))


@pytest.mark.parametrize("shape", SHAPES)
def test_bands_are_separated(shape: tuple[int, int, int]) -> None:
    stored = noise(shape, "uint16")
    out = np.empty((shape[2], shape[0], shape[1]), dtype=np.uint16)
    separate(stored, out)

    np.testing.assert_array_equal(out, np.moveaxis(stored, -1, 0))
