"""Routines that turn a stretch of stored values into the doubles that a script reads.

``valid ? value * scale + offset : missing``, one routine for each dtype. The V8 tier leaves a
scale of 1 and an offset of 0 out; here they are always there, which is the same: a factor of 1
changes no double, and the host writes an offset of 0 as −0, which as a summand changes none.
"""

from evalscripts.native.emit.text import VECTOR, Code, Module
from evalscripts.native.frame import LANES

STORED = {
    "uint8": ("i8", "uitofp"),
    "int8": ("i8", "sitofp"),
    "uint16": ("i16", "uitofp"),
    "int16": ("i16", "sitofp"),
    "uint32": ("i32", "uitofp"),
    "int32": ("i32", "sitofp"),
    "float32": ("float", "fpext"),
    "float64": ("double", ""),
}
"""numpy's name → LLVM's type, and the way to double."""
MASK = "mask"
"""Instead of a dtype: the validity itself, as 1 or 0."""
_PARAMETERS = (
    "ptr noalias %to, ptr noalias %from, ptr noalias %valid, i64 %count, "
    "double %scale, double %offset, double %missing"
)


def reader_symbol(stored: str) -> str:
    """Return the name of the routine for a dtype, or for `MASK`.

    It takes the destination, the values, their validity (a byte each), how many there are (at
    least eight), scale, offset and what to give for what is not valid.
    """
    return f"cogmill_read_{stored}"


def readers(module: Module) -> list[str]:
    """Return the functions' text."""
    return [_reader(module, stored) for stored in (*STORED, MASK)]


def _reader(module: Module, stored: str) -> str:
    code = Code(module, "entry")
    last = code.let(f"sub i64 %count, {LANES}")
    with code.each("0", "%count", step=LANES) as at:
        is_beyond = code.let(f"icmp sgt i64 {at}, {last}")
        first = code.let(f"select i1 {is_beyond}, i64 {last}, i64 {at}")
        place = code.let(f"getelementptr i8, ptr %valid, i64 {first}")
        bits = code.let(f"load <{LANES} x i8>, ptr {place}, align 1")
        is_valid = code.let(f"icmp ne <{LANES} x i8> {bits}, zeroinitializer")
        if stored == MASK:
            number = code.pick(VECTOR, is_valid, VECTOR.of(1.0), VECTOR.of(0.0))
        else:
            number = _number(code, stored, first, is_valid)
        target = code.let(f"getelementptr double, ptr %to, i64 {first}")
        code.do(f"store {VECTOR.number} {number}, ptr {target}, align 8")
    code.do("ret void")
    return "\n".join(
        (
            f"define void @{reader_symbol(stored)}({_PARAMETERS}) nounwind {{",
            *code.lines,
            "}",
        )
    )


def _number(code: Code, stored: str, first: str, is_valid: str) -> str:
    kind, conversion = STORED[stored]
    place = code.let(f"getelementptr {kind}, ptr %from, i64 {first}")
    value = code.let(f"load <{LANES} x {kind}>, ptr {place}, align 1")
    if conversion:
        value = code.let(f"{conversion} <{LANES} x {kind}> {value} to {VECTOR.number}")
    scale, offset, missing = (
        code.spread(f"%{name}", "double") for name in ("scale", "offset", "missing")
    )
    scaled = code.let(f"fmul {VECTOR.number} {value}, {scale}")
    moved = code.let(f"fadd {VECTOR.number} {scaled}, {offset}")
    return code.pick(VECTOR, is_valid, moved, missing)
