"""Routines that turn a stretch of stored values into the doubles that a script reads.

``valid ? value * scale + offset : missing``, two routines for each dtype: like the V8 tier, one
leaves an offset of 0 out, which would make +0 of −0. A scale of 1 changes no double.
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


def reader_symbol(stored: str, *, has_offset: bool = False) -> str:
    """Return the name of the routine for a dtype, or for `MASK`.

    It takes the destination, the values, their validity (a byte each), how many there are (at
    least eight), scale, offset and what to give for what is not valid.
    """
    return f"cogmill_read_{stored}{'_offset' if has_offset else ''}"


READERS = (
    *(reader_symbol(stored, has_offset=on) for stored in STORED for on in (False, True)),
    reader_symbol(MASK),
)
"""All routines."""


def readers(module: Module) -> list[str]:
    """Return the functions' text."""
    moving = [_reader(module, stored, has_offset=True) for stored in STORED]
    return [*moving, *(_reader(module, stored, has_offset=False) for stored in (*STORED, MASK))]


def _reader(module: Module, stored: str, *, has_offset: bool) -> str:
    code = Code(module, "entry")
    scale, offset, missing = (
        code.spread(f"%{name}", "double") for name in ("scale", "offset", "missing")
    )

    def eight(first: str) -> None:
        place = code.let(f"getelementptr i8, ptr %valid, i64 {first}")
        bits = code.let(f"load <{LANES} x i8>, ptr {place}, align 1")
        is_valid = code.let(f"icmp ne <{LANES} x i8> {bits}, zeroinitializer")
        if stored == MASK:
            number = code.pick(VECTOR, is_valid, VECTOR.of(1.0), VECTOR.of(0.0))
        else:
            number = code.let(f"fmul {VECTOR.number} {_stored(code, stored, first)}, {scale}")
            if has_offset:
                number = code.let(f"fadd {VECTOR.number} {number}, {offset}")
            number = code.pick(VECTOR, is_valid, number, missing)
        target = code.let(f"getelementptr double, ptr %to, i64 {first}")
        code.do(f"store {VECTOR.number} {number}, ptr {target}, align 8")

    last = code.let(f"sub i64 %count, {LANES}")
    with code.each("0", last, step=LANES) as at:
        eight(at)
    eight(last)
    code.do("ret void")
    name = reader_symbol(stored, has_offset=has_offset)
    return "\n".join((f"define void @{name}({_PARAMETERS}) nounwind {{", *code.lines, "}"))


def _stored(code: Code, stored: str, first: str) -> str:
    """Read eight values as doubles."""
    kind, conversion = STORED[stored]
    place = code.let(f"getelementptr {kind}, ptr %from, i64 {first}")
    value = code.let(f"load <{LANES} x {kind}>, ptr {place}, align 1")
    if not conversion:
        return value
    return code.let(f"{conversion} <{LANES} x {kind}> {value} to {VECTOR.number}")
