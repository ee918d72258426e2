"""`Collection`, `Band`, `Unit`: what a request may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from engine.errors import UnknownBand, UnknownUnit

DATA_MASK = "dataMask"
"""The band that every collection has: 1 where there is data, 0 elsewhere."""

MAIN_ACCOUNT = "main"
"""The account of those to whom nobody gave another one."""
EVERYONE = "*"
"""Among the accounts that a collection is shared with: each of them."""


class MosaicRule(Enum):
    """Which scene fills a pixel under SIMPLE mosaicking."""

    FIRST_DATA = "first data"
    """The first scene, in the order asked for, that has data there (built-in collections)."""
    TOP_COVER = "top cover"
    """The first scene whose cover geometry holds the pixel, data or not (BYOC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """``value = DN * scale + offset``."""

    name: str
    """As Sentinel Hub writes it: ``DN``, ``REFLECTANCE`` …"""
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One measured quantity of a collection."""

    name: str
    units: tuple[Unit, ...]
    """The first is the default; ``DN`` is the stored number."""
    resolution: float | None = None
    """Native pixel size in meters, where it is one for all scenes."""
    sample_type: str | None = None
    """Stored dtype as numpy names it (``uint16`` …), where known."""
    nodata: float | None = None
    """Stored number that means no data, where the files do not say; NaN is always no data."""
    is_categorical: bool = False
    """True for classes, flags and angles: always read by nearest neighbor."""
    source: str | None = None
    """BYOC: the file part that stands for the band in a scene's path."""
    source_index: int = 0
    """BYOC: which band of that file, counted from 0."""
    title: str | None = None

    def unit(self, name: str | None) -> Unit:
        """Return the unit called ``name`` (case does not matter), or the default for None.

        Raises `UnknownUnit`.
        """
        if name is None:
            return self.units[0]
        for unit in self.units:
            if unit.name.upper() == name.upper():
                return unit
        allowed = ", ".join(unit.name for unit in self.units)
        message = f"band {self.name} has no unit {name[:40]!r}; allowed: {allowed}"
        raise UnknownUnit(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A family of scenes with the same bands."""

    id: str
    """As a request's ``type`` names it: ``sentinel-2-l2a``, ``byoc-<uuid>``."""
    title: str
    bands: Mapping[str, Band]
    """By name, in the order in which they are listed to people; without ``dataMask``."""
    rule: MosaicRule
    missing: float = 0.0
    """What bands read where there is no data: 0, or NaN for Landsat."""
    normalization_factor: float = 1.0
    """``inputMetadata.normalizationFactor`` where units are not DN (Sentinel-2: 0.0001)."""
    max_meters_per_pixel: float | None = None
    """Coarser requests are refused; None: no limit."""
    is_timeless: bool = False
    """True where scenes have no date and match every time range (DEM)."""
    has_cloud_cover: bool = False
    """True where scenes carry a cloud cover, for leastCC and maxCloudCoverage."""
    account: str | None = None
    """Whose it is; None: everyone's, as the built-in ones are."""
    shared_with: frozenset[str] = frozenset()
    """Other accounts that may read it; `EVERYONE` means all."""

    def is_open_to(self, account: str | None) -> bool:
        """Return True where ``account`` may read it; None is whoever runs the machine."""
        return (
            account is None
            or self.account in (None, account)
            or not self.shared_with.isdisjoint((account, EVERYONE))
        )

    def band(self, name: str) -> Band:
        """Return the band called ``name``; raises `UnknownBand`, naming those there are."""
        found = self.bands.get(name)
        if found is None:
            allowed = ", ".join([*self.bands, DATA_MASK])
            message = f"collection {self.id} has no band {name[:60]!r}; allowed: {allowed}"
            raise UnknownBand(message)
        return found
