"""The COGs that every benchmark reads: one whole Sentinel-2-like scene, made once."""

import time
from pathlib import Path

from engine.sample import SampleSpec, write_samples
from engine.sample.spec import YEAR

FOLDER = Path(__file__).parent / ".scenes"
BANDS = ("B02", "B03", "B04", "B08")


def benchmark_files(pixels: int) -> dict[str, Path]:
    """Return band → file of a scene of ``pixels`` × ``pixels`` at 10 m, without edges or clouds."""
    folder = FOLDER / str(pixels)
    stamp = folder / "complete"
    if not stamp.exists():
        spec = SampleSpec(pixels=pixels, overpasses=YEAR[-1:], zones=(32,), bands=BANDS, whole=True)
        started = time.perf_counter()
        report = write_samples(folder, spec)
        seconds = time.perf_counter() - started
        print(f"made a scene of {pixels} px: {report.bytes >> 20} MiB, {seconds:.0f} s")
        stamp.touch()
    return {band: next(folder.rglob(f"*_{band}_10m.tif")) for band in BANDS}
