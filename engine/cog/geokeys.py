"""GeoTIFF's keys and tags → CRS and affine.

Follows OGC GeoTIFF 1.1 (19-008r4) and, where files disagree with it, what GDAL's GTiff driver
does with them. What cannot be understood for certain gives no CRS and a sentence that says why.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from affine import Affine

from engine.cog import tags
from engine.cog.ifd import Form, Ifd, Known, integers, reals, text
from engine.cog.projections import user_defined_crs
from engine.errors import UnsupportedCrs
from engine.geo.crs import Crs, parse_crs

MODEL_TYPE = 1024
RASTER_TYPE = 1025
GEOGRAPHIC_CRS = 2048
PROJECTED_CRS = 3072
LINEAR_UNIT = 3076

PROJECTED = 1
GEOGRAPHIC = 2
PIXEL_IS_POINT = 2
METERS = {9001: 1.0, 9002: 0.3048, 9003: 1200.0 / 3937.0}
"""Linear unit → its length in meters: meter, foot, US survey foot."""
USER_DEFINED = 32_767

GeoKey = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an image lies."""

    crs: Crs | None
    """None where the file does not say, or says it in a way that is not understood."""
    affine: Affine
    """(col, row) → (x, y); the identity where the file has none."""
    warnings: tuple[str, ...]
    """Why ``crs`` is None."""


def read_placement(form: Form, known: Known, ifd: Ifd) -> Placement:
    """Return where the image of ``ifd`` lies, pixel-is-point already moved by half a pixel."""
    keys = read_geokeys(form, known, ifd)
    affine, problem = _affine(form, known, ifd, is_point=keys.get(RASTER_TYPE) == PIXEL_IS_POINT)
    if affine is None:
        return Placement(crs=None, affine=Affine.identity(), warnings=(problem,))
    crs, problem = _crs(keys)
    return Placement(crs=crs, affine=affine, warnings=() if crs is not None else (problem,))


def read_geokeys(form: Form, known: Known, ifd: Ifd) -> Mapping[int, GeoKey]:
    """Return key → value; keys whose values lie outside their tags are left out."""
    field = ifd.get(tags.GEO_KEYS)
    if field is None or field.type not in tags.INTEGERS:
        return {}
    directory = integers(form, known, ifd, tags.GEO_KEYS).tolist()
    doubles = reals(form, known, ifd, tags.GEO_DOUBLES)
    ascii_values = text(known, ifd, tags.GEO_ASCII)
    keys: dict[int, GeoKey] = {}
    for at in range(4, min(len(directory), 4 + 4 * (directory[3] if directory[3:] else 0)) - 3, 4):
        key, location, count, offset = directory[at : at + 4]
        if location == 0:
            keys[key] = offset
        elif location == tags.GEO_DOUBLES and offset < len(doubles):
            keys[key] = doubles[offset]
        elif location == tags.GEO_ASCII and offset < len(ascii_values):
            part = ascii_values[offset : offset + count].split(b"\0")[0]
            keys[key] = part.decode("latin-1").rstrip("|")
    return keys


def _affine(
    form: Form, known: Known, ifd: Ifd, *, is_point: bool
) -> tuple[Affine, str] | tuple[None, str]:
    scale = reals(form, known, ifd, tags.PIXEL_SCALE)
    tie = reals(form, known, ifd, tags.TIEPOINT)
    matrix = reals(form, known, ifd, tags.TRANSFORMATION)
    if len(scale) >= 2 and scale[0] != 0 and scale[1] != 0 and len(tie) >= 6:
        # GDAL takes the vertical scale as downwards whatever its sign.
        dx, dy = scale[0], -abs(scale[1])
        affine = Affine(dx, 0.0, tie[3] - tie[0] * dx, 0.0, dy, tie[4] - tie[1] * dy)
    elif len(matrix) == 16:
        affine = Affine(matrix[0], matrix[1], matrix[3], matrix[4], matrix[5], matrix[7])
    elif len(tie) >= 6:
        return None, "has ground control points but no affine transform; warp it to a grid first"
    else:
        return None, "has no georeference: neither a pixel scale nor a transformation"
    values = tuple(affine)[:6]
    determinant = affine.a * affine.e - affine.b * affine.d
    is_invertible = determinant != 0 and math.isfinite(1.0 / determinant)
    if not is_invertible or not all(math.isfinite(value) for value in values):
        return None, f"has a transform that cannot be inverted: {values}"
    return (affine * Affine.translation(-0.5, -0.5) if is_point else affine), ""


def _crs(keys: Mapping[int, GeoKey]) -> tuple[Crs | None, str]:
    model = keys.get(MODEL_TYPE)
    names: Sequence[int] = (PROJECTED_CRS, GEOGRAPHIC_CRS)
    if model == GEOGRAPHIC:
        names = (GEOGRAPHIC_CRS,)
    elif model not in (None, PROJECTED, USER_DEFINED):
        return None, f"has GeoTIFF model type {model}; only projected and geographic are read"
    for name in names:
        code = keys.get(name)
        if isinstance(code, int) and code not in (0, USER_DEFINED):
            return _coded(code, unit=keys.get(LINEAR_UNIT) if name == PROJECTED_CRS else None)
        if code == USER_DEFINED or (name == PROJECTED_CRS and model == PROJECTED):
            definition = user_defined_crs(keys)
            if definition is None:
                return None, "has a CRS of its own making that is not understood"
            return _parse(definition)
    return None, "names no coordinate reference system"


def _coded(code: int, *, unit: GeoKey | None) -> tuple[Crs | None, str]:
    """Return the CRS of an EPSG code, unless the file measures it in another unit."""
    crs, problem = _parse(f"EPSG:{code}")
    stated = METERS.get(unit) if isinstance(unit, int) else None
    if crs is None or stated is None or math.isclose(crs.meters_per_unit, stated, rel_tol=1e-7):
        return crs, problem
    return None, f"names EPSG:{code} but measures it in another unit ({unit})"


def _parse(name: str) -> tuple[Crs | None, str]:
    try:
        return parse_crs(name), ""
    except UnsupportedCrs as error:
        return None, error.message
