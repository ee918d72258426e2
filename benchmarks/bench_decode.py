"""How long a block takes to decode: ours beside GDAL's and imagecodecs', interleaved in one run.

    python benchmarks/bench_decode.py [--rounds 30]

Blocks of fractal noise, as reflectance is: about 1.7 : 1 under deflate with predictor 2. Each
round runs every contender once, so that a busy machine slows all of them alike; the table
shows the median of the rounds, in CPU time of the thread, and each contender's ratio to ours.
Memory that is freed is kept for the next array, as the server does.
"""

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import imagecodecs
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.windows import Window as RasterWindow

from engine.cog.blocks import BlockRead, blocks_of
from engine.cog.decode import decode_block
from engine.cog.header import FIRST_READ, read_header
from engine.cog.image import CogImage
from engine.cog.partial import decode_rows
from engine.cog.predictor import undo_floating_alone, undo_horizontal
from engine.cog.record import from_record, to_record
from engine.geo.window import Window
from engine.run.allocation import keep_memory
from engine.store.protocol import ObjectInfo

Contenders = Mapping[str, Callable[[], object]]


def fractal(size: int) -> NDArray[np.uint16]:
    """Return (size, size) of noise whose power falls with the square of the frequency."""
    random = np.random.default_rng(3)
    y, x = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    radius = np.hypot(x, y)
    radius[0, 0] = 1.0
    phase = np.exp(2j * np.pi * random.random(radius.shape))
    field = np.fft.irfft2(phase / radius**1.7, (size, size))
    field = (field - field.min()) / np.ptp(field)
    grain = random.normal(0.0, 18.0, field.shape)
    return np.clip(300 + 3500 * field + grain, 1, 10_000).astype(np.uint16)


def write(path: Path, pixels: NDArray[np.generic], *, block: int, **options: object) -> bytes:
    """Write ``pixels`` (band, row, col) as a tiled GeoTIFF and return its bytes."""
    bands, height, width = pixels.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=bands, dtype=pixels.dtype,
        tiled=True, blockxsize=block, blockysize=block, crs="EPSG:32632",
        transform=rasterio.Affine(10, 0, 6e5, 0, -10, 5e6), **options,
    ) as target:  # fmt: skip
        target.write(pixels)
    return path.read_bytes()


def parse(content: bytes) -> CogImage:
    """Return the header of ``content``."""
    info = ObjectInfo(size=len(content), identity="bench")
    parser = read_header(info, content[:FIRST_READ])
    try:
        wish = next(parser)
        while True:
            wish = parser.send(content[wish.start : wish.stop])
    except StopIteration as done:
        image: CogImage = done.value
        return image


def first_block(content: bytes) -> tuple[CogImage, BlockRead, bytes]:
    """Return the image, its first block and that block's bytes."""
    image = parse(content)
    corner = Window(row_start=0, row_stop=1, col_start=0, col_stop=1)
    (block,) = blocks_of(image, level=0, window=corner, band=0)
    (wanted,) = block.ranges
    return image, block, content[wanted.start : wanted.stop]


def deflate_contenders(content: bytes, *, size: int) -> Contenders:
    """Return ways to decode a deflate block with predictor 2."""
    image, block, data = first_block(content)

    def codecs() -> object:
        raw = imagecodecs.deflate_decode(data, out=size * size * 2)
        pixels = np.frombuffer(raw, np.uint16).reshape(size, size)
        return imagecodecs.delta_decode(pixels, axis=1)

    return {
        "ours": lambda: decode_block(image, block, data),
        "imagecodecs": codecs,
        **gdal_contenders(content, size=size),
    }


def rows_contenders(content: bytes, *, size: int, rows: int) -> Contenders:
    """Return ways to get at the first rows of a deflate block with predictor 2."""
    image, block, data = first_block(content)
    window = Window(row_start=0, row_stop=rows, col_start=0, col_stop=size)
    memory = MemoryFile(content)
    dataset = memory.open(driver="GTiff")
    wanted = RasterWindow(0, 0, size, rows)
    away = RasterWindow(size, size, size, size)
    first = decode_rows(image, block, data, window=window)

    def go_on() -> object:
        return None if first.rest is None else first.rest.reach(size)

    def restart() -> object:
        nonlocal first
        first = decode_rows(image, block, data, window=window)
        return first

    return {
        "ours": lambda: decode_rows(image, block, data, window=window),
        "ours, all rows": lambda: decode_block(image, block, data),
        "ours, the other rows": Uncached(go_on, restart),
        "GDAL, open file": Uncached(
            lambda: dataset.read(window=wanted), lambda: dataset.read(window=away)
        ),
    }


def gdal_contenders(content: bytes, *, size: int) -> Contenders:
    """Return GDAL reading the same block, from an open file and with opening it."""
    memory = MemoryFile(content)
    dataset = memory.open(driver="GTiff")
    window = RasterWindow(0, 0, size, size)
    away = RasterWindow(size, size, size, size)

    def read() -> object:
        return dataset.read(window=window)

    def forget() -> object:
        # GDAL keeps a few blocks; the cache of this run holds just one.
        return dataset.read(window=away)

    def opened() -> object:
        with memory.open(driver="GTiff") as fresh:
            return fresh.read(window=window)

    return {"GDAL, open file": Uncached(read, forget), "GDAL, opening it": opened}


