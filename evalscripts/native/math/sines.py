"""sin and cos, as V8 computes them: by a table, to 0.55 units in the last place.

V8 does not use fdlibm here but the IBM Accurate Mathematical Library of the GNU C Library
(sysdeps/ieee754/dbl-64/s_sin.c and branred.c), compiled without fused multiplication. This is
written from its description and constants; the tables of sines and of 2/π are computed in turns.py.
"""

from evalscripts.native.math.lanes import Real, Truth, Whole, double, polynomial
from evalscripts.native.math.rare import with_far_lanes
from evalscripts.native.math.turns import SINES_TABLE, TWO_BY_PI_TABLE

_INFINITY = float("inf")
_NAN = float("nan")
_BIG = 1.5 * 2.0**45
"""Added to a number, it leaves the number's multiples of 1/128 in the sum's last bits."""
_WHOLE = 1.5 * 2.0**52
_FOUR = 1.5 * 2.0**54
_SN3, _SN5 = -1.66666666666664880952546298448555e-01, 8.33333214285722277379541354343671e-03
_CS2, _CS4, _CS6 = (
    4.99999999999999999999950396842453e-01,
    -4.16666666666664434524222570944589e-02,
    1.38888874007937613028114285595617e-03,
)
_TAYLOR = (
    float.fromhex("-0x1.5555555555555p-3"),
    float.fromhex("0x1.1111111110ECEp-7"),
    float.fromhex("-0x1.A01A019DB08B8p-13"),
    float.fromhex("0x1.71DE27B9A7ED9p-19"),
    float.fromhex("-0x1.ADDFFC2FCDF59p-26"),
)
_HALF_PI = double(0x3FF921FB, 0x54442D18)
_HALF_PI_LOW = double(0x3C91A626, 0x33145C07)
_TWO_BY_PI = double(0x3FE45F30, 0x6DC9C883)
_PIECES = (
    double(0x3FF921FB, 0x58000000),
    double(0xBE4DDE97, 0x3C000000),
    double(0xBC8CB3B3, 0x98000000),
    double(0xBACD747F, 0x23E32ED7),
)
"""π/2 in four parts."""
_SPLIT = 2.0**27 + 1
_HALF_PI_SPLIT = (double(0x3FF921FB, 0x58000000), double(0xBE4DDE97, 0x40000000))
_NEAR = double(0x3FEB6000)
_ONE_TURNED = double(0x400368FD)
_FEW_TURNS = double(0x419921FB)
FAR_SYMBOL = "cogmill_far_turns"
"""Of `reduce_far`."""


def sin(x: Real) -> Real:
    """Return the sine."""
    ax = abs(x)
    middle = (ax >= _NEAR) & (ax < _ONE_TURNED)
    angle, tail, quarter = _reduce(x, ax)
    angle = middle.pick(_HALF_PI - ax, angle)
    tail = middle.pick(_HALF_PI_LOW, tail)
    minus = (middle & x.is_minus()) | (~middle & quarter.has(2))
    y = _from_table(angle, tail, middle | quarter.has(1))
    y = (ax < 2.0**-26).pick(x, minus.pick(-y, y))
    return (ax < _INFINITY).pick(y, _NAN)


def cos(x: Real) -> Real:
    """Return the cosine."""
    ax = abs(x)
    middle = (ax >= _NEAR) & (ax < _ONE_TURNED)
    angle, tail, quarter = _reduce(x, ax)
    quarter = quarter + 1
    left = _HALF_PI - ax
    turned = left + _HALF_PI_LOW
    angle = middle.pick(turned, angle)
    tail = middle.pick((left - turned) + _HALF_PI_LOW, tail)
    minus = ~middle & quarter.has(2)
    y = _from_table(angle, tail, ~middle & quarter.has(1))
    y = (ax < 2.0**-27).pick(1.0, minus.pick(-y, y))
    return (ax < _INFINITY).pick(y, _NAN)


