"""A pixel seen from inside → JSON, for the API, the command and the page."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from api.debug.translate import PixelQuestion
from api.params import iso
from engine.catalog.scene import Scene
from engine.core import DebuggedPixel
from engine.geo.crs import WGS84, transform
from engine.plan.layers import day_of
from engine.plan.plan import InputPlan, Layer
from evalscripts.errors import ScriptError
from evalscripts.setup import Mosaicking, SetupOutput

DIGITS = 9
"""Of degrees: a tenth of a millimeter."""

Json = dict[str, Any]


def describe_pixel(question: PixelQuestion, seen: DebuggedPixel) -> Json:
    """Return everything about a pixel; ``document.REPORT`` shows what it looks like."""
    report = seen.report
    return {
        "pixel": {**_place(question), "inside": seen.is_inside},
        "inputs": [_input(part, seen.used[part.input.id]) for part in seen.plan.inputs],
        "samples": report.samples,
        "scenes": report.scenes,
        "console": list(report.console),
        "consoleAround": list(report.console_around),
        "returned": report.returned,
        "outputs": _outputs(seen.plan.outputs, report.outputs),
        "userData": report.user_data,
        "error": None if report.error is None else describe_error(report.error),
    }


def describe_broken(question: PixelQuestion, error: ScriptError) -> Json:
    """Return the same of a script that did not get as far as its pixels."""
    return {
        "pixel": {**_place(question), "inside": None},
        "inputs": [],
        "samples": None,
        "scenes": None,
        "console": [],
        "consoleAround": list(error.console),
        "returned": None,
        "outputs": None,
        "userData": None,
        "error": describe_error(error),
    }


def describe_error(error: ScriptError) -> Json:
    """Return what is wrong with a script, and where in its text."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "line": error.line,
        "column": error.column,
        "excerpt": error.excerpt,
        "stack": list(error.stack),
    }


def _place(question: PixelQuestion) -> Json:
    geobox, window = question.request.geobox, question.window
    x, y = geobox.affine @ (window.col_start + 0.5, window.row_start + 0.5)
    lon, lat = (part.item() for part in transform(geobox.crs, WGS84, np.array([x]), np.array([y])))
    known = math.isfinite(lon) and math.isfinite(lat)
    return {
        "col": window.col_start,
        "row": window.row_start,
        "x": x,
        "y": y,
        "crs": geobox.crs.name,
        "lon": round(lon, DIGITS) if known else None,
        "lat": round(lat, DIGITS) if known else None,
    }


def _input(part: InputPlan, used: Sequence[str]) -> Json:
    """Return an input and, in the order of its samples, which scenes each was made of."""
    return {
        "id": part.input.id,
        "collection": part.collection.id,
        "title": part.collection.title,
        "mosaicking": part.mosaicking.value,
        "bands": list(part.wanted.bands),
        "units": [_unit(part, band) for band in part.wanted.bands],
        "origins": [_origin(layer, part.mosaicking, frozenset(used)) for layer in part.layers],
    }


def _unit(part: InputPlan, band: str) -> str | None:
    return next((use.unit.name for use in part.bands if use.band.name == band), None)


def _origin(layer: Layer, mosaicking: Mosaicking, used: frozenset[str]) -> Json:
    day = day_of(layer.scenes[0]) if layer.scenes and mosaicking is Mosaicking.ORBIT else None
    return {
        "day": None if day is None else day.isoformat(),
        "candidates": len(layer.scenes),
        "scenes": [_scene(scene) for scene in layer.scenes if scene.name in used],
    }


def _scene(scene: Scene) -> Json:
    return {
        "name": scene.name,
        "date": None if scene.sensed is None else iso(scene.sensed),
        "cloudCover": scene.cloud_cover,
    }


def _outputs(
    outputs: Sequence[SetupOutput], values: Mapping[str, Sequence[float]] | None
) -> list[Json] | None:
    if values is None:
        return None
    return [
        {
            "id": output.id,
            "sampleType": output.sample_type.value,
            "values": [_number(value) for value in values[output.id]],
        }
        for output in outputs
        if output.id in values
    ]


def _number(value: float) -> float | int | str:
    """Return a number of JSON; for those it has no word for, the text that stands for them."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return int(value) if value.is_integer() else value
