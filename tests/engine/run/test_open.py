import asyncio
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from engine.cog.header import FIRST_READ
from engine.cog.image import CogImage
from engine.errors import SourceCorrupt
from engine.run.open import open_image
from engine.store.route import StoreOptions, open_store
from engine.trace import Trace, tracing
from tests.builders.engines import write_cog

AFFINE = Affine.translation(6e5, 5e6) * Affine.scale(10, -10)


def opened(path: Path) -> tuple[CogImage, Trace]:
    async def work() -> tuple[CogImage, Trace]:
        store = open_store(StoreOptions(roots=(str(path.parent),)))
        with tracing() as trace:
            image = await open_image(store, str(path))
        await store.close()
        return image, trace

    return asyncio.run(work())


def test_an_unknown_image_takes_one_request_for_its_header(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(1, 3000, (1024, 1024), dtype=np.uint16)
    path = write_cog(tmp_path / "a.tif", values, crs="EPSG:32632", affine=AFFINE)
    image, trace = opened(path)

    assert (image.width, image.height, len(image.levels)) == (1024, 1024, 4)
    assert (trace.counts["requests"], trace.counts["bytes"]) == (1, FIRST_READ)


def test_what_is_not_a_tiff_is_refused_after_one_request(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"not a TIFF" * 10_000)

    with pytest.raises(SourceCorrupt):
        opened(path)
