"""Two servers that are attacked: one open to anyone on the loopback, one that wants tokens."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.builders.apis import Served, serving

SECONDS = 1.0
"""What a script may take here, its top level and its pixels alike: endless ones wait it out."""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("open"),
        anonymous_read=True,
        script_seconds=SECONDS,
        cors_origins=("https://maps.example",),
        token_requests_per_minute=1000,
    ) as one:
        engine = one.app.state.engine
        engine.options = replace(engine.options, setup_seconds=SECONDS)
        yield one


@pytest.fixture(scope="session")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("closed"), token_requests_per_minute=1000) as one:
        yield one
