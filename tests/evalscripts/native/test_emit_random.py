import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalscripts.native.emit import emit
from evalscripts.native.ir import Kernel
from evalscripts.native.load import load
from evalscripts.native.run import AbortFlag, End, Stripe
from evalscripts.program import InputData
from tests.builders.kernels import assert_same_bits, made_input
from tests.builders.random_kernels import BANDS, FACTS, SCENES, kernels
from tests.oracle.ir_interpreter import interpret

_ODD = (0.0, -0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.5, 1e12, np.nan, np.inf, -np.inf, 5e-324)


def _input(seed: int, pixels: int) -> InputData:
    rng = np.random.default_rng(seed)
    values = [rng.choice(_ODD, (SCENES, 1, pixels)) for _ in BANDS]
    return made_input(BANDS, values, valid=rng.random((SCENES, 1, pixels)) < 0.8, missing=-1.0)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(kernel=kernels(), seed=st.integers(0, 1000))
def test_machine_code_gives_the_interpreters_bits(kernel: Kernel, seed: int) -> None:
    # Eight pixels are one group, so that `any` means the same lanes in both.
    loaded = load(emit(kernel))
    for n in range(4):
        inputs = [_input(seed + n, 8)]
        facts = {FACTS: np.array([18000.0, -0.0, np.nan])}
        stripe = Stripe(loaded, inputs, facts, abort=AbortFlag())

        status = stripe.run(0, 8)
        expected = interpret(kernel, inputs, facts, unwritten=0.0)

        assert status.end is End.DONE
        for actual, one in zip(stripe.outputs, expected.outputs, strict=True):
            assert_same_bits(actual, one)
