"""The COGs that every benchmark reads: one whole Sentinel-2-like scene, made once."""

import time
from pathlib import Path

from engine.sample import SampleSpec, write_samples
from engine.sample.spec import YEAR, SampleScene

FOLDER = Path(__file__).parent / ".scenes"
BANDS = ("B02", "B03", "B04", "B08")


def benchmark_scene(pixels: int) -> SampleScene:
    """Return a scene of ``pixels`` × ``pixels`` at 10 m with four bands and no edges."""
    folder = FOLDER / str(pixels)
    spec = SampleSpec(pixels=pixels, overpasses=YEAR[-1:], zones=(32,), bands=BANDS, whole=True)
    started = time.perf_counter()
    report = write_samples(folder, spec)
    print(f"scene of {pixels} px: {report.bytes >> 20} MiB, {time.perf_counter() - started:.0f} s")
    return report.scenes[0]
