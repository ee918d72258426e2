"""`normalize_form`: every form of evalscript as a version 3 text with setup() and evaluatePixel().

    V3        setup() and evaluatePixel()                     as it stands
    V3 bare   a body that returns; bands are free names       becomes evaluatePixel's body
    V1 bare   the same without a version line                 the same
    V1, V2    setup(bands) names components; samples in lists its setup() is called by another

A prefix goes on the first line and a suffix behind the last, so that lines stay the user's; the
`Source` knows how far the first line was shifted.
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from evalscripts.errors import SetupError
from evalscripts.source import Source, utf16_length
from evalscripts.syntax import Unparsed, parse, tree
from evalscripts.syntax.names import Names, find_names
from evalscripts.syntax.walk import children, descend

_COMPONENTS = frozenset({"setInputComponents", "setOutputComponentCount"})
_ENTRY = re.compile(r"\bfunction\s+evaluatePixel\b|\bevaluatePixel\s*=")
_MASK = "dataMask"
_NO_FORM = (
    "the script has neither the functions setup() and evaluatePixel() nor a return of its own"
)
_NO_BANDS = (
    "the script has no setup(): its bands are those of its names that the request's collections "
    "know, and no collection is known here"
)
_ENTRIES = frozenset({"setup", "evaluatePixel"})

# Several runs with different values, since a script may return another length where there is no
# data; that one throws counts only if all do, and then it throws where it does.
_BARE_SETUP = """
}
function setup() {
  const bands = %s, counts = Object.create(null);
  const isList = (v) => Array.isArray(v) || ArrayBuffer.isView(v);
  const count = (v) => v === undefined || v === null ? 0 : !isList(v) ? 1
    : Array.from(v).reduce((n, x) => n + (Array.isArray(x) ? x.length : 1), 0);
  const note = (id, n) => { counts[id] = Math.max(counts[id] || 0, n); };
  const run = (value) => evaluatePixel(Object.fromEntries(bands.map((b, i) => [b, value(i)])));
  let failures = 0;
  for (const value of [() => 0, () => 1, (i) => (i + 1) / 10, (i) => 1 / (i + 2)]) {
    try {
      const found = run(value);
      if (typeof found !== "object" || found === null || isList(found)) {
        note("default", count(found));
      } else for (const id of Object.keys(found)) note(id, count(found[id]));
    } catch {
      failures++;
    }
  }
  if (failures === 4) run(() => 0);
  const ids = Object.keys(counts).filter((id) => counts[id]);
  return {
    input: [{bands: bands.length ? bands : ["dataMask"]}],
    output: ids.length ? ids.map((id) => ({id, bands: counts[id]}))
      : {bands: {$js: "nothing returned in four runs with different values"}},
  };
}
"""
_OLD_SETUP = """
;setup = ((given) => function setup() {
  let components = [], count = 1;
  globalThis.setInputComponents = (list) => { components = list; };
  globalThis.setOutputComponentCount = (number) => { count = number; };
  const found = given(%s) || {};
  const counted = (o) => ({...o, bands: o.bands === undefined ? o.componentCount : o.bands});
  const output = found.output || {bands: count};
  return {
    mosaicking: typeof filterScenes === "function" ? "ORBIT" : "SIMPLE",
    ...found,
    input: found.input || [{bands: found.components || components}],
    output: Array.isArray(output) ? output.map(counted) : counted(output),
  };
})(setup);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalized:
    """A script in version 3's full form."""

    source: Source
    """What V8 compiles."""
    listed: bool = False
    """Whether samples come in a list even under SIMPLE mosaicking."""
    by_bands: bool = False
    """Whether the text depends on the bands that are known."""
    names: tuple[str, ...] | None = None
    """The globals that its functions mention; None where the grammar cannot read it."""
    unread: str = ""
    """Why the grammar cannot read it."""
    complaint: str = ""
    """What is wrong with it if V8 can read it but finds no setup()."""


