"""The rules of SIMPLE mosaicking, each against a slow and obvious loop over pixels."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.catalog.collection import MosaicRule
from engine.run.mosaic import Canvas, Laying, lay_scene, open_canvas, settle

SHAPE = (7, 9)
DTYPES = (np.dtype(np.uint16), np.dtype(np.float32))


def random_scenes(seed: int, count: int) -> list[tuple[list[NDArray], list[NDArray], NDArray]]:
    random = np.random.default_rng(seed)
    return [
        (
            [random.integers(1, 9000, SHAPE).astype(dtype) for dtype in DTYPES],
            [random.random(SHAPE) < 0.6 for _ in DTYPES],
            random.random(SHAPE) < 0.5,
        )
        for _ in range(count)
    ]


def lay(
    canvas: Canvas,
    values: Sequence[NDArray],
    valid: Sequence[NDArray],
    *,
    cover: NDArray | None = None,
    rule: MosaicRule = MosaicRule.FIRST_DATA,
    offset: float = 0.0,
    clamp: bool = True,
) -> int:
    laying = Laying(
        cover=cover, rule=rule, offsets=[offset] * len(values), clamp=[clamp] * len(values)
    )
    both = np.logical_and.reduce(list(valid))
    if canvas.is_blank and all(
        out.dtype == band.dtype for out, band in zip(canvas.values, values, strict=True)
    ):
        for out, band in zip(canvas.values, values, strict=True):
            out[...] = np.where(both, band, 0)
        canvas.valid[...] = both
        settle(canvas, laying, is_full=bool(both.all()))
    else:
        lay_scene(canvas, laying, values=values, valid=both)
    return canvas.open_count


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 4),
    rule=st.sampled_from(MosaicRule),
    is_clipped=st.booleans(),
    is_blank=st.booleans(),
)
def test_every_pixel_comes_from_the_scene_that_the_rule_names(
    *, seed: int, count: int, rule: MosaicRule, is_clipped: bool, is_blank: bool
) -> None:
    scenes = random_scenes(seed, count)
    wanted = np.random.default_rng(seed + 1).random(SHAPE) < 0.8 if is_clipped else None
    canvas = empty(shape=SHAPE, dtypes=DTYPES, wanted=wanted, is_blank=is_blank)
    left = [lay(canvas, *scene[:2], cover=scene[2], rule=rule) for scene in scenes]
    canvas.clear()
    remaining = 0
    for pixel in np.ndindex(SHAPE):
        chosen = None
        is_open = wanted is None or bool(wanted[pixel])
        for values, valid, cover in scenes:
            has_data = all(mask[pixel] for mask in valid)
            takes = cover[pixel] and (has_data or rule is MosaicRule.TOP_COVER)
            if is_open and takes:
                chosen = [band[pixel] for band in values] if has_data else None
                is_open = False
        remaining += is_open

        assert canvas.is_open[pixel] == is_open
        assert canvas.valid[pixel] == (chosen is not None)
        assert [band[pixel] for band in canvas.values] == (chosen or [0, 0])
    assert canvas.open_count == remaining
    assert left == sorted(left, reverse=True)
    assert not left or left[-1] == remaining


def empty(
    *,
    shape: tuple[int, int],
    dtypes: Sequence[np.dtype],
    wanted: NDArray | None,
    is_blank: bool = False,
) -> Canvas:
    fill = 77 if is_blank else 0
    values = tuple(np.full(shape, fill, dtype=dtype) for dtype in dtypes)
    return open_canvas(
        values=values, valid=np.full(shape, is_blank), wanted=wanted, is_blank=is_blank
    )


def test_no_pixel_is_open_once_all_are_filled() -> None:
    canvas = empty(shape=SHAPE, dtypes=DTYPES, wanted=None)
    ones = [np.ones(SHAPE, dtype) for dtype in DTYPES]
    everywhere = [np.ones(SHAPE, dtype=np.bool_)] * 2

    assert canvas.open_count == 63
    assert lay(canvas, ones, everywhere) == 0
    assert lay(canvas, [2 * one for one in ones], everywhere) == 0
    assert (canvas.values[0] == 1).all()


def test_a_cover_of_none_holds_every_pixel() -> None:
    canvas = empty(shape=SHAPE, dtypes=DTYPES, wanted=None)
    nothing = [np.zeros(SHAPE, dtype=np.bool_)] * 2
    ones = [np.ones(SHAPE, dtype) for dtype in DTYPES]

    assert lay(canvas, ones, nothing, rule=MosaicRule.TOP_COVER) == 0
    assert not canvas.valid.any()
    assert not canvas.values[0].any()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "int32", "float32"])
@pytest.mark.parametrize("offset", [-1000.0, -100.0, 0.0, 7.0, 300.0, -70000.0, 70000.0])
@pytest.mark.parametrize("clamp", [True, False])
@pytest.mark.parametrize("is_blank", [True, False])
def test_offsets_saturate_and_harmonized_numbers_are_never_negative(
    *, dtype: str, offset: float, clamp: bool, is_blank: bool
) -> None:
    if dtype == "float32":
        values = np.array([[-2.5, 0.0, 99.0, 1000.0, 65535.0, 12345.0]], dtype)
        low, high = -np.inf, np.inf
    else:
        info = np.iinfo(dtype)
        low, high = info.min, info.max
        values = np.array([[low, 0, 99, min(1000, high), high - 1, high]], dtype)
    everywhere = np.ones(values.shape, dtype=np.bool_)
    canvas = empty(shape=values.shape, dtypes=[values.dtype], wanted=None, is_blank=is_blank)
    before = values.copy()
    lay(canvas, [values], [everywhere], offset=offset, clamp=clamp)
    if clamp and offset:
        low = 0
    expected = np.clip(values.astype(np.float64) + offset, low, high) if offset else values

    assert (canvas.values[0] == expected.astype(dtype)).all()
    assert (values == before).all()


def test_bands_are_widened_to_the_canvas() -> None:
    """One scene stores bytes and another floats: the canvas holds both."""
    canvas = empty(shape=(1, 2), dtypes=[np.dtype(np.float32)], wanted=None)
    first = np.array([[200, 0]], dtype=np.uint8)
    second = np.array([[0.5, 0.5]], dtype=np.float32)
    lay(canvas, [first], [first > 0], offset=100.0)
    lay(canvas, [second], [second > 0])

    assert canvas.values[0].tolist() == [[300.0, 0.5]]
    assert canvas.valid.all()
