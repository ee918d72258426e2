"""log, log1p, log2, log10 and the inverse hyperbolic functions, as V8 computes them.

After fdlibm's e_log.c, s_log1p.c, e_log10.c, e_acosh.c, s_asinh.c and e_atanh.c and FreeBSD's
e_log2.c, in the form that V8 gave them (src/base/ieee754.cc).

    Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
    Developed at SunSoft, a Sun Microsystems, Inc. business.
    Permission to use, copy, modify, and distribute this software is freely granted, provided that
    this notice is preserved.
"""

from evalscripts.native.math.lanes import Real, Truth, Whole, call, double, polynomial

_INFINITY = float("inf")
_NAN = float("nan")
_SMALLEST_NORMAL = 2.0**-1022
_LN2 = double(0x3FE62E42, 0xFEFA39EF)
_LN2_HIGH = double(0x3FE62E42, 0xFEE00000)
_LN2_LOW = double(0x3DEA39EF, 0x35793C76)
_LG = (
    double(0x3FE55555, 0x55555593),
    double(0x3FD99999, 0x9997FA04),
    double(0x3FD24924, 0x94229359),
    double(0x3FCC71C5, 0x1D8E78AF),
    double(0x3FC74664, 0x96CB03DE),
    double(0x3FC39A09, 0xD078C69F),
    double(0x3FC2F112, 0xDF3E5244),
)
_ONE_BY_LN2_HIGH = double(0x3FF71547, 0x65200000)
_ONE_BY_LN2_LOW = double(0x3DE705FC, 0x2EEFA200)
_ONE_BY_LN10 = 4.34294481903251816668e-01
_LOG10_2_HIGH = double(0x3FD34413, 0x509F6000)
_LOG10_2_LOW = double(0x3D59FEF3, 0x11F12B36)
_MANTISSA = 0x000FFFFF


def _scale_up(x: Real) -> tuple[Real, Truth]:
    """Return x, times 2⁵⁴ where it is not normal, and where that is."""
    small = x < _SMALLEST_NORMAL
    return small.pick(x * 2.0**54, x), small


def _exponent(bits: Whole, small: Truth) -> Whole:
    return (bits >> 52) - small.pick_whole(1023 + 54, 1023)


def _split(x: Real) -> tuple[Real, Real, Whole]:
    """Return k and f with x = 2ᵏ·(1 + f) and √½ < 1 + f < √2, and the mantissa's upper half."""
    scaled, small = _scale_up(x)
    bits = scaled.bits()
    mantissa = (bits >> 32) & _MANTISSA
    up = (mantissa + 0x95F64) & 0x100000
    k = _exponent(bits, small) + (up >> 20)
    high = (mantissa | (up ^ 0x3FF00000)) << 32
    return k.number(), ((bits & 0xFFFFFFFF) | high).real() - 1.0, mantissa


def _even_and_odd(s: Real) -> Real:
    """Return the polynomial of log(1 + f) in s², in two halves that can run side by side."""
    z = s * s
    w = z * z
    even = w * polynomial(w, *_LG[1::2])
    return z * polynomial(w, *_LG[0::2]) + even


def _outside(x: Real, y: Real) -> Real:
    """Return a logarithm's value where x is 0, negative, infinite or NaN, and y elsewhere."""
    y = (x < _INFINITY).pick(y, x)
    y = (x < 0.0).pick(_NAN, y)
    return x.equals(0.0).pick(-_INFINITY, y)


def log(x: Real) -> Real:
    """Return the natural logarithm."""
    # fdlibm's forms for k = 0 are the others with 0 for k.
    k, f, mantissa = _split(x)
    low = k * _LN2_LOW
    tiny = f * f * (0.5 - 0.33333333333333333 * f)
    s = f / (2.0 + f)
    r = _even_and_odd(s)
    hfsq = 0.5 * f * f
    middle = (mantissa >= 0x6147A) & (mantissa <= 0x6B851)
    rest = middle.pick(hfsq - (s * (hfsq + r) + low), s * (f - r) - low)
    rest = (((mantissa + 2) & _MANTISSA) < 3).pick(tiny - low, rest)
    return _outside(x, k * _LN2_HIGH - (rest - f))


def log2(x: Real) -> Real:
    """Return the logarithm to base 2."""
    k, f, _ = _split(x)
    hfsq = 0.5 * f * f
    s = f / (2.0 + f)
    r = s * (hfsq + _even_and_odd(s))
    high = (f - hfsq).cut()
    low = (f - high) - hfsq + r
    value_high = high * _ONE_BY_LN2_HIGH
    value_low = (low + high) * _ONE_BY_LN2_LOW + low * _ONE_BY_LN2_HIGH
    w = k + value_high
    value_low = value_low + ((k - w) + value_high)
    return _outside(x, x.equals(1.0).pick(0.0, value_low + w))