def normalize_form(source: Source, *, known_bands: Collection[str] = ()) -> Normalized:
    """Return the script in version 3's full form.

    ``known_bands`` are the names that a bare script may mean.

    Raises:
        SetupError: its version is not known, or its setup cannot be called.
    """
    if source.version is not None and source.version not in {1, 2, 3}:
        raise source.error(
            SetupError,
            f"version {source.version} is not known; there are versions 1, 2 and 3",
            line=source.version_line,
        )
    try:
        program = parse(source.text)
    except Unparsed as unparsed:
        return _unread(source, unparsed)
    names = find_names(program)
    returned = _first_return(program)
    if _ENTRIES & (names.declared.keys() | names.written):
        return _full(source, program, names)
    if returned is not None:
        return _bare(source, names, returned, known_bands)
    return replace(_full(source, program, names), complaint=_NO_FORM)


def _unread(source: Source, unparsed: Unparsed) -> Normalized:
    # Most often V8 cannot read it either, and says why.
    if _ENTRY.search(source.text):
        return Normalized(source=source, unread=f"{unparsed}")
    prefix = "function evaluatePixel(){"
    changed = replace(
        source,
        text=prefix + source.text + "\n}",
        shift=utf16_length(prefix),
        form="V3 bare" if source.version == 3 else "V1 bare",
    )
    complaint = f"the script has no setup(), and its bands cannot be found: {unparsed}"
    return Normalized(source=changed, unread=f"{unparsed}", complaint=complaint)


# ---- full forms ------------------------------------------------------------------------------


def _full(source: Source, program: tree.Block, names: Names) -> Normalized:
    asked = tuple(sorted(names.inner | {"evaluatePixel"}))
    calls = _COMPONENTS & names.free
    if source.version == 3 or (source.version is None and not calls):
        return Normalized(source=source, names=asked)
    if names.declared.get("setup") in {"const", "class"}:
        raise source.error_at(
            SetupError,
            f"setup of a version {source.version or 1} script must be a function that is declared",
            name="setup",
        )
    known = {name: name for name in _components(program)}
    suffix = _OLD_SETUP % json.dumps(known, ensure_ascii=False)
    form = "V2" if source.version == 2 else "V1"
    changed = replace(source, text=source.text + suffix, form=form)
    return Normalized(source=changed, listed=True, names=asked)


def _components(program: tree.Block) -> list[str]:
    """Return what is read from an object anywhere: the bands are among it."""
    keys = (node.key for node in descend(program) if isinstance(node, tree.Member))
    return sorted({key for key in keys if isinstance(key, str)} - {"__proto__"})


# ---- bare forms ------------------------------------------------------------------------------


def _first_return(program: tree.Block) -> tree.Return | None:
    """Return the first return outside of functions."""
    waiting: list[tree.Node] = [program]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.Return):
            return node
        if isinstance(node, tree.Statement) and not isinstance(
            node, tree.FunctionDeclaration | tree.ClassDeclaration | tree.Evaluate
        ):
            waiting.extend(reversed(children(node)))
        elif isinstance(node, tree.Case):
            waiting.extend(reversed(node.body))
    return None


def _bare(
    source: Source, names: Names, returned: tree.Return, known_bands: Collection[str]
) -> Normalized:
    entry = source.position(returned.start)
    bands = sorted(names.free & {_MASK, *known_bands})
    samples = _unused(names)
    prefix = f"function evaluatePixel({samples}){{{_reading(bands, samples)}"
    changed = replace(
        source,
        text=prefix + source.text + _BARE_SETUP % json.dumps(bands, ensure_ascii=False),
        shift=utf16_length(prefix),
        entry=entry,
        form="V3 bare" if source.version == 3 else "V1 bare",
    )
    asked = tuple(sorted((names.free - set(bands)) | {"evaluatePixel"}))
    complaint = "" if known_bands or set(bands) - {_MASK} else _NO_BANDS
    return Normalized(source=changed, by_bands=True, names=asked, complaint=complaint)


def _reading(bands: Sequence[str], samples: str) -> str:
    # Not by destructuring, which the script's own "use strict" would not allow.
    reads = ",".join(f"{name}={samples}.{name}" for name in bands)
    return f"var {reads};" if reads else ""


def _unused(names: Names) -> str:
    name = "samples"
    while name in names.free or name in names.declared:
        name += "_"
    return name
