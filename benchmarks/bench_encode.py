"""Encoders against GDAL's, Pillow's, imagecodecs' and tifffile's, on the same pixels, interleaved.

    python -m benchmarks.bench_encode [--rounds 15]

True color, NDVI in 11 colors and NDVI itself of a sample scene. CPU milliseconds of the best
round (each encoder runs in one thread, so a busy machine does not matter) and kB of the file.
"""

import argparse
import io
import time
import warnings
from collections.abc import Callable, Sequence

import imagecodecs
import numpy as np
import PIL.Image
import rasterio
import tifffile
from affine import Affine
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


def load() -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Return true color and colored NDVI, (band, row, col), both RGBA, and NDVI as float32."""
    bands = {}
    for band, path in benchmark_files(SCENE).items():
        with rasterio.open(path) as dataset:
            bands[band] = (dataset.read(1).astype("float32") - 1_000.0) / 10_000.0
    color = np.stack([bands["B04"], bands["B03"], bands["B02"]])
    color = np.clip(2.5 * 255.0 * color + 0.5, 0, 255).astype("uint8")
    alpha = np.full((1, *color.shape[1:]), 255, "uint8")
    index = (bands["B08"] - bands["B04"]) / (bands["B08"] + bands["B04"] + 1e-6)
    ramp = np.linspace([150, 30, 30], [10, 110, 40], 11).astype("uint8")
    classes = np.moveaxis(ramp[np.digitize(index, STEPS)], -1, 0)
    return np.concatenate([color, alpha]), np.concatenate([classes, alpha]), index[None]


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


def race_png(title: str, values: NDArray[np.uint8], *, rounds: int, palette: bool) -> None:
    """Compare PNG encoders."""
    chunky = np.ascontiguousarray(np.moveaxis(values, 0, -1))
    encoders: dict[str, Encoder] = {"**ours**": lambda: encode_png(values)}
    if palette:
        encoders["**ours, palette**"] = lambda: encode_png(values, palette=True)
    encoders |= {
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
    color, classes, index = load()
    for side in options.sides:
        part = np.s_[:, 700 : 700 + side, 900 : 900 + side]
        rounds = options.rounds
        race_png(f"RGB {side}", color[:3][part], rounds=rounds, palette=False)
        race_png(f"RGBA {side}", color[part], rounds=rounds, palette=False)
        race_png(f"NDVI in 11 colors {side}", classes[part], rounds=rounds, palette=True)
        race_photo(f"RGB {side}", color[:3][part], rounds=rounds)
        race_tiff(f"float32 {side}", index[part], rounds=rounds)
    race_tiff("uint8 RGB 2048", color[:3, :2048, :2048], rounds=3)
    race_tiff("float32 2048", index[:, :2048, :2048], rounds=3)


if __name__ == "__main__":
    main()
