"""GDAL's own tags: no-data, scale, offset and names of bands."""

import math
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.sax.saxutils import unescape

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class BandMetadata:
    """What GDAL_METADATA says of the bands, one value per band."""

    scale: tuple[float, ...]
    offset: tuple[float, ...]
    names: tuple[str, ...]
    """Descriptions, "" where missing; empty where no band has one."""
    warnings: tuple[str, ...] = ()


def read_band_metadata(xml: bytes, *, bands: int) -> BandMetadata:
    """Return scale, offset and names from the XML of tag 42112; 1, 0 and "" where absent.

    XML that is not well formed, has entities or a number that is none counts as absent, with a
    warning: the pixels do not depend on it.
    """
    plain = BandMetadata(scale=(1.0,) * bands, offset=(0.0,) * bands, names=())
    body = xml.rstrip(b"\0 \r\n")
    if not body:
        return plain
    scale, offset, names = [1.0] * bands, [0.0] * bands, [""] * bands
    warning = "has GDAL metadata that is not well-formed XML; scale and offset are not taken"
    if b"<!" in body:
        return BandMetadata(scale=plain.scale, offset=plain.offset, names=(), warnings=(warning,))
    try:
        root = ET.fromstring(body)  # noqa: S314  # size-bounded by its tag, and without entities
        for item in root.iter("Item"):
            role, sample = item.get("role"), item.get("sample", "")
            if not sample.isascii() or not sample.isdigit() or int(sample[:9]) >= bands:
                continue
            if role == "scale":
                scale[int(sample)] = _finite(item.text)
            elif role == "offset":
                offset[int(sample)] = _finite(item.text)
            elif role == "description":
                names[int(sample)] = _plain(item.text)
            elif item.get("name") == "DESCRIPTION":
                # openEO writes names as plain metadata; a real description overrules it.
                names[int(sample)] = names[int(sample)] or _plain(item.text)
    except (ET.ParseError, ValueError):
        return BandMetadata(scale=plain.scale, offset=plain.offset, names=(), warnings=(warning,))
    return BandMetadata(
        scale=tuple(scale), offset=tuple(offset), names=tuple(names) if any(names) else ()
    )


def _plain(words: str | None) -> str:
    """Return a name as it was given; GDAL escapes them twice, as a string and as XML."""
    return unescape((words or "").strip(), {"&quot;": '"'})


def _finite(words: str | None) -> float:
    value = float(words or "")
    if not math.isfinite(value):
        raise ValueError(words)
    return value


def parse_nodata(words: bytes, *, dtype: str) -> float | None:
    """Return the no-data number of tag 42113 as ``dtype`` stores it, or None where there is none.

    A whole-number image keeps a number that it cannot hold (−9999 in uint8): no pixel equals it.
    For float32 the nearest float32 is returned, since writers print the lowest float32 with too
    few digits and it would equal no pixel.
    """
    plain = words.split(b"\0")[0].strip().replace(b",", b".")
    if not plain or len(plain) > 64:
        return None
    try:
        value = float(plain)
    except ValueError:
        return None
    if dtype != "float32" or not math.isfinite(value):
        return value
    edge = float(np.finfo(np.float32).max)
    if edge < abs(value) < edge * (1 + 1e-6):
        return math.copysign(edge, value)
    return float(np.float32(value)) if abs(value) <= edge else value
