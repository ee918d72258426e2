"""A pool for all tests of this folder, and one sentence to run a script in it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from evalscripts import PoolOptions, ScriptError, V8Pool, compile_script, open_pool
from tests.builders.scripts import (
    SECONDS,
    Ran,
    Refused,
    Run,
    make_context,
    make_input,
    stripes,
)


@pytest.fixture(scope="session")
def pool() -> Iterator[V8Pool]:
    options = PoolOptions(workers=2, heap_bytes=64 * 2**20, data_bytes=128 * 2**20, wait_seconds=60)
    with open_pool(options) as opened:
        yield opened


@pytest.fixture
def run(pool: V8Pool) -> Run:
    """Run a script over bands, in one stripe or several."""

    def evaluate(
        text: str, bands: Mapping[str, Any] | None = None, *, rows: int = 10**6, **given: Any
    ) -> Ran:
        names = ("seconds", "scenes", "factor")
        about = {name: given.pop(name) for name in names if name in given}
        data = make_input(bands or {"B04": 1.0}, **given)
        program = compile_script(text, pool=pool, seconds=about.get("seconds", SECONDS))
        session = program.open(make_context(**about))
        parts = [session.evaluate({"s2": part}) for part in stripes(data, rows)]
        outputs = {
            name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]
        }
        return Ran(outputs=outputs, finished=session.finish())

    return evaluate


@pytest.fixture
def refused(run: Run) -> Refused:
    """Run a script that must fail, and return its error."""

    def evaluate(text: str, bands: Mapping[str, Any] | None = None, **given: Any) -> ScriptError:
        with pytest.raises(ScriptError) as caught:
            run(text, bands, **given)
        return caught.value

    return evaluate
