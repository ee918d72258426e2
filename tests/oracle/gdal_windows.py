"""GDAL's answer to: what are the pixels of this window of this level of this file?"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning


@dataclass(frozen=True, kw_only=True)
class GdalLevel:
    values: np.ndarray
    """(band, row, col)."""
    valid: np.ndarray | None
    """(row, col), True = valid, by an internal mask or alpha; None where GDAL has neither."""


@dataclass(frozen=True, kw_only=True)
class GdalImage:
    levels: tuple[GdalLevel, ...]
    transform: tuple[float, ...]
    crs: str | None
    nodata: float | None
    dtype: str
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    descriptions: tuple[str, ...]


def read_with_gdal(path: Path) -> GdalImage:
    """Return all that GDAL reads of a file: facts, and every level whole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, driver="GTiff") as dataset:
            count = len(dataset.overviews(1))
            return GdalImage(
                levels=(_level(dataset), *(_overview(path, index) for index in range(count))),
                transform=tuple(dataset.transform)[:6],
                crs=None if dataset.crs is None else dataset.crs.to_wkt(),
                nodata=dataset.nodata,
                dtype=dataset.dtypes[0],
                scales=dataset.scales,
                offsets=dataset.offsets,
                descriptions=tuple(one or "" for one in dataset.descriptions),
            )


def _overview(path: Path, index: int) -> GdalLevel:
    with rasterio.open(path, driver="GTiff", overview_level=index) as dataset:
        return _level(dataset)


def _level(dataset: rasterio.DatasetReader) -> GdalLevel:
    flags = dataset.mask_flag_enums[0]
    has_mask = MaskFlags.per_dataset in flags and MaskFlags.nodata not in flags
    valid = dataset.read_masks(1) != 0 if has_mask else None
    return GdalLevel(values=dataset.read(), valid=valid)
