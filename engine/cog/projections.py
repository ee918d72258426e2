"""User-defined GeoKeys → PROJ text, where that is certain.

Either the citation holds a whole WKT (Esri writes it so), or the projection's method and all
its parameters are given. Anything in doubt gives None: a CRS that is nearly right puts pixels
at places that are nearly right, which is worse than none.
"""

from collections.abc import Mapping

METHOD = 3075
PROJECTION = 3074
BASE = 2048
ELLIPSOID = 2056
SEMI_MAJOR = 2057
SEMI_MINOR = 2058
INVERSE_FLATTENING = 2059
DATUM = 2050
ANGULAR_UNIT = 2054
PRIME_MERIDIAN = 2051
LINEAR_UNIT = 3076
METER = 9001
DEGREE = 9102
GREENWICH = 8901
CITATIONS = (3073, 1026, 2049)
USER_DEFINED = 32_767

_DATUMS: Mapping[object, str] = {
    4326: "WGS84", 4269: "NAD83", 4267: "NAD27", 6326: "WGS84", 6269: "NAD83", 6267: "NAD27",
}  # fmt: skip
_ELLIPSOIDS: Mapping[object, str] = {
    7030: "WGS84",
    7019: "GRS80",
    7008: "clrk66",
    7004: "bessel",
    7022: "intl",
}

_LAT_0, _LON_0 = (3081, 3085, 3089), (3080, 3084, 3088)
_X_0, _Y_0 = (3082, 3086, 3090), (3083, 3087, 3091)
_METHODS: Mapping[int, tuple[str, Mapping[str, tuple[int, ...]]]] = {
    1: ("tmerc", {"lat_0": _LAT_0, "lon_0": _LON_0, "k_0": (3092,)}),
    8: ("lcc", {"lat_1": (3078,), "lat_2": (3079,), "lat_0": _LAT_0, "lon_0": _LON_0}),
    10: ("laea", {"lat_0": _LAT_0, "lon_0": _LON_0}),
    11: ("aea", {"lat_1": (3078,), "lat_2": (3079,), "lat_0": _LAT_0, "lon_0": _LON_0}),
    24: ("sinu", {"lon_0": _LON_0}),
}
"""Coordinate transformation code (GeoTIFF 1.1, table of ProjMethod) → PROJ's name and the keys
that may hold each parameter. Polar stereographic is left out: writers disagree on the meaning
of its latitude."""


def user_defined_crs(keys: Mapping[int, int | float | str]) -> str | None:
    """Return PROJ text or WKT of the CRS that ``keys`` define themselves, or None."""
    for citation in CITATIONS:
        words = keys.get(citation)
        if isinstance(words, str) and "ESRI PE String = " in words:
            return words.split("ESRI PE String = ", 1)[1].strip()
    base = _base(keys)
    if base is None or not _has_plain_units(keys):
        return None
    zone = _utm_zone(keys.get(PROJECTION))
    if zone is not None:
        return f"+proj=utm {zone} {base} +units=m +no_defs +type=crs"
    method = keys.get(METHOD)
    if not isinstance(method, int) or method not in _METHODS:
        return None
    name, parameters = _METHODS[method]
    parts = [f"+proj={name}"]
    for parameter, candidates in {**parameters, "x_0": _X_0, "y_0": _Y_0}.items():
        value = next((keys[key] for key in candidates if key in keys), None)
        if not isinstance(value, int | float):
            return None
        parts.append(f"+{parameter}={value!r}")
    return " ".join([*parts, base, "+units=m", "+no_defs", "+type=crs"])


def _utm_zone(projection: object) -> str | None:
    """Return PROJ's words for EPSG's projections 16001 … 16060 (north) and 16101 … (south)."""
    if isinstance(projection, int) and 1 <= projection % 100 <= 60:
        return {160: f"+zone={projection % 100}", 161: f"+zone={projection % 100} +south"}.get(
            projection // 100
        )
    return None


def _has_plain_units(keys: Mapping[int, int | float | str]) -> bool:
    return (
        keys.get(LINEAR_UNIT) == METER
        and keys.get(ANGULAR_UNIT, DEGREE) == DEGREE
        and keys.get(PRIME_MERIDIAN, GREENWICH) == GREENWICH
    )


def _base(keys: Mapping[int, int | float | str]) -> str | None:
    for key in (BASE, DATUM):
        datum = _DATUMS.get(keys.get(key))
        if datum is not None:
            return f"+datum={datum}"
    ellipsoid = _ELLIPSOIDS.get(keys.get(ELLIPSOID))
    if ellipsoid is not None:
        return f"+ellps={ellipsoid}"
    a, b, rf = (keys.get(key) for key in (SEMI_MAJOR, SEMI_MINOR, INVERSE_FLATTENING))
    if isinstance(a, float) and isinstance(rf, float) and rf > 0:
        return f"+a={a!r} +rf={rf!r}"
    if isinstance(a, float) and isinstance(b, float):
        return f"+a={a!r} +b={b!r}"
    return None
