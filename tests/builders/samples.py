"""Small sample scenes for laws, and how GDAL reads them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

from engine.sample import YEAR, SampleReport, SampleScene, SampleSpec, write_samples

PIXELS = 360
BANDS = ("B02", "B03", "B04", "B08", "B11", "B01", "SCL")
DAYS = (YEAR[1], YEAR[5], YEAR[8])
"""Cloudy and before the offset; the clear one of the eastern orbit; the clear one of the west."""


def small_samples(folder: Path) -> SampleReport:
    """Write both zones of `DAYS`, 360 pixels wide, in about two seconds."""
    return write_samples(folder, SampleSpec(pixels=PIXELS, overpasses=DAYS, bands=BANDS))


def read(path: Path) -> NDArray[Any]:
    """Return the only band of a file, by GDAL."""
    with rasterio.open(path) as dataset:
        return np.asarray(dataset.read(1))


def reflectance(scene: SampleScene, band: str) -> NDArray[np.float64]:
    """Return reflectance as the scene's own metadata says: NaN where there is no data."""
    stored = read(scene.files[band])
    facts = json.loads(scene.item.read_text())["assets"][band]["raster:bands"][0]
    return np.where(stored == 0, np.nan, stored * facts["scale"] + facts["offset"])
