"""`SampleSpec` and `SampleReport`: what to make, and what was made."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from engine.sample.materials import BANDS


class Weather(NamedTuple):
    """The sky of a day; a tuple, so kernels take it."""

    cover: float
    """How much of the sky the clouds take, roughly, 0 to 1."""
    size: float
    """Meters of a cloud."""
    cirrus: float
    """How strong the high veil is, 0 to 1."""
    rain: float
    """How much rain fell lately, 0 to 1: moist soil, muddy rivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overpass:
    """One day on which a satellite flies over."""

    sensed: datetime
    """Aware, UTC."""
    orbit: int
    """Relative orbit: 122 sees the west and a part of the east, 22 the other way round."""
    platform: str
    """``S2A`` or ``S2B``."""
    weather: Weather


def _day(text: str, orbit: int, platform: str, *weather: float) -> Overpass:
    clock = "T10:10:31" if orbit == 122 else "T10:00:29"
    sensed = datetime.fromisoformat(text + clock).replace(tzinfo=UTC)
    return Overpass(sensed=sensed, orbit=orbit, platform=platform, weather=Weather(*weather))


YEAR = (
    _day("2021-08-12", 122, "S2A", 0.28, 900.0, 0.0, 0.1),
    _day("2021-10-06", 122, "S2B", 0.60, 2_600.0, 0.3, 0.7),
    _day("2021-11-13", 22, "S2A", 0.78, 4_200.0, 0.2, 0.9),
    _day("2022-01-09", 122, "S2A", 0.20, 1_600.0, 0.0, 0.5),
    _day("2022-03-25", 122, "S2B", 0.42, 1_300.0, 0.7, 0.3),
    _day("2022-04-22", 22, "S2A", 0.0, 1_000.0, 0.0, 0.4),
    _day("2022-05-12", 22, "S2A", 0.50, 1_500.0, 0.0, 0.5),
    _day("2022-06-26", 22, "S2B", 0.32, 800.0, 0.0, 0.2),
    _day("2022-07-13", 122, "S2B", 0.0, 1_000.0, 0.0, 0.0),
)
"""Nine overpasses of two neighboring orbits from August to July. The two satellites repeat an
orbit every ten days, five apart. The first four are older than processing baseline 04.00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSpec:
    """What to make."""

    pixels: int = 1_500
    """Rows and columns of a scene at 10 m; a multiple of 6, so that 20 and 60 m pixels nest."""
    overpasses: tuple[Overpass, ...] = YEAR
    zones: tuple[int, ...] = (32, 33)
    """UTM zones: 32 lies west of the world's origin, 33 east."""
    seed: int = 20
    """Another number is another country."""
    bands: tuple[str, ...] = (*BANDS, "SCL")
    """Which files to write."""
    whole: bool = False
    """True: scenes have no edge of the swath, every pixel has data."""

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        if self.pixels < 60 or self.pixels % 6:
            message = f"pixels is {self.pixels}; it must be a multiple of 6 and at least 60"
            raise ValueError(message)
        unknown = sorted(set(self.bands) - {*BANDS, "SCL"})
        if unknown:
            message = f"no such bands: {', '.join(unknown)}; there are {', '.join(BANDS)}, SCL"
            raise ValueError(message)
        if not set(self.zones) <= {32, 33}:
            message = f"zones are {self.zones}; the landscape lies in 32 and 33"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleScene:
    """A scene that was written."""

    name: str
    """The product's name: the folder's too."""
    folder: Path
    item: Path
    """The STAC item inside it."""
    files: dict[str, Path]
    """Band → file, in the order of the spec."""
    sensed: datetime
    tile_id: str
    """MGRS square: ``32TQQ``."""
    epsg: int
    cloud_cover: float
    """Percent of the pixels with data that are cloud in SCL."""
    nodata_share: float
    """Percent of the pixels without data."""
    footprint: dict[str, Any]
    """GeoJSON polygon of the data in longitude and latitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReport:
    """What was written, and where to look first."""

    scenes: tuple[SampleScene, ...]
    """By time, then zone."""
    bounds: tuple[float, float, float, float]
    """West, south, east, north of everything, in degrees."""
    center: tuple[float, float]
    """Longitude and latitude of a good first view: the river's mouth, the town and the hills."""
    zoom: int
    """Web Mercator zoom of that view on a window of about 1,200 pixels."""
    bytes: int
    """Of all files together."""
