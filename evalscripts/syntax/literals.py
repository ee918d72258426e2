"""What literals mean: numbers, strings with their escapes, and names."""

import re

_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_LINE_ENDS = ("\n", "\r", "\u2028", "\u2029")
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3][0-7]{0,2}|[4-7][0-7]?)"
    r"|(\r\n|.))",
    re.DOTALL,
)
_RADIX = {"x": 16, "o": 8, "b": 2}


def number(text: str) -> float | None:
    """Return the value of a numeric literal; None of a BigInt."""
    text = text.replace("_", "").lower()
    if text.endswith("n"):
        return None
    if len(text) > 1 and text[0] == "0" and text[1] in _RADIX:
        return _whole(text[2:], _RADIX[text[1]])
    if len(text) > 1 and text[0] == "0" and text.isdigit() and not set(text) & {"8", "9"}:
        return _whole(text, 8)
    return float(text)


def _whole(digits: str, radix: int) -> float:
    try:
        return float(int(digits, radix))
    except OverflowError:
        return float("inf")


def unescaped(text: str) -> str:
    """Return what stands between quotes or backticks with its escapes replaced.

    Pairs of surrogates become the character that they stand for; halves stay.
    """
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_meant, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _meant(escape: re.Match[str]) -> str:
    braced, four, two, octal, other = escape.groups()
    if octal is not None:
        return chr(int(octal, 8))
    if other is None:
        return chr(int(braced or four or two, 16))
    if other == "\r\n" or other in _LINE_ENDS:
        return ""
    return _SIMPLE.get(other, other)


def template_text(text: str) -> str:
    """Return a piece of a template literal: as `unescaped`, line ends become newlines first."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unescaped(text)
