"""What a client may ask of a map tile, as a pydantic model of the query."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

SIZES = (256, 512, 1024)
"""Pixels along a side of a map tile."""


def _size(value: int) -> int:
    if value not in SIZES:
        message = f"must be one of {', '.join(map(str, SIZES))}"
        raise ValueError(message)
    return value


class TileQuery(BaseModel):
    """The query of ``/tiles/…``."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    size: Annotated[int, AfterValidator(_size)] = Field(
        default=256, description="Pixels along a side: 256, 512 or 1024."
    )
    script: str | None = Field(
        default=None,
        max_length=100,
        description="Name of a ready script: true-color, ndvi … One of a fusion brings its other "
        "collection; one that looks at all dates looks at those of `time`.",
        examples=["true-color"],
    )
    evalscript: str | None = Field(
        default=None, description="A script instead, as it is or as base64url."
    )
    time: str = Field(
        default="",
        max_length=100,
        examples=["2022-04-01/2022-07-31"],
        description="A day, an instant, or from/to of them, both inclusive; .. leaves an end open.",
    )
    order: Literal["mostRecent", "leastRecent", "leastCC"] = "mostRecent"
    maxcc: Annotated[FiniteFloat, Field(ge=0, le=100)] | None = Field(
        default=None, description="Cloud cover of scenes at most, in percent."
    )
    upsampling: Literal["nearest", "bilinear", "cubic", "average"] = "nearest"
    downsampling: Literal["nearest", "bilinear", "cubic", "average"] = "nearest"
    quality: int = Field(default=90, ge=0, le=100, description="Of JPEG and WebP.")
