"""V8's own Math functions over arrays: what every tier must answer, to the last bit."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from py_mini_racer import MiniRacer

_CHUNK = 1 << 16


class _Isolate:
    """One isolate with two buffers for operands and one for results."""

    def __init__(self) -> None:
        self._racer = MiniRacer()
        self._racer.eval(
            f"var a = new Float64Array({_CHUNK}), b = new Float64Array({_CHUNK}), "
            f"r = new Float64Array({_CHUNK}), loops = {{}};"
        )
        self._views: dict[str, Any] = {
            name: np.frombuffer(self._racer.eval(f"{name}.buffer"), dtype=np.float64)
            for name in "abr"
        }
        self._known: set[str] = set()

    def run(self, expression: str, operands: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        if expression not in self._known:
            self._racer.eval(
                f"loops[{expression!r}] = (n) => "
                f"{{ for (let i = 0; i < n; i++) {{ const x = a[i], y = b[i]; "
                f"r[i] = {expression}; }} }}; 0"
            )
            self._known.add(expression)
        out = np.empty_like(operands[0])
        for start in range(0, out.size, _CHUNK):
            stop = min(out.size, start + _CHUNK)
            for name, operand in zip("ab", operands, strict=False):
                self._views[name][: stop - start] = operand[start:stop]
            self._racer.eval(f"loops[{expression!r}]({stop - start}); 0")
            out[start:stop] = self._views["r"][: stop - start]
        return out


@functools.cache
def _isolate() -> _Isolate:
    return _Isolate()


def evaluate(expression: str, *operands: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a JavaScript expression of ``x`` and ``y`` for each element of one or two arrays."""
    flat = [np.ravel(np.asarray(operand, dtype=np.float64)) for operand in operands]
    return _isolate().run(expression, flat).reshape(np.shape(operands[0]))


def call_math(name: str, *operands: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``Math.name`` of one or two arrays of the same shape."""
    arguments = "x" if len(operands) == 1 else "x, y"
    return evaluate(f"Math.{name}({arguments})", *operands)
