"""One event loop for a whole test, so that what is opened in it can be used and closed in it."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, Protocol, TypeVar

import pytest

T = TypeVar("T")


class Await(Protocol):
    """Runs a coroutine to its end and returns what it returned."""

    def __call__(self, coroutine: Coroutine[Any, Any, T]) -> T: ...


@pytest.fixture
def wait() -> Iterator[Await]:
    with asyncio.Runner() as runner:
        yield runner.run
