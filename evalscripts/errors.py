"""What can be wrong with a script.

ScriptError                  .line .column .excerpt (all None where there is no place)
├─ ScriptSyntaxError         V8 cannot parse it
├─ SetupError                setup() is missing, throws, or returns what is not allowed
├─ ScriptRuntimeError        a hook or evaluatePixel throws, or returns what is not allowed
├─ ScriptLimitExceeded       it took too long, or too much memory, or is too large
└─ ScriptTierUnavailable     no worker could be had in time; not the script's fault
"""


class ScriptError(Exception):
    """Root of everything that is wrong with a script."""

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        excerpt: str | None = None,
        stack: tuple[str, ...] = (),
        console: tuple[str, ...] = (),
    ) -> None:
        """Point into the user's own text.

        ``line`` and ``column`` count from 1; ``excerpt`` is the line, cut to be readable, with a
        caret under the column; ``stack`` are the frames inside the script, each as
        ``at name (evalscript.js:L:C)``; ``console`` is what the script had printed before.
        """
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.stack = stack
        self.console = console


class ScriptSyntaxError(ScriptError):
    """The text is not JavaScript."""


class SetupError(ScriptError):
    """``setup()`` is missing, throws, or returns what is not allowed."""


class ScriptRuntimeError(ScriptError):
    """The script threw while it ran, or returned what is not allowed."""


class ScriptLimitExceeded(ScriptError):
    """The script took too much time or memory, or made or is too much text."""


class ScriptTierUnavailable(ScriptError):
    """No worker was free within the time; nothing is wrong with the script."""
