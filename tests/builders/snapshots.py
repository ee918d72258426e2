"""Snapshots of a script's globals, with their references followed."""

from typing import Any

from evalscripts import V8Pool
from evalscripts.snapshot import Held, Ref, Snapshot
from evalscripts.source import read_source
from evalscripts.v8.program import stage
from evalscripts.v8.snapshot import read_snapshot
from tests.builders.scripts import SECONDS

TAIL = """
function setup() { return {input: ["B04"], output: {bands: 1}}; }
function evaluatePixel() { return [1]; }
"""


class Shot:
    """A snapshot with its references followed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.tampered = snapshot.tampered

    def __getitem__(self, name: str) -> Any:
        return self.follow(self.snapshot.globals[name])

    def follow(self, held: Held) -> Any:
        return self.snapshot.heap[held.index] if isinstance(held, Ref) else held


class Shooter:
    def __init__(self, pool: V8Pool) -> None:
        self.pool = pool

    def __call__(self, text: str, names: str) -> Shot:
        source = read_source(text + TAIL)
        asked = tuple(names.split())
        staged = stage(source, pool=self.pool, seconds=SECONDS, names=asked)
        return Shot(read_snapshot(staged.held, hooks=staged.hooks))
