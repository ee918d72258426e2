"""tan, asin, acos, atan and atan2, as V8 computes them.

After fdlibm's k_tan.c, s_tan.c, e_asin.c, e_acos.c, s_atan.c and e_atan2.c in the form that V8
gave them (src/base/ieee754.cc).

    Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
    Developed at SunSoft, a Sun Microsystems, Inc. business.
    Permission to use, copy, modify, and distribute this software is freely granted, provided that
    this notice is preserved.
"""

from evalscripts.native.math.lanes import Real, Truth, call, double, polynomial
from evalscripts.native.math.reduction import reduce_quarter

_INFINITY = float("inf")
_NAN = float("nan")
_PI = double(0x400921FB, 0x54442D18)
_PI_LOW = double(0x3CA1A626, 0x33145C07)
_HALF_PI = double(0x3FF921FB, 0x54442D18)
_HALF_PI_LOW = double(0x3C91A626, 0x33145C07)
_QUARTER_PI = double(0x3FE921FB, 0x54442D18)
_QUARTER_PI_LOW = double(0x3C81A626, 0x33145C07)
_T = (
    double(0x3FD55555, 0x55555563),
    double(0x3FC11111, 0x1110FE7A),
    double(0x3FABA1BA, 0x1BB341FE),
    double(0x3F9664F4, 0x8406D637),
    double(0x3F8226E3, 0xE96E8493),
    double(0x3F6D6D22, 0xC9560328),
    double(0x3F57DBC8, 0xFEE08315),
    double(0x3F4344D8, 0xF2F26501),
    double(0x3F3026F7, 0x1A8D1068),
    double(0x3F147E88, 0xA03792A6),
    double(0x3F12B80F, 0x32F0A7E9),
    double(0xBEF375CB, 0xDB605373),
    double(0x3EFB2A70, 0x74BF7AD4),
)
_PS = (
    double(0x3FC55555, 0x55555555),
    double(0xBFD4D612, 0x03EB6F7D),
    double(0x3FC9C155, 0x0E884455),
    double(0xBFA48228, 0xB5688F3B),
    double(0x3F49EFE0, 0x7501B288),
    double(0x3F023DE1, 0x0DFDF709),
)
_QS = (
    1.0,
    double(0xC0033A27, 0x1C8A2D4B),
    double(0x40002AE5, 0x9C598AC8),
    double(0xBFE6066C, 0x1B8D0159),
    double(0x3FB3B8C5, 0xB12E9282),
)
_ATAN = (
    double(0x3FD55555, 0x5555550D),
    double(0xBFC99999, 0x9998EBC4),
    double(0x3FC24924, 0x920083FF),
    double(0xBFBC71C6, 0xFE231671),
    double(0x3FB745CD, 0xC54C206E),
    double(0xBFB3B0F2, 0xAF749A6D),
    double(0x3FB10D66, 0xA0D03D51),
    double(0xBFADDE2D, 0x52DEFD9A),
    double(0x3FA97B4B, 0x24760DEB),
    double(0xBFA2B444, 0x2C6A6C2F),
    double(0x3F90AD3A, 0xE322DA11),
)
_ATAN_STEPS = (
    (double(0x3FDC0000), double(0x3FDDAC67, 0x0561BB4F), double(0x3C7A2B7F, 0x222F65E2)),
    (double(0x3FE60000), _QUARTER_PI, _QUARTER_PI_LOW),
    (double(0x3FF30000), double(0x3FEF730B, 0xD281F69B), double(0x3C700788, 0x7AF0CBBD)),
    (double(0x40038000), _HALF_PI, _HALF_PI_LOW),
)
"""Where a step begins, and the arc that is added from there on in two parts."""


def tan(x: Real) -> Real:
    """Return the tangent."""
    y, tail, quarter = reduce_quarter(x)
    result = _kernel_tan(y, tail, quarter.has(1))
    return (abs(x) < _INFINITY).pick(result, _NAN)


def _kernel_tan(x: Real, tail: Real, turned: Truth) -> Real:
    """Return tan(x + tail), or −1 by it where turned."""
    ax = abs(x)
    outer = ax >= double(0x3FE59428)
    sign = x.sign_of(1.0)
    folded = (_QUARTER_PI - ax) + (_QUARTER_PI_LOW - sign * tail)
    tiny = ax < 2.0**-28
    first = x
    x, tail = outer.pick(folded, x), outer.pick(0.0, tail)
    z = x * x
    w = z * z
    r = polynomial(w, *_T[1::2])
    v = z * polynomial(w, *_T[2::2])
    s = z * x
    r = tail + z * (s * (r + v) + tail)
    r = tiny.pick(tail, r + _T[0] * s)
    w = x + r
    one = turned.pick(-1.0, 1.0)
    far = sign * (one - 2.0 * (x - (w * w / (w + one) - r)))
    top = w.cut()
    v = r - (top - x)
    a = -1.0 / w
    t = a.cut()
    s = 1.0 + t * top
    inverse = t + a * (s + t * v)
    near = turned.pick(inverse, tiny.pick(first, w))
    return outer.pick(far, near)


