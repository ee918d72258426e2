"""Angles less whole quarters of a turn, as V8's tangent takes them.

After fdlibm's e_rem_pio2.c and k_rem_pio2.c. 2/π is computed here, not listed.

    Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
    Developed at SunSoft, a Sun Microsystems, Inc. business.
    Permission to use, copy, modify, and distribute this software is freely granted, provided that
    this notice is preserved.
"""

from evalscripts.native.math.lanes import Real, Truth, Whole, double
from evalscripts.native.math.rare import with_far_lanes
from evalscripts.native.math.turns import TWO_BY_PI_TABLE

_TWO_BY_PI = double(0x3FE45F30, 0x6DC9C883)
_PIECES = (
    (double(0x3FF921FB, 0x54400000), double(0x3DD0B461, 0x1A626331)),
    (double(0x3DD0B461, 0x1A600000), double(0x3BA3198A, 0x2E037073)),
    (double(0x3BA3198A, 0x2E000000), double(0x397B839A, 0x252049C1)),
)
"""π/2 in steps of 33 bits, each with what is left."""
_HALF_PI = 1.5707963267948966
_HALF_PI_CHUNKS = (
    double(0x3FF921FB, 0x40000000),
    double(0x3E74442D),
    double(0x3CF84698, 0x80000000),
    double(0x3B78CC51, 0x60000000),
    double(0x39F01B83, 0x80000000),
)
_FEW_TURNS_HIGH = 0x413921FB
_TERMS = 4
"""fdlibm's jk for double results with an extended tail."""
_2_24 = 2.0**24
FAR_SYMBOL = "cogmill_far_quarters"
"""Of `reduce_far`."""


def reduce_quarter(x: Real) -> tuple[Real, Real, Whole]:
    """Return r, its tail and n with x = n·π/2 + r + tail; n counts modulo 8 and may be negative."""
    ax = abs(x)
    none = ax < double(0x3FE921FC)
    few = ax < double(_FEW_TURNS_HIGH + 1)
    safe = few.pick(ax, 0.0)
    r, tail, n = _medium(safe)

    is_far = ~few & (ax < float("inf"))
    r, tail, n = with_far_lanes(FAR_SYMBOL, is_far, ax, (r, tail, n))
    minus = x.is_minus()
    r, tail = minus.pick(-r, r), minus.pick(-tail, tail)
    n = minus.pick_whole(n * -1, n)
    return none.pick(x, r), none.pick(0.0, tail), none.pick_whole(0, n)


def _medium(x: Real) -> tuple[Real, Real, Whole]:
    """Reduce x from π/4 to 2¹⁹·π/2."""
    once = x < double(0x4002D97C)
    count = once.pick(1.0, (x * _TWO_BY_PI + 0.5).trunc())
    high = x.high()
    r = x - count * _PIECES[0][0]
    w = count * _PIECES[0][1]
    y = r - w
    at_quarter = high.equals((count * _HALF_PI).high())
    # Below 32 quarters only arguments beside a whole quarter need more of π.
    plain = (count < 32.0) & ~at_quarter
    exponent = x.bits() >> 52
    lost = 16
    for first, rest in _PIECES[1:]:
        more = (exponent - ((y.bits() >> 52) & 0x7FF) > lost) & ~plain & ~once
        nearer = r - count * first
        left = count * rest - ((r - nearer) - count * first)
        r, w = more.pick(nearer, r), more.pick(left, w)
        y = r - w
        plain = plain | ~more
        lost = 49
    # Around the first quarter fdlibm takes a second piece without looking.
    beside = x.high().equals(0x3FF921FB)
    z = (x - _PIECES[0][0]) - _PIECES[1][0]
    z_rest = _PIECES[1][1]
    y = beside.pick(z - z_rest, y)
    tail = beside.pick((z - y) - z_rest, (r - y) - w)
    return y, tail, count.whole()


def reduce_far(x: Real) -> tuple[Real, Real, Whole]:
    """Reduce a larger x, positive and finite, with as much of 2/π as it needs."""
    exponent = (x.bits() >> 52) - (1023 + 23)
    z = x * (exponent * -1).power_of_two()
    digits = []
    for _ in range(2):
        digit = z.trunc()
        digits.append(digit)
        z = (z - digit) * _2_24
    digits.append(z)
    above = ((exponent - 3).number() / 24.0).whole()
    skip = (above > 0).pick_whole(above, 0)
    shift = exponent - (skip + 1) * 24
    tries = [_product(digits, skip, shift, terms=_TERMS + more) for more in range(4)]
    y, tail, n, needed = tries[0]
    for more, found in enumerate(tries[1:], start=1):
        take = needed.equals(more)
        y, tail = take.pick(found[0], y), take.pick(found[1], tail)
        n = take.pick_whole(found[2], n)
    return y, tail, n


