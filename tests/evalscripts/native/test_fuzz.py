"""Random scripts in both tiers.

``COGMILL_FUZZ=5000 pytest tests/evalscripts/native/test_fuzz.py`` tries that many more scripts.
"""

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalscripts import V8Pool
from tests.evalscripts.native.fuzz_scripts import Author, Script, scripts
from tests.evalscripts.native.fuzz_trial import compare_tiers

_EXAMPLES = 25
_FIXED = 30
_LONG = int(os.environ.get("COGMILL_FUZZ", "0"))


@pytest.fixture
def deep() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 4000))
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("deep")
@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(script=scripts(), seed=st.integers(0, 1000))
def test_random_scripts_give_the_same_bits_in_both_tiers(
    pool: V8Pool, script: Script, seed: int
) -> None:
    compare_tiers(script, pool=pool, seed=seed)


@pytest.mark.usefixtures("deep")
@pytest.mark.timeout(36_000)
def test_most_random_scripts_are_native_and_none_differs(pool: V8Pool) -> None:
    went: Counter[str] = Counter()
    for number in range(_FIXED + _LONG):
        script = Author(random.Random(f"cogmill {number}").randrange).script()  # noqa: S311 - to be the same each time
        went[compare_tiers(script, pool=pool, seed=number).split(":")[0]] += 1

    assert went["same"] >= 0.5 * went.total(), went
