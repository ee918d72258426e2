"""The native tier's Math functions, compiled here and called over arrays."""

import ctypes
import functools
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numpy.typing import NDArray

from evalscripts.native.emit.machine import compile_text, target_machine
from evalscripts.native.emit.values import MATH_SYMBOL
from evalscripts.native.math.module import math_text
from evalscripts.native.signatures import MATH

_LANES = 8
_REALS = f"<{_LANES} x double>"
_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


def _driver(name: str, operands: int) -> str:
    """Return a function that runs one of them over arrays, eight values a turn."""
    loads = "\n".join(
        f"%p{i} = getelementptr double, ptr %in{i}, i64 %i\n"
        f"%v{i} = load {_REALS}, ptr %p{i}, align 8"
        for i in range(operands)
    )
    given = ", ".join(f"{_REALS} %v{i}" for i in range(operands))
    return f"""
define void @drive_{name}(ptr %in0, ptr %in1, ptr %out, i64 %n) {{
entry:
br label %head
head:
%i = phi i64 [ 0, %entry ], [ %next, %turn ]
%on = icmp slt i64 %i, %n
br i1 %on, label %turn, label %after
turn:
{loads}
%r = call {_REALS} @{MATH_SYMBOL}{name}({given})
%po = getelementptr double, ptr %out, i64 %i
store {_REALS} %r, ptr %po, align 8
%next = add i64 %i, {_LANES}
br label %head
after:
ret void
}}
"""


@functools.cache
def _code() -> tuple[Any, dict[str, Any]]:
    drivers = "\n".join(_driver(name, count) for name, count in MATH.items())
    code = compile_text(math_text() + drivers, opt=2)
    builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    for name in MATH:
        builder.export_symbol(f"drive_{name}")
    # As in production: the older linker aborts where sections end up more than 2 GiB apart.
    jit = llvm.create_lljit_compiler(target_machine(opt=2), use_jit_link=True)
    tracker = builder.link(jit, "math")
    calls = {name: _CALL(tracker[f"drive_{name}"]) for name in MATH}
    return (jit, tracker), calls


def run_native(name: str, *operands: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``Math.name`` of one or two arrays, whose length eight must divide."""
    arrays = [np.ascontiguousarray(operand, dtype=np.float64) for operand in operands]
    out = np.empty_like(arrays[0])
    _code()[1][name](arrays[0].ctypes.data, arrays[-1].ctypes.data, out.ctypes.data, out.size)
    return out