def log10(x: Real) -> Real:
    """Return the logarithm to base 10."""
    scaled, small = _scale_up(x)
    bits = scaled.bits()
    k = _exponent(bits, small)
    below = (k < 0).pick_whole(1, 0)
    y = (k + below).number()
    mantissa = bits & 0x000FFFFFFFFFFFFF
    reduced = (mantissa | ((below * -1 + 0x3FF) << 52)).real()
    z = y * _LOG10_2_LOW + _ONE_BY_LN10 * call("log", reduced)
    return _outside(x, x.equals(1.0).pick(0.0, z + y * _LOG10_2_HIGH))


def log1p(x: Real) -> Real:
    """Return the natural logarithm of 1 + x, exact near 0."""
    ax = abs(x)
    near = (x < double(0x3FDA827A)) & (x > double(0xBFD2BEC5))
    large = x >= 2.0**53
    u = large.pick(x, 1.0 + x)
    bits = u.bits()
    exponent = (bits >> 52) - 1023
    c = (exponent > 0).pick(1.0 - (u - x), x - (u - 1.0)) / u
    c = large.pick(0.0, c)
    mantissa = (bits >> 32) & _MANTISSA
    low_half = mantissa < 0x6A09E
    high = (mantissa | low_half.pick_whole(0x3FF00000, 0x3FE00000)) << 32
    f = near.pick(x, ((bits & 0xFFFFFFFF) | high).real() - 1.0)
    k = near.pick_whole(0, exponent + low_half.pick_whole(0, 1)).number()
    c = near.pick(0.0, c)
    hu = near.pick_whole(1, low_half.pick_whole(mantissa, (mantissa * -1 + 0x100000) >> 2))
    correction = k * _LN2_LOW + c
    hfsq = 0.5 * f * f
    tiny = hfsq * (1.0 - 0.66666666666666666 * f) - correction
    s = f / (2.0 + f)
    z = s * s
    r = z * polynomial(z, *_LG)
    rest = hu.equals(0).pick(tiny, hfsq - (s * (hfsq + r) + correction))
    y = k * _LN2_HIGH - (rest - f)
    exact = k * _LN2_HIGH + (c + k * _LN2_LOW)
    y = (hu.equals(0) & f.equals(0.0)).pick(exact, y)
    y = (ax < 2.0**-29).pick((ax < 2.0**-54).pick(x, x - x * x * 0.5), y)
    y = (x < _INFINITY).pick(y, x)
    y = (x < -1.0).pick(_NAN, y)
    return x.equals(-1.0).pick(-_INFINITY, y)


def acosh(x: Real) -> Real:
    """Return the inverse of the hyperbolic cosine."""
    huge = x >= double(0x41B00000)
    t = x * x
    argument = huge.pick(x, 2.0 * x - 1.0 / (x + (t - 1.0).sqrt()))
    far = call("log", argument) + huge.pick(_LN2, 0.0)
    d = x - 1.0
    near = call("log1p", d + (2.0 * d + d * d).sqrt())
    y = (x >= double(0x40000001)).pick(far, near)
    y = x.equals(1.0).pick(0.0, y)
    return (x < 1.0).pick(_NAN, (x < _INFINITY).pick(y, x))


def asinh(x: Real) -> Real:
    """Return the inverse of the hyperbolic sine."""
    ax = abs(x)
    huge = ax >= double(0x41B00001)
    t = x * x
    argument = huge.pick(ax, 2.0 * ax + 1.0 / ((t + 1.0).sqrt() + ax))
    far = call("log", argument) + huge.pick(_LN2, 0.0)
    near = call("log1p", ax + t / (1.0 + (1.0 + t).sqrt()))
    y = (ax >= double(0x40000001)).pick(far, near).with_sign(x)
    return ((ax >= 2.0**-28) & (ax < _INFINITY)).pick(y, x)


def atanh(x: Real) -> Real:
    """Return the inverse of the hyperbolic tangent."""
    ax = abs(x)
    t = ax + ax
    ratio = t / (1.0 - ax)
    argument = (ax < 0.5).pick(t + t * ax / (1.0 - ax), ratio)
    y = (0.5 * call("log1p", argument)).with_sign(x)
    y = (ax < 2.0**-28).pick(x, y)
    y = ax.equals(1.0).pick(x * _INFINITY, y)
    return (ax <= 1.0).pick(y, _NAN)
