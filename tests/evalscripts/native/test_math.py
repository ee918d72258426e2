import ctypes

import numpy as np
import pytest

from evalscripts.native.math.module import MATH_SYMBOLS, math_text
from evalscripts.native.math.turns import sines, two_by_pi
from evalscripts.native.signatures import MATH
from tests.evalscripts.native.math_arguments import Reals, pair_arguments, single_arguments
from tests.evalscripts.native.math_calls import run_native
from tests.oracle.v8_math import call_math, evaluate

_SIZE = 17_000
_SINGLE = sorted(name for name, count in MATH.items() if count == 1)
_PAIR = sorted(name for name, count in MATH.items() if count == 2)


def _differing(actual: Reals, expected: Reals) -> int:
    """Return how many differ in a bit; NaN is NaN."""
    same = actual.view(np.int64) == expected.view(np.int64)
    return int((~(same | (np.isnan(actual) & np.isnan(expected)))).sum())


@pytest.mark.parametrize("name", _SINGLE)
def test_a_function_of_one_gives_v8s_bits(name: str) -> None:
    x = single_arguments(len(name), _SIZE)

    assert x.size >= 200_000
    assert _differing(run_native(name, x), call_math(name, x)) == 0


@pytest.mark.parametrize("name", _PAIR)
def test_a_function_of_two_gives_v8s_bits(name: str) -> None:
    x, y = pair_arguments(len(name), _SIZE // 2)

    assert x.size >= 200_000
    assert _differing(run_native(name, x, y), call_math(name, x, y)) == 0


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "pow"])
def test_rare_lanes_do_not_disturb_their_neighbors(name: str) -> None:
    rng = np.random.default_rng(5)
    common = rng.uniform(-3.0, 3.0, 8000)
    rare = rng.choice([1e300, 2.0**30, -(2.0**70), np.inf, np.nan, 1e9], common.size)
    x = np.where(rng.random(common.size) < 0.2, rare, common)
    exponent = rng.choice([2.0, 0.5, 3.7, -1.0], common.size)
    operands = (x, exponent)[: MATH[name]]

    assert _differing(run_native(name, *operands), call_math(name, *operands)) == 0


def test_v8_multiplies_and_takes_roots_where_the_c_library_would_round_otherwise() -> None:
    x = single_arguments(1, 2000)
    libm = ctypes.CDLL("libm.so.6").pow
    libm.restype, libm.argtypes = ctypes.c_double, [ctypes.c_double, ctypes.c_double]
    two = np.full(x.size, 2.0)
    with np.errstate(all="ignore"):
        square = x * x

    assert _differing(evaluate("x ** y", x, two), square) == 0
    assert _differing(np.array([libm(value, 2.0) for value in x]), square) > 0


def test_the_special_cases_of_powers_are_javascripts() -> None:
    cases = {
        (1.0, np.nan): np.nan,
        (1.0, np.inf): np.nan,
        (-1.0, -np.inf): np.nan,
        (np.nan, 0.0): 1.0,
        (-0.0, 0.5): 0.0,
        (-np.inf, 0.5): np.inf,
        (-0.0, -3.0): -np.inf,
        (-8.0, 1 / 3): np.nan,
    }
    x, y = (np.array(column) for column in zip(*cases, strict=True))

    assert _differing(run_native("pow", x, y), np.array(list(cases.values()))) == 0


def test_the_text_defines_what_it_says_and_needs_only_pow() -> None:
    lines = math_text().splitlines()
    defined = {line.split("@")[1].split("(")[0] for line in lines if line.startswith("define <")}
    declared = {line.split("@")[1].split("(")[0] for line in lines if line.startswith("declare")}

    assert defined == set(MATH_SYMBOLS)
    assert {symbol for symbol in declared if not symbol.startswith("llvm.")} == {"pow"}


def test_the_tables_hold_two_by_pi_and_the_sines() -> None:
    digits = two_by_pi()
    value = sum(digit / 2.0 ** (24 * (i + 1)) for i, digit in enumerate(digits[2:6]))
    rows = np.array(sines()).reshape(-1, 4)
    angles = np.arange(len(rows)) / 128

    assert digits[:4] == (0.0, 0.0, float(0xA2F983), float(0x6E4E44))
    assert value == pytest.approx(2 / np.pi, abs=1e-16)
    np.testing.assert_allclose(rows[:, 0], np.sin(angles), rtol=3e-16)
    np.testing.assert_allclose(rows[:, 2], np.cos(angles), rtol=3e-16)
