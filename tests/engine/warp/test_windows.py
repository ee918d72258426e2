"""Neighboring requests equal one larger request bit for bit, and read just what they touch."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR, parse_crs
from engine.geo.geobox import GeoBox, make_geobox
from engine.geo.window import Window
from engine.warp.coordinates import make_coordinate_grid, source_window
from engine.warp.lattice import make_lattices
from engine.warp.resample import resample, resampled_dtype
from engine.warp.resampling import Resampling
from tests.builders.warps import grid_over, make_grid, make_landscape, punch_holes, warp
from tests.oracle.gdal_warp import Raster

SOURCE = Raster(
    values=make_landscape(400, 400),
    affine=Affine(10, 0, 300_000, 0, -10, 5_100_000),
    crs="EPSG:32631",
    nodata=0.0,
)
punch_holes(SOURCE.values, nodata=0.0)

kernels = st.sampled_from(list(Resampling))
targets = st.sampled_from(["EPSG:3857", "EPSG:4326", "EPSG:32631", "EPSG:32632", "EPSG:3035"])


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    kernel=kernels,
    target=targets,
    row=st.integers(1, 89),
    col=st.integers(1, 119),
    turn=st.floats(0.0, 1.0, exclude_max=True),
    zoom=st.sampled_from([0.31, 0.5, 1.0, 1.9, 2.0, 6.3]),
)
def test_a_part_of_a_request_equals_that_part_of_the_whole(
    *, kernel: Resampling, target: str, row: int, col: int, turn: float, zoom: float
) -> None:
    square = grid_over(SOURCE, target, size=120, turn=turn, zoom=zoom)
    whole = square.crop(Window(row_start=0, row_stop=90, col_start=0, col_stop=120))
    values, valid = warp(SOURCE, whole, kernel)
    for rows in ((0, row), (row, 90)):
        for cols in ((0, col), (col, 120)):
            window = Window(
                row_start=rows[0], row_stop=rows[1], col_start=cols[0], col_stop=cols[1]
            )
            part, part_valid = warp(SOURCE, whole.crop(window), kernel)
            place = np.s_[rows[0] : rows[1], cols[0] : cols[1]]

            assert part.tobytes() == values[place].tobytes()
            assert (part_valid == valid[place]).all()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    left=st.floats(295_000, 299_000).map(lambda x: round(x, 3)),
    top=st.floats(5_100_000, 5_101_000).map(lambda y: round(y, 3)),
    size=st.sampled_from([10.0, 7.5, 12.3, 20.0, 33.333]),
    count=st.integers(3, 200),
)
@example(left=299_990.0, top=5_100_000.0, size=10.0, count=1)
def test_boxes_that_adjoin_number_their_pixels_alike(
    *, left: float, top: float, size: float, count: int
) -> None:
    crs = parse_crs("EPSG:32631")

    def box(first: int, last: int) -> GeoBox:
        bbox = BBox(
            left=left + first * size,
            right=left + last * size,
            bottom=top - 64 * size,
            top=top,
            crs=crs,
        )
        return make_geobox(bbox, width=last - first, height=64)

    columns, rows = make_lattices(box(0, 2 * count))
    next_columns, next_rows = make_lattices(box(count, 2 * count))

    assert next_rows == rows
    assert next_columns.step == columns.step
    assert next_columns.phase == columns.phase
    assert next_columns.first == columns.first + count


@pytest.mark.parametrize("zoom", range(0, 23, 2))
def test_web_map_tiles_of_a_zoom_share_one_lattice(zoom: int) -> None:
    world = 20_037_508.342789244
    span = 2 * world / 2**zoom
    steps = set()
    for x in {0, 2**zoom // 3, 2**zoom * 7 // 11, 2**zoom - 1}:
        left, top = -world + x * span, world - x * span
        bbox = BBox(left=left, bottom=top - span, right=left + span, top=top, crs=WEB_MERCATOR)
        columns, rows = make_lattices(make_geobox(bbox, width=256, height=256))
        steps.add((columns.step, rows.step))

        assert (columns.phase, rows.phase) == (0, 0)
        assert columns.first == (2 * x - 2**zoom) * 128
    assert len(steps) == 1


@pytest.mark.parametrize("kernel", list(Resampling))
def test_rows_of_a_grid_give_those_rows(kernel: Resampling) -> None:
    geobox = grid_over(SOURCE, "EPSG:3857", size=130)
    values, valid = warp(SOURCE, geobox, kernel)
    grid = make_grid(SOURCE, geobox)
    height, width = SOURCE.values.shape
    window = Window(row_start=0, row_stop=height, col_start=0, col_stop=width)
    for start, stop in ((0, 1), (0, 50), (31, 33), (50, 130), (129, 130)):
        out = np.empty((stop - start, 130), resampled_dtype(SOURCE.values.dtype, kernel))
        out_valid = np.empty(out.shape, dtype=np.bool_)
        resample(
            SOURCE.values,
            None,
            window=window,
            grid=grid.rows(start, stop),
            inverse=~SOURCE.affine,
            level_width=width,
            level_height=height,
            resampling=kernel,
            nodata=0.0,
            out=out,
            out_valid=out_valid,
        )

        assert out.tobytes() == values[start:stop].tobytes()
        assert (out_valid == valid[start:stop]).all()


@pytest.mark.parametrize("kernel", list(Resampling))
@pytest.mark.parametrize("target", ["EPSG:3857", "EPSG:32631", "EPSG:32632"])
@pytest.mark.parametrize("zoom", [0.4, 1.0, 3.0])
def test_the_source_window_is_exactly_what_counts(
    kernel: Resampling, target: str, zoom: float
) -> None:
    """Marking what lies outside changes nothing, and each border line matters to some pixel."""
    random = np.random.default_rng(5)
    values = random.uniform(1, 2, (200, 220))
    raster = Raster(values=values, affine=SOURCE.affine, crs=SOURCE.crs)
    geobox = grid_over(raster, target, size=40, zoom=zoom, turn=0.21)
    window = source_window(
        make_grid(raster, geobox), ~raster.affine, width=220, height=200, resampling=kernel
    )
    assert window is not None
    out, _ = warp(raster, geobox, kernel)

    def changed(place: tuple[slice, slice]) -> bool:
        other = values.copy()
        other[place] += 1.0
        grid = make_grid(raster, geobox)
        result = np.empty((40, 40))
        resample(
            other,
            None,
            window=Window(row_start=0, row_stop=200, col_start=0, col_stop=220),
            grid=grid,
            inverse=~raster.affine,
            level_width=220,
            level_height=200,
            resampling=kernel,
            nodata=None,
            out=result,
            out_valid=np.empty((40, 40), dtype=np.bool_),
        )
        return not np.array_equal(result, out)

    rows = slice(window.row_start, window.row_stop)
    cols = slice(window.col_start, window.col_stop)
    everything = slice(None)

    assert not changed((slice(0, window.row_start), everything))
    assert not changed((slice(window.row_stop, None), everything))
    assert not changed((everything, slice(0, window.col_start)))
    assert not changed((everything, slice(window.col_stop, None)))
    assert changed((slice(window.row_start, window.row_start + 1), cols))
    assert changed((slice(window.row_stop - 1, window.row_stop), cols))
    assert changed((rows, slice(window.col_start, window.col_start + 1)))
    assert changed((rows, slice(window.col_stop - 1, window.col_stop)))


@pytest.mark.parametrize("kernel", list(Resampling))
@pytest.mark.parametrize(("size", "step"), [(100.0, 16), (300.0, 8), (1500.0, 4), (9000.0, 2)])
def test_the_window_of_a_bent_grid_is_what_its_pixels_need_one_by_one(
    kernel: Resampling, size: float, step: int
) -> None:
    geobox = GeoBox(
        width=70,
        height=50,
        affine=Affine(size, 0, 333_000.0, 0, -size, 6_250_000.0),
        crs=parse_crs("EPSG:3857"),
    )
    source = parse_crs("EPSG:32631")
    inverse = ~Affine(size, 0, -2e6, 0, -size, 8e6)

    def window(row: slice, col: slice) -> Window:
        part = Window(
            row_start=row.start, row_stop=row.stop, col_start=col.start, col_stop=col.stop
        )
        grid = make_coordinate_grid(geobox.crop(part), source, source_resolution=size)
        if row.stop - row.start > 1:
            assert step in grid.steps
        found = source_window(grid, inverse, width=50_000, height=50_000, resampling=kernel)
        assert found is not None
        return found

    edge = [
        *((row, col) for row in (0, 49) for col in range(70)),
        *((row, col) for row in range(50) for col in (0, 69)),
    ]
    alone = [window(slice(row, row + 1), slice(col, col + 1)) for row, col in edge]

    whole = window(slice(0, 50), slice(0, 70))

    assert whole == Window(
        row_start=min(part.row_start for part in alone),
        row_stop=max(part.row_stop for part in alone),
        col_start=min(part.col_start for part in alone),
        col_stop=max(part.col_stop for part in alone),
    )


@pytest.mark.parametrize("kernel", list(Resampling))
def test_a_request_on_the_source_grid_reads_no_neighbors(kernel: Resampling) -> None:
    geobox = GeoBox(
        width=64,
        height=32,
        affine=SOURCE.affine @ Affine.translation(100, 50),
        crs=parse_crs("EPSG:32631"),
    )
    grid = make_coordinate_grid(geobox, geobox.crs, source_resolution=10.0)
    window = source_window(grid, ~SOURCE.affine, width=400, height=400, resampling=kernel)
    values, valid = warp(SOURCE, geobox, kernel)

    assert window == Window(row_start=50, row_stop=82, col_start=100, col_stop=164)
    assert (values == SOURCE.values[50:82, 100:164]).all()
    assert (valid == (SOURCE.values[50:82, 100:164] != 0)).all()


@pytest.mark.parametrize("kernel", list(Resampling))
def test_a_request_beside_the_source_touches_nothing(kernel: Resampling) -> None:
    geobox = GeoBox(
        width=64,
        height=32,
        affine=SOURCE.affine @ Affine.translation(-64, 50),
        crs=parse_crs("EPSG:32631"),
    )
    grid = make_coordinate_grid(geobox, geobox.crs, source_resolution=10.0)

    found = source_window(grid, ~SOURCE.affine, width=400, height=400, resampling=kernel)

    assert found is None
