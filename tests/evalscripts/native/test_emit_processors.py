import platform
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from evalscripts.native.emit import emit
from evalscripts.native.emit.machine import Processor, this_processor
from evalscripts.native.ir import Kernel
from evalscripts.native.load import Library, load
from evalscripts.native.run import AbortFlag, Stripe
from tests.builders.kernels import assert_same_bits, made_input
from tests.builders.random_kernels import BANDS, FACTS, SCENES, kernels

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or "+avx2" not in this_processor().features,
    reason="the processors that are compared are of one family",
)


@cache
def _library(name: str) -> Library:
    return Library(Processor(name=name))


@pytest.mark.parametrize("name", ["x86-64", "haswell"])
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(kernel=kernels())
def test_older_processors_give_the_same_bits(name: str, kernel: Kernel) -> None:
    rng = np.random.default_rng(1)
    odd = (0.0, -0.0, 1.0, 2.0, -1.0, 0.5, 2.5, 1e12, np.nan, np.inf, -np.inf, 5e-324)
    values = [rng.choice(odd, (SCENES, 3, 11)) for _ in BANDS]
    inputs = [made_input(BANDS, values, valid=rng.random((SCENES, 3, 11)) < 0.8)]
    facts = {FACTS: np.array([18000.0, -0.0, np.nan])}
    older = load(emit(kernel, processor=Processor(name=name)), shared=_library(name))
    made = []
    for loaded in (load(emit(kernel)), older):
        stripe = Stripe(loaded, inputs, facts, abort=AbortFlag())
        stripe.run(0, stripe.pixels)
        made.append(stripe.outputs)

    for actual, expected in zip(made[1], made[0], strict=True):
        assert_same_bits(actual, expected)
