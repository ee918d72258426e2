"""Collections of users' own data (Sentinel Hub's BYOC)."""

import re
import statistics
import uuid
from collections.abc import Sequence

from engine.catalog.collection import DATA_MASK, Band, Collection, MosaicRule, Unit
from engine.cog.image import CogImage
from engine.errors import RequestError

MAX_BANDS = 100
"""As Sentinel Hub limits them."""
LEAST_MAX_METERS = 500.0
"""Pixels of this size are always allowed."""
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def make_user_collection(
    title: str, *, bands: Sequence[Band] = (), collection_id: str | None = None
) -> Collection:
    """Return a collection of one's own data, called ``byoc-<uuid>`` where no id is given.

    Without bands, the first scenes ingested define them. Of overlapping scenes the topmost one
    whose cover holds a pixel is used, data or not. Raises `RequestError` for more than
    `MAX_BANDS` bands, two of one name, or a name that is no JavaScript identifier.
    """
    if not title.strip():
        message = "a collection's title is empty"
        raise RequestError(message, where="title")
    if len(bands) > MAX_BANDS:
        message = f"a collection has at most {MAX_BANDS} bands, found {len(bands)}"
        raise RequestError(message, where="bands")
    names = [band.name for band in bands]
    for name in names:
        if not is_band_name(name):
            message = f"band name {name[:40]!r} is not a JavaScript identifier, or is reserved"
            raise RequestError(message, where="bands")
        if names.count(name) > 1:
            message = f"band name {name[:40]!r} is given twice"
            raise RequestError(message, where="bands")
    return Collection(
        id=collection_id if collection_id is not None else f"byoc-{uuid.uuid4()}",
        title=title.strip(),
        bands={band.name: band for band in bands},
        rule=MosaicRule.TOP_COVER,
    )


def make_user_band(
    name: str,
    *,
    sample_type: str | None = None,
    nodata: float | None = None,
    source: str | None = None,
) -> Band:
    """Return a band of user data: its only unit is DN, the stored number."""
    return Band(
        name=name, units=(Unit(name="DN"),), sample_type=sample_type, nodata=nodata, source=source
    )


def is_band_name(name: str) -> bool:
    """Return True where scripts can say ``sample.<name>`` and the name is not taken."""
    return _IDENTIFIER.fullmatch(name) is not None and name != DATA_MASK


def coarsest_meters(image: CogImage) -> float | None:
    """Return the meters per pixel of the coarsest level, or None without a CRS.

    Degrees count as on the equator, so the limit made of it does not depend on the place.
    """
    if image.crs is None:
        return None
    a, _, _, d = image.affine[0:4]
    pixel = float((a * a + d * d) ** 0.5) * image.crs.meters_per_unit
    return pixel * image.width / image.levels[-1].width


def derive_max_meters_per_pixel(coarsest: Sequence[float]) -> float:
    """Return the limit of a user collection whose files have these coarsest resolutions, meters.

    Five times their median, at least 500 m (Sentinel Hub's BYOC documentation).
    """
    median = statistics.median(coarsest) if coarsest else 0.0
    return max(LEAST_MAX_METERS, 5.0 * median)
