"""`kernel`: the one numba decorator of the project.

Kernels release the GIL, are cached on disk, never use ``parallel=True`` (numba's default
threading layer dies when several threads call it) and never fastmath (it breaks NaN tests).
"""

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache

_SETTING = "CACHE_DIR"
"""numba's name of the folder; it makes its settings at run time, where type checkers see none."""

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Return ``function`` compiled to machine code on first use, without the GIL."""
    dispatcher: Any = numba.njit(nogil=True, error_model="numpy")(function)
    # As cache=True does; numba's own parts are not typed.
    cache = SharedCache(function)  # type: ignore[no-untyped-call]
    dispatcher._cache = cache  # noqa: SLF001
    return cast("F", dispatcher)


class SharedCache(FunctionCache):
    """numba's cache of one kernel, for several processes at once.

    numba writes the index of a kernel's signatures first and the machine code after, under the
    next free number: two processes that compile different signatures take the same one, and the
    index of the one ends up beside the code of the other, which runs over arrays of the wrong
    dtype.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the machine code for a signature, or None."""
        with _alone(Path(self.cache_path)):
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the machine code for a signature."""
        with _alone(Path(self.cache_path)):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others out of a folder; where it cannot be written nobody changes anything."""
    with ExitStack() as held:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context((folder / "index.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
