from collections.abc import Iterator

import pytest

from tests.builders.engines import Bench, open_bench
from tests.builders.servers import fault_server, moto_s3, nginx

__all__ = ["fault_server", "moto_s3", "nginx"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One open engine for the laws of a module; each law has collections of its own."""
    with open_bench(tmp_path_factory.mktemp("bench")) as bench:
        yield bench
