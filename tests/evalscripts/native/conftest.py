"""Workers of both tiers, for the tests that hold one against the other."""

from collections.abc import Callable, Iterator

import pytest

from evalscripts import NativeCompiler, PoolOptions, V8Pool, open_compiler, open_pool
from evalscripts.forms import normalize_form
from evalscripts.source import read_source
from evalscripts.tiers.program import TieredProgram
from evalscripts.v8.program import V8Program, stage
from tests.builders.scripts import SECONDS
from tests.builders.tiers import Tiered, tiered


@pytest.fixture(scope="session")
def own_pool() -> Iterator[V8Pool]:
    with open_pool(PoolOptions(workers=2, wait_seconds=60)) as opened:
        yield opened


@pytest.fixture(scope="session")
def compiler() -> Iterator[NativeCompiler]:
    with open_compiler() as opened:
        yield opened


@pytest.fixture
def native(own_pool: V8Pool, compiler: NativeCompiler) -> Tiered:
    """Return a program that runs natively."""

    def make(text: str) -> TieredProgram:
        program = tiered(text, pool=own_pool, compiler=compiler)
        assert program.tier == "native", (program.reason, program.line)
        return program

    return make


@pytest.fixture
def in_v8(own_pool: V8Pool) -> Callable[[str], V8Program]:
    """Return a program that knows nothing of another tier."""

    def make(text: str) -> V8Program:
        source = normalize_form(read_source(text)).source
        staged = stage(source, pool=own_pool, seconds=SECONDS)
        return V8Program(source, staged.setup, pool=own_pool, hooks=staged.hooks)

    return make
