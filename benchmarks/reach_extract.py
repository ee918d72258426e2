"""Evalscripts out of files of any kind: scripts, notebooks, pages, configurations, programs.

`extract` gives every text of a file that is a script by its looks, in the file's order and always
the same, so that a list of files and hashes is enough to find them again.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

SUFFIXES = frozenset(
    (".js", ".jsx", ".ts", ".tsx", ".json", ".ipynb", ".py", ".md", ".qmd", ".yaml")
)
_LANGUAGE = Language(tree_sitter_javascript.language())
_HEADER = re.compile(r"^[ \t\ufeff]*//[ \t]*VERSION[ \t]*=[ \t]*(\d+)", re.MULTILINE)
_PIXEL = re.compile(r"\bevaluatePixel\s*(?:=|\([^)]*\)\s*(?:/\*.*?\*/\s*)?\{)", re.DOTALL)
_SETUP = re.compile(r"\bsetup\s*(?:=|\([^)]*\)\s*\{)")
_ONE_LINER = re.compile(r"^\s*return\b[^;]*\bB\d\d?A?\b")
_FENCE = re.compile(
    r"^(?P<pad>[ \t]*)(?P<fence>```+|~~~+)(?P<info>[^\n]*)\n(?P<body>.*?)^[ \t]*(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_JSON_FIELD = re.compile(r'"eval[sS]cript"\s*:\s*("(?:[^"\\]|\\.)*")')
_FORM_FIELD = re.compile(r"evalscript=(//.*?)'\s*(?:\\?\n|$)", re.DOTALL)
_MAGIC = re.compile(r"^[ \t]*[%!?].*$", re.MULTILINE)
_JAVASCRIPT = frozenset(("", "js", "javascript", "typescript", "text", "es6"))
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One text that looks like a script."""

    text: str
    is_template: bool = False
    """Holes are filled in by the program around it: it is no script by itself."""


def extract(path: str, text: str) -> tuple[Found, ...]:
    """Return the scripts in a file, in its order; ``path`` tells its kind."""
    suffix = PurePosixPath(path).suffix
    try:
        if suffix == ".json":
            return tuple(_in_json(json.loads(text)))
        if suffix == ".ipynb":
            return tuple(_in_notebook(json.loads(text)))
    except ValueError:
        return ()
    if suffix == ".py":
        return tuple(_in_python(text))
    if suffix in (".md", ".qmd", ".yaml"):
        return tuple(_in_page(text))
    return tuple(_in_javascript(text))


def parse(text: str) -> Node:
    """Return the root of tree-sitter's tree."""
    return Parser(_LANGUAGE).parse(text.encode("utf-8", "replace")).root_node


def essence(text: str) -> str:
    """Return the text without comments and white space, but with its version."""
    found = _HEADER.search(text)
    tokens = [found[1] if found else "0"]
    cursor = parse(text).walk()
    while True:
        node = cursor.node
        if node is None:
            break
        if node.type not in ("comment", "html_comment") and cursor.goto_first_child():
            continue
        if node.type not in ("comment", "html_comment") and node.text:
            tokens.append(node.text.decode("utf-8", "replace"))
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return " ".join(tokens)
    return " ".join(tokens)


def looks_whole(text: str) -> bool:
    """Return whether the text is a script of its own, as well as words can tell."""
    if _SETUP.search(text):
        return bool(_PIXEL.search(text))
    if _HEADER.search(text):
        return bool(re.search(r"\breturn\b|=>", text))
    return bool(_ONE_LINER.match(text))


def _in_json(value: Any, key: str = "") -> Iterator[Found]:
    if isinstance(value, str):
        if value.strip() and (key.lower() == "evalscript" or looks_whole(value)):
            yield Found(text=value)
    elif isinstance(value, list):
        for item in value:
            yield from _in_json(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _in_json(item, str(name))


def _in_notebook(notebook: Any) -> Iterator[Found]:
    for cell in notebook.get("cells", ()):
        source = cell.get("source", "")
        text = source if isinstance(source, str) else "".join(source)
        if cell.get("cell_type") == "markdown":
            yield from _in_page(text)
        elif text.startswith("%%"):
            body = text.partition("\n")[2]
            if looks_whole(body):
                yield Found(text=body)
        else:
            yield from _in_python(_MAGIC.sub("", text))


def _in_python(text: str) -> Iterator[Found]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside.update(id(part) for part in ast.walk(node) if part is not node)
            parts = [p.value if isinstance(p, ast.Constant) else None for p in node.values]
            joined = "".join("{…}" if part is None else str(part) for part in parts)
            if looks_whole(joined):
                yield Found(text=joined, is_template=None in parts)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
            and looks_whole(node.value)
        ):
            yield Found(text=node.value)


def _in_page(text: str) -> Iterator[Found]:
    for block in _FENCE.finditer(text):
        pad, body = block["pad"], block["body"]
        if pad:
            body = re.sub(rf"^{pad}", "", body, flags=re.MULTILINE)
        word = re.split(r"[\s{}.,:]+", block["info"].strip(" {}."))[0].lower()
        if word in ("python", "py"):
            yield from _in_python(_MAGIC.sub("", body))
            continue
        fields = [json_text(found[1]) for found in _JSON_FIELD.finditer(body)]
        fields += [found[1] for found in _FORM_FIELD.finditer(body)]
        if fields:
            yield from (Found(text=field) for field in fields if looks_whole(field))
        elif word in _JAVASCRIPT and looks_whole(body):
            yield Found(text=body)


def json_text(literal: str) -> str:
    """Return what a string of JSON says, or nothing where it is not one."""
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return ""


def _in_javascript(text: str) -> Iterator[Found]:
    root = parse(text)
    kinds = {child.type for child in root.children}
    is_module = bool(kinds & {"import_statement", "export_statement"}) or bool(
        re.search(r"\b(?:module\.exports|require\()|\bdescribe\(", text)
    )
    if not is_module:
        if looks_whole(text) or "return_statement" in kinds or _PIXEL.search(text):
            yield Found(text=text)
        return
    for node in _strings(root):
        found = _string(node)
        if looks_whole(found.text):
            yield found


def _strings(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in ("string", "template_string"):
            yield node
        waiting.extend(reversed(node.children))


def _string(node: Node) -> Found:
    raw = (node.text or b"").decode("utf-8", "replace")[1:-1]
    holes = any(child.type == "template_substitution" for child in node.children)
    text = re.sub(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r?\n|.)", _escape, raw)
    return Found(text=text, is_template=holes)


def _escape(found: re.Match[str]) -> str:
    word = found[1]
    if word[0] in "ux" and len(word) > 1:
        return chr(int(word[1:].strip("{}"), 16))
    return "" if word[-1] == "\n" else _ESCAPES.get(word, word)