class Uncached:
    """A contender whose cache is emptied before each run, off the clock."""

    def __init__(self, run: Callable[[], object], forget: Callable[[], object]) -> None:
        """Keep both."""
        self.run = run
        self.forget = forget

    def __call__(self) -> object:
        """Run."""
        return self.run()


def predictor_contenders(size: int) -> dict[str, Contenders]:
    """Return the predictors alone, ours and imagecodecs', in place where both can."""
    stored = fractal(size)
    floats = np.empty((1, size, size), np.uint32)
    encoded = imagecodecs.floatpred_encode(stored.astype(np.float32), axis=-1)
    planes = np.frombuffer(encoded.tobytes(), np.uint8).reshape(size, -1).copy()
    chunky = np.repeat(stored[..., None], 3, axis=2).copy()
    planar = np.empty((3, size, size), np.uint16)
    three, one = stored.reshape(size, size, 1), stored.reshape(1, size, size)

    def ours_floating() -> None:
        undo_floating_alone(planes.copy(), floats)

    return {
        f"predictor 2, {size}": {
            "ours": lambda: undo_horizontal(three, one),
            "imagecodecs": lambda: imagecodecs.delta_decode(stored, axis=1, out=stored),
        },
        f"predictor 2, 3 bands, {size}": {
            "ours": lambda: undo_horizontal(chunky, planar),
            "imagecodecs": lambda: np.ascontiguousarray(
                imagecodecs.delta_decode(chunky, axis=1).transpose(2, 0, 1)
            ),
        },
        f"predictor 3, float32, {size}": {
            "ours": ours_floating,
            "imagecodecs": lambda: imagecodecs.floatpred_decode(planes.view("<f4"), axis=-1),
        },
    }


def header_contenders(content: bytes) -> Contenders:
    """Return ways to learn what a file holds."""
    image = parse(content)
    record = to_record(image)
    memory = MemoryFile(content)

    def gdal() -> None:
        with memory.open(driver="GTiff"):
            pass

    return {
        "ours": lambda: parse(content),
        "ours, from its record": lambda: from_record(record),
        "GDAL, opening it": gdal,
    }


def measure(contenders: Contenders, *, rounds: int) -> dict[str, float]:
    """Return the median seconds of each contender, run in turns."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 2):
        order = list(contenders.items())
        first = turn % len(order)
        for name, run in order[first:] + order[:first]:  # none always runs in another's wake
            if isinstance(run, Uncached):
                run.forget()
            start = time.thread_time()
            run()
            if turn >= 2:
                times[name].append(time.thread_time() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore")
    keep_memory()
    print(f"{'what':34} {'who':24} {'ms':>9} {'MB/s':>8} {'x ours':>7}")
    with (
        tempfile.TemporaryDirectory() as folder,
        rasterio.Env(GDAL_CACHEMAX=1, GDAL_NUM_THREADS="1"),
    ):
        rows: dict[str, tuple[Contenders, int]] = {}
        for size in (512, 1024):
            pixels = np.tile(fractal(size), (2, 2))[None]
            path = Path(folder) / "block.tif"
            content = write(path, pixels, block=size, compress="deflate", predictor=2)
            rows[f"deflate, predictor 2, {size}"] = (
                deflate_contenders(content, size=size),
                size * size * 2,
            )
            for rows_wanted in (size // 16, size // 4, size // 2):
                rows[f"deflate, {rows_wanted} rows of {size}"] = (
                    rows_contenders(content, size=size, rows=rows_wanted),
                    rows_wanted * size * 2,
                )
            color = np.repeat((pixels >> 5).astype(np.uint8), 3, axis=0)
            content = write(
                path, color, block=size, compress="jpeg", photometric="ycbcr", interleave="pixel"
            )
            image, block, data = first_block(content)
            rows[f"JPEG, {size}"] = (
                {
                    "ours": lambda i=image, b=block, d=data: decode_block(i, b, d),
                    **gdal_contenders(content, size=size),
                },
                size * size * 3,
            )
            for name, found in predictor_contenders(size).items():
                rows[name] = (
                    found,
                    size * size * (6 if "bands" in name else 4 if "3," in name else 2),
                )
        big = np.tile(fractal(1024), (8, 8))[None]
        with rasterio.Env(GDAL_TIFF_OVR_BLOCKSIZE="256"):
            path = Path(folder) / "header.tif"
            write(path, big, block=256, compress="zstd", predictor=2)
            with rasterio.open(path, "r+") as target:
                target.build_overviews([2, 4, 8, 16])
        rows["header of 1,024 blocks, 5 levels"] = (header_contenders(path.read_bytes()), 0)
        for what, (contenders, size) in rows.items():
            for who, seconds in (found := measure(contenders, rounds=rounds)).items():
                speed = f"{size / seconds / 1e6:8.0f}" if size else " " * 8
                ratio = seconds / found["ours"]
                print(f"{what:34} {who:24} {seconds * 1e3:9.3f} {speed} {ratio:7.2f}")


if __name__ == "__main__":
    main()
