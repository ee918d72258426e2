"""A plan as plain data, for the command, a response header and the page; never an address."""

from collections.abc import Mapping
from typing import Any

from engine.plan.layers import day_of
from engine.plan.levels import downsample
from engine.plan.plan import BandRead, InputPlan, Plan, SceneRead
from evalscripts.program import Program
from evalscripts.setup import Mosaicking

MAX_SCENES = 50
"""Scenes, and days, described one by one; the rest is counted."""


def explain(plan: Plan, program: Program) -> Mapping[str, Any]:
    """Return what will be read and why, JSON-able."""
    box = plan.geobox
    return {
        "grid": {
            "width": box.width,
            "height": box.height,
            "crs": box.crs.name[:80],
            "bbox": [box.bbox.left, box.bbox.bottom, box.bbox.right, box.bbox.top],
            "resolution": list(box.resolution),
        },
        "script": {
            "tier": program.tier,
            "reason": program.reason,
            "outputs": [
                {"id": o.id, "bands": o.bands, "sampleType": o.sample_type.value}
                for o in plan.outputs
            ],
        },
        "inputs": [_input(part, plan) for part in plan.inputs],
        "stripes": len(plan.stripes),
        "cost": {
            "pixels": plan.cost.pixels,
            "bands": plan.cost.bands,
            "layers": plan.cost.layers,
            "scenesRead": plan.cost.scenes,
            "scenesFound": plan.cost.candidates,
            "blocks": plan.cost.blocks,
            "requests": plan.cost.requests,
            "sourceBytes": plan.cost.source_bytes,
            "decodedBytes": plan.cost.decoded_bytes,
            "memoryBytes": plan.cost.memory_bytes,
        },
    }


def _input(part: InputPlan, plan: Plan) -> Mapping[str, Any]:
    scenes = [(layer, scene) for layer in part.layers for scene in layer.scenes]
    days = [day_of(layer.scenes[0]) for layer in part.layers if layer.scenes]
    return {
        "id": part.input.id,
        "collection": part.collection.id,
        "mosaicking": part.mosaicking.value,
        "rule": part.collection.rule.value,
        "order": part.input.order.value,
        "bands": [{"name": use.band.name, "unit": use.unit.name} for use in part.bands],
        "layers": len(part.layers),
        "days": [day.isoformat() for day in days[:MAX_SCENES] if day is not None]
        if part.mosaicking is Mosaicking.ORBIT
        else [],
        "scenes": [
            _scene(read)
            if (read := plan.reads.get((part.input.id, scene.id)))
            else {
                "name": scene.name,
                "date": scene.sensed.isoformat() if scene.sensed else None,
                "read": "not touched"
                if scene.id in layer.first
                else "only where pixels stay open below the scenes above",
            }
            for layer, scene in scenes[:MAX_SCENES]
        ],
        "scenesNotListed": max(0, len(scenes) - MAX_SCENES),
    }


def _scene(read: SceneRead) -> Mapping[str, Any]:
    scene = read.scene
    return {
        "name": scene.name,
        "date": scene.sensed.isoformat() if scene.sensed else None,
        "cloudCover": scene.cloud_cover,
        "read": "at once: its cover adds to the scenes above",
        "bands": [_band(band) for band in read.bands],
    }


def _band(band: BandRead) -> Mapping[str, Any]:
    level = band.image.levels[band.level]
    window = band.window
    return {
        "name": band.use.band.name,
        "level": band.level,
        "levels": len(band.image.levels),
        "reduction": round(
            downsample((band.image.width, band.image.height), (level.width, level.height)), 3
        ),
        "resampling": band.resampling.value,
        "window": [window.col_start, window.row_start, window.col_stop, window.row_stop],
        "blocks": len(band.blocks),
        "bytes": sum(part.size for block in band.blocks for part in block.ranges),
        "compression": band.image.compression.name,
        "decodedBy": "cogmill" if band.image.gdal_reason is None else "GDAL",
        **({} if band.image.gdal_reason is None else {"why": band.image.gdal_reason}),
    }
