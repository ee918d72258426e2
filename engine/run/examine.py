"""One pixel of a request, seen from inside: what its script was given, and what it made of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.errors import RequestError
from engine.geo.geobox import GeoBox
from engine.geo.geometry import Geometry
from engine.geo.window import Window
from engine.plan.plan import Plan
from engine.run.assemble import Assembler
from engine.run.blocks import BlockReader
from engine.run.evaluate import script_inputs
from engine.run.turns import Turns
from engine.run.workers import Workers
from engine.warp.clip import rasterize
from evalscripts.program import PixelReport, Program, RunContext


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DebuggedPixel:
    """What happened at one pixel."""

    col: int
    row: int
    """From 0, of the request's grid."""
    x: float
    y: float
    """The pixel's center in the request's CRS, x first."""
    is_inside: bool
    """False where the request's geometry leaves the pixel out: its outputs become 0."""
    used: Mapping[str, tuple[str, ...]]
    """Input id → names of the scenes that have data there and were used."""
    plan: Plan
    """What was read for it: the layers of each input in the order of its samples, and the
    script's outputs."""
    report: PixelReport
    """What the script was given, printed and returned; and its error, where it has one."""


def one_pixel(geobox: GeoBox, *, col: int, row: int) -> Window:
    """Return the window of one pixel; raises `RequestError` where the grid does not have it."""
    if not (0 <= col < geobox.width and 0 <= row < geobox.height):
        message = (
            f"pixel column {col}, row {row} is not in the request's grid; columns run from 0 to "
            f"{geobox.width - 1}, rows from 0 to {geobox.height - 1}"
        )
        raise RequestError(message, where="output")
    return Window(row_start=row, row_stop=row + 1, col_start=col, col_stop=col + 1)


def pixel_at(geobox: GeoBox, *, x: float, y: float) -> tuple[int, int]:
    """Return (col, row) of the pixel that holds a point of the grid's CRS; raises `RequestError`.

    Points on the right and bottom edges belong to the last column and row.
    """
    col, row = ~geobox.affine * (x, y)
    if not (0 <= col <= geobox.width and 0 <= row <= geobox.height):
        box = geobox.bbox
        message = (
            f"point {x:g}, {y:g} lies outside the request's area, {box.left:g}, {box.bottom:g} to "
            f"{box.right:g}, {box.top:g}"
        )
        raise RequestError(message, where="input->bounds")
    return min(int(col), geobox.width - 1), min(int(row), geobox.height - 1)


async def examine(
    plan: Plan,
    program: Program,
    *,
    context: RunContext,
    clip: Geometry | None,
    reader: BlockReader,
    workers: Workers,
    turns: Turns,
    principal: str | None,
) -> DebuggedPixel:
    """Return what happens at the only pixel of the plan's window; ``principal`` is who asks."""
    [stripe] = plan.stripes
    geobox = plan.geobox.crop(stripe)
    mask = None if clip is None else await workers.run(rasterize, clip, geobox)
    assembler = Assembler(reader=reader, workers=workers, plan=plan)
    samples = await assembler.samples(stripe, mask)
    inputs = script_inputs(plan.inputs, samples)
    report = await turns.run(principal, workers, program.debug, context, inputs)
    x, y = geobox.affine * (0.5, 0.5)
    return DebuggedPixel(
        col=stripe.col_start,
        row=stripe.row_start,
        x=x,
        y=y,
        is_inside=mask is None or bool(np.all(mask)),
        used={
            part.input.id: tuple(scene.name for scene in assembler.used(part))
            for part in plan.inputs
        },
        plan=plan,
        report=report,
    )
