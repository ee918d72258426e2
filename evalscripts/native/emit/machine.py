"""The processor that machine code is made for."""

import hashlib
import threading
from functools import cache
from typing import Any

import llvmlite.binding as llvm

_VERSION = 1
"""Of the frame and of what the emitter writes; part of the fingerprint."""
_once = threading.Lock()


@cache
def _prepare() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def target_machine(*, opt: int) -> Any:
    """Return a new target machine of this processor, for one owner.

    ``opt`` is LLVM's effort in choosing instructions and registers, 0 to 3.
    """
    with _once:
        _prepare()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    # Calls between kernel and library may be farther than 2 GB: addresses go through a table.
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=opt, reloc="pic", codemodel="small"
    )


@cache
def _features() -> str:
    return str(llvm.get_host_cpu_features().flatten())


@cache
def fingerprint() -> str:
    """Return a name of everything that object code depends on besides its kernel."""
    version = ".".join(map(str, llvm.llvm_version_info))
    parts = (
        str(_VERSION),
        version,
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        _features(),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def compile_text(text: str, *, opt: int) -> bytes:
    """Return the object code of LLVM assembly, as it is, without passes over it."""
    module = llvm.parse_assembly(text)
    module.verify()
    return bytes(target_machine(opt=opt).emit_object(module))
