"""Arrays (band, row, col) that look a little like images, for laws about encoders."""

from typing import Any

import numpy as np
from affine import Affine
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.geo.crs import Crs
from engine.geo.geobox import GeoBox
from engine.samples import Pixels

SHAPES = ((1, 1), (1, 37), (29, 1), (3, 5), (64, 48), (511, 513))
"""Rows and columns."""


def make_picture(shape: tuple[int, int, int], dtype: str, seed: int) -> NDArray[Any]:
    """Return a gradient with noise over the dtype's whole range, floats with NaN and infinities."""
    rng = np.random.default_rng(seed)
    bands, height, width = shape
    ramp = np.add.outer(np.linspace(0, 0.7, height), np.linspace(0, 0.25, width))
    unit = ramp[None] + 0.05 * rng.random((bands, height, width))
    if np.dtype(dtype).kind == "f":
        values = ((unit - 0.5) * 1e4).astype(dtype)
        values[rng.random(values.shape) < 0.05] = np.nan
        values[rng.random(values.shape) < 0.01] = np.inf
        return values
    limits = np.iinfo(dtype)
    return (limits.min + unit * (float(limits.max) - limits.min)).astype(dtype)


def pictures(dtypes: tuple[str, ...], bands: tuple[int, ...]) -> st.SearchStrategy[NDArray[Any]]:
    """Return pictures of every shape in `SHAPES`, of these dtypes and numbers of bands."""
    return st.builds(
        lambda shape, dtype, count, seed: make_picture((count, *shape), dtype, seed),
        st.sampled_from(SHAPES),
        st.sampled_from(dtypes),
        st.sampled_from(bands),
        st.integers(0, 1_000),
    )


def place(height: int, width: int, crs: str = "EPSG:32633") -> GeoBox:
    """Return a grid of odd numbers, which only an exact writer keeps."""
    step = 1e-4 / 3 if crs == "EPSG:4326" else 10.0 / 3
    affine = Affine(step, 0.0, 11.123456789012345, 0.0, -step * 1.25, 45.98765432109876)
    return GeoBox(width=width, height=height, affine=affine, crs=Crs(crs))


def make_pixels(**outputs: NDArray[Any]) -> Pixels:
    """Return what a script might have made."""
    height, width = next(iter(outputs.values())).shape[1:]
    return Pixels(
        geobox=place(height, width),
        outputs=outputs,
        nodata={},
        valid=np.ones((height, width), dtype=np.bool_),
    )
