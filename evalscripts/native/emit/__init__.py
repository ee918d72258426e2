"""IR → machine code: LLVM's vector instructions written directly, without passes over them.

text.py        names, lines, literals
arithmetic.py  JavaScript's numbers in instructions
scope.py       the function in the making
values.py memory.py flow.py outputs.py   the ops
machine.py     the processor, and text → object file
object.py      Object: the result
"""

from evalscripts.native.emit.kernel import emit, write_text
from evalscripts.native.emit.object import Object

__all__ = ["Object", "emit", "write_text"]
