"""What a stripe holds in memory, by estimate; and in which dtypes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.cog.image import CogImage
from engine.geo.window import Window
from engine.plan.plan import InputPlan, SceneRead
from engine.warp.resample import resampled_dtype
from engine.warp.resampling import Resampling

SCENES_AT_ONCE = 8
"""Scenes of one input that are fetched and decoded at the same time, at most."""
FEW_AT_ONCE = 2
"""The same of the largest: one is resampled while another is decoded."""
AT_ONCE_BYTES = 192 << 20
"""What they may take together, before and after resampling, where there are more than a few."""
SMALL_AT_ONCE = 32
"""The same of small ones, which wait for the network most of their time."""
SMALL = 1.5 * 2**20
"""Bytes of a scene, before and after resampling, that is small."""
STRIPES_AT_ONCE = 2
"""The one that the script runs over, and the next one, which is read meanwhile."""


def band_dtypes(part: InputPlan, images: Mapping[str, CogImage]) -> tuple[np.dtype[Any], ...]:
    """Return for each band the dtype that holds it without loss, whichever scene it comes from.

    ``images`` are newer headers by address.
    """
    found = []
    scenes = part.scenes
    for use in part.bands:
        methods = (
            {Resampling.NEAREST}
            if use.band.is_categorical
            else {part.input.upsampling, part.input.downsampling}
        )
        assets = [scene.assets[use.band.name] for scene in scenes if use.band.name in scene.assets]
        stored = {np.dtype(images.get(asset.address, asset.image).dtype) for asset in assets} or {
            np.dtype(use.band.sample_type or "uint16")
        }
        kinds = [resampled_dtype(dtype, method) for dtype in stored for method in methods]
        if use.add_offset and not use.clamp and any(scene.dn_offset for scene in scenes):
            kinds.append(np.dtype(np.float32))
        found.append(np.result_type(*kinds))
    return tuple(found)


def scenes_at_once(reads: Iterable[SceneRead]) -> int:
    """Return how many scenes of one input are worked on at the same time."""
    largest = max(
        (
            _window_bytes(read) + read.target.width * read.target.height * 3 * len(read.bands)
            for read in reads
        ),
        default=0,
    )
    if largest <= SMALL:
        return SMALL_AT_ONCE
    return max(FEW_AT_ONCE, min(SCENES_AT_ONCE, int(AT_ONCE_BYTES // largest)))


def row_bytes(
    reads: Sequence[SceneRead],
    *,
    at_once: int,
    layers: int,
    dtypes: Sequence[np.dtype[Any]],
    window: Window,
) -> int:
    """Estimate the memory that one row of an input needs while it is put together.

    That of the scenes in work, before and after resampling, and of the samples of all layers.
    """
    numbers = sum(dtype.itemsize for dtype in dtypes)
    sources = sorted((_window_bytes(read) for read in reads), reverse=True)[:at_once]
    # Each band of a scene in work has a mask of its own, a layer has one for all its bands.
    at_work = len(sources) * (numbers + len(dtypes)) + layers * (numbers + 1) * STRIPES_AT_ONCE
    return sum(sources) // max(1, window.height) + at_work * window.width


def _window_bytes(read: SceneRead) -> int:
    return sum(
        band.window.width * band.window.height * np.dtype(band.image.dtype).itemsize
        for band in read.bands
    )
