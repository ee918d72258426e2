"""`keep_memory`: arrays that are freed stay with the process, for the next ones; `give_back`.

glibc gives large pieces back to the system as soon as they are free. A fresh array of 2 MB then
costs 500 page faults, about a millisecond on a virtual machine: a quarter of the time that
decoding takes to fill it.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3)."""
KEPT_BYTES = 256 << 20
"""Free memory at the end of the heap that is kept; what exceeds it goes back at once."""
MAPPED_BYTES = 32 << 20
"""Pieces of this size and above are mapped one by one and given back: the most glibc allows."""


def keep_memory() -> bool:
    """Tell the C library so; return whether it listened, which only glibc's does.

    For processes of our own, before they start threads: it concerns all code in the process. One
    arena for all threads, so that what one frees is there for the others.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    parameters = (
        (_ARENA_MAX, 1),
        (_MMAP_THRESHOLD, MAPPED_BYTES),
        (_TRIM_THRESHOLD, KEPT_BYTES),
    )
    answers = [library.mallopt(name, value) for name, value in parameters]
    return all(answer == 1 for answer in answers)


def give_back() -> None:
    """Give what is free in the midst of the heap back to the system, too; only glibc can.

    For the pauses of large work: free pieces of many sizes, which nothing fits into, add up.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
