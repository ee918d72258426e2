"""`lower`: a script's tree, its snapshot and its setup → a kernel."""

from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.arrays import ARRAYS
from evalscripts.native.lower.calls import invoke, run_closure
from evalscripts.native.lower.capacity import settle_buffers
from evalscripts.native.lower.constructors import CONSTRUCTORS
from evalscripts.native.lower.dates import DATES
from evalscripts.native.lower.edits import EDITS
from evalscripts.native.lower.expressions import EXPRESSIONS
from evalscripts.native.lower.flow import Retry
from evalscripts.native.lower.held import globals_of
from evalscripts.native.lower.jumps import Jumps
from evalscripts.native.lower.lists import LISTS
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.mathematics import MATHEMATICS
from evalscripts.native.lower.merging import merge
from evalscripts.native.lower.natives import Natives
from evalscripts.native.lower.objects import OBJECTS
from evalscripts.native.lower.prelude import PRELUDE
from evalscripts.native.lower.results import write_results
from evalscripts.native.lower.scenes import scene_arguments
from evalscripts.native.lower.sorting import SORTING
from evalscripts.native.lower.statements import STATEMENTS
from evalscripts.native.lower.sweep import sweep
from evalscripts.native.lower.values import (
    UNSET,
    Closure,
    Declined,
    Fields,
    Js,
    Pending,
    SampleList,
)
from evalscripts.native.lower.visualizers import VISUALIZERS
from evalscripts.native.lower.walks import WALKS
from evalscripts.setup import Mosaicking, Setup
from evalscripts.snapshot import Snapshot
from evalscripts.syntax import tree

_ATTEMPTS = 40
_NATIVES = Natives(
    MATHEMATICS,
    PRELUDE,
    VISUALIZERS,
    ARRAYS,
    WALKS,
    LISTS,
    EDITS,
    SORTING,
    OBJECTS,
    DATES,
    CONSTRUCTORS,
)
_MASK = "dataMask"


def lower(program: tree.Block, snapshot: Snapshot, setup: Setup, *, text: str) -> ir.Kernel:
    """Return the kernel of a script.

    ``text`` is what the program was parsed from.

    Raises:
        Declined: the script has something that only V8 does, or that is not surely right.
    """
    try:
        return _lower(program, snapshot, setup, text)
    except Declined as declined:
        if declined.node is None:
            declined.node = program
        raise


def _lower(program: tree.Block, snapshot: Snapshot, setup: Setup, text: str) -> ir.Kernel:
    if snapshot.tampered is not None:
        raise Declined(f"the script changes the language: {snapshot.tampered}")
    memory: dict[Any, Any] = {}
    for _ in range(_ATTEMPTS):
        try:
            return _attempt(program, snapshot, setup, text, memory)
        except Retry:
            continue
        except RecursionError:
            raise Declined("its constructs are nested too deeply") from None
    raise Declined("its objects are shared in ways that are not followed")


def _attempt(
    program: tree.Block, snapshot: Snapshot, setup: Setup, text: str, memory: dict[Any, Any]
) -> ir.Kernel:
    kernel = ir.Kernel(
        inputs=tuple(
            tuple(band for band in wanted.bands if band != _MASK) for wanted in setup.inputs
        ),
        outputs=tuple((output.sample_type.value, output.bands) for output in setup.outputs),
    )
    machine = Machine(kernel, setup, memory)
    machine.expressions = EXPRESSIONS
    machine.statements = STATEMENTS
    machine.merge = merge
    machine.invoke = invoke
    machine.natives = _NATIVES
    machine.jumps = Jumps()
    machine.mentions_arguments = "arguments" in text
    machine.globals = machine.scope = globals_of(machine, program, text, snapshot)
    for place, wanted in zip(machine.slots, setup.inputs, strict=True):
        if _MASK in wanted.bands:
            place[_MASK] = ir.Slot(machine.slots.index(place), None)
    entry = machine.globals.held("evaluatePixel").value
    if type(entry) is not Closure:
        raise Declined("evaluatePixel is no function of the script")
    try:
        value = run_closure(machine, entry, UNSET, _arguments(machine, setup))
        write_results(machine, value, setup.outputs)
    except Declined as declined:
        if declined.node is None:
            declined.node = machine.here
        raise
    _check_globals(machine)
    kernel.body[:0] = machine.builder.constants
    sweep(kernel)
    settle_buffers(machine, kernel)
    return kernel


def _arguments(machine: Machine, setup: Setup) -> list[Js]:
    """Return evaluatePixel's arguments."""
    first = setup.inputs[0]
    samples: Js
    if setup.is_fusion:
        lists = {
            str(i) if wanted.datasource is None else wanted.datasource: SampleList(i)
            for i, wanted in enumerate(setup.inputs)
        }
        samples = machine.thing(Fields(lists))
    elif setup.listed or first.mosaicking is not Mosaicking.SIMPLE:
        samples = SampleList(0)
    else:
        bands = {name: Pending(machine.slots[0][name]) for name in first.bands}
        samples = machine.thing(Fields(bands))
    return [samples, *scene_arguments(machine, setup)]


def _check_globals(machine: Machine) -> None:
    """Raise where the script keeps something from pixel to pixel."""
    for name, node in machine.globals.written.items():
        if name in machine.globals.read:
            raise Declined(f"state kept across pixels, in {name}", node)
