"""The façade over all rooms.

engine   Engine: compile, plan, pixels, encode, read
options  EngineOptions: everything that can be chosen, with its default
parts    what an open engine holds: stores, database, caches, workers
door     the synchronous door's own loop thread
dataset  Pixels → xarray.Dataset, where xarray is installed
"""

from engine.core.engine import Engine, open_engine
from engine.core.options import EngineOptions

__all__ = ["Engine", "EngineOptions", "open_engine"]
