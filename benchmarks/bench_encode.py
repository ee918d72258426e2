"""Encoders against GDAL's, Pillow's, imagecodecs' and tifffile's, on the same pixels, interleaved.

    python -m benchmarks.bench_encode [--rounds 15]

Of a sample scene: true color with and without alpha, half of it transparent, a band in 8 and in 16
bits, NDVI in 11 and in some thousand colors, NDVI itself, and one color alone. CPU milliseconds of
the best round (each encoder runs in one thread, so a busy machine does not matter) and kB of the
file. "ISA-L" and "libdeflate" deflate the rows that our PNG holds, filtered before the watch runs.
"""

import argparse
import io
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import rasterio
import tifffile
from affine import Affine
from isal import igzip_lib
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from benchmarks.scenes import benchmark_files
from engine.encode.arrays import encode_npy
from engine.encode.photo import encode_jpeg, encode_webp
from engine.encode.png import encode_png
from engine.encode.tiff import encode_tiff
from engine.geo.crs import Crs
from engine.geo.geobox import GeoBox

SCENE = 2_052
STEPS = np.linspace(-0.2, 0.9, 12)[1:-1]
Encoder = Callable[[], bytes]


def load() -> dict[str, NDArray[Any]]:
    """Return pictures by name, each (band, row, col)."""
    bands = {}
    for band, path in benchmark_files(SCENE).items():
        with rasterio.open(path) as dataset:
            stored = dataset.read(1)
        bands[band] = (stored.astype("float32") - 1_000.0) / 10_000.0
    color = np.stack([bands["B04"], bands["B03"], bands["B02"]])
    color = np.clip(2.5 * 255.0 * color + 0.5, 0, 255).astype("uint8")
    alpha = np.full((1, *color.shape[1:]), 255, "uint8")
    index = (bands["B08"] - bands["B04"]) / (bands["B08"] + bands["B04"] + 1e-6)
    ramp = np.linspace([150, 30, 30], [10, 110, 40], 11).astype("uint8")
    classes = np.moveaxis(ramp[np.digitize(index, STEPS)], -1, 0)
    smooth = np.stack([255 * (1 - index) / 2, 255 * index**2, 90 + 80 * index])
    color = np.concatenate([color, alpha])
    rows, columns = np.indices(color.shape[1:])
    return {
        "RGB": color[:3],
        "RGBA": color,
        "RGBA, half transparent": np.where(columns + rows // 3 < SCENE * 2 // 3, color, 0),
        "gray": color[:1],
        "gray 16": stored[None],
        "NDVI in 11 colors": np.concatenate([classes, alpha]),
        "NDVI in a ramp": np.concatenate([np.clip(smooth, 0, 255).astype("uint8"), alpha]),
        "one color": np.full_like(color, 77),
        "float32": index[None],
    }


def gdal(values: NDArray[np.generic], driver: str, **options: object) -> bytes:
    """Return the file that GDAL writes in memory, as rio-tiler calls it."""
    bands, height, width = values.shape
    transform = Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0)
    place = {"crs": "EPSG:32632", "transform": transform} if driver == "GTiff" else {}
    with MemoryFile() as memory:
        with memory.open(
            driver=driver,
            count=bands,
            height=height,
            width=width,
            dtype=values.dtype,
            **place,
            **options,
        ) as dataset:
            dataset.write(values)
        return bytes(memory.read())


def pillow(chunky: NDArray[np.uint8], form: str, **options: object) -> bytes:
    """Return the file that Pillow writes of (row, col, band)."""
    body = io.BytesIO()
    PIL.Image.fromarray(chunky).save(body, form, **options)
    return body.getvalue()


def race(title: str, encoders: dict[str, Encoder], *, rounds: int) -> None:
    """Print the best time and the size of each encoder as a Markdown row."""
    best = dict.fromkeys(encoders, float("inf"))
    sizes = {name: len(encode()) for name, encode in encoders.items()}
    for _ in range(rounds):
        for name, encode in encoders.items():
            start = time.thread_time()
            encode()
            best[name] = min(best[name], time.thread_time() - start)
    cells = [f"{name} {best[name] * 1e3:.2f} ms / {sizes[name] / 1e3:.0f} kB" for name in encoders]
    print(f"| {title} | " + " | ".join(cells) + " |")


def filtered_rows(body: bytes) -> bytes:
    """Return what the one IDAT of a PNG holds."""
    place = body.index(b"IDAT")
    (size,) = struct.unpack_from(">I", body, place - 4)
    return zlib.decompress(body[place + 4 : place + 4 + size])


