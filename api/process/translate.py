"""A Process request → the engine's question; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.params import at, time_range
from api.process.grid import make_grid
from api.process.schema import DataSource, ProcessBody
from engine.catalog.search import SceneOrder
from engine.errors import RequestError
from engine.plan.limits import Limits
from engine.request import Input, PixelRequest
from engine.warp.resampling import Resampling
from evalscripts.library import script_text

LEGACY_TYPES: Mapping[str, str] = {
    "S2L1C": "sentinel-2-l1c",
    "S2L2A": "sentinel-2-l2a",
    "S1GRD": "sentinel-1-grd",
    "L8L1C": "landsat-8-l1c",
    "LOTL1": "landsat-ot-l1",
    "LOTL2": "landsat-ot-l2",
    "LTML1": "landsat-tm-l1",
    "LTML2": "landsat-tm-l2",
    "LMSSL1": "landsat-mss-l1",
    "LETML1": "landsat-etm-l1",
    "LETML2": "landsat-etm-l2",
    "MODIS": "modis",
    "DEM": "dem",
    "S3OLCI": "sentinel-3-olci",
    "S3SLSTR": "sentinel-3-slstr",
    "S3SLSTRL2": "sentinel-3-slstr-l2",
    "S5PL2": "sentinel-5p-l2",
    "HLS": "hls",
}
"""Names that sentinelhub-js still sends → collection ids."""

CUSTOM = "custom"
"""The older form of a user's collection, with its id in ``dataFilter.collectionId``."""

METHODS: Mapping[str, Resampling] = {
    "NEAREST": Resampling.NEAREST,
    "BILINEAR": Resampling.BILINEAR,
    "BICUBIC": Resampling.CUBIC,
    "BOX": Resampling.AVERAGE,
}


def parse_body(value: Any) -> ProcessBody:
    """Return the request of a JSON value; raises pydantic's ValidationError."""
    return ProcessBody.model_validate(value)


def translate(body: ProcessBody, *, limits: Limits, principal: str | None = None) -> PixelRequest:
    """Return what to ask the engine; raises `RequestError`s.

    Which of the script's outputs are wanted is left open: they are known once it is compiled.
    """
    geobox, clip = make_grid(body.input.bounds, body.output, side=limits.side)
    return PixelRequest(
        geobox=geobox,
        clip=clip,
        inputs=_inputs(body.input.data),
        script=script_text(body.evalscript),
        principal=principal,
    )


def _inputs(sources: Sequence[DataSource]) -> tuple[Input, ...]:
    inputs = [_input(source, index) for index, source in enumerate(sources)]
    ids: set[str] = set()
    for index, one in enumerate(inputs):
        if one.id in ids:
            message = f"two data sources have the id {one.id[:60]!r}; ids must differ"
            raise RequestError(message, where=f"input->data[{index}]->id")
        ids.add(one.id)
    return tuple(inputs)


def _input(source: DataSource, index: int) -> Input:
    where = f"input->data[{index}]"
    span = source.filter.time_range
    with at(f"{where}->dataFilter->timeRange"):
        time = time_range(span.start, span.last)
    return Input(
        id=str(index) if source.id is None else source.id,
        collection=collection_id(source),
        time=time,
        max_cloud_cover=source.filter.max_cloud_cover,
        order=SceneOrder(source.filter.order),
        upsampling=resampling(source.processing.upsampling, f"{where}->processing->upsampling"),
        downsampling=resampling(
            source.processing.downsampling, f"{where}->processing->downsampling"
        ),
        harmonize=source.processing.harmonize,
    )


def collection_id(source: DataSource) -> str:
    """Return the collection's id, for names old and new."""
    if source.type.lower() == CUSTOM and source.filter.collection_id:
        return f"byoc-{source.filter.collection_id.removeprefix('byoc-')}"
    return LEGACY_TYPES.get(source.type, source.type)


def resampling(name: str, where: str) -> Resampling:
    """Return the method that Sentinel Hub calls ``name``, in any case; raises `RequestError`."""
    found = METHODS.get(name.upper())
    if found is None:
        message = f"resampling {name[:40]!r} is not available; allowed: {', '.join(METHODS)}"
        raise RequestError(message, where=where)
    return found
