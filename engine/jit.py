"""`kernel`: the one numba decorator of the project.

Kernels release the GIL, are cached on disk, never use ``parallel=True`` (numba's default
threading layer dies when several threads call it) and never fastmath (it breaks NaN tests).
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_SETTING = "CACHE_DIR"
"""numba's name of the folder; it makes its settings at run time, where type checkers see none."""

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Return ``function`` compiled to machine code on first use, without the GIL."""
    return cast("F", numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def _cache_folder() -> str:
    """Return a folder that is named after the text of all kernels.

    numba keys a cached kernel by the file that it stands in and knows nothing of the kernels that
    it calls in other files: after one of those changed it would go on with the old code.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        text = path.read_bytes()
        if b"@kernel" in text:
            digest.update(text)
    chosen = getattr(numba.config, _SETTING)
    base = Path(chosen) if chosen else Path.home() / ".cache" / "cogmill" / "kernels"
    return str(base / digest.hexdigest()[:16])


KERNELS = _cache_folder()
"""Where this text's kernels are kept, compiled; numba makes the folder when it has something."""

setattr(numba.config, _SETTING, KERNELS)
