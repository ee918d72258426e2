"""The COGs that every benchmark reads, made once below benchmarks/.scenes.

One whole Sentinel-2-like scene with blocks of 1024 and of 512 pixels, four scenes of two UTM zones
that meet in a point, and thirty dates of one place. GDAL's COG driver writes them all, so that no
contestant reads its own handwriting. How they are made: `benchmarks.scene_files`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scene_files import BANDS, make_all

FOLDER = Path(__file__).parent / ".scenes"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSet:
    """Scenes that a question is asked of, newest first."""

    name: str
    """``1024``, ``512``, ``mosaic`` or ``series``: the folder's name."""
    year: int
    """In which all of them were sensed, and none of another set."""
    bands: tuple[str, ...]
    days: tuple[str, ...]
    """Newest first: ISO 8601; each is a folder."""

    def paths(self, root: str, band: str) -> list[str]:
        """Return the addresses of a band below ``root``, newest first."""
        return [f"{root}/{self.name}/{day}/{band}.tif" for day in self.days]

    def addresses(self, root: str) -> list[str]:
        """Return the addresses of all files below ``root``."""
        return [address for band in self.bands for address in self.paths(root, band)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenes:
    """Everything that was made of one size."""

    root: Path
    sets: Mapping[str, SceneSet]


def benchmark_scenes(pixels: int) -> Scenes:
    """Return the scenes cut from one of ``pixels`` × ``pixels``; makes them where they are not."""
    root = FOLDER / f"{pixels}-gdal"
    stamp = root / "complete"
    if not stamp.exists():
        make_all(root, pixels)
        stamp.touch()
    sets = {}
    for name in ("1024", "512", "mosaic", "series"):
        days = tuple(sorted((path.name for path in (root / name).iterdir()), reverse=True))
        first = root / name / days[0]
        bands = tuple(sorted(path.stem for path in first.glob("*.tif")))
        sets[name] = SceneSet(name=name, year=int(days[0][:4]), bands=bands, days=days)
    return Scenes(root=root, sets=sets)


def benchmark_files(pixels: int) -> dict[str, Path]:
    """Return band → file of the scene of ``pixels`` × ``pixels`` at 10 m, in blocks of 512."""
    scenes = benchmark_scenes(pixels)
    [day] = scenes.sets["512"].days
    return {band: scenes.root / "512" / day / f"{band}.tif" for band in BANDS}
