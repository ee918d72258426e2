"""What a client may send to see a pixel: a Process request, and which pixel."""

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from api.process.schema import ProcessBody


class PixelPlace(BaseModel):
    """A pixel of the request's grid, counted from 0 at the top left."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    col: int
    row: int


class DebugBody(ProcessBody):
    """A Process request, and one of its pixels by ``point`` or by ``pixel``."""

    point: tuple[FiniteFloat, FiniteFloat] | None = Field(
        default=None, description="x, y in the CRS of the request's bounds."
    )
    pixel: PixelPlace | None = Field(
        default=None, description="Or the pixel's column and row in the request's grid."
    )
