"""The façade over all rooms.

engine   Engine: compile, prepare, draw, pixels, encode, read
prepare  Prepared: scenes chosen, hooks run, plan made; no pixel read
draw     Prepared → Pixels, whatever changes meanwhile
local    local_engine, make_request: an engine and a question in a line each
options  EngineOptions: everything that can be chosen, with its default
parts    what an open engine holds: stores, database, caches, workers
door     the synchronous door's own loop thread
dataset  Pixels → xarray.Dataset, where xarray is installed
"""

from engine.core.engine import Engine, open_engine
from engine.core.local import local_engine, make_request
from engine.core.options import EngineOptions
from engine.core.prepare import Prepared
from engine.run.examine import DebuggedPixel, one_pixel, pixel_at

__all__ = [
    "DebuggedPixel",
    "Engine",
    "EngineOptions",
    "Prepared",
    "local_engine",
    "make_request",
    "one_pixel",
    "open_engine",
    "pixel_at",
]
