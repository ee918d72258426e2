"""One script on trial: V8, machine code and the interpreter must give the same bits."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts import ScriptError, V8Pool
from evalscripts.native.emit import emit
from evalscripts.native.frame import LANES
from evalscripts.native.ir import Kernel
from evalscripts.native.load import Loaded, load
from evalscripts.native.lower import Declined, lower
from evalscripts.native.run import AbortFlag, End, Stripe
from evalscripts.native.verify import verify
from evalscripts.program import InputData
from evalscripts.syntax import parse
from tests.builders.pixels import adversarial_inputs
from tests.builders.tiers import staged_program
from tests.evalscripts.native.fuzz_scripts import Script
from tests.oracle.ir_interpreter import interpret

PIXELS = 56
"""Seven rows of whole groups of lanes."""

Pixels = NDArray[Any]


def compare_tiers(script: Script, *, pool: V8Pool, seed: int) -> str:
    """Return ``refused: why``, ``trapped``, ``threw`` or ``same``; assert that no bit differs."""
    program, _, snapshot = staged_program(script.text, pool=pool)
    try:
        kernel = lower(parse(script.text), snapshot, program.setup, text=script.text)
    except Declined as declined:
        return f"refused: {declined.reason}"
    verify(kernel)
    loaded = load(emit(kernel))
    ended = set()
    for scenes in (3, 0, 1, 6) if script.is_list else (1,):
        for nasty in (False, True):
            inputs, context = adversarial_inputs(
                program.setup, pixels=PIXELS, scenes=scenes, seed=seed, nasty=nasty
            )
            expected: list[Pixels] | None = None
            with suppress(ScriptError):
                session = program.open(context)
                made = session.evaluate(inputs)
                session.finish()
                expected = [made[output.id] for output in program.setup.outputs]
            about = f"{scenes} scenes, {'nasty' if nasty else 'usual'}\n{script.text}"
            ended.add(_compare(kernel, loaded, inputs, expected, about=about))
    return "same" if "same" in ended else min(ended)


def _compare(
    kernel: Kernel,
    loaded: Loaded,
    inputs: Mapping[str, InputData],
    expected: list[Pixels] | None,
    *,
    about: str,
) -> str:
    given = list(inputs.values())
    stripe = Stripe(loaded, given, {}, abort=AbortFlag())
    ends = [stripe.run(i, i + LANES).end for i in range(0, stripe.pixels, LANES)]
    done = np.repeat([end is End.DONE for end in ends], LANES)
    if expected is None:
        assert not done.all(), f"V8 throws, native code does not: {about}"
        return "threw"
    for found, output in zip(stripe.outputs, expected, strict=True):
        wrong = _differing(found, output, done)
        assert not wrong, f"native code: {wrong}; {about}"
    if not done.any():
        return "trapped"
    first = [_head(data) for data in given]
    meant = interpret(kernel, first, {}, lanes=LANES)
    if meant.trap is None:
        count = first[0].valid.shape[2]
        for found, output in zip(meant.outputs, expected, strict=True):
            flat = output.reshape(len(output), 1, -1)[..., :count]
            wrong = _differing(found, flat, done[:count])
            assert not wrong, f"interpreter: {wrong}; {about}"
    return "same"


def _head(data: InputData) -> InputData:
    """Return the first sixteen pixels as one row."""

    def cut(values: Pixels) -> Pixels:
        return values.reshape(len(values), 1, values.shape[1] * values.shape[2])[..., : 2 * LANES]

    bands = {name: replace(band, values=cut(band.values)) for name, band in data.bands.items()}
    return InputData(bands=bands, valid=cut(data.valid))


def _differing(found: Pixels, expected: Pixels, done: NDArray[np.bool_]) -> str:
    """Return the first pixel of those done that differs in a bit but NaN's, or nothing."""
    ours, theirs = (one.reshape(len(one), -1)[:, done] for one in (found, expected))
    off = ours.view(f"u{ours.itemsize}") != theirs.view(f"u{theirs.itemsize}")
    if ours.dtype.kind == "f":
        off &= ~(np.isnan(ours) & np.isnan(theirs))
    if not off.any():
        return ""
    band, pixel = np.argwhere(off)[0]
    place = int(np.flatnonzero(done)[pixel])
    return f"band {band} of pixel {place}: {ours[band, pixel]!r}, V8 {theirs[band, pixel]!r}"
