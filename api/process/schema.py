"""What a client may send to the Process API, as pydantic models.

Unknown keys are ignored everywhere. Keys that only other collections know (Sentinel-1's
``backCoeff``, the DEM's ``egm`` …) are tolerated without being named here.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat

from api.params import CRS84, parse_instant


def _instant(value: Any) -> Any:
    if not isinstance(value, str):
        message = "must be a text, an ISO 8601 date and time with zone"
        raise ValueError(message)  # noqa: TRY004 -- pydantic turns only ValueErrors into violations
    return parse_instant(value)


MAX_NAME_BYTES = 90
"""Longest identifier of a response: with its extension it fits a TAR's header."""

Instant = Annotated[datetime, BeforeValidator(_instant)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class CrsProperties(_Model):
    """``bounds.properties``."""

    crs: str = Field(default=CRS84, description="URI of the CRS; coordinates are x, y.")


class Bounds(_Model):
    """``input.bounds``: where."""

    bbox: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat] | None = Field(
        default=None, description="x, y of two opposite corners."
    )
    geometry: dict[str, Any] | None = Field(
        default=None, description="GeoJSON Polygon or MultiPolygon in the same CRS."
    )
    properties: CrsProperties = CrsProperties()


class TimeSpan(_Model):
    """``dataFilter.timeRange``: both ends are inside."""

    start: Instant | None = Field(default=None, alias="from")
    last: Instant | None = Field(default=None, alias="to")


class DataFilter(_Model):
    """``data[].dataFilter``: which scenes."""

    time_range: TimeSpan = Field(default=TimeSpan(), alias="timeRange")
    max_cloud_cover: Annotated[FiniteFloat, Field(ge=0, le=100)] | None = Field(
        default=None, alias="maxCloudCoverage", description="Percent, of the scene."
    )
    order: Literal["mostRecent", "leastRecent", "leastCC"] = Field(
        default="mostRecent", alias="mosaickingOrder"
    )
    collection_id: str | None = Field(default=None, alias="collectionId")


class Processing(_Model):
    """``data[].processing``: how values are had."""

    upsampling: str = "NEAREST"
    downsampling: str = "NEAREST"
    harmonize: bool = Field(default=True, alias="harmonizeValues")


class DataSource(_Model):
    """``input.data[]``: one data source."""

    type: str = Field(description="Collection: sentinel-2-l2a, byoc-<id> …")
    id: str | None = Field(default=None, max_length=100)
    filter: DataFilter = Field(default=DataFilter(), alias="dataFilter")
    processing: Processing = Processing()


class ProcessInput(_Model):
    """``input``."""

    bounds: Bounds
    data: list[DataSource] = Field(min_length=1, max_length=32)


def _file_name(value: str) -> str:
    """Refuse what cannot be the name of a file in an archive."""
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        size = 0
    if not 0 < size <= MAX_NAME_BYTES or not value.isprintable() or set(value) & {"/", "\\"}:
        message = (
            f"must be 1 to {MAX_NAME_BYTES} bytes of printable text without slashes, since files "
            "are named after it"
        )
        raise ValueError(message)
    return value


class Format(_Model):
    """``responses[].format``."""

    type: str | None = Field(
        default=None, max_length=100, description="image/png; application/json for userdata."
    )
    quality: int | None = Field(default=None, ge=0, le=100)


class WantedResponse(_Model):
    """``output.responses[]``."""

    identifier: Annotated[str, AfterValidator(_file_name)] = "default"
    format: Format = Format()


class ProcessOutput(_Model):
    """``output``: the grid and the files."""

    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    resx: FiniteFloat | None = Field(default=None, gt=0)
    resy: FiniteFloat | None = Field(default=None, gt=0)
    responses: list[WantedResponse] = Field(default=[], max_length=100)


class ProcessBody(_Model):
    """A Process API request."""

    input: ProcessInput
    output: ProcessOutput = ProcessOutput()
    evalscript: str = Field(default="", description="A script, or the id of a ready one: ndvi …")
