"""`Crs`: a coordinate reference system by its canonical name, and transformers between two.

x is east (or longitude) and comes first, whatever the authority says; the axis order of a
protocol is dealt with in that protocol's adapter.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError

from engine.errors import UnsupportedCrs

Float = NDArray[np.float64]

_FILES = ("INIT=", "GRIDS", "PARAMETERFILE")
"""Words by which definitions name files, in PROJ's form and in WKT."""

METERS_PER_DEGREE = 6_378_137.0 * np.pi / 180.0
"""Length of a degree of longitude on the equator of WGS 84."""


@dataclass(frozen=True, slots=True)
class Crs:
    """A coordinate reference system, comparable and hashable by its canonical name."""

    name: str
    """``EPSG:N`` where an EPSG code is known (CRS84 is ``EPSG:4326`` here, x first), else WKT."""

    @property
    def epsg(self) -> int | None:
        """The EPSG code, or None for a CRS known only by its WKT."""
        return int(self.name[5:]) if self.name.startswith("EPSG:") else None

    @property
    def is_geographic(self) -> bool:
        """True where coordinates are degrees of longitude and latitude."""
        return definition(self).is_geographic

    @property
    def meters_per_unit(self) -> float:
        """Meters of one unit of the axes; for degrees, measured on the equator."""
        crs = definition(self)
        if crs.is_geographic:
            return float(METERS_PER_DEGREE)
        return float(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else 1.0


WGS84 = Crs("EPSG:4326")
WEB_MERCATOR = Crs("EPSG:3857")


@lru_cache(maxsize=512)
def parse_crs(text: str) -> Crs:
    """Return the CRS of an EPSG code, OGC URI or URN, PROJ text or WKT.

    Raises `UnsupportedCrs` where pyproj does not know it, where it is not a horizontal
    (two-dimensional) reference system, or where it names a file, which PROJ would open, or fetch.
    """
    _check_files(text, text)
    try:
        crs = pyproj.CRS.from_user_input(_plain(text))
    except CRSError as error:
        message = f"unknown CRS {text[:120]!r}; allowed: CRS84 or any EPSG code that PROJ knows"
        raise UnsupportedCrs(message) from error
    if not (crs.is_projected or crs.is_geographic) or crs.is_geocentric:
        message = f"CRS {text[:120]!r} is not a map projection or longitude and latitude"
        raise UnsupportedCrs(message)
    _check_files(crs.to_wkt(), text)
    code = crs.to_epsg(min_confidence=100)
    if code is None and crs.to_authority() == ("OGC", "CRS84"):
        code = 4326
    return Crs(f"EPSG:{code}") if code is not None else Crs(crs.to_wkt())


def _check_files(definition: str, text: str) -> None:
    """Raise where a definition names a file; older forms hide one until they are read."""
    if any(word in definition.upper() for word in _FILES):
        message = f"CRS {text[:120]!r} names a file; such definitions are not read"
        raise UnsupportedCrs(message)


def _plain(text: str) -> str:
    """Turn OGC URIs and URNs (``…/def/crs/EPSG/0/N``, ``urn:ogc:def:crs:…``) into ``AUTH:code``."""
    stripped = text.strip()
    lowered = stripped.lower()
    if ("crs84" in lowered or lowered == "crs:84") and len(stripped) < 80:
        return "OGC:CRS84"
    if lowered.startswith(("http://www.opengis.net/def/crs/", "https://www.opengis.net/def/crs/")):
        parts = stripped.split("/crs/", 1)[1].rstrip("/").split("/")
        return f"{parts[0]}:{parts[-1]}"
    if lowered.startswith("urn:ogc:def:crs:"):
        parts = stripped.split(":")
        return f"{parts[4]}:{parts[-1]}"
    return stripped


@lru_cache(maxsize=512)
def definition(crs: Crs) -> pyproj.CRS:
    """Return pyproj's object of ``crs``."""
    return pyproj.CRS.from_user_input(crs.name)


@lru_cache(maxsize=512)
def wrap_period(crs: Crs) -> float | None:
    """Return how far apart in x, in CRS units, the same meridian comes round again.

    360 for degrees of longitude, the length of the equator for cylindrical projections in the
    normal aspect (Mercator and its kin), None for every other CRS.
    """
    if crs.is_geographic:
        unit = definition(crs).axis_info[0].unit_conversion_factor
        return float(2.0 * np.pi / unit)
    lon = np.array([0.0, 1.0, 0.0, 1.0])
    lat = np.array([0.0, 0.0, 50.0, 50.0])
    x, y = transform(WGS84, crs, lon, lat)
    span = x[1] - x[0]
    # Meridians are parallel and parallels are level, to a hair, only on a cylinder.
    hair = 1e-9 * abs(span)
    if not (abs(x[3] - x[2] - span) <= hair and abs(x[2] - x[0]) <= hair):
        return None
    if not (abs(y[1] - y[0]) <= hair and abs(y[3] - y[2]) <= hair):
        return None
    return float(abs(span) * 360.0)


_local = threading.local()


def transform(source: Crs, target: Crs, x: Float, y: Float) -> tuple[Float, Float]:
    """Return (x, y) of ``target`` for (x, y) of ``source``; infinite where there is none.

    Arrays of any one shape, float64, x first. pyproj's transformers are kept per thread. Raises
    `UnsupportedCrs` where PROJ knows no way from one to the other.
    """
    if source == target:
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    out_x, out_y = _transformer(source, target)(x, y)
    return np.asarray(out_x, dtype=np.float64), np.asarray(out_y, dtype=np.float64)


def warm_transforms() -> None:
    """Make the calling thread's transformers between degrees, web mercator and a UTM zone.

    The first ones of a thread wait for PROJ to open its database, and for its pages to come from
    disk in the first thread of all; another zone then takes a few milliseconds.
    """
    known = (WGS84, WEB_MERCATOR, Crs("EPSG:32631"))
    for source, target in permutations(known, 2):
        transform(source, target, np.array([3.0]), np.array([3.0]))
        wrap_period(target)


def _transformer(source: Crs, target: Crs) -> Callable[..., tuple[Float, Float]]:
    cache: dict[tuple[Crs, Crs], pyproj.Transformer] | None = getattr(_local, "cache", None)
    if cache is None:
        cache = _local.cache = {}
    found = cache.get((source, target))
    if found is None:
        ends = definition(source), definition(target)
        try:
            found = pyproj.Transformer.from_crs(*ends, always_xy=True)
        except ProjError as error:
            message = f"no way is known from {source.name[:60]} to {target.name[:60]}"
            raise UnsupportedCrs(message) from error
        cache[source, target] = found
    return found.transform
