"""Two servers that are attacked: one open to anyone on the loopback, one that wants tokens."""

from collections.abc import Iterator

import pytest

from tests.builders.apis import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("open"),
        anonymous_read=True,
        script_seconds=2.0,
        cors_origins=("https://maps.example",),
        token_requests_per_minute=1000,
    ) as one:
        yield one


@pytest.fixture(scope="session")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("closed"), token_requests_per_minute=1000) as one:
        yield one
