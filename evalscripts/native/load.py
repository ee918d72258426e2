"""`load`: an object's machine code into this process, ready to be called; gone when let go.

Each object has a JIT of its own, since what one JIT keeps of an object that is gone adds up. LLVM
works under one lock for each process, so that loading waits for whatever else LLVM does here.
"""

import ctypes
import threading
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import llvmlite.binding as llvm

from evalscripts.native.emit.machine import (
    Processor,
    compile_text,
    target_machine,
    this_processor,
)
from evalscripts.native.emit.object import Object
from evalscripts.native.math.module import MATH_SYMBOLS, math_text
from evalscripts.native.runtime.driver import DRIVE
from evalscripts.native.runtime.library import SYMBOLS, library_text
from evalscripts.native.scratch import Scratches

_DRIVE = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
)


class Unloadable(Exception):
    """The object was made for another processor, or needs what is not there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Loaded:
    """Machine code that can be run; freed when nobody holds it."""

    object: Object
    address: int
    """Of the kernel."""
    library: "Library"
    scratches: Scratches = field(default_factory=Scratches)
    """What its threads work in, kept from run to run."""


class Library:
    """The code that kernels share, in this process's memory for good."""

    def __init__(self, processor: Processor) -> None:
        """Compile and link it, which takes some 0.4 s."""
        self.processor = processor
        self._addresses: dict[str, int] = {}
        self._spare: list[Any] = []
        self._keep(library_text(), exports=SYMBOLS)
        self._keep(math_text(), exports=MATH_SYMBOLS)
        self.drive = _DRIVE(self._addresses[DRIVE])

    def _keep(self, text: str, *, exports: tuple[str, ...]) -> None:
        jit, tracker = self.link(
            compile_text(text, opt=2, processor=self.processor), exports=exports, imports={}
        )
        self._addresses.update((symbol, int(tracker[symbol])) for symbol in exports)
        # At the end of the process LLVM may be gone before them.
        tracker.detach()
        jit.detach()

    def address(self, symbol: str) -> int:
        """Return where a function is."""
        if symbol not in self._addresses:
            raise Unloadable(f"the library has no {symbol}")
        return self._addresses[symbol]

    def link(
        self, code: bytes, *, exports: Iterable[str], imports: Mapping[str, int]
    ) -> tuple[Any, Any]:
        """Return a JIT that holds the code, and what knows the addresses of its exports."""
        builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
        for symbol in exports:
            builder.export_symbol(symbol)
        for symbol, address in imports.items():
            builder.import_symbol(symbol, address)
        jit = self._take_jit()
        return jit, builder.link(jit, "cogmill")

    def stock(self) -> None:
        """Make the JIT that the next `load` takes, which is most of that one's time."""
        if not self._spare:
            self._spare.append(self._make_jit())

    def _take_jit(self) -> Any:
        try:
            return self._spare.pop()
        except IndexError:
            return self._make_jit()

    def _make_jit(self) -> Any:
        machine = target_machine(opt=2, processor=self.processor)
        return llvm.create_lljit_compiler(machine, use_jit_link=True)


def _free(tracker: Any, jit: Any) -> None:
    tracker.close()
    jit.close()


_lock = threading.Lock()
_library: list[Library] = []


def library() -> Library:
    """Return this process's library; the first call makes it, which may be done early."""
    with _lock:
        if not _library:
            _library.append(Library(this_processor()))
        return _library[0]


def load(code: Object, *, shared: Library | None = None) -> Loaded:
    """Return the object's code in this process's memory.

    Thread-safe; a millisecond, and the time of `library` where that is called for the first time.
    ``shared`` is another library than the process's own.

    Raises:
        Unloadable: the object does not belong to this processor and version.
    """
    shared = shared or library()
    if code.fingerprint != shared.processor.fingerprint:
        raise Unloadable("the machine code was made for another processor or version")
    imports = {symbol: shared.address(symbol) for symbol in code.needs}
    try:
        jit, tracker = shared.link(code.code, exports=(code.symbol,), imports=imports)
    except RuntimeError as error:
        raise Unloadable("the machine code cannot be linked") from error
    loaded = Loaded(object=code, address=int(tracker[code.symbol]), library=shared)
    weakref.finalize(loaded, _free, tracker, jit).atexit = False
    return loaded
