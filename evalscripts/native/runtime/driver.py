"""`DRIVE`: goes through a range of pixels in blocks, and keeps the kernel away from dtypes.

A block's bands are read into the thread's scratch as doubles, then the kernel runs over it. The
job, an array of 64-bit words that all threads share, says what to read and where results go.
"""

from evalscripts.native.emit.text import Code, Module
from evalscripts.native.frame import ABORT, ABORTED, FUEL, LANES, OK, PLANE

DRIVE = "cogmill_drive"
"""``int32 drive(job, frame, start, stop)`` over at least eight pixels; gives a status."""
(
    KERNEL,
    BLOCK,
    FUEL_OF_BLOCK,
    READS,
    FIRST_READ,
    FIRST_SLOT,
    WRITES,
    FIRST_WRITE,
    FIRST_BAND,
) = range(9)
"""The job's words: the kernel's address, pixels of a block, fuel for each block, how many slots
are read, the address of their records, the frame's word of the first slot; how many bands are
written, the address of their records, the frame's word of the first band."""
JOB_WORDS = 9
(
    ROUTINE,
    VALUES,
    VALUES_STEP,
    PIXEL_BYTES,
    VALID,
    VALID_STEP,
    SAMPLES,
    SCALE,
    OFFSET,
    MISSING,
) = range(10)
"""A read's words: routine, first value, bytes from sample to sample, bytes of a pixel, first byte
of validity, bytes from sample to sample, how many samples, and three doubles."""
READ_WORDS = 10
TARGET, TARGET_BYTES = range(2)
"""A write's words: the band's first pixel, bytes of a pixel."""
WRITE_WORDS = 2


def driver(module: Module) -> str:
    """Return the function's text."""
    code = Code(module, "entry")
    block = code.load_word("%job", BLOCK, "i64")
    length = code.let("sub i64 %stop, %start")
    blocks = code.let(f"add i64 {length}, {block}")
    blocks = code.let(f"sub i64 {blocks}, 1")
    blocks = code.let(f"sdiv i64 {blocks}, {block}")
    with code.each("0", blocks) as index:
        first, count = _extent(code, index, block)
        abort = code.load_word("%frame", ABORT, "ptr")
        flag = code.let(f"load atomic i32, ptr {abort} monotonic, align 4")
        with code.when(code.let(f"icmp ne i32 {flag}, 0")):
            code.do(f"ret i32 {ABORTED}")
            code.label(module.fresh("never"))
        _read(code, first, count)
        _aim(code, first)
        fuel = code.load_word("%job", FUEL_OF_BLOCK, "i64")
        code.do(f"store i64 {fuel}, ptr {_word(code, '%frame', str(FUEL))}, align 8")
        kernel = code.load_word("%job", KERNEL, "ptr")
        status = code.let(f"call i32 {kernel}(ptr %frame, i64 {count})")
        with code.when(code.let(f"icmp ne i32 {status}, {OK}")):
            code.do(f"ret i32 {status}")
            code.label(module.fresh("never"))
    code.do(f"ret i32 {OK}")
    parameters = "ptr noalias %job, ptr noalias %frame, i64 %start, i64 %stop"
    return "\n".join((f"define i32 @{DRIVE}({parameters}) nounwind {{", *code.lines, "}"))


def _extent(code: Code, index: str, block: str) -> tuple[str, str]:
    """Return a block's first pixel and their number: the last has at least eight by going back."""
    before = code.let(f"mul i64 {index}, {block}")
    first = code.let(f"add i64 %start, {before}")
    last = code.let(f"sub i64 %stop, {LANES}")
    is_beyond = code.let(f"icmp sgt i64 {first}, {last}")
    first = code.let(f"select i1 {is_beyond}, i64 {last}, i64 {first}")
    rest = code.let(f"sub i64 %stop, {first}")
    is_less = code.let(f"icmp slt i64 {rest}, {block}")
    return first, code.let(f"select i1 {is_less}, i64 {rest}, i64 {block}")


def _word(code: Code, base: str, index: str) -> str:
    return code.let(f"getelementptr i64, ptr {base}, i64 {index}")


def _read(code: Code, first: str, count: str) -> None:
    """Fill the planes of all slots."""
    plane = code.load_word("%frame", PLANE, "i64")
    reads = code.load_word("%job", READS, "i64")
    records = code.load_word("%job", FIRST_READ, "ptr")
    first_slot = code.load_word("%job", FIRST_SLOT, "i64")
    with code.each("0", reads) as slot:
        record = _word(code, records, code.let(f"mul i64 {slot}, {READ_WORDS}"))
        target = _word(code, "%frame", code.let(f"add i64 {first_slot}, {slot}"))
        to = code.let(f"load ptr, ptr {target}, align 8")
        pixel_bytes = code.load_word(record, PIXEL_BYTES, "i64")
        values = code.move(
            code.load_word(record, VALUES, "ptr"), code.let(f"mul i64 {first}, {pixel_bytes}")
        )
        valid = code.move(code.load_word(record, VALID, "ptr"), first)
        values_step = code.load_word(record, VALUES_STEP, "i64")
        valid_step = code.load_word(record, VALID_STEP, "i64")
        routine = code.load_word(record, ROUTINE, "ptr")
        numbers = ", ".join(
            f"double {code.load_word(record, word, 'double')}" for word in (SCALE, OFFSET, MISSING)
        )
        with code.each("0", code.load_word(record, SAMPLES, "i64")) as sample:
            arrays = ", ".join(
                f"ptr {code.move(base, code.let(f'mul i64 {sample}, {step}'))}"
                for base, step in ((to, plane), (values, values_step), (valid, valid_step))
            )
            code.do(f"call void {routine}({arrays}, i64 {count}, {numbers})")


def _aim(code: Code, first: str) -> None:
    """Point the frame's bands at the block's first pixel."""
    writes = code.load_word("%job", WRITES, "i64")
    records = code.load_word("%job", FIRST_WRITE, "ptr")
    first_band = code.load_word("%job", FIRST_BAND, "i64")
    with code.each("0", writes) as band:
        record = _word(code, records, code.let(f"mul i64 {band}, {WRITE_WORDS}"))
        target_bytes = code.load_word(record, TARGET_BYTES, "i64")
        place = code.move(
            code.load_word(record, TARGET, "ptr"), code.let(f"mul i64 {first}, {target_bytes}")
        )
        aimed = _word(code, "%frame", code.let(f"add i64 {first_band}, {band}"))
        code.do(f"store ptr {place}, ptr {aimed}, align 8")
