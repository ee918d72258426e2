"""`Plan` and its parts: what will be read, and what it takes. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.catalog.collection import Band, Collection, Unit
from engine.catalog.scene import Asset, Scene
from engine.cog.blocks import BlockRead
from engine.cog.image import CogImage
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.request import Input
from engine.warp.resample import Frame
from engine.warp.resampling import Resampling
from evalscripts.setup import Mosaicking, SetupInput, SetupOutput


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandUse:
    """One band that the script asked for, in one unit."""

    band: Band
    unit: Unit
    add_offset: bool
    """True: the scene's ``dn_offset`` is added to the stored numbers."""
    clamp: bool
    """True: numbers below 0 become 0 after the offset was added."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandRead:
    """One band of one scene, for one target grid."""

    use: BandUse
    asset: Asset
    image: CogImage
    """The header to read by: the asset's own, or a newer one where the object has changed."""
    level: int
    """Index into ``image.levels``."""
    frame: Frame
    """The level's pixels that the kernel touches, and how they lie under the target's; the same
    object for all images of one geometry."""
    blocks: tuple[BlockRead, ...]

    @property
    def window(self) -> Window:
        """The level's pixels that the kernel touches."""
        return self.frame.window

    @property
    def resampling(self) -> Resampling:
        """How the level's pixels become the target's."""
        return self.frame.resampling


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneRead:
    """One scene, for one target grid."""

    input_id: str
    """The input that it is read for."""
    scene: Scene
    target: Window
    """The part of the request's grid that is filled, in the request's pixels."""
    bands: tuple[BandRead, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """Scenes that are laid on each other to become one sample of every pixel."""

    scenes: tuple[Scene, ...]
    """Every scene that may be needed, top first: all of the input under SIMPLE, those of one UTC
    day under ORBIT, a single one under TILE."""
    first: frozenset[str]
    """Ids of the scenes that are read ahead, since their covers together hold the area; the
    others are read only where pixels stay open."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InputPlan:
    """One input: what is read from which scenes."""

    input: Input
    wanted: SetupInput
    """What the script asked of it."""
    collection: Collection
    bands: tuple[BandUse, ...]
    """Without ``dataMask``; in the script's order."""
    mask_only: bool
    """True where the script asked for ``dataMask`` alone; the first band is read for it."""
    layers: tuple[Layer, ...]
    """In the order in which the script reads them."""

    @property
    def mosaicking(self) -> Mosaicking:
        """How scenes become layers."""
        return self.wanted.mosaicking

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """The scenes of all layers."""
        return tuple(scene for layer in self.layers for scene in layer.scenes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a request takes; an upper bound while nothing is cached, for the scenes read ahead."""

    pixels: int
    """Of the output grid."""
    bands: int
    """Bands read, over all inputs; ``dataMask`` is free unless it is the only one."""
    scenes: int
    """Scenes read ahead."""
    layers: int
    """Samples that a pixel has, over all inputs."""
    candidates: int
    """Scenes that may be needed."""
    blocks: int
    requests: int
    """Ranges to fetch, before neighbors are merged."""
    source_bytes: int
    """Compressed."""
    decoded_bytes: int
    memory_bytes: int
    """Largest amount of memory that one stripe holds, by estimate."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Everything that will be read for a request."""

    geobox: GeoBox
    """The whole request's grid."""
    window: Window
    """The pixels of it that are wanted: all of them, but for the debugging of one."""
    inputs: tuple[InputPlan, ...]
    outputs: tuple[SetupOutput, ...]
    """The script's outputs, with the band counts of this request."""
    stripes: tuple[Window, ...]
    """Whole rows of `window`, top to bottom."""
    reads: Mapping[tuple[str, str], SceneRead]
    """(input id, scene id) → the scenes read ahead, over the whole window; what `cost` was counted
    on. Scenes that have no pixel there are left out."""
    at_once: int
    """Scenes of one input that are worked on at the same time."""
    cost: Cost
    images: Mapping[str, CogImage] = field(default_factory=dict)
    """Address → newer header, for objects that changed after they were registered."""
