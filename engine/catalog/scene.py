"""`Scene`, `Asset`: what is registered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.cog.image import CogImage
from engine.geo.geometry import Geometry


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asset:
    """Where one band of one scene lives."""

    address: str
    """A local path or an http(s) or s3 URL; never shown to a client."""
    band_index: int
    """Which band of the image, counted from 0."""
    image: CogImage
    """The header, parsed when the asset was registered."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """One acquisition of a collection."""

    id: str
    collection: str
    name: str
    """What people call it: the product's or the folder's name; never a local path."""
    sensed: datetime | None
    """Sensing time, aware, UTC; None matches every time range."""
    created: datetime
    """When it was registered; the later one wins a tie."""
    cloud_cover: float | None
    """Percent, 0 to 100, where known."""
    cover: Geometry
    """Outline of the data in EPSG:4326 (longitude first)."""
    assets: Mapping[str, Asset]
    """Band name → asset."""
    dn_offset: float = 0.0
    """Added to stored numbers of reflectance bands to harmonize (Sentinel-2 ≥ 04.00: −1000)."""
    properties: Mapping[str, object] = field(default_factory=dict)
    """Other facts, JSON-able: platform, tile id, processing baseline …"""
