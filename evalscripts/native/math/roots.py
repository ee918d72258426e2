"""cbrt, hypot and pow, as V8 computes them.

cbrt is after FreeBSD's s_cbrt.c in the form that V8 gave it (src/base/ieee754.cc); hypot follows
V8's own (src/builtins/math.tq); pow is the C library's but for what `power` says.

    Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
    Developed at SunSoft, a Sun Microsystems, Inc. business.
    Permission to use, copy, modify, and distribute this software is freely granted, provided that
    this notice is preserved.
"""

from evalscripts.native.emit.text import SCALAR, VECTOR
from evalscripts.native.frame import LANES
from evalscripts.native.math.lanes import Real, double
from evalscripts.native.math.rare import where_any

_INFINITY = float("inf")
_B1 = 715094163
_B2 = 696219795
_THIRD = 0x55555556
"""2³² by 3, rounded up: the product's upper half is the quotient of any number below 2³¹."""
_P0 = double(0x3FFE03E6, 0x0F61E692)
_P1 = double(0xBFFE28E0, 0x92F02420)
_P2 = double(0x3FF9F160, 0x4A49D6C2)
_P3 = double(0xBFE844CB, 0xBEE751D9)
_P4 = double(0x3FC2B000, 0xD4E4EDD7)


def cbrt(x: Real) -> Real:
    """Return the cube root."""
    ax = abs(x)
    small = ax < 2.0**-1022
    third = (small.pick(ax * 2.0**54, ax).high() * _THIRD) >> 32
    t = ((third + small.pick_whole(_B2, _B1)) << 32).real()
    r = (t * t) * (t / ax)
    t = t * ((_P0 + r * (_P1 + r * _P2)) + ((r * r) * r) * (_P3 + r * _P4))
    t = ((t.bits() + 0x80000000) & ~0x3FFFFFFF).real()
    s = t * t
    r = ax / s
    r = (r - t) / ((t + t) + r)
    t = (t + t * r).with_sign(x)
    return ((ax > 0.0) & (ax < _INFINITY)).pick(t, x)


def hypot(x: Real, y: Real) -> Real:
    """Return the length of a vector, by a compensated sum of the scaled squares."""
    ax, ay = abs(x), abs(y)
    largest = (ax > ay).pick(ax, ay)
    a, b = ax / largest, ay / largest
    first = a * a
    result = (first + (b * b)).sqrt() * largest
    result = largest.equals(0.0).pick(0.0, result)
    result = (ax.is_nan() | ay.is_nan()).pick(float("nan"), result)
    return (ax.equals(_INFINITY) | ay.equals(_INFINITY)).pick(_INFINITY, result)


def power(x: Real, y: Real) -> Real:
    """Return x to the y.

    V8 multiplies for 2, takes the root for ½, answers NaN where the base is ±1 and the exponent
    infinite or NaN, and else asks the C library of the machine, as this does lane by lane.
    """
    square = x * x
    # V8 asks for +0 of −0, and for Infinity of −Infinity.
    root = x.equals(-_INFINITY).pick(_INFINITY, (x + 0.0).sqrt())
    is_two, is_half = y.equals(2.0), y.equals(0.5)
    simple = is_two.pick(square, root)

    def ask() -> Real:
        found = _c_library(x, y)
        special = abs(x).equals(1.0) & ~(abs(y) < _INFINITY)
        found = special.pick(float("nan"), found)
        # A signaling NaN, which a raster may hold, is none to V8; the C library answers NaN.
        found = y.equals(0.0).pick(1.0, found)
        return is_two.pick(square, is_half.pick(root, found))

    return where_any(~(is_two | is_half), ask, simple)


def _c_library(x: Real, y: Real) -> Real:
    """Return what the machine's ``pow`` gives."""
    code, kind = x.code, VECTOR.number
    vector = "poison"
    for lane in range(LANES):
        pair = [
            (SCALAR.number, code.let(f"extractelement {kind} {operand.name}, i32 {lane}"))
            for operand in (x, y)
        ]
        found = code.call("pow", SCALAR.number, *pair)
        vector = code.let(f"insertelement {kind} {vector}, double {found}, i32 {lane}")
    return Real(code, vector)
