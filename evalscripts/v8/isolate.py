"""One V8 isolate with the prelude loaded, and the mailbox through which it is driven.

Runs inside the worker process. Calls block, without the GIL; nothing here limits time, because
only killing the process ends every script.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from py_mini_racer import JSEvalException, JSOOMException, JSParseException, mini_racer

_HERE = Path(__file__).parent
_RUNNER = (
    "surroundings.js",
    "answers.js",
    "scenes.js",
    "hooks.js",
    "trace.js",
    "stages.js",
    "own.js",
    "snapshot.js",
)
_NAMED = "\n//# sourceURL=evalscript.js\n"
_MAX_REPORT_CHARS = 16 * 1024
_FUNCTIONS = ("begin", "stage", "start", "hold", "reserve", "run", "finish", "collect", "trace")


class ScriptFailure(Exception):
    """The script, or what it returned, is at fault; or it is out of memory."""

    def __init__(
        self, kind: str, report: str, *, running: str = "", pixel: int | None = None
    ) -> None:
        """``kind``: ``syntax`` or ``thrown`` (V8's report), ``fault`` (our words), ``memory``.

        ``running`` is ``load`` for the top level, or the name of the function that ran.
        """
        super().__init__(report)
        self.kind = kind
        self.report = report
        self.running = running
        self.pixel = pixel


class Sources:
    """The texts that every isolate starts with, read before the fence goes up."""

    def __init__(self) -> None:
        self.prelude = (_HERE.parent / "prelude.js").read_text(encoding="utf-8")
        files = "".join(f"({_text(name)}\n)(kernel);\n" for name in _RUNNER)
        self.runner = (
            "(() => {\nconst kernel = { __proto__: null };\n"
            f"{files}return kernel.box;\n}})();\n//# sourceURL=runner.js"
        )


def _text(name: str) -> str:
    """Return a file that is one function, as an expression."""
    return (_HERE / name).read_text(encoding="utf-8").rstrip().removesuffix(";")


class Isolate:
    """An isolate that serves one request."""

    def __init__(self, sources: Sources, *, heap_bytes: int) -> None:
        """Create the isolate in the running event loop, which its callers block."""
        self._opening = mini_racer(asyncio.get_running_loop())
        self._engine = self._opening.__enter__()
        self._engine.set_hard_memory_limit(heap_bytes)
        self._engine.eval(sources.prelude)
        self._box = cast("Any", self._engine.eval(sources.runner))
        self._functions: dict[str, Any] = {}
        for name in _FUNCTIONS:
            self._functions[name] = self._box[name]
        self.arena = memoryview(bytearray())

    def load(self, text: str, request: dict[str, Any]) -> None:
        """Run the script's top level; ``request`` holds the clock, and what the next call needs."""
        self.call("begin", request)
        self._guarded(lambda: self._engine.eval(text + _NAMED))

    def call(self, name: str, request: Any = None) -> None:
        """Put a request into the mailbox and run one of its functions.

        Raises:
            ScriptFailure: the script threw, returned what is not allowed, or is out of memory.
        """
        if request is not None:
            self._box["request"] = json.dumps(request)
        self._guarded(self._functions[name])

    def reply(self) -> str:
        """Return what the last call left in the mailbox."""
        return str(self._box["reply"])

    def reserve(self, size: int) -> None:
        """Replace the arena by one of ``size`` bytes."""
        self.call("reserve", size)
        self.arena = self._box["arena"]

    def console(self) -> tuple[str, bool]:
        """Return the console's lines as a JSON list, and whether lines were dropped."""
        self.call("collect")
        return str(self._box["console"]), bool(self._box["dropped"])

    def trace(self) -> str:
        """Return what has been seen of a watched pixel, as JSON."""
        self.call("trace")
        return self.reply()

    def close(self) -> None:
        """Free the isolate."""
        self.arena = memoryview(bytearray())
        self._functions.clear()
        self._box = None
        self._opening.__exit__(None, None, None)

    def _guarded(self, run: Callable[[], object]) -> None:
        try:
            run()
        except JSParseException as error:
            raise ScriptFailure("syntax", _cut(str(error)), running="load") from None
        except JSEvalException as error:
            # The binding reports some runs that it ended for memory as a thrown null.
            if isinstance(error, JSOOMException) or self._engine.was_hard_memory_limit_reached():
                raise ScriptFailure("memory", "") from None
            raise self._failure(_cut(str(error))) from None
        except UnicodeDecodeError:
            raise self._failure("an error whose text is not Unicode") from None

    def _failure(self, report: str) -> ScriptFailure:
        pixel = self._box["pixel"]
        place = int(pixel) if isinstance(pixel, int | float) and pixel >= 0 else None
        running = str(self._box["running"])
        if fault := self._box["fault"]:
            return ScriptFailure("fault", str(fault), running=running, pixel=place)
        return ScriptFailure("thrown", report, running=running, pixel=place)


def _cut(report: str) -> str:
    """Keep both ends: the message is at the start, the stack at the end."""
    if len(report) <= 2 * _MAX_REPORT_CHARS:
        return report
    return report[:_MAX_REPORT_CHARS] + "…" + report[-_MAX_REPORT_CHARS:]
