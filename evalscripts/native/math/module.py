"""`math_text`: all functions as one module of LLVM assembly."""

from collections.abc import Callable
from inspect import signature

from evalscripts.native.emit.text import Module
from evalscripts.native.emit.values import MATH_SYMBOL
from evalscripts.native.math import circular, exponentials, logarithms, reduction, roots, sines
from evalscripts.native.math.lanes import Formula, Real
from evalscripts.native.math.rare import far_function
from evalscripts.native.math.turns import tables
from evalscripts.native.signatures import MATH

_FORMULAS: dict[str, Callable[..., Real]] = {
    "acos": circular.acos,
    "acosh": logarithms.acosh,
    "asin": circular.asin,
    "asinh": logarithms.asinh,
    "atan": circular.atan,
    "atan2": circular.atan2,
    "atanh": logarithms.atanh,
    "cbrt": roots.cbrt,
    "cos": sines.cos,
    "cosh": exponentials.cosh,
    "exp": exponentials.exp,
    "expm1": exponentials.expm1,
    "hypot": roots.hypot,
    "log": logarithms.log,
    "log10": logarithms.log10,
    "log1p": logarithms.log1p,
    "log2": logarithms.log2,
    "pow": roots.power,
    "sin": sines.sin,
    "sinh": exponentials.sinh,
    "tan": circular.tan,
    "tanh": exponentials.tanh,
}

MATH_SYMBOLS = tuple(MATH_SYMBOL + name for name in MATH)
"""What the text defines: ``<8 x double> (<8 x double>, …)`` each, with as many as `MATH` says."""


def math_text() -> str:
    """Return a module that defines `MATH_SYMBOLS`.

    It needs nothing but the C library's ``pow``.
    """
    module = Module()
    functions = [
        far_function(module, reduction.FAR_SYMBOL, reduction.reduce_far),
        far_function(module, sines.FAR_SYMBOL, sines.reduce_far),
        *(_define(module, name) for name in MATH),
    ]
    for name in MATH_SYMBOLS:
        module.declared.pop(name, None)
    return "\n".join((tables(), *functions, module.declarations()))


def _define(module: Module, name: str) -> str:
    formula = _FORMULAS[name]
    given = list(signature(formula).parameters)
    code = Formula(module)
    result = formula(*(Real(code, f"%{parameter}") for parameter in given))
    kind = code.reals
    code.do(f"ret {kind} {result.name}")
    head = ", ".join(f"{kind} %{parameter}" for parameter in given)
    return "\n".join((f"define {kind} @{MATH_SYMBOL}{name}({head}) nounwind {{", *code.lines, "}"))
