"""The engine: pixels; knows no HTTP and no JavaScript.

One question, `PixelRequest`, and one answer, `Pixels`; between them stands one plan, a plain
value that lists every scene, level and byte range that will be read, and what it costs. Planning
is pure, only `engine.run` waits, and everything else is arithmetic on arrays.

    PixelRequest
          │ plan            pure     engine.plan          → explain, cost, limits
        Plan
          │ fetch           async    engine.run.blocks
        bytes
          │ decode          threads  engine.cog
        blocks
          │ warp + mosaic   threads  engine.warp, engine.run.assemble
       Samples
          │ evaluate        threads  evalscripts
       Pixels
          │ encode          threads  engine.encode
       Encoded

From a notebook, without a server::

    from engine import local_engine, make_request

    engine = local_engine("~/cogmill")
    request = make_request("sentinel-2-l2a", "ndvi", bbox=(11.3, 46.4, 11.4, 46.5), size=(512, 512))
    engine.read(request).outputs["default"]  # (band, row, col); or engine.dataset(request)

In an event loop, ``async with Engine(options) as engine: await engine.pixels(request)``.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.core import Engine, EngineOptions, local_engine, make_request, open_engine
    from engine.request import Input, PixelRequest
    from engine.samples import Pixels

_ROOMS = {
    "Engine": "engine.core",
    "EngineOptions": "engine.core",
    "Input": "engine.request",
    "PixelRequest": "engine.request",
    "Pixels": "engine.samples",
    "local_engine": "engine.core",
    "make_request": "engine.core",
    "open_engine": "engine.core",
}

__all__ = [
    "Engine",
    "EngineOptions",
    "Input",
    "PixelRequest",
    "Pixels",
    "local_engine",
    "make_request",
    "open_engine",
]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: the lower rooms must not load the upper ones."""
    room = _ROOMS.get(name)
    if room is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(room), name)