def _product(
    digits: list[Real], skip: Whole, shift: Whole, *, terms: int
) -> tuple[Real, Real, Whole, Whole]:
    """Return r, its tail, n, and how many terms more are needed (1 to 3; 0: this will do)."""
    # The table begins with two zeros, for the digits before the first.
    f = [(skip + i).look_up(TWO_BY_PI_TABLE) for i in range(terms + 3)]
    q = [(digits[0] * f[i + 2] + digits[1] * f[i + 1]) + digits[2] * f[i] for i in range(terms + 1)]
    chunks: list[Real] = []
    z = q[terms]
    for i in range(terms, 0, -1):
        carry = (z * 2.0**-24).trunc()
        chunks.append(z - _2_24 * carry)
        z = q[i - 1] + carry
    scale = shift.power_of_two()
    z = z * scale
    z = z - 8.0 * (z * 0.125).floor()
    whole = z.trunc()
    n = whole.whole()
    z = z - whole
    # Where the shift is positive the last chunk's upper bits are n's lower ones.
    positive = shift > 0
    unit = _2_24 / scale
    extra = (chunks[-1] / unit).trunc()
    extra = positive.pick(extra, 0.0)
    n = n + extra.whole()
    chunks[-1] = chunks[-1] - extra * unit
    half = positive.pick(unit * 0.5, 2.0**23)
    by_chunk = chunks[-1] >= half
    is_own = shift < 0
    up = (~is_own & by_chunk) | (is_own & (z >= 0.5))
    n = n + up.pick_whole(1, 0)
    z = _complement(chunks, z, up, shift=shift, scale=scale)
    empty = z.equals(0.0)
    needed = _missing(chunks, empty)
    split = z / scale
    over = (split * 2.0**-24).trunc()
    chunks += [split - _2_24 * over, over]
    y, tail = _times_half_pi(chunks, scale)
    return up.pick(-y, y), up.pick(-tail, tail), n, needed


def _complement(chunks: list[Real], z: Real, up: Truth, *, shift: Whole, scale: Real) -> Real:
    """Make 1 − fraction of the fraction where `up`; return its upper part."""
    carried = chunks[0] > 0.0
    chunks[0] = (up & carried).pick(_2_24 - chunks[0], chunks[0])
    for i, chunk in enumerate(chunks[1:], start=1):
        first = chunk.equals(0.0).pick(chunk, _2_24 - chunk)
        flipped = carried.pick((_2_24 - 1.0) - chunk, first)
        chunks[i] = up.pick(flipped, chunk)
        carried = carried | (chunk > 0.0)
    last = chunks[-1]
    positive = shift > 0
    unit = _2_24 / scale
    cut = last - (last / unit).trunc() * unit
    chunks[-1] = (up & positive).pick(cut, last)
    # fdlibm's ih is 2 only where the fraction's first bit is z's own.
    own = up & (shift < 0)
    turned = 1.0 - z
    turned = carried.pick(turned - scale, turned)
    return own.pick(turned, z)


def _missing(chunks: list[Real], empty: Truth) -> Whole:
    """Return how many terms more fdlibm would take."""
    nothing = empty
    for chunk in chunks[_TERMS:]:
        nothing = nothing & chunk.equals(0.0)
    needed = nothing.pick_whole(1, 0)
    for back in range(1, _TERMS - 1):
        nothing = nothing & chunks[_TERMS - back].equals(0.0)
        needed = nothing.pick_whole(back + 1, needed)
    return needed


def _times_half_pi(chunks: list[Real], scale: Real) -> tuple[Real, Real]:
    """Return the product of a fraction with π/2 in two parts."""
    top = len(chunks) - 1
    weight = scale * _2_24
    q: list[Real] = [chunks[0]] * len(chunks)
    for i in range(top, -1, -1):
        q[i] = weight * chunks[i]
        weight = weight * 2.0**-24
    parts: list[Real] = []
    for i in range(top, -1, -1):
        sum_ = _HALF_PI_CHUNKS[0] * q[i]
        for k in range(1, min(_TERMS, top - i) + 1):
            sum_ = sum_ + _HALF_PI_CHUNKS[k] * q[i + k]
        parts.append(sum_)
    y = parts[-1]
    for part in reversed(parts[:-1]):
        y = y + part
    # Leading parts of nothing leave the difference as it is.
    tail = parts[0] - y
    for part in parts[1:]:
        tail = tail + part
    return y, tail
