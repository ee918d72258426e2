"""Constants of the circle, computed to as many bits as the reductions read, and as tables."""

from collections.abc import Sequence
from functools import cache

from evalscripts.native.emit.text import SCALAR

TWO_BY_PI_TABLE = "cogmill_two_by_pi"
"""Two zeros, then 2/π in digits of 24 bits."""
SINES_TABLE = "cogmill_sines"
"""sin, what rounding cut from it, cos, the same, for each multiple of 1/128 up to π/4 and a bit."""

_DIGITS = 66
_BITS = 24 * _DIGITS + 64
_STEP = 128
_SINES = 112
_SINE_BITS = 256


def _arc_of_inverse(n: int, bits: int) -> int:
    """Return atan(1/n)·2^bits by its series."""
    term = (1 << bits) // n
    total, k = term, 1
    while term:
        term //= -(n * n)
        k += 2
        total += term // k
    return total


def two_by_pi() -> tuple[float, ...]:
    """Return the digits of 2/π before which two zeros stand."""
    # Machin's formula.
    pi = 16 * _arc_of_inverse(5, _BITS) - 4 * _arc_of_inverse(239, _BITS)
    quotient = (2 << (2 * _BITS)) // pi
    digits = [quotient >> (_BITS - 24 * (i + 1)) & 0xFFFFFF for i in range(_DIGITS)]
    return (0.0, 0.0, *map(float, digits))


def _first_sine() -> tuple[int, int]:
    """Return sin and cos of one step, times 2^256, by their series."""
    values = [0, 1 << _SINE_BITS]
    term = 1 << _SINE_BITS
    k = 0
    while term:
        k += 1
        term //= _STEP * k
        values[(k + 1) % 2] += term if k % 4 < 2 else -term
    return values[0], values[1]


def sines() -> tuple[float, ...]:
    """Return the rows of the table of sines, one after the other."""
    step_sine, step_cosine = _first_sine()
    sine, cosine = 0, 1 << _SINE_BITS
    rows: list[float] = []
    for _ in range(_SINES):
        rows += (*_in_two(sine), *_in_two(cosine))
        sine, cosine = (
            (sine * step_cosine + cosine * step_sine) >> _SINE_BITS,
            (cosine * step_cosine - sine * step_sine) >> _SINE_BITS,
        )
    return tuple(rows)


def _in_two(value: int) -> tuple[float, float]:
    one = 1 << _SINE_BITS
    high = value / one
    numerator, denominator = high.as_integer_ratio()
    return high, (value - numerator * one // denominator) / one


@cache
def tables() -> str:
    """Return the text that defines both tables."""
    return "\n".join(
        (_table(TWO_BY_PI_TABLE, two_by_pi()), _table(SINES_TABLE, sines())),
    )


def _table(name: str, values: Sequence[float]) -> str:
    listed = ", ".join(f"double {SCALAR.of(value)}" for value in values)
    return f"@{name} = private unnamed_addr constant [{len(values)} x double] [{listed}], align 64"
