"""Names and metadata as Sentinel-2 products have them."""

from datetime import timedelta
from typing import Any

import shapely
from shapely.geometry import mapping

from engine.geo.geobox import GeoBox
from engine.sample.materials import BANDS, RESOLUTIONS
from engine.sample.spec import Overpass

LETTERS = "ABCDEFGHJKLMNPQRSTUV"
"""Rows of 100 km squares; columns have W to Z too."""
COLUMNS = ("STUVWXYZ", "ABCDEFGH", "JKLMNPQR")
"""Columns of zones 3, 6, 9 …, of 1, 4, 7 …, of 2, 5, 8 …"""
LATITUDES = "CDEFGHJKLMNPQRSTUVWX"
OFFSET_SINCE = "2022-01-25"
"""Day from which processing baseline 04.00 adds 1000 to stored numbers."""
RESOLUTION = dict(zip((*BANDS, "SCL"), (*RESOLUTIONS, 20), strict=True))
"""Meters of a pixel."""
TITLES = {
    "B01": "Coastal aerosol",
    "B02": "Blue",
    "B03": "Green",
    "B04": "Red",
    "B05": "Red edge 1",
    "B06": "Red edge 2",
    "B07": "Red edge 3",
    "B08": "Near infrared",
    "B8A": "Narrow near infrared",
    "B09": "Water vapor",
    "B11": "Short-wave infrared 1",
    "B12": "Short-wave infrared 2",
    "SCL": "Scene classification",
}


def mgrs_square(zone: int, x: float, y: float, latitude: float) -> str:
    """Return the 100 km square of UTM coordinates on the northern half: ``32TQQ``."""
    band = LATITUDES[min(19, int((latitude + 80.0) // 8.0))]
    column = COLUMNS[zone % 3][int(x // 100_000) - 1]
    row = LETTERS[(int(y // 100_000) + (0 if zone % 2 else 5)) % 20]
    return f"{zone}{band}{column}{row}"


def has_offset(overpass: Overpass) -> bool:
    """Return True where stored numbers are 10000 × reflectance + 1000."""
    return overpass.sensed.date().isoformat() >= OFFSET_SINCE


def product_name(overpass: Overpass, tile_id: str) -> str:
    """Return the product's name, the folder's too."""
    baseline = "N0400" if has_offset(overpass) else "N0301"
    made = overpass.sensed + timedelta(hours=3, minutes=17)
    return (
        f"{overpass.platform}_MSIL2A_{overpass.sensed:%Y%m%dT%H%M%S}_{baseline}"
        f"_R{overpass.orbit:03d}_T{tile_id}_{made:%Y%m%dT%H%M%S}"
    )


def file_name(overpass: Overpass, tile_id: str, band: str) -> str:
    """Return the name of one band's file."""
    return f"T{tile_id}_{overpass.sensed:%Y%m%dT%H%M%S}_{band}_{RESOLUTION[band]}m.tif"


def make_item(
    overpass: Overpass,
    *,
    tile_id: str,
    geoboxes: dict[str, GeoBox],
    footprint: shapely.Polygon,
    cloud_cover: float,
    nodata_share: float,
    sun: tuple[float, float],
) -> dict[str, Any]:
    """Return the scene's STAC item; ``sun`` is azimuth and elevation in degrees."""
    name = product_name(overpass, tile_id)
    shifted = has_offset(overpass)
    crs = next(iter(geoboxes.values())).crs
    assets = {
        band: _asset(band, file_name(overpass, tile_id, band), geobox, is_shifted=shifted)
        for band, geobox in geoboxes.items()
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
            "https://stac-extensions.github.io/view/v1.0.0/schema.json",
        ],
        "id": name,
        "collection": "sentinel-2-l2a",
        "geometry": mapping(footprint),
        "bbox": list(footprint.bounds),
        "properties": {
            "title": "Sample scene of a country that does not exist",
            "datetime": f"{overpass.sensed:%Y-%m-%dT%H:%M:%S}Z",
            "platform": f"sentinel-{overpass.platform[1:].lower()}",
            "constellation": "sentinel-2",
            "instruments": ["msi"],
            "eo:cloud_cover": cloud_cover,
            "proj:epsg": crs.epsg,
            "view:sun_azimuth": sun[0],
            "view:sun_elevation": sun[1],
            "s2:mgrs_tile": tile_id,
            "s2:processing_baseline": "04.00" if shifted else "03.01",
            "s2:nodata_pixel_percentage": nodata_share,
            "sat:relative_orbit": overpass.orbit,
        },
        "assets": assets,
        "links": [],
    }


def _asset(band: str, href: str, geobox: GeoBox, *, is_shifted: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "nodata": 0,
        "data_type": "uint8" if band == "SCL" else "uint16",
        "spatial_resolution": RESOLUTION[band],
    }
    if band != "SCL":
        facts |= {"scale": 0.0001, "offset": -0.1 if is_shifted else 0}
    asset: dict[str, Any] = {
        "href": f"./{href}",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "title": TITLES[band],
        "roles": ["data"],
        "proj:shape": [geobox.height, geobox.width],
        "proj:transform": list(geobox.affine[:6]),
        "raster:bands": [facts],
    }
    if band != "SCL":
        asset["eo:bands"] = [{"name": band}]
    return asset
