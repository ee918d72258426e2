"""The processor that machine code is made for."""

import hashlib
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm

_VERSION = 1
"""Of the frame and of what the emitter writes; part of the fingerprint."""
_once = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """What instructions there are. All give the same results, bit for bit."""

    name: str
    """As LLVM calls it."""
    features: str = ""
    """What LLVM is to assume beyond the name: ``+avx2,-avx512f`` …"""

    @property
    def fingerprint(self) -> str:
        """A name of everything that object code depends on besides its kernel."""
        version = ".".join(map(str, llvm.llvm_version_info))
        parts = (str(_VERSION), version, llvm.get_process_triple(), self.name, self.features)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def whole_bits(self) -> int:
        """The size of integers that it makes fastest of doubles: 64 or 32."""
        return 64 if "+avx512dq" in self.features.split(",") else 32


@cache
def this_processor() -> Processor:
    """Return the one that this process runs on."""
    features = str(llvm.get_host_cpu_features().flatten())
    return Processor(name=llvm.get_host_cpu_name(), features=features)


@cache
def _prepare() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def target_machine(*, opt: int, processor: Processor | None = None) -> Any:
    """Return a new target machine, for one owner.

    ``opt`` is LLVM's effort in choosing instructions and registers, 0 to 3; ``processor`` None is
    the one that this process runs on.
    """
    with _once:
        _prepare()
    processor = processor or this_processor()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    # Calls between kernel and library may be farther than 2 GB: addresses go through a table.
    return target.create_target_machine(
        cpu=processor.name, features=processor.features, opt=opt, reloc="pic", codemodel="small"
    )


@cache
def _compiling_machine(opt: int, processor: Processor) -> Any:
    return target_machine(opt=opt, processor=processor)


def compile_text(text: str, *, opt: int, processor: Processor | None = None) -> bytes:
    """Return the object code of LLVM assembly, as it is, without passes over it."""
    module = llvm.parse_assembly(text)
    module.verify()
    machine = _compiling_machine(opt, processor or this_processor())
    return bytes(machine.emit_object(module))
