"""STAC items (1.0 and 1.1, and what older ones have in common with them) → facts of a scene."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from engine.errors import InvalidGeometry
from engine.geo.crs import WGS84
from engine.geo.geometry import Geometry, parse_geometry
from engine.ingest.dates import parse_date

MAX_ASSETS = 1000
_PICTURES = frozenset({"thumbnail", "overview", "visual"})
"""Roles of assets that are made of bands, and are none."""
_KEPT = (
    "attribution",
    "platform",
    "constellation",
    "grid:code",
    "sat:orbit_state",
    "sat:relative_orbit",
)
_KEPT_PREFIXES = ("landsat:", "sar:", "s1:", "s2:processing_baseline", "view:")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAsset:
    """One file of an item that may hold bands."""

    key: str
    address: str
    """Resolved against the item's own address."""
    names: tuple[tuple[str, ...], ...]
    """One entry for each band of the file that the item describes: its name, common name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one STAC item tells."""

    id: str
    address: str
    """Of the JSON that holds it."""
    sensed: datetime | None
    cloud_cover: float | None
    geometry: Geometry | None
    """In EPSG:4326; None where it is missing, or not a valid area."""
    baseline: int | None
    """Sentinel-2's processing baseline, 400 for 04.00."""
    is_harmonized: bool
    """True where the pixels had Sentinel-2's offset taken away already (Earth Search)."""
    assets: tuple[ItemAsset, ...]
    properties: Mapping[str, Any]


def parse_items(value: Any, address: str) -> Sequence[Item]:
    """Return the items of a parsed JSON: one, those of a feature collection, or none."""
    if not isinstance(value, dict):
        return []
    features = value.get("features") if value.get("type") == "FeatureCollection" else [value]
    if not isinstance(features, list):
        return []
    items = [feature for feature in features if _is_item(feature)]
    return [_item(feature, address) for feature in items]


def resolve(base: str, href: str) -> str:
    """Return the address that ``href`` means in a document at ``base``."""
    if href.startswith("/vsis3/"):
        return f"s3://{href.removeprefix('/vsis3/')}"
    if urlsplit(href).scheme:
        return href
    parts = urlsplit(base)
    if parts.scheme in ("http", "https"):
        return urljoin(base, href)
    if href.startswith("/"):
        return f"{parts.scheme}://{parts.netloc}{href}" if parts.scheme == "s3" else href
    head, slashes, path = base.rpartition("://")
    return head + slashes + posixpath.normpath(posixpath.join(posixpath.dirname(path), href))


def _is_item(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") == "Feature"
        and isinstance(value.get("id"), str)
        and isinstance(value.get("assets"), dict)
        and isinstance(value.get("properties"), dict)
    )


def _item(value: Mapping[str, Any], address: str) -> Item:
    properties = value["properties"]
    assets = list(value["assets"].items())[:MAX_ASSETS]
    return Item(
        id=value["id"],
        address=address,
        sensed=_instant(properties.get("datetime") or properties.get("start_datetime")),
        cloud_cover=_percent(properties.get("eo:cloud_cover")),
        geometry=_geometry(value.get("geometry")),
        baseline=_baseline(properties),
        is_harmonized=properties.get("earthsearch:boa_offset_applied") is True,
        assets=tuple(
            _asset(key, asset, address)
            for key, asset in assets
            if _may_hold_bands(key, asset) and not _points_home(asset["href"], address)
        ),
        properties={
            name: fact
            for name, fact in properties.items()
            if (name in _KEPT or name.startswith(_KEPT_PREFIXES))
            and isinstance(fact, str | int | float)
        },
    )


def _may_hold_bands(key: str, asset: Any) -> bool:
    if not isinstance(asset, dict) or not isinstance(asset.get("href"), str):
        return False
    roles = asset.get("roles")
    is_picture = isinstance(roles, list) and not _PICTURES.isdisjoint(map(str, roles))
    if is_picture or key.lower().startswith(tuple(_PICTURES)):
        return False
    says_image = any(word in str(asset.get("type")).lower() for word in ("tiff", "jp2"))
    path = urlsplit(asset["href"]).path.lower()
    return says_image or path.endswith((".tif", ".tiff", ".jp2"))


def _points_home(href: str, address: str) -> bool:
    """Return True where an item from elsewhere names a file of this machine."""
    return "://" in address and urlsplit(href).scheme not in ("", "http", "https", "s3")


def _asset(key: str, asset: Mapping[str, Any], address: str) -> ItemAsset:
    # "bands" is STAC 1.1's, "eo:bands" what came before; some old items hold numbers there.
    described = asset.get("bands") or asset.get("eo:bands") or []
    bands = [band for band in described if isinstance(band, dict)]
    return ItemAsset(
        key=key, address=resolve(address, asset["href"]), names=tuple(map(_names, bands))
    )


def _names(band: Mapping[str, Any]) -> tuple[str, ...]:
    names = (band.get("name"), band.get("eo:common_name"), band.get("common_name"))
    return tuple(name for name in names if isinstance(name, str) and name)


def _instant(value: Any) -> datetime | None:
    try:
        return parse_date(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _percent(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= 100 else None


def _geometry(value: Any) -> Geometry | None:
    try:
        return parse_geometry(value, WGS84) if isinstance(value, dict) else None
    except InvalidGeometry:
        return None


def _baseline(properties: Mapping[str, Any]) -> int | None:
    for name in ("s2:processing_baseline", "processing:version"):
        text = str(properties.get(name, "")).replace(".", "")
        if len(text) == 4 and text.isdigit():
            return int(text)
    return None
