"""`Collection` ↔ plain mappings: the form that JSON columns and definition files hold."""

from collections.abc import Mapping
from typing import Any

from engine.catalog.collection import Band, Collection, MosaicRule, Unit


def to_form(collection: Collection) -> dict[str, Any]:
    """Return ``collection`` as JSON-able values; NaN, which JSON has no word for, as ``"nan"``."""
    return {
        "id": collection.id,
        "title": collection.title,
        "rule": collection.rule.value,
        "missing": _from_number(collection.missing),
        "normalization_factor": collection.normalization_factor,
        "max_meters_per_pixel": collection.max_meters_per_pixel,
        "is_timeless": collection.is_timeless,
        "has_cloud_cover": collection.has_cloud_cover,
        "account": collection.account,
        "shared_with": sorted(collection.shared_with),
        "bands": [_band_to_form(band) for band in collection.bands.values()],
    }


def from_form(form: Mapping[str, Any]) -> Collection:
    """Return the collection that `to_form` made ``form`` of; fields left out take defaults.

    Raises KeyError, TypeError or ValueError where ``form`` is not one.
    """
    bands = [_band_from_form(band) for band in form["bands"]]
    return Collection(
        id=form["id"],
        title=form["title"],
        bands={band.name: band for band in bands},
        rule=MosaicRule(form["rule"]),
        missing=float(form.get("missing", 0.0)),
        normalization_factor=float(form.get("normalization_factor", 1.0)),
        max_meters_per_pixel=_to_number(form.get("max_meters_per_pixel")),
        is_timeless=bool(form.get("is_timeless", False)),
        has_cloud_cover=bool(form.get("has_cloud_cover", False)),
        account=form.get("account"),
        shared_with=frozenset(form.get("shared_with", ())),
    )


def _band_to_form(band: Band) -> dict[str, Any]:
    return {
        "name": band.name,
        "units": [
            {"name": unit.name, "scale": unit.scale, "offset": unit.offset} for unit in band.units
        ],
        "resolution": band.resolution,
        "sample_type": band.sample_type,
        "nodata": _from_number(band.nodata),
        "is_categorical": band.is_categorical,
        "source": band.source,
        "source_index": band.source_index,
        "title": band.title,
    }


def _band_from_form(form: Mapping[str, Any]) -> Band:
    return Band(
        name=form["name"],
        units=tuple(
            Unit(
                name=unit["name"],
                scale=float(unit.get("scale", 1.0)),
                offset=float(unit.get("offset", 0.0)),
            )
            for unit in form["units"]
        ),
        resolution=_to_number(form.get("resolution")),
        sample_type=form.get("sample_type"),
        nodata=_to_number(form.get("nodata")),
        is_categorical=bool(form.get("is_categorical", False)),
        source=form.get("source"),
        source_index=int(form.get("source_index", 0)),
        title=form.get("title"),
    )


def _from_number(number: float | None) -> float | str | None:
    return "nan" if number is not None and number != number else number  # noqa: PLR0124  NaN


def _to_number(value: Any) -> float | None:
    return None if value is None else float(value)
