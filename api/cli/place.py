"""A place in a script as text: message, line, excerpt and caret."""

from collections.abc import Mapping
from typing import Any

from api.cli.output import OUT


def print_place(said: Mapping[str, Any], *, style: str, word: str) -> None:
    """Print what is said of a place, and below it the line with its caret.

    ``said`` has ``message``, ``line``, ``column`` and ``excerpt``.
    """
    OUT.print(f"{word}  ", style=style, end="")
    OUT.print(said["message"], markup=False)
    if said["excerpt"]:
        print_excerpt(said)


def print_excerpt(said: Mapping[str, Any]) -> None:
    """Print a line of the script with its number, and the caret below it."""
    text, _, caret = said["excerpt"].partition("\n")
    gutter = f"{said['line']:>5} │ "
    OUT.print(gutter, style="dim", end="")
    OUT.print(text, markup=False)
    if said["column"] is not None:
        OUT.print(f"{'':>5} │ ", style="dim", end="")
        OUT.print(caret, style="bold yellow", markup=False)
