"""What real clients are pointed at: three days of one small scene, served by the command."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.sample import YEAR, SampleScene, SampleSpec, write_samples
from tests.builders.running import Running, cogmill, running_server

COLLECTION = "sentinel-2-l2a"
DAYS = (YEAR[1], YEAR[5], YEAR[8])
"""Cloudy, with an edge and before the offset; clear and whole; clear with an edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landscape:
    """A server, and the files that it serves."""

    server: Running
    scenes: tuple[SampleScene, ...]
    """By time."""


@pytest.fixture(scope="session")
def landscape(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    home, files = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("scenes")
    report = write_samples(files, spec())
    with running_server(home, files, anonymous_read="true") as server:
        cogmill("ingest", COLLECTION, str(files), environment=server.environment)
        yield Landscape(server=server, scenes=report.scenes)


def spec() -> SampleSpec:
    return SampleSpec(
        pixels=360, overpasses=DAYS, zones=(33,), bands=("B02", "B03", "B04", "B08", "SCL")
    )


@pytest.fixture(scope="session")
def narrow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that allows a client twelve requests a minute, over no scenes at all."""
    home, files = tmp_path_factory.mktemp("narrow"), Path(tmp_path_factory.mktemp("nothing"))
    with running_server(home, files, requests_per_minute="12") as server:
        yield server
