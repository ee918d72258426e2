"""How the small TIFFs of `tests.builders.tiffs` are written, by GDAL and by tifffile.

Each is 200 × 150 pixels in blocks of 64 (or strips of 24 rows), so that edge blocks are partial
in both directions. Values are smooth with noise, so that every codec has something to do.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import tifffile
from affine import Affine
from rasterio.enums import Resampling
from rasterio.shutil import copy

from tests.builders.tiff_crafting import GRAY, craft

WIDTH, HEIGHT = 200, 150
AFFINE = Affine(10.0, 0.0, 600_000.0, 0.0, -10.0, 5_200_000.0)
CRS = "EPSG:32632"


@dataclass(frozen=True, kw_only=True)
class TiffFixture:
    name: str
    write: Callable[[Path], None]
    lossy: float = 0.0
    """Mean difference to GDAL's values that another JPEG library may make; 0: none."""


def values(dtype: str, *, bands: int = 1, seed: int = 7) -> np.ndarray:
    """Return (bands, HEIGHT, WIDTH) of ``dtype``, spread over a good part of its range."""
    random = np.random.default_rng(seed)
    rows, cols = np.mgrid[0:HEIGHT, 0:WIDTH]
    wave = np.sin(rows / 17.0) * np.cos(cols / 23.0)
    planes = [
        wave * (band + 1) / bands + random.normal(0, 0.02, wave.shape) for band in range(bands)
    ]
    unit = np.clip(np.stack(planes) / 2.2 + 0.5, 0.0, 1.0)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return ((unit - 0.5) * 1000.0).astype(kind)
    limits = np.iinfo(kind)
    spread = (float(limits.max) - float(limits.min)) * 0.9
    return (limits.min + 0.05 * spread + unit * spread).astype(kind)


def holes() -> np.ndarray:
    """Return (HEIGHT, WIDTH) bool: a disk and a corner are not valid."""
    rows, cols = np.mgrid[0:HEIGHT, 0:WIDTH]
    return ((rows - 70) ** 2 + (cols - 90) ** 2 > 900) & (rows + cols > 40)


def write_gdal(
    path: Path,
    pixels: np.ndarray,
    *,
    overviews: tuple[int, ...] = (2, 4),
    mask: np.ndarray | None = None,
    nodata: float | None = None,
    env: Mapping[str, str] | None = None,
    alpha: bool = False,
    **options: Any,
) -> None:
    """Write ``pixels`` (bands, rows, cols) with GDAL's GTiff driver and build overviews in it."""
    bands, height, width = pixels.shape
    settings = {"tiled": True, "blockxsize": 64, "blockysize": 64, "crs": CRS, **options}
    base = {"GDAL_TIFF_INTERNAL_MASK": "YES", "GDAL_TIFF_OVR_BLOCKSIZE": "64", **(env or {})}
    with rasterio.Env(**base):
        with rasterio.open(
            path, "w", driver="GTiff", width=width, height=height, count=bands,
            dtype=pixels.dtype, transform=AFFINE, nodata=nodata, **settings,
        ) as target:  # fmt: skip
            if alpha:
                target.colorinterp = [
                    *target.colorinterp[: bands - 1],
                    rasterio.enums.ColorInterp.alpha,
                ]
            target.write(pixels)
            if mask is not None:
                target.write_mask(mask)
        if overviews:
            with rasterio.open(path, "r+") as target:
                target.build_overviews(list(overviews), Resampling.nearest)


def gdal(
    name: str, dtype: str, *, bands: int = 1, lossy: float = 0.0, **options: Any
) -> TiffFixture:
    """Return a fixture that GDAL writes with these creation options."""

    def write(path: Path) -> None:
        write_gdal(path, values(dtype, bands=bands), **options)

    return TiffFixture(name=name, write=write, lossy=lossy)


def plain(name: str, dtype: str, *, bands: int = 1, **options: Any) -> TiffFixture:
    """Return a fixture that tifffile writes: what GDAL cannot write, or writes differently."""

    def write(path: Path) -> None:
        pixels = values(dtype, bands=bands)
        planar = options.get("planarconfig") == "separate"
        order = options.pop("byteorder", "<")
        data = pixels if planar else (pixels[0] if bands == 1 else np.moveaxis(pixels, 0, -1))
        with tifffile.TiffWriter(path, byteorder=order, bigtiff=options.pop("big", False)) as out:
            out.write(data.astype(data.dtype.newbyteorder(order)), metadata=None, **options)

    options.setdefault("photometric", "minisblack")
    options.setdefault("extratags", geo_tags())
    return TiffFixture(name=name, write=write)


