from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.cog.gdal import GdalDecoder
from tests.builders.tiffs import FIXTURES

_BY_NAME = {fixture.name: fixture for fixture in FIXTURES}


@pytest.fixture(scope="session")
def gdal() -> Iterator[GdalDecoder]:
    decoder = GdalDecoder(workers=1)
    yield decoder
    decoder.close()


@pytest.fixture(scope="session")
def tiff(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the path of a fixture of `tests.builders.tiffs`, written on first use."""
    folder = tmp_path_factory.mktemp("tiffs")

    def make(name: str) -> Path:
        path = folder / f"{name}.tif"
        if not path.exists():
            _BY_NAME[name].write(path)
        return path

    return make
