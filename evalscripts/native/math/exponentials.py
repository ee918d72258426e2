"""exp, expm1 and the hyperbolic functions, as V8 computes them.

After fdlibm's e_exp.c and s_expm1.c in the form that V8 gave them (src/base/ieee754.cc), whose
hyperbolic functions are V8's own.

    Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
    Developed at SunSoft, a Sun Microsystems, Inc. business.
    Permission to use, copy, modify, and distribute this software is freely granted, provided that
    this notice is preserved.
"""

from evalscripts.native.math.lanes import Real, Whole, call, double, polynomial

_INFINITY = float("inf")
_LN2_HIGH = double(0x3FE62E42, 0xFEE00000)
_LN2_LOW = double(0x3DEA39EF, 0x35793C76)
_ONE_BY_LN2 = double(0x3FF71547, 0x652B82FE)
_OVERFLOW = double(0x40862E42, 0xFEFA39EF)
_UNDERFLOW = double(0xC0874910, 0xD52D3051)
_HALF_LN2 = double(0x3FD62E43)
_THREE_HALVES_LN2 = double(0x3FF0A2B2)
_E = 2.718281828459045
_P = (
    double(0x3FC55555, 0x5555553E),
    double(0xBF66C16C, 0x16BEBD93),
    double(0x3F11566A, 0xAF25DE2C),
    double(0xBEBBBD41, 0xC5D26BF1),
    double(0x3E663769, 0x72BEA4D0),
)
_Q = (
    1.0,
    double(0xBFA11111, 0x111110F4),
    double(0x3F5A01A0, 0x19FE5585),
    double(0xBF14CE19, 0x9EAADBB7),
    double(0x3ED0CFCA, 0x86E65239),
    double(0xBE8AFDB7, 0x6E09C32D),
)
_SINH_OVERFLOW = 710.4758600739439
_LOG_OF_LARGEST = double(0x40862E42)


def _reduce(x: Real) -> tuple[Whole, Real, Real]:
    """Return k, hi and lo with x = k·ln2 + hi − lo; k is 0 below ln2/2."""
    far = (x * _ONE_BY_LN2 + x.sign_of(0.5)).trunc()
    t = (abs(x) < _THREE_HALVES_LN2).pick(x.sign_of(1.0), far)
    t = (abs(x) < _HALF_LN2).pick(0.0, t)
    return t.whole(), x - t * _LN2_HIGH, t * _LN2_LOW


def exp(x: Real) -> Real:
    """Return e to the x."""
    inside = (x <= _OVERFLOW) & (x >= _UNDERFLOW)
    safe = inside.pick(x, 0.0)
    k, high, low = _reduce(safe)
    r = high - low
    t = r * r
    c = r - t * polynomial(t, *_P)
    # fdlibm's form for k = 0 has the same quotient with its sign changed, and lo is 0 there.
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    tiny = k < -1021
    huge = k.equals(1024)
    scale = huge.pick_whole(1023, tiny.pick_whole(k + 1000, k)).power_of_two()
    y = y * scale * huge.pick(2.0, tiny.pick(2.0**-1000, 1.0))
    y = (abs(x) < 2.0**-28).pick(1.0 + x, y)
    y = x.equals(1.0).pick(_E, y)
    outside = (x > 0.0).pick(_INFINITY, (x < 0.0).pick(0.0, x))
    return inside.pick(y, outside)


def expm1(x: Real) -> Real:
    """Return e to the x less 1, exact near 0."""
    low_end = double(0xC043687A)
    inside = (x <= _OVERFLOW) & (x > low_end)
    safe = inside.pick(x, 0.0)
    k, high, low = _reduce(safe)
    r = high - low
    c = (high - r) - low
    half = 0.5 * r
    hxs = r * half
    r1 = polynomial(hxs, *_Q)
    t = 3.0 - r1 * half
    e = hxs * ((r1 - t) / (6.0 - r * t))
    zero = r - (r * e - hxs)
    e = (r * (e - c) - c) - hxs
    minus_one = 0.5 * (r - e) - 0.5
    plus_one = (r < -0.25).pick(-2.0 * (e - (r + 0.5)), 1.0 + 2.0 * (r - e))
    huge = k.equals(1024)
    scale = huge.pick_whole(1023, k).power_of_two()
    y = 1.0 - (e - r)
    far = (huge.pick(y * 2.0, y) * scale) - 1.0
    small_power = (k * -1).power_of_two()
    below_20 = ((1.0 - small_power) - (e - r)) * scale
    below_57 = ((r - (e + small_power)) + 1.0) * scale
    y = (k < 20).pick(below_20, below_57)
    y = ((k <= -2) | (k > 56)).pick(far, y)
    y = k.equals(1).pick(plus_one, y)
    y = k.equals(-1).pick(minus_one, y)
    y = k.equals(0).pick(zero, y)
    y = (abs(x) < double(0x3C900000)).pick(x, y)
    outside = (x > 0.0).pick(_INFINITY, (x < 0.0).pick(-1.0, x))
    return inside.pick(y, outside)


def cosh(x: Real) -> Real:
    """Return the hyperbolic cosine."""
    ax = abs(x)
    t = call("expm1", ax)
    w = 1.0 + t
    near = (ax < double(0x3C800000)).pick(w, 1.0 + (t * t) / (w + w))
    e = call("exp", (ax >= _LOG_OF_LARGEST).pick(0.5 * ax, ax))
    middle = 0.5 * e + 0.5 / e
    far = (0.5 * e) * (ax < _LOG_OF_LARGEST).pick(1.0, e)
    y = (ax < double(0x3FD62E43)).pick(near, (ax < 22.0).pick(middle, far))
    return (ax > _SINH_OVERFLOW).pick(_INFINITY, y)


def sinh(x: Real) -> Real:
    """Return the hyperbolic sine."""
    ax = abs(x)
    h = (x < 0.0).pick(-0.5, 0.5)
    t = call("expm1", ax)
    ratio = t / (t + 1.0)
    near = h * (2.0 * t - t * t / (t + 1.0))
    middle = h * (t + ratio)
    e = call("exp", (ax >= _LOG_OF_LARGEST).pick(0.5 * ax, ax))
    far = (h * e) * (ax < _LOG_OF_LARGEST).pick(1.0, e)
    y = (ax < 1.0).pick(near, (ax < 22.0).pick(middle, far))
    y = (ax < 2.0**-28).pick(x, y)
    return (ax <= _SINH_OVERFLOW).pick(y, x * 1.0e307)


def tanh(x: Real) -> Real:
    """Return the hyperbolic tangent."""
    ax = abs(x)
    large = ax >= 1.0
    two = 2.0 * ax
    t = call("expm1", large.pick(two, -two))
    z = large.pick(1.0 - 2.0 / (t + 2.0), -t / (t + 2.0))
    z = (ax >= 22.0).pick(1.0, z).with_sign(x)
    return (ax < 2.0**-28).pick(x, z)
