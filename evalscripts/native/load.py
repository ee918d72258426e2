"""`load`: an object's machine code into this process, ready to be called; gone when let go.

All of a process's code hangs on one JIT, beside the library that kernels call. LLVM works under
one lock for each process, so that loading waits for whatever else LLVM does here.
"""

import ctypes
import itertools
import threading
from dataclasses import dataclass, field
from typing import Any

import llvmlite.binding as llvm

from evalscripts.native.emit.machine import compile_text, fingerprint, target_machine
from evalscripts.native.emit.object import Object
from evalscripts.native.runtime.driver import DRIVE
from evalscripts.native.runtime.library import SYMBOLS, library_text


class Unloadable(Exception):
    """The object was made for another processor, or needs what is not there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """Machine code that can be run; freed when nobody holds it."""

    object: Object
    address: int
    """Of the kernel."""
    library: "Library"
    _code: Any = field(repr=False)
    """Keeps the code in memory."""


_DRIVE = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
)


class Library:
    """The code that kernels share, in this process's memory."""

    def __init__(self) -> None:
        """Compile and link it: some 50 ms."""
        self._jit = llvm.create_lljit_compiler(target_machine(opt=2))
        self._numbers = itertools.count()
        self._addresses: dict[str, int] = {}
        self._code = [self.add(compile_text(library_text(), opt=2), exports=SYMBOLS)]
        for symbol in SYMBOLS:
            self._addresses[symbol] = self._code[0][symbol]
        self.drive = _DRIVE(self._addresses[DRIVE])

    def address(self, symbol: str) -> int:
        """Return where a function of the library is."""
        return self._addresses[symbol]

    def add(self, code: bytes, *, exports: tuple[str, ...], needs: tuple[str, ...] = ()) -> Any:
        """Link an object file; the result holds it in memory and knows its exports' addresses."""
        builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
        for symbol in exports:
            builder.export_symbol(symbol)
        for symbol in needs:
            if symbol not in self._addresses:
                raise Unloadable(f"the library has no {symbol}")
            builder.import_symbol(symbol, self._addresses[symbol])
        return builder.link(self._jit, f"cogmill{next(self._numbers)}")


_lock = threading.Lock()
_library: list[Library] = []


def library() -> Library:
    """Return this process's library; the first call makes it, which may be done early."""
    with _lock:
        if not _library:
            _library.append(Library())
        return _library[0]


def load(code: Object) -> Loaded:
    """Return the object's code in this process's memory.

    Thread-safe; a millisecond or two. The memory is freed with the result.

    Raises:
        Unloadable: the object does not belong to this processor and version.
    """
    if code.fingerprint != fingerprint():
        raise Unloadable("the machine code was made for another processor or version")
    shared = library()
    tracker = shared.add(code.code, exports=(code.symbol,), needs=code.needs)
    return Loaded(object=code, address=tracker[code.symbol], library=shared, _code=tracker)
