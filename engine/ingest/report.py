"""What an ingest understood, refused and wants to be known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """One scene that was registered, and where each fact about it came from."""

    scene_id: str
    name: str
    """What the scene is called from now on; no path of this machine."""
    sensed: datetime | None
    """Aware, UTC; None: it matches every time range."""
    cloud_cover: float | None
    """Percent."""
    bands: tuple[str, ...]
    """Band names of the collection, in its order."""
    dn_offset: float
    """What is added to stored reflectances; −1000 for Sentinel-2 from baseline 04.00 on."""
    sources: Mapping[str, str]
    """Fact (``sensed``, ``bands``, ``cover`` …) → what it was taken from."""

    @property
    def source(self) -> str:
        """All sources in one line."""
        return "; ".join(f"{fact}: {text}" for fact, text in self.sources.items())

    def to_json(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return {
            "id": self.scene_id,
            "name": self.name,
            "sensed": None if self.sensed is None else self.sensed.isoformat(),
            "cloud_cover": self.cloud_cover,
            "bands": list(self.bands),
            "dn_offset": self.dn_offset,
            "sources": dict(self.sources),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of everything that was named."""

    scenes: tuple[Understanding, ...]
    refused: tuple[tuple[str, str], ...]
    """(name, reason) of what was not taken."""
    warnings: tuple[str, ...]
    """What was taken all the same, but should be known."""
