"""Ops that need nothing but their operands."""

from evalscripts.native.emit import arithmetic as js
from evalscripts.native.emit.scope import Name, Scope, any_lane, every_lane
from evalscripts.native.emit.text import SCALAR, VECTOR, Code, Width
from evalscripts.native.ir import Op

MATH_SYMBOL = "cogmill_math_"
"""With the name of a function of Math behind it: eight doubles in, eight out."""
REM_SYMBOL = "cogmill_rem"
_OF_BITS = frozenset((*js.BITS, *js.SHIFTS, "int32", "uint32"))
_OF_TRUTHS = frozenset((*js.LOGIC, "not", "number", "any", "all"))


def value(scope: Scope, op: Op) -> None:
    """Emit an op and give it its name."""
    width, fixed = scope.find(op)
    if op.name in {"const", "truth"}:
        constant = op.attr
        text = SCALAR.of(constant) if op.name == "const" else SCALAR.bit(is_set=constant)
        scope.set(op, Name(text, is_uniform=True, is_fixed=True, constant=constant))
        return
    text = _text(scope, op, width, scope.code(fixed=fixed), fixed=fixed)
    scope.set(op, Name(text, is_uniform=not width.is_vector, is_fixed=fixed))


def _text(scope: Scope, op: Op, width: Width, code: Code, *, fixed: bool) -> str:
    if op.name in _OF_BITS:
        return _bits(scope, op, width, code, fixed=fixed)
    if op.name in _OF_TRUTHS:
        return _logic(scope, op, width, code)
    if op.name == "select":
        return _select(scope, op, width, code)
    return _arithmetic(op, width, code, [scope.number(one, width) for one in op.operands])


def _arithmetic(op: Op, width: Width, code: Code, numbers: list[str]) -> str:
    if op.name in js.INSTRUCTIONS:
        return code.let(f"{js.INSTRUCTIONS[op.name]} {width.number} {', '.join(numbers)}")
    if op.name in js.INTRINSICS:
        return code.intrinsic(js.INTRINSICS[op.name], width, *numbers)
    if op.name in js.RELATIONS:
        return code.is_true(width, js.RELATIONS[op.name], *numbers)
    if op.name in js.UNARY:
        return js.UNARY[op.name](code, width, numbers[0])
    return _call(code, width, REM_SYMBOL if op.name == "rem" else MATH_SYMBOL + op.attr, numbers)


def _call(code: Code, width: Width, symbol: str, numbers: list[str]) -> str:
    """Call a function of eight lanes, for one lane too."""
    if not width.is_vector:
        numbers = [code.spread(number, "double") for number in numbers]
    result = code.call(symbol, VECTOR.number, *((VECTOR.number, number) for number in numbers))
    if width.is_vector:
        return result
    return code.let(f"extractelement {VECTOR.number} {result}, i32 0")


def _logic(scope: Scope, op: Op, width: Width, code: Code) -> str:
    if op.name in {"any", "all"}:
        name = scope.name(op.operands[0])
        if name.is_uniform:
            return scope.truth(op.operands[0], SCALAR)
        return (any_lane if op.name == "any" else every_lane)(code, name.text)
    truths = [scope.truth(operand, width) for operand in op.operands]
    if op.name == "not":
        return code.let(f"xor {width.truth} {truths[0]}, {width.bit(is_set=True)}")
    if op.name == "number":
        return code.pick(width, truths[0], width.of(1.0), width.of(0.0))
    return code.let(f"{js.LOGIC[op.name]} {width.truth} {', '.join(truths)}")


def _select(scope: Scope, op: Op, width: Width, code: Code) -> str:
    mask, yes, no = op.operands
    if op.type is not None and op.type.is_number:
        kind, left, right = width.number, scope.number(yes, width), scope.number(no, width)
    else:
        kind, left, right = width.truth, scope.truth(yes, width), scope.truth(no, width)
    # A condition that all lanes share needs no mask.
    narrow = SCALAR if scope.name(mask).is_uniform else width
    condition = scope.truth(mask, narrow)
    return code.let(f"select {narrow.truth} {condition}, {kind} {left}, {kind} {right}")


def _bits(scope: Scope, op: Op, width: Width, code: Code, *, fixed: bool) -> str:
    integers = [scope.int32(operand, width) for operand in op.operands]
    if op.name in js.BITS:
        integer = code.let(f"{js.BITS[op.name]} {width.int32} {', '.join(integers)}")
    elif op.name in js.SHIFTS:
        integer = js.shift(code, width, js.SHIFTS[op.name], *integers)
    else:
        integer = integers[0]
    is_unsigned = op.name in {"ushr", "uint32"}
    number = (js.from_uint32 if is_unsigned else js.from_int32)(code, width, integer)
    scope.keep_int32(number, integer, fixed=fixed)
    return number
