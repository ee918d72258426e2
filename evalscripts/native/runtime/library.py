"""`library_text`: all code that kernels share."""

from evalscripts.native.emit.memory import SORT_SYMBOL
from evalscripts.native.emit.text import Module
from evalscripts.native.emit.values import REM_SYMBOL
from evalscripts.native.runtime.driver import DRIVE, driver
from evalscripts.native.runtime.readers import READERS, readers
from evalscripts.native.runtime.remainder import remainder
from evalscripts.native.runtime.sorting import sorting

SYMBOLS = (
    DRIVE,
    REM_SYMBOL,
    SORT_SYMBOL,
    *READERS,
)
"""What the text defines for others."""


def library_text() -> str:
    """Return one module of LLVM assembly that defines `SYMBOLS`."""
    module = Module()
    functions = [*readers(module), driver(module), remainder(module), sorting(module)]
    return "\n".join((*functions, module.declarations()))
