"""Walking a tree without recursion: `children` of one node, `descend` through all of them."""

import dataclasses
from collections.abc import Iterator

from evalscripts.syntax import tree

_PLAIN = frozenset({"start", "end", "kind", "operator", "is_prefix", "is_static", "is_arrow"})
_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in dataclasses.fields(kind) if field.name not in _PLAIN)
    for kind in vars(tree).values()
    if isinstance(kind, type) and issubclass(kind, tree.Node)
}


def children(node: tree.Node) -> list[tree.Node]:
    """Return the nodes directly inside a node, in the order of the text."""
    found: list[tree.Node] = []
    for name in _FIELDS[type(node)]:
        value = getattr(node, name)
        if isinstance(value, tree.Node):
            found.append(value)
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, tree.Node):
                    found.append(item)
                elif isinstance(item, tuple):
                    found.extend(part for part in item if isinstance(part, tree.Node))
    return found


def descend(node: tree.Node) -> Iterator[tree.Node]:
    """Yield a node and everything inside it, in the order of the text."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def targets(pattern: tree.Expression) -> list[tree.Expression]:
    """Return the patterns directly inside a pattern."""
    match pattern:
        case tree.ArrayPattern():
            return [part for part in pattern.elements if part is not None]
        case tree.ObjectPattern():
            rest = [] if pattern.rest is None else [pattern.rest]
            return [part for _, part in pattern.properties] + rest
        case tree.Default() | tree.Rest():
            return [pattern.target]
        case _:
            return []


def values(pattern: tree.Expression) -> list[tree.Expression]:
    """Return the expressions directly inside a pattern: its default, its computed keys."""
    match pattern:
        case tree.ObjectPattern():
            return [key for key, _ in pattern.properties if isinstance(key, tree.Expression)]
        case tree.Default():
            return [pattern.value]
        case _:
            return []
