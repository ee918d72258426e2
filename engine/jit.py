"""`kernel`: the one numba decorator of the project.

Kernels release the GIL, are cached on disk, never use ``parallel=True`` (numba's default
threading layer dies when several threads call it) and never fastmath (it breaks NaN tests).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Return ``function`` compiled to machine code on first use, without the GIL."""
    return cast("F", numba.njit(nogil=True, cache=True, error_model="numpy")(function))
