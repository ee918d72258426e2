"""A filter of system calls for a worker: no files, no network, no processes, no other process.

What stays open is asking whether a file is there, how large and how old it is.

A list of what is refused (with EPERM, which libraries expect), not of what is allowed: what
Python and V8 need differs by version and kernel. Written as classic BPF for the kernel
(Documentation/userspace-api/seccomp_filter.rst); where the machine has no numbers here, or the
kernel no seccomp, the worker runs without it, behind its resource limits.
"""

import ctypes
import errno
import os
import platform
import struct

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_CLONE = {"x86_64": 56, "aarch64": 220}
_FCNTL = {"x86_64": 72, "aarch64": 25}
_IOCTL = {"x86_64": 16, "aarch64": 29}
# F_SETOWN, F_SETSIG, F_SETOWN_EX and FIOSETOWN, SIOCSPGRP: have any signal sent to any process by
# way of a socket on which something arrives.
_OWNING_FCNTL = (8, 10, 15)
_OWNING_IOCTL = (0x8901, 0x8902)
_TGKILL = {"x86_64": 234, "aarch64": 131}
_PRLIMIT64 = {"x86_64": 302, "aarch64": 261}
# From 424 on, all machines share their numbers: pidfd_*, io_uring_*, the mount calls, openat2 …
_REFUSED_EVERYWHERE = (
    *(424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 437, 438, 440, 442),
    *(447, 448, 452, 463, 466, 467),  # memfd_secret … open_tree_attr
)
_CLONE3 = 435
_REFUSED = {
    "x86_64": (
        *(2, 85, 257, 304),  # open, creat, openat, open_by_handle_at
        *(76, 82, 83, 84, 86, 87, 88, 90, 92, 133),  # truncate, rename … mknod
        *(258, 259, 260, 263, 264, 265, 266, 268, 316),  # mkdirat … renameat2
        *(57, 58, 59, 322),  # fork, vfork, execve, execveat
        *(41, 42, 43, 49, 50, 53, 288),  # socket, connect, accept, bind, listen, socketpair
        *(62, 129, 200, 297),  # kill and its relatives
        *(101, 310, 311, 312),  # ptrace, process_vm_*, kcmp
        *(29, 30, 64, 68, 240),  # System V memory, semaphores and messages; mq_open
        *(155, 161, 165, 166, 272, 308),  # pivot_root, chroot, mount, umount2, unshare, setns
        135,  # personality, which can make all memory executable
        *(160, 169, 175, 246, 248, 249, 250, 298, 303, 313, 319, 321, 323),  # … bpf, userfaultfd
        *(132, 188, 189, 190, 197, 198, 199, 235, 261, 280),  # times and attributes of files
        *(141, 142, 144, 203, 251, 256, 279, 314),  # the processor time and memory of others
        *(103, 159, 163, 164, 167, 168, 170, 171, 172, 173),  # the machine, where we are root:
        *(179, 227, 300, 305, 320),  # its log, clocks, accounts, swap, name, ports …
    ),
    "aarch64": (
        *(56, 265),
        *(33, 34, 35, 36, 37, 38, 45, 53, 54, 276),
        *(221, 281),
        *(198, 199, 200, 201, 202, 203, 242),
        *(129, 130, 138, 240),
        *(117, 270, 271, 272),
        *(180, 186, 190, 194, 196),
        *(39, 40, 41, 51, 97, 268),
        *(104, 105, 142, 164, 217, 218, 219, 241, 264, 273, 279, 280, 282),
        *(5, 6, 7, 14, 15, 16, 88),
        *(30, 118, 119, 122, 140, 238, 239, 274),
        *(60, 89, 112, 116, 161, 162, 170, 171, 224, 225),
        *(262, 266, 294),
        92,
    ),
}
# mmap, mprotect and pkey_mprotect, whose third argument may ask for memory that can be run.
_MAPPING = {"x86_64": (9, 10, 329), "aarch64": (222, 226, 288)}
_PROT_EXEC = 4
_X32_BIT = 0x40000000
_CLONE_THREAD = 0x00010000

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENT_0, _ARGUMENT_1, _ARGUMENT_2 = 0, 4, 16, 24, 32
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_SET_MODE_FILTER, _ALL_THREADS = 1, 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def refuse_system_calls(*, runs_new_code: bool = True) -> bool:
    """Put the filter on all threads of this process; return whether it is in force.

    ``runs_new_code``: whether the process writes machine code and runs it, as V8 does; else no
    memory can be made executable any more.
    """
    machine = platform.machine()
    if machine not in _AUDIT_ARCH:
        return False
    code = _filter(machine, pid=os.getpid(), runs_new_code=runs_new_code)
    body = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(body))
    call = ctypes.CDLL(None, use_errno=True).syscall
    result = call(_SECCOMP[machine], _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program))
    return bool(result == 0)


def _filter(machine: str, *, pid: int, runs_new_code: bool) -> bytes:
    """Return the filter as BPF instructions of 8 bytes."""
    lines: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCH),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        # 64-bit calls under other numbers.
        (_JUMP_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _KILL),
    ]
    for number in (*_REFUSED[machine], *_REFUSED_EVERYWHERE):
        lines += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE | errno.EPERM)]
    # Its flags lie in memory, where a filter cannot look; libraries then fall back to clone.
    lines += [(_JUMP_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _REFUSE | errno.ENOSYS)]
    # Threads yes, processes no; signals and limits only to ourselves.
    lines += _only_where(_CLONE[machine], (_JUMP_SET, _CLONE_THREAD))
    lines += _only_where(_TGKILL[machine], (_JUMP_EQUAL, pid))
    lines += _only_where(_PRLIMIT64[machine], (_JUMP_EQUAL, 0))
    lines += _but_for(_FCNTL[machine], _OWNING_FCNTL)
    lines += _but_for(_IOCTL[machine], _OWNING_IOCTL)
    if not runs_new_code:
        for number in _MAPPING[machine]:
            lines += _only_where_unset(number, _PROT_EXEC)
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def _only_where(number: int, test: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Return instructions that allow a call only where its first argument passes the test."""
    return [
        (_JUMP_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENT_0),
        (test[0], 1, 0, test[1]),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _but_for(number: int, commands: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Return instructions that allow a call unless its second argument is one of the commands."""
    lines = [(_JUMP_EQUAL, 0, 2 * len(commands) + 2, number), (_LOAD, 0, 0, _ARGUMENT_1)]
    for command in commands:
        lines += [(_JUMP_EQUAL, 0, 1, command), (_RETURN, 0, 0, _REFUSE | errno.EPERM)]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def _only_where_unset(number: int, bits: int) -> list[tuple[int, int, int, int]]:
    """Return instructions that allow a call only where its third argument has none of the bits."""
    return [
        (_JUMP_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENT_2),
        (_JUMP_SET, 0, 1, bits),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
