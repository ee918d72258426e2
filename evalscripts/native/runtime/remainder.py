"""JavaScript's ``%``, which is C's fmod: exact for all doubles.

Where the quotient is below 2⁵² one fused multiplication leaves the exact rest: the rounded
quotient, cut, is the true one or one more (never less: a whole number cannot be rounded past), so
the rest is at most the divisor in size and a multiple of its unit. Elsewhere the C library does it.
"""

from evalscripts.native.emit.text import SCALAR, VECTOR, Code, Module
from evalscripts.native.emit.values import REM_SYMBOL
from evalscripts.native.frame import LANES

_KIND = VECTOR.number


def remainder(module: Module) -> str:
    """Return the function's text."""
    code = Code(module, "entry")
    lanes = [code.let(f"alloca {_KIND}, align 64") for _ in range(3)]
    x, y = (code.intrinsic("fabs", VECTOR, name) for name in ("%x", "%y"))
    quotient = code.let(f"fdiv {_KIND} {x}, {y}")
    is_small = code.is_true(VECTOR, "olt", quotient, VECTOR.of(2.0**52))
    is_finite = code.is_true(VECTOR, "olt", y, VECTOR.of(float("inf")))
    is_easy = code.let(f"and {VECTOR.truth} {is_small}, {is_finite}")
    bits = code.let(f"bitcast {VECTOR.truth} {is_easy} to i{LANES}")
    with code.when(code.let(f"icmp eq i{LANES} {bits}, -1")):
        code.do(f"ret {_KIND} {_easy(code, x, y, quotient)}")
        code.label(module.fresh("never"))
    for place, name in zip(lanes, ("%x", "%y"), strict=False):
        code.do(f"store {_KIND} {name}, ptr {place}, align 64")
    with code.each("0", str(LANES)) as lane:
        places = [code.let(f"getelementptr double, ptr {base}, i64 {lane}") for base in lanes]
        a, b = (code.let(f"load double, ptr {place}, align 8") for place in places[:2])
        rest = code.call("fmod", SCALAR.number, (SCALAR.number, a), (SCALAR.number, b))
        code.do(f"store double {rest}, ptr {places[2]}, align 8")
    code.do(f"ret {_KIND} {code.let(f'load {_KIND}, ptr {lanes[2]}, align 64')}")
    head = f"define {_KIND} @{REM_SYMBOL}({_KIND} %x, {_KIND} %y) nounwind {{"
    return "\n".join((head, *code.lines, "}"))


def _easy(code: Code, x: str, y: str, quotient: str) -> str:
    whole = code.intrinsic("trunc", VECTOR, quotient)
    minus = code.let(f"fneg {_KIND} {whole}")
    rest = code.intrinsic("fma", VECTOR, minus, y, x)
    is_low = code.is_true(VECTOR, "olt", rest, VECTOR.of(0.0))
    raised = code.let(f"fadd {_KIND} {rest}, {y}")
    return code.intrinsic("copysign", VECTOR, code.pick(VECTOR, is_low, raised, rest), "%x")
