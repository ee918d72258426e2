"""`check_hooks`: pixels and hooks must not tell each other anything through the globals.

The snapshot is taken before any hook has run, so that a hook which changes what the pixels read
would make it stale; and machine code leaves nothing behind for the hook that comes last.

By names alone, and rather too careful: a hook that mentions an array or object counts as one that
changes it.
"""

from dataclasses import dataclass

from evalscripts.native.lower import Declined
from evalscripts.snapshot import HeldFunction, Ref, Snapshot
from evalscripts.syntax import tree
from evalscripts.syntax.names import Names, find_names

_PIXEL = "evaluatePixel"
_EARLY = ("preProcessScenes", "filterScenes", "updateOutput")
_LATE = "updateOutputMetadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """What a function touches, and everything that it mentions."""

    read: frozenset[str]
    written: frozenset[str]
    """While it runs, not when the script is loaded."""
    is_dynamic: bool


def check_hooks(program: tree.Block, snapshot: Snapshot) -> None:
    """Raise Declined where pixels and hooks may depend on each other."""
    if not snapshot.hooks:
        return
    parts = [(part, find_names(_alone(part))) for part in program.body]
    own = frozenset().union(*(names.written.union(names.declared) for _, names in parts))
    pixel = _reach(_PIXEL, parts)
    for hook in (*_EARLY, _LATE):
        if hook not in snapshot.hooks:
            continue
        reach = _reach(hook, parts)
        node = next((part for part, names in parts if hook in names.declared), None)
        if reach.is_dynamic or pixel.is_dynamic:
            raise Declined(f"eval or with, where there is {hook}()", node)
        # What the last hook may read is not to be told from its names: there is globalThis.
        changed = pixel.written
        if hook != _LATE:
            kept = {name for name in reach.read & own if _is_mutable(snapshot, name)}
            changed = pixel.read & (reach.written | kept)
        if changed:
            raise Declined(f"{min(changed)}, shared by evaluatePixel() and {hook}()", node)


def _alone(part: tree.Statement) -> tree.Block:
    return tree.Block(start=part.start, end=part.end, body=(part,))


def _reach(root: str, parts: list[tuple[tree.Statement, Names]]) -> _Reach:
    """Follow a global through all top-level statements that give the mentioned names a value."""
    read: set[str] = set()
    written: set[str] = set()
    is_dynamic = False
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name in read:
            continue
        read.add(name)
        for _, names in parts:
            if name in names.declared or name in names.written:
                written |= names.inner_written
                is_dynamic = is_dynamic or names.is_dynamic
                waiting += names.free | names.inner
    return _Reach(read=frozenset(read), written=frozenset(written), is_dynamic=is_dynamic)


def _is_mutable(snapshot: Snapshot, name: str) -> bool:
    held = snapshot.globals.get(name)
    return isinstance(held, Ref) and not isinstance(snapshot.heap[held.index], HeldFunction)