def _from_table(angle: Real, tail: Real, is_cosine: Truth) -> Real:
    """Return the sine, or the cosine, of angle + tail within a quarter turn around 0."""
    size = abs(angle)
    tail_of_size = (angle > 0.0).pick(tail, -tail)
    nearest = _BIG + size
    rest = size - (nearest - _BIG)
    rest = is_cosine.pick(rest + tail_of_size, rest)
    tail_of_size = is_cosine.pick(0.0, tail_of_size)
    square = rest * rest
    s = rest + (tail_of_size + rest * square * (_SN3 + square * _SN5))
    c = rest * tail_of_size + square * polynomial(square, _CS2, _CS4, _CS6)
    row = (nearest.bits() & 0x7F) << 2
    own = row + is_cosine.pick_whole(2, 0)
    other = row + is_cosine.pick_whole(0, 2)
    lead, lead_low = own.look_up(SINES_TABLE), (own + 1).look_up(SINES_TABLE)
    side, side_low = other.look_up(SINES_TABLE), (other + 1).look_up(SINES_TABLE)
    s = is_cosine.pick(-s, s)
    correction = ((lead_low + s * side_low) - lead * c) + side * s
    found = lead + correction
    found = is_cosine.pick(found, found.with_sign(angle))
    small = angle * angle
    series = polynomial(small, *_TAYLOR) * angle - 0.5 * tail
    near = angle + (series * small + tail)
    return (~is_cosine & (size < 0.126)).pick(near, found)


def _reduce(x: Real, ax: Real) -> tuple[Real, Real, Whole]:
    """Return angle, its tail and the quarter turns that were taken off, modulo 4."""
    near = ax < _NEAR
    few = ax < _FEW_TURNS
    safe = few.pick(x, 0.0)
    shifted = safe * _TWO_BY_PI + _WHOLE
    count = shifted - _WHOLE
    y = (safe - count * _PIECES[0]) - count * _PIECES[1]
    first = count * _PIECES[2]
    once = y - first
    tail = (y - once) - first
    second = count * _PIECES[3]
    angle = once - second
    tail = tail + ((once - angle) - second)
    quarter = shifted.bits() & 3

    is_far = ~few & (ax < _INFINITY)
    angle, tail, quarter = with_far_lanes(FAR_SYMBOL, is_far, x, (angle, tail, quarter))
    return near.pick(x, angle), near.pick(0.0, tail), near.pick_whole(0, quarter)


def reduce_far(x: Real) -> tuple[Real, Real, Whole]:
    """Reduce a finite x whose quarter turns are too many for `_PIECES`."""
    x = x * 2.0**-600
    t = x * _SPLIT
    upper = t - (t - x)
    sum_1, b_1, rest_1 = _turns(upper)
    sum_2, b_2, rest_2 = _turns(x - upper)
    total = sum_1 + sum_2
    b = b_1 + b_2
    rest = (abs(b_1) > abs(b_2)).pick((b_1 - b) + b_2, (b_2 - b) + b_1)
    over, under = b > 0.5, b < -0.5
    total = over.pick(total + 1.0, under.pick(total - 1.0, total))
    b = over.pick(b - 1.0, under.pick(b + 1.0, b))
    rests = rest_1 + rest_2
    s = b + (rest + rest_1 + rest_2)
    t = ((b - s) + rest) + rests
    split = s * _SPLIT
    t_1 = split - (split - s)
    t_2 = s - t_1
    b = s * _HALF_PI
    high, low = _HALF_PI_SPLIT
    rest = (((t_1 * high - b) + t_1 * low) + t_2 * high) + (
        t_2 * low + s * _HALF_PI_LOW + t * _HALF_PI
    )
    s = b + rest
    return s, (b - s) + rest, total.whole() & 3


def _turns(x: Real) -> tuple[Real, Real, Real]:
    """Return the whole quarter turns in x·2⁶⁰⁰, modulo 4, and the fraction in two parts."""
    exponent = (x.bits() >> 52) & 0x7FF
    place = ((exponent - 450).number() / 24.0).whole()
    place = (place > 0).pick_whole(place, 0)
    scale = (place * -24 + 576).power_of_two()
    r: list[Real] = []
    for i in range(6):
        r.append(x * (place + (i + 2)).look_up(TWO_BY_PI_TABLE) * scale)
        scale = scale * 2.0**-24
    total: Real | None = None
    for i in range(3):
        s = (r[i] + _WHOLE) - _WHOLE
        total = s if total is None else total + s
        r[i] = r[i] - s
    t = r[5]
    for part in r[4::-1]:
        t = t + part
    rest = (((((r[0] - t) + r[1]) + r[2]) + r[3]) + r[4]) + r[5]
    s = (t + _WHOLE) - _WHOLE
    total = s if total is None else total + s
    t = t - s
    b = t + rest
    rest = (t - b) + rest
    return total - ((total + _FOUR) - _FOUR), b, rest