def geo_tags() -> list[tuple[int, int, int, tuple[float, ...], bool]]:
    """Return tifffile's extra tags for AFFINE and CRS."""
    return [
        (33550, 12, 3, (10.0, 10.0, 0.0), True),
        (33922, 12, 6, (0.0, 0.0, 0.0, 600_000.0, 5_200_000.0, 0.0), True),
        (34735, 3, 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32632), True),
    ]


def sparse(path: Path) -> None:
    pixels = np.zeros((1, HEIGHT, WIDTH), np.uint16)
    pixels[0, 70:120, 80:180] = values("uint16")[0, 70:120, 80:180]
    write_gdal(path, pixels, compress="deflate", predictor=2, sparse_ok=True)


def sparse_nodata(path: Path) -> None:
    pixels = np.full((1, HEIGHT, WIDTH), -9999, np.int16)
    pixels[0, 70:120, 80:180] = values("int16")[0, 70:120, 80:180]
    write_gdal(path, pixels, compress="deflate", nodata=-9999, sparse_ok=True)


def with_alpha(*, interleave: str, compress: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        pixels = values("uint8", bands=4)
        pixels[3] = np.where(holes(), 255, 0)
        write_gdal(
            path, pixels, photometric="RGB", alpha=True, compress=compress, interleave=interleave
        )

    return write


def with_mask(dtype: str, *, bands: int = 1, **options: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        write_gdal(path, values(dtype, bands=bands), mask=holes(), **options)

    return write


def as_cog(
    *, bands: int = 1, dtype: str = "uint16", mask: bool = False, **options: Any
) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        source = path.with_suffix(".source.tif")
        write_gdal(source, values(dtype, bands=bands), overviews=(), mask=holes() if mask else None)
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES"):
            copy(
                source, path, driver="COG", BLOCKSIZE="64", OVERVIEW_RESAMPLING="NEAREST", **options
            )
        source.unlink()

    return write


def mask_of_other_blocks(path: Path) -> None:
    """Blocks of 64 with a mask in strips of 50 rows, which GDAL reads but does not write."""
    with tifffile.TiffWriter(path) as out:
        out.write(
            values("uint16")[0], tile=(64, 64), compression="zlib", metadata=None,
            photometric="minisblack", extratags=geo_tags(),
        )  # fmt: skip
        out.write(
            holes(), rowsperstrip=50, compression="zlib", metadata=None, subfiletype=4,
            photometric=4,
        )  # fmt: skip


def overviews_first(path: Path) -> None:
    """The coarser overview stands before the finer one."""
    pixels = values("int16")[0]
    options: dict[str, Any] = {
        "tile": (64, 64), "compression": "zlib", "metadata": None, "photometric": "minisblack",
    }  # fmt: skip
    with tifffile.TiffWriter(path) as out:
        out.write(pixels, extratags=geo_tags(), **options)
        out.write(np.ascontiguousarray(pixels[::4, ::4]), subfiletype=1, **options)
        out.write(np.ascontiguousarray(pixels[::2, ::2]), subfiletype=1, **options)


def few_bits(bits: int, **options: Any) -> TiffFixture:
    def write(path: Path) -> None:
        write_gdal(path, values("uint8") >> (8 - bits), nbits=bits, **options)

    return TiffFixture(name=f"{bits}-bits-{options.get('compress', 'none')}", write=write)


def lowest_bit_first(path: Path) -> None:
    """FillOrder 2, as scanners write it: the bits of every byte stand in reverse."""
    pixels = values("uint8")[0, :64, :64]
    turned = np.packbits(np.unpackbits(pixels).reshape(-1, 8)[:, ::-1], axis=1)
    path.write_bytes(craft({**GRAY, 266: ("H", [2])}, blocks=[turned.tobytes()]))


def old_deflate_of_bytes(path: Path) -> None:
    """Deflate by its number of before 2002, in a file of one block without a sample format."""
    pixels = values("uint8")[0, :64, :64]
    block = zlib.compress(pixels.tobytes())
    path.write_bytes(craft({**GRAY, 259: ("H", [32946])}, blocks=[block]))


def overviews_in_jpeg(path: Path) -> None:
    """Deflate with overviews in JPEG, whose tables are their own."""
    env = {"COMPRESS_OVERVIEW": "JPEG", "JPEG_QUALITY_OVERVIEW": "60"}
    write_gdal(path, values("uint8"), compress="deflate", predictor=2, env=env)