def _arc_ratio(z: Real) -> Real:
    return (z * polynomial(z, *_PS)) / polynomial(z, *_QS)


def acos(x: Real) -> Real:
    """Return the arc cosine."""
    ax = abs(x)
    inner = ax < 0.5
    z = inner.pick(x * x, (1.0 - ax) * 0.5)
    r = _arc_ratio(z)
    near = _HALF_PI - (x - (_HALF_PI_LOW - x * r))
    near = (ax < double(0x3C600001)).pick(_HALF_PI + _HALF_PI_LOW, near)
    s = z.sqrt()
    minus = _PI - 2.0 * (s + (r * s - _HALF_PI_LOW))
    top = s.cut()
    c = (z - top * top) / (s + top)
    plus = 2.0 * (top + (r * s + c))
    y = inner.pick(near, (x < 0.0).pick(minus, plus))
    y = x.equals(1.0).pick(0.0, x.equals(-1.0).pick(_PI + 2.0 * _HALF_PI_LOW, y))
    return (ax <= 1.0).pick(y, _NAN)


def asin(x: Real) -> Real:
    """Return the arc sine."""
    ax = abs(x)
    inner = ax < 0.5
    t = inner.pick(x * x, (1.0 - ax) * 0.5)
    r = _arc_ratio(t)
    near = (ax < 2.0**-27).pick(x, x + x * r)
    s = t.sqrt()
    far = _HALF_PI - (2.0 * (s + s * r) - _HALF_PI_LOW)
    top = s.cut()
    c = (t - top * top) / (s + top)
    p = 2.0 * s * r - (_HALF_PI_LOW - 2.0 * c)
    middle = _QUARTER_PI - (p - (_QUARTER_PI - 2.0 * top))
    outer = (ax >= double(0x3FEF3333)).pick(far, middle)
    y = inner.pick(near, outer.with_sign(x))
    y = ax.equals(1.0).pick(x * _HALF_PI + x * _HALF_PI_LOW, y)
    return (ax <= 1.0).pick(y, _NAN)


def atan(x: Real) -> Real:
    """Return the arc tangent."""
    ax = abs(x)
    above = [ax >= step for step, _, _ in _ATAN_STEPS]
    over: Real = above[0].pick(2.0 * ax - 1.0, x)
    under: Real = above[0].pick(2.0 + ax, 1.0)
    over = above[1].pick(ax - 1.0, over)
    under = above[1].pick(ax + 1.0, under)
    over = above[2].pick(ax - 1.5, over)
    under = above[2].pick(1.0 + 1.5 * ax, under)
    over = above[3].pick(-1.0, over)
    under = above[3].pick(ax, under)
    high = above[0].pick(_ATAN_STEPS[0][1], 0.0)
    low = above[0].pick(_ATAN_STEPS[0][2], 0.0)
    for is_above, (_, arc, rest) in zip(above[1:], _ATAN_STEPS[1:], strict=True):
        high, low = is_above.pick(arc, high), is_above.pick(rest, low)
    t = over / under
    z = t * t
    w = z * z
    odd = z * polynomial(w, *_ATAN[0::2])
    even = w * polynomial(w, *_ATAN[1::2])
    part = t * (odd + even)
    near = t - part
    far = high - ((part - low) - t)
    far = (ax >= 2.0**66).pick(_HALF_PI, far).with_sign(x)
    y = above[0].pick(far, (ax < 2.0**-27).pick(x, near))
    return x.is_nan().pick(x, y)


def atan2(y: Real, x: Real) -> Real:
    """Return the angle of the point (x, y)."""
    ax, ay = abs(x), abs(y)
    left = x.is_minus()
    # The exponents' difference with the mantissas' borrow, as fdlibm takes it; an arithmetic shift.
    steep = ((ay.high() - ax.high()) + 0x80000000) >> 20
    z = call("atan", abs(y / x))
    z = (left & (steep < 0x800 - 60)).pick(0.0, z)
    z = (steep > 0x800 + 60).pick(_HALF_PI + 0.5 * _PI_LOW, z)
    right = (steep > 0x800 + 60) | ~left
    turned = (steep > 0x800 + 60).pick(z, _PI - (z - _PI_LOW))
    result = right.pick(z, turned)
    both = ax.equals(_INFINITY) & ay.equals(_INFINITY)
    result = ax.equals(_INFINITY).pick(left.pick(_PI, 0.0), result)
    result = both.pick(left.pick(3.0 * _QUARTER_PI, _QUARTER_PI), result)
    result = (ay.equals(_INFINITY) & ~ax.equals(_INFINITY)).pick(_HALF_PI, result)
    result = ax.equals(0.0).pick(_HALF_PI, result)
    result = ay.equals(0.0).pick(left.pick(_PI, 0.0), result)
    result = result.with_sign(y)
    result = x.equals(1.0).pick(call("atan", y), result)
    return (x.is_nan() | y.is_nan()).pick(_NAN, result)
