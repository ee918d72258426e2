"""Patterns of addresses, for listing: ``*`` ``?`` ``[…]`` within a part, ``**`` for any depth."""

import re

_MAGIC = re.compile(r"[*?\[]")


def is_pattern(path: str) -> bool:
    """Return whether ``path`` holds a wildcard."""
    return _MAGIC.search(path) is not None


def fixed_prefix(pattern: str) -> str:
    """Return what every match starts with: everything before the first wildcard."""
    found = _MAGIC.search(pattern)
    return pattern if found is None else pattern[: found.start()]


def parts_after(pattern: str, folder: str) -> int | None:
    """Return how many parts each match has after ``folder``, or None for any number."""
    parts = pattern.removeprefix(folder).strip("/").split("/")
    return None if "**" in parts else len(parts)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return an expression whose ``fullmatch`` holds for the paths that ``pattern`` names.

    ``**`` counts only as a whole part; there it stands for any number of parts, none included.
    """
    expression = ""
    parts = pattern.split("/")
    for position, part in enumerate(parts):
        is_last = position == len(parts) - 1
        if part == "**":
            expression += ".+" if is_last else "(?:[^/]+/)*"
        else:
            expression += _compile_part(part) + ("" if is_last else "/")
    return re.compile(expression, re.DOTALL)


def _compile_part(part: str) -> str:
    expression = ""
    position = 0
    while position < len(part):
        char = part[position]
        position += 1
        # As in a shell: a bracket right after the opening one belongs to the class.
        closing = part.find("]", position + 1 + part.startswith("!", position))
        if char == "*":
            expression += "[^/]*"
        elif char == "?":
            expression += "[^/]"
        elif char == "[" and closing > 0:
            listed = part[position:closing].replace("\\", r"\\").replace("[", r"\[")
            negated = listed.startswith("!")
            listed = listed.removeprefix("!").replace("^", r"\^").replace("]", r"\]")
            expression += f"(?!/)[{'^' if negated else ''}{listed}]"
            position = closing + 1
        else:
            expression += re.escape(char)
    return expression
