"""`SceneQuery`, `SceneOrder`: which scenes, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from engine.geo.bbox import BBox
from engine.geo.time import ALL_TIME, TimeRange


class SceneOrder(Enum):
    """The order in which scenes are laid on top of each other; the first one is on top."""

    MOST_RECENT = "mostRecent"
    LEAST_RECENT = "leastRecent"
    LEAST_CLOUDY = "leastCC"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneQuery:
    """What to look for in one collection."""

    collection: str
    area: tuple[BBox, ...] = ()
    """Boxes in EPSG:4326; a scene must meet one of them. Two where the antimeridian cuts. Empty:
    anywhere."""
    time: TimeRange = ALL_TIME
    max_cloud_cover: float | None = None
    """Percent, inclusive; scenes without a cloud cover pass."""
    order: SceneOrder = SceneOrder.MOST_RECENT
    """Ties go to the scene created later, then to the id, so that the order is total."""
    ids: tuple[str, ...] = ()
    """Only these scene ids, where given."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Scene property → the text that it must equal; numbers as JSON writes them."""
    limit: int | None = None
    """At most so many scenes."""
