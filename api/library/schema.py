"""What a client may send to have a script checked, as a pydantic model."""

from pydantic import BaseModel, ConfigDict, Field


class CheckBody(BaseModel):
    """A script, and what it is meant for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    evalscript: str = Field(description="A script, or the id of a ready one.")
    collections: list[str] = Field(
        default=[],
        max_length=32,
        description="What it is to read; tells the bands of scripts without setup().",
    )
