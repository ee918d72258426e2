"""V8's own Math functions over arrays: what every tier must answer, to the last bit."""

import asyncio
import atexit
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from py_mini_racer import mini_racer

_CHUNK = 1 << 16


class _Isolate:
    """One isolate with two buffers for operands and one for results.

    Its event loop runs only within a call, in the caller's thread: a thread of its own would keep
    the process from ending.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._opening: Any = None
        self._racer: Any = None
        self._runner.run(self._open())
        self._views: dict[str, Any] = {}
        self._known: set[str] = set()
        self._eval(
            f"var a = new Float64Array({_CHUNK}), b = new Float64Array({_CHUNK}), "
            f"r = new Float64Array({_CHUNK}), loops = {{}}; 0"
        )
        for name in "abr":
            self._views[name] = np.frombuffer(self._eval(f"{name}.buffer"), dtype=np.float64)
        atexit.register(self._close)

    async def _open(self) -> None:
        self._opening = mini_racer(asyncio.get_running_loop())
        self._racer = self._opening.__enter__()

    def _eval(self, text: str) -> Any:
        async def run() -> Any:
            return self._racer.eval(text)

        return self._runner.run(run())

    def _close(self) -> None:
        async def run() -> None:
            self._opening.__exit__(None, None, None)

        self._views.clear()
        self._runner.run(run())
        self._runner.close()

    def run(self, expression: str, operands: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        if expression not in self._known:
            self._eval(
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
            self._eval(f"loops[{expression!r}]({stop - start}); 0")
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
