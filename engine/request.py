"""`PixelRequest`: the one question. Every protocol is translated into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.catalog.search import SceneOrder
from engine.geo.geobox import GeoBox
from engine.geo.geometry import Geometry
from engine.geo.time import ALL_TIME, TimeRange
from engine.warp.resampling import Resampling


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One data source of a request."""

    id: str
    """What the script calls it: the request's ``data[].id``, else its index as text."""
    collection: str
    """Collection id."""
    time: TimeRange = ALL_TIME
    max_cloud_cover: float | None = None
    """Percent, inclusive; of the scene, not of the pixel."""
    order: SceneOrder = SceneOrder.MOST_RECENT
    upsampling: Resampling = Resampling.NEAREST
    """Used where the level read is coarser than the request."""
    downsampling: Resampling = Resampling.NEAREST
    """Used where the level read is finer than the request."""
    harmonize: bool = True
    """True: Sentinel-2 numbers mean the same for every processing baseline, negatives are 0."""
    scene_ids: tuple[str, ...] = ()
    """Only these scenes, where given."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """Other filters on scene properties: property → value, all must be equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelRequest:
    """Which pixels, from which data, through which script."""

    geobox: GeoBox
    inputs: tuple[Input, ...]
    """At least one; ids are unique."""
    script: str
    """The evalscript's text."""
    clip: Geometry | None = None
    """Pixels whose center lies outside read 0 and are no data."""
    outputs: tuple[str, ...] | None = None
    """Ids of the script's outputs that are wanted; None: all of them."""
    principal: str | None = None
    """Who asks; the engine only passes it on to logs and fair queueing."""
    account: str | None = None
    """Whose collections may be read besides everyone's; None: all (whoever runs the machine)."""