def race_png(title: str, values: NDArray[Any], *, rounds: int) -> None:
    """Compare PNG encoders."""
    chunky = np.ascontiguousarray(np.moveaxis(values, 0, -1))
    if len(values) == 1:
        chunky = chunky[..., 0]
    rows = filtered_rows(encode_png(values))
    encoders: dict[str, Encoder] = {
        "**ours**": lambda: encode_png(values),
        "**ours for a map**": lambda: encode_png(values, palette=True),
        "ISA-L 0": lambda: igzip_lib.compress(rows, 0, igzip_lib.COMP_ZLIB),
        "ISA-L 2": lambda: igzip_lib.compress(rows, 2, igzip_lib.COMP_ZLIB),
        "libdeflate 1": lambda: bytes(imagecodecs.deflate_encode(rows, level=1)),
        "GDAL 1": lambda: gdal(values, "PNG", zlevel=1),
        "GDAL 6": lambda: gdal(values, "PNG", zlevel=6),
        "Pillow 1": lambda: pillow(chunky, "PNG", compress_level=1),
        "Pillow 6": lambda: pillow(chunky, "PNG", compress_level=6),
        "imagecodecs 1": lambda: bytes(imagecodecs.png_encode(chunky, level=1)),
    }
    race(f"PNG {title}", encoders, rounds=rounds)


def race_photo(title: str, values: NDArray[np.uint8], *, rounds: int) -> None:
    """Compare JPEG and WebP encoders at quality 75."""
    chunky = np.ascontiguousarray(np.moveaxis(values, 0, -1))
    jpeg: dict[str, Encoder] = {
        "**ours**": lambda: encode_jpeg(values, quality=75),
        "GDAL": lambda: gdal(values, "JPEG", quality=75),
        "Pillow": lambda: pillow(chunky, "JPEG", quality=75),
    }
    race(f"JPEG {title}", jpeg, rounds=rounds)
    webp: dict[str, Encoder] = {
        "**ours**": lambda: encode_webp(values, quality=75),
        "GDAL": lambda: gdal(values, "WEBP", quality=75),
        "Pillow 4": lambda: pillow(chunky, "WEBP", quality=75, method=4),
        "Pillow 0": lambda: pillow(chunky, "WEBP", quality=75, method=0),
    }
    race(f"WebP {title}", webp, rounds=rounds)


def race_tiff(title: str, values: NDArray[np.generic], *, rounds: int) -> None:
    """Compare GeoTIFF writers and a plain array."""
    affine = Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0)
    bands, height, width = values.shape
    geobox = GeoBox(width=width, height=height, affine=affine, crs=Crs("EPSG:32632"))
    chunky = np.ascontiguousarray(np.moveaxis(values, 0, -1))
    predictor = 3 if values.dtype.kind == "f" else 2

    def by_tifffile() -> bytes:
        body = io.BytesIO()
        tifffile.imwrite(
            body,
            chunky,
            tile=(512, 512),
            photometric="minisblack",
            planarconfig="contig" if bands > 1 else None,
            compression="zlib",
            compressionargs={"level": 1},
        )
        return body.getvalue()

    tiled = {"tiled": True, "blockxsize": 512, "blockysize": 512, "interleave": "pixel"}
    encoders: dict[str, Encoder] = {
        "**ours**": lambda: encode_tiff(values, geobox, nodata=None),
        "GDAL 1": lambda: gdal(
            values, "GTiff", compress="deflate", zlevel=1, predictor=predictor, **tiled
        ),
        "GDAL 6": lambda: gdal(
            values, "GTiff", compress="deflate", zlevel=6, predictor=predictor, **tiled
        ),
        "tifffile 1": by_tifffile,
        "npy": lambda: encode_npy(values),
    }
    race(f"TIFF {title}", encoders, rounds=rounds)


def sides(text: str) -> Sequence[int]:
    """Return the sizes of a list like ``256,512``."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a PNG has no place
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sides", type=sides, default=[256, 512])
    options = parser.parse_args()
    pictures = load()
    for side in options.sides:
        parts = {
            name: np.ascontiguousarray(values[:, 700 : 700 + side, 900 : 900 + side])
            for name, values in pictures.items()
        }
        for name, part in parts.items():
            if part.dtype.kind == "u":
                race_png(f"{name} {side}", part, rounds=options.rounds)
        race_photo(f"RGB {side}", parts["RGB"], rounds=options.rounds)
        race_tiff(f"float32 {side}", parts["float32"], rounds=options.rounds)
    for name in ("RGB", "gray 16", "float32"):
        whole = np.ascontiguousarray(pictures[name][:, :2048, :2048])
        race_tiff(f"{name} 2048", whole, rounds=3)


if __name__ == "__main__":
    main()
