"""Lowered scripts beside V8, by the interpreter of the IR."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from evalscripts import ScriptError, V8Pool
from evalscripts.native.facts import read_facts
from evalscripts.native.ir import Kernel
from evalscripts.native.lower import Declined, lower
from evalscripts.native.verify import verify
from evalscripts.syntax import parse
from tests.builders.pixels import adversarial_inputs
from tests.builders.tiers import staged_program
from tests.oracle.ir_interpreter import interpret

PIXELS = 70


def script(body: str, *, bands: int = 3, listed: bool = False, top: str = "") -> str:
    """Return a script of two bands and the mask, with this body of evaluatePixel."""
    mosaicking = 'mosaicking: "ORBIT",' if listed else ""
    names = "samples, scenes" if listed else "s"
    return f"""//VERSION=3
function setup() {{
  return {{
    input: ["B04", "B08", "dataMask"], {mosaicking}
    output: {{ bands: {bands}, sampleType: "FLOAT32" }},
  }};
}}
{top}
function evaluatePixel({names}) {{
{body}
}}
"""


def lowered(text: str, *, pool: V8Pool) -> tuple[Kernel, Any]:
    """Return a script's kernel, checked, and its program in V8."""
    program, _, snapshot = staged_program(text, pool=pool)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 4000))
    try:
        kernel = lower(parse(text), snapshot, program.setup, text=text)
    finally:
        sys.setrecursionlimit(limit)
    verify(kernel)
    return kernel, program


def refusal(text: str, *, pool: V8Pool) -> tuple[str, int]:
    """Return why a script is declined, and the line of the construct."""
    try:
        lowered(text, pool=pool)
    except Declined as declined:
        start = -1 if declined.node is None else declined.node.start
        return declined.reason, text[:start].count("\n") + 1
    return "", 0


def outcomes(text: str, *, pool: V8Pool, scenes: Sequence[int] = (1,)) -> set[str]:
    """Return ``same``, ``trapped`` and ``threw``, as they came up; assert that no bit differs."""
    kernel, program = lowered(text, pool=pool)
    ended = set()
    for count in scenes:
        for nasty in (False, True):
            inputs, context = adversarial_inputs(
                program.setup, pixels=PIXELS, scenes=count, seed=count, nasty=nasty
            )
            expected = None
            with suppress(ScriptError):
                session = program.open(context)
                expected = session.evaluate(inputs)
                session.finish()
            facts = read_facts(
                program.setup, context, ids=context.input_ids, selection=context.selection
            )
            found = interpret(kernel, list(inputs.values()), facts, lanes=8)
            if found.trap is not None:
                ended.add("trapped" if expected is not None else "threw")
                continue
            assert expected is not None, f"V8 throws, the kernel does not: {text}"
            for output, ours in zip(program.setup.outputs, found.outputs, strict=True):
                _assert_same(ours, expected[output.id], about=f"{count} {nasty}\n{text}")
            ended.add("same")
    return ended


def _assert_same(ours: Any, theirs: Any, *, about: str) -> None:
    """Compare bits, NaN's apart."""
    bits = f"u{theirs.itemsize}"
    off = ours.view(bits) != theirs.view(bits)
    if theirs.dtype.kind == "f":
        off &= ~(np.isnan(ours) & np.isnan(theirs))
    assert not off.any(), f"{ours[off][0]!r}, V8 {theirs[off][0]!r}: {about}"
