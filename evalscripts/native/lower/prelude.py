"""Helpers that run from prelude.js's own text, as if they were the script's."""

from functools import lru_cache
from pathlib import Path

from evalscripts.native.lower.calls import run_closure
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.natives import Function, Table
from evalscripts.native.lower.scopes import FunctionScope, GlobalScope
from evalscripts.native.lower.values import ABSENT, Cell, Closure, Initial, Js, Native
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import parse, tree
from evalscripts.syntax.walk import descend

# By path: in a compile worker the package itself is an empty one.
_PRELUDE = Path(__file__).parents[2] / "prelude.js"
_INLINED = [
    "index",
    "inverse",
    "valueMap",
    "colorMap",
    "combine",
    "int2rgb",
    "rgb2int",
    "normalizeRGB",
    "bits",
    "decodeL8C2Qa",
    "decodeLs8Qa",
    "mix",
    "fresh",
    "valueInterpolate",
]
_BROUGHT: dict[str, Js] = {
    "max": Native("Math.max"),
    "min": Native("Math.min"),
    "pow": Native("Math.pow"),
    "isArray": Native("Array.isArray"),
    "JAVA_DOUBLE_MAX_VAL": 1.7976931348623157e308,
}
"""What the prelude has taken from the language before any script could change it."""


@lru_cache(maxsize=1)
def _functions() -> dict[str, tree.Function]:
    """Return the prelude's functions by name."""
    text = _PRELUDE.read_text(encoding="utf-8")
    return {
        node.function.name: node.function
        for node in descend(parse(text))
        if type(node) is tree.FunctionDeclaration and node.function.name in _INLINED
    }


def _scope_of(machine: Machine) -> FunctionScope:
    scope = machine.prelude
    if scope is None:
        outer = GlobalScope(lambda name: Initial(name, ABSENT))
        scope = machine.prelude = FunctionScope(outer, None, ABSENT, None)
        for name, value in _BROUGHT.items():
            scope.cells[name] = Cell(name, value, 0)
        for name, function in _functions().items():
            scope.cells[name] = Cell(name, Closure(function, scope), 0)
    return scope  # type: ignore[no-any-return]


def run_helper(machine: Machine, name: str, given: list[Js]) -> Js:
    """Return what one of the prelude's functions gives."""
    here = machine.here
    result = run_closure(machine, _scope_of(machine).cells[name].now, UNDEFINED, given)
    machine.here = here
    return result


def _inlined(name: str) -> Function:
    return lambda machine, given: run_helper(machine, name, given)


PRELUDE = Table(
    functions={name: _inlined(name) for name in _INLINED if name not in ("bits", "mix", "fresh")}
)
