import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.cog.blocks import BlockRead, blocks_of
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.errors import SourceCorrupt, SourceUnavailable
from engine.geo.window import Window
from tests.builders.tiff_crafting import GRAY, craft
from tests.builders.tiff_reading import parse

CORNER = Window(row_start=0, row_stop=1, col_start=0, col_stop=1)


@pytest.fixture
def own() -> Iterator[GdalDecoder]:
    decoder = GdalDecoder(workers=1)
    yield decoder
    decoder.close()


@pytest.fixture
def lerc(tiff: Callable[[str], Path]) -> tuple[CogImage, BlockRead, bytes]:
    content = tiff("lerc-uint8").read_bytes()
    image = parse(content).image
    (block,) = blocks_of(image, level=0, window=CORNER, band=0)
    (wanted,) = block.ranges
    return image, block, content[wanted.start : wanted.stop]


def children() -> set[int]:
    """Return the ids of this process's children."""
    listing = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(word) for one in listing for word in one.read_text().split()}


def test_no_process_is_started_before_it_is_needed(own: GdalDecoder) -> None:
    before = children()

    assert own is not None
    assert children() == before


def test_a_worker_that_dies_costs_its_block_alone(
    own: GdalDecoder, lerc: tuple[CogImage, BlockRead, bytes]
) -> None:
    before = children()
    expected = own.decode_block(*lerc, seconds=20.0).values
    (worker,) = children() - before
    os.kill(worker, signal.SIGKILL)

    with pytest.raises(SourceCorrupt, match="ended the GDAL process"):
        own.decode_block(*lerc, seconds=20.0)
    np.testing.assert_array_equal(own.decode_block(*lerc, seconds=20.0).values, expected)


def test_a_worker_that_hangs_is_replaced_when_its_time_is_up(
    own: GdalDecoder, lerc: tuple[CogImage, BlockRead, bytes]
) -> None:
    before = children()
    own.decode_block(*lerc, seconds=20.0)
    (worker,) = children() - before
    os.kill(worker, signal.SIGSTOP)
    start = time.monotonic()

    with pytest.raises(SourceUnavailable, match="in time"):
        own.decode_block(*lerc, seconds=0.2)
    assert time.monotonic() - start < 5.0
    assert worker not in children()
    assert own.decode_block(*lerc, seconds=20.0).values.shape == (1, 64, 64)


def test_closing_ends_every_process(lerc: tuple[CogImage, BlockRead, bytes]) -> None:
    before = children()
    decoder = GdalDecoder(workers=1)
    decoder.decode_block(*lerc, seconds=20.0)

    assert len(children() - before) == 1
    decoder.close()

    assert children() == before


def test_workers_see_nothing_of_our_environment(
    own: GdalDecoder, lerc: tuple[CogImage, BlockRead, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    before = children()
    own.decode_block(*lerc, seconds=20.0)
    (worker,) = children() - before
    names = {
        entry.split(b"=")[0] for entry in Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    }

    assert names - {b""} == {b"TZ", b"LC_ALL", b"OPENBLAS_NUM_THREADS"}


PARENT = """
import os
from engine.cog.gdal import GdalDecoder
from tests.engine.cog.test_gdal import CORNER, children, craft, parse, GRAY, blocks_of
from engine.errors import SourceCorrupt
content = craft({**GRAY, 259: ("H", [34887])}, blocks=[b"not LERC" * 9])
image = parse(content).image
(block,) = blocks_of(image, level=0, window=CORNER, band=0)
decoder = GdalDecoder(workers=1)
try:
    decoder.decode_block(image, block, content[8:80], seconds=20.0)
except SourceCorrupt:
    print(*children(), flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_worker_ends_when_its_parent_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARENT], capture_output=True, text=True, check=False, timeout=60,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    (worker,) = (int(word) for word in done.stdout.split())
    try:
        handle = os.pidfd_open(worker)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(handle, select.POLLIN)

    assert done.returncode == -signal.SIGKILL
    assert poll.poll(10_000) != []


@pytest.mark.parametrize(("tag", "name"), [(50002, "JPEG XL"), (34712, "JPEG 2000")])
def test_a_codec_that_gdal_lacks_is_refused_by_its_number(
    own: GdalDecoder, tag: int, name: str
) -> None:
    content = craft({**GRAY, 259: ("H", [tag])}, blocks=[b"\0" * 500])
    image = parse(content).image
    (block,) = blocks_of(image, level=0, window=CORNER, band=0)

    assert image.gdal_reason == f"TIFF compression {tag} is decoded by GDAL", name
    with pytest.raises(SourceCorrupt, match="is not decoded by GDAL"):
        own.decode_block(image, block, b"\0" * 500, seconds=20.0)
