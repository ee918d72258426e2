"""Names that producers give their products, as a table of patterns.

Each pattern matches what is common to all files of one product: it is the scene's name. Where a
path holds several (a SAFE folder, a granule in it, a file in that), the outermost one counts.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from engine.ingest.dates import parse_stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a product's name tells."""

    name: str
    collection: str | None
    """The built-in collection that it belongs to, where the name tells."""
    sensed: datetime | None
    """Aware, UTC; midnight where the name holds only a day."""
    baseline: int | None
    """Sentinel-2: the processing baseline, 400 for 04.00."""
    properties: dict[str, str]
    """``platform``, ``grid:code`` …, as STAC calls them."""


_UTM = r"T?(?P<tile>\d{1,2}[C-HJ-NP-X][A-Z]{2})"

EXAMPLES = {
    "S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857": (
        rf"(?P<platform>S2[A-D])_MSIL(?P<level>1C|2A)_(?P<stamp>\d{{8}}T\d{{6}})_N(?P<baseline>\d{{4}})"
        rf"_R\d{{3}}_{_UTM}_\d{{8}}T\d{{6}}"
    ),
    # The time in this one is that of the making.
    "S2A_OPER_MSI_L2A_TL_ATOS_20220620T162319_A036527_T32TLS_N04.00": (
        rf"(?P<platform>S2[A-D])_OPER_MSI_L(?P<level>1C|2A)_TL_\w{{4}}_\d{{8}}T\d{{6}}_A\d{{6}}_{_UTM}"
        r"_N(?P<baseline>\d\d\.\d\d)"
    ),
    "S2A_32TLS_20220618_0_L2A": (
        rf"(?P<platform>S2[A-D])_{_UTM}_(?P<stamp>\d{{8}}(?:T\d{{6}})?)(?:_\d+)?_L(?P<level>1C|2A)"
    ),
    "L2A_T07HFE_A019029_20190212T192646": (
        rf"L(?P<level>1C|2A)_{_UTM}_A\d{{6}}_(?P<stamp>\d{{8}}T\d{{6}})"
    ),
    "T32TLS_20220618T101559": rf"(?=T){_UTM}_(?P<stamp>\d{{8}}T\d{{6}})",
    "LC08_L2SP_017036_20130419_20200913_02_T2": (
        r"(?P<platform>L[COTEM]0[1-9])_L(?P<level>[12])[A-Z]{2}_(?P<path>\d{3})(?P<row>\d{3})"
        r"_(?P<stamp>\d{8})(?:_\d{8}_\d{2}_(?:T[12]|RT|A[12]))?"
    ),
    "LC80170362013109LGN00": (
        r"(?P<platform>L[COTEM]\d)(?P<path>\d{3})(?P<row>\d{3})(?P<stamp>\d{7})[A-Z]{3}\d{2}"
    ),
    "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8": (
        r"(?P<platform>S1[A-D])_(?:IW|EW|SM|WV|S\d)_\w{4}_\w{4}_(?P<stamp>\d{8}T\d{6})"
        r"_\d{8}T\d{6}_\d{6}_[0-9A-F]{6}(?:_[0-9A-F]{4})?"
    ),
    # Corrected for the terrain, on the MGRS grid.
    "S1B_20161121_12SYJ_ASC": (rf"(?P<platform>S1[A-D])_(?P<stamp>\d{{8}})_{_UTM}_(?:ASC|DSC|DES)"),
    # As pyroSAR calls its results.
    "S1A__IW___A_20150309T173017": (
        r"(?P<platform>S1[A-D])_+(?:IW|EW|SM|WV|S\d)_+[AD]_(?P<stamp>\d{8}T\d{6})"
    ),
    "HLS.S30.T32TLS.2022169T101559.v2.0": (
        rf"HLS\.(?P<platform>[SL]30)\.{_UTM}\.(?P<stamp>\d{{7}}T\d{{6}})\.v\d\.\d"
    ),
}
"""A name → the pattern of its kind."""

_LANDSAT_SENSORS = {
    **{("C", number): "ot" for number in (8, 9)},
    **{("O", number): "ot" for number in (8, 9)},
    **{("T", number): "tm" for number in (4, 5)},
    **{("M", number): "mss" for number in (1, 2, 3, 4, 5)},
    ("E", 7): "etm",
}
"""(letter of the sensor, number of the satellite) → what the collection calls the sensor."""

_PATTERNS = tuple(
    re.compile(rf"(?<![A-Za-z0-9]){pattern}", re.IGNORECASE) for pattern in EXAMPLES.values()
)

_S1_FILE = re.compile(
    r"(?P<platform>s1[a-d])-(?:iw|ew|sm|wv|s\d)-[a-z]{3}-(?P<polarization>[hv]{2})"
    r"-(?P<stamp>\d{8}t\d{6})-\d{8}t\d{6}-\d{6}-[0-9a-f]{6}(?P<number>-\d{3})?",
    re.IGNORECASE,
)
"""In s1a-iw-grd-vv-20210809t173953-20210809t174018-039156-049f13-001 the polarization stands in
the middle of what the files of a product have in common, and each has a number of its own."""


def find_product(path: str) -> Product | None:
    """Return the product that ``path`` (parts joined by ``/``) belongs to, or None."""
    for part in path.split("/"):
        for pattern in _PATTERNS:
            match = pattern.search(part)
            if match is not None:
                return _product(match, match.group())
        match = _S1_FILE.search(part)
        if match is not None:
            whole = match.group().removesuffix(match["number"] or "")
            return _product(match, whole.replace(f"-{match['polarization']}-", "-", 1))
    return None


def without_product(text: str) -> str:
    """Return ``text``, a file's name, without the product's name that it holds."""
    for pattern in _PATTERNS:
        text = pattern.sub("_", text, count=1)
    return _S1_FILE.sub(r"_\g<polarization>_", text, count=1)


def _product(match: re.Match[str], name: str) -> Product:
    found = match.groupdict()
    properties: dict[str, str] = {}
    platform = found.get("platform")
    if platform is not None:
        properties["platform"] = _platform(platform.upper())
    tile = found.get("tile")
    if tile is not None:
        properties["grid:code"] = f"MGRS-{tile.upper().zfill(5)}"
    if found.get("path") is not None:
        properties["landsat:wrs_path"] = found["path"]
        properties["landsat:wrs_row"] = found["row"]
    baseline = found.get("baseline")
    stamp = found.get("stamp")
    return Product(
        name=name,
        collection=_collection(found),
        sensed=None if stamp is None else parse_stamp(stamp),
        baseline=None if baseline is None else int(baseline.replace(".", "")),
        properties=properties,
    )


def _collection(found: dict[str, str | None]) -> str | None:
    code = (found.get("platform") or "").upper()
    level = (found.get("level") or "").lower()
    if code.startswith("S1"):
        return "sentinel-1-grd"
    if code in ("S30", "L30"):
        return "hls"
    if code.startswith("L"):
        sensor = _LANDSAT_SENSORS.get((code[1], int(code[2:])))
        return f"landsat-{sensor}-l{level or 1}" if sensor is not None else None
    return f"sentinel-2-l{level}" if level in ("1c", "2a") else None


def _platform(code: str) -> str:
    """Return ``sentinel-2a`` for ``S2A``, ``landsat-8`` for ``LC08`` and ``LC8``."""
    if code.startswith("L"):
        return f"landsat-{int(code[2:])}"
    if code.startswith(("S1", "S2")):
        return f"sentinel-{code[1]}{code[2].lower()}"
    return {"S30": "sentinel-2", "L30": "landsat"}[code]
