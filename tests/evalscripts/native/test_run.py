import ctypes
import gc
import mmap
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from evalscripts.native.emit import Object, emit
from evalscripts.native.ir import Kernel, Phi, Type, Value
from evalscripts.native.load import Unloadable, library, load
from evalscripts.native.run import AbortFlag, End, Stripe, TooMuchScratch
from evalscripts.native.runtime.readers import STORED
from evalscripts.program import BandData, InputData
from tests.builders.kernels import Writer, assert_same_bits, exactly, made_input, run_kernel
from tests.oracle.ir_interpreter import interpret


def _copy(kind: str = "FLOAT32", *, exact: bool = True) -> Kernel:
    """Gives a band and its mask back, to the last bit."""
    w = Writer()
    values: list[Value] = [w.load(0), w.load(None)]
    return w.kernel([(kind, exactly(w, values) if exact else values)], bands=[["a"]])


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize(
    ("scale", "offset", "missing"),
    [(1.0, 0.0, 0.0), (1e-4, 0.0, -0.0), (0.02, -273.15, np.nan), (1.0, -0.0, np.inf), (-3, 7, 1)],
)
def test_bands_are_read_in_every_dtype(
    stored: str, scale: float, offset: float, missing: float
) -> None:
    rng = np.random.default_rng(3)
    if stored.startswith("float"):
        values = rng.normal(size=(1, 5, 13)).astype(stored)
        values[0, 0, :6] = (np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-40)
    else:
        info = np.iinfo(stored)
        values = rng.integers(info.min, info.max, (1, 5, 13), dtype=stored, endpoint=True)
        values[0, 0, :3] = (info.min, info.max, 0)
    valid = rng.random(values.shape) < 0.7
    inputs = [made_input(["a"], [values], valid=valid, scale=scale, offset=offset, missing=missing)]
    kernel = _copy()

    (actual,), status = run_kernel(kernel, inputs)

    assert status.end is End.DONE
    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


@pytest.mark.parametrize("pixels", [*range(1, 26), 63, 64, 65, 511, 512, 513, 1030])
@pytest.mark.parametrize("block", [None, 8, 24])
def test_stripes_of_any_size_are_read_and_written_within_their_bounds(
    pixels: int, block: int | None
) -> None:
    # What stands around the arrays would show in the result, or be overwritten.
    margin = 64
    room = np.full(pixels + 2 * margin, 60000, dtype=np.uint16)
    values = room[margin : margin + pixels]
    values[:] = np.arange(pixels) % 251
    inputs = [made_input(["a"], [values.reshape(1, 1, pixels)])]
    kernel = _copy("UINT8", exact=False)
    stripe = Stripe(load(emit(kernel)), inputs, {}, abort=AbortFlag(), block=block)

    status = stripe.run(0, pixels)

    assert status.end is End.DONE
    np.testing.assert_array_equal(stripe.outputs[0][0, 0], np.arange(pixels) % 251)
    np.testing.assert_array_equal(stripe.outputs[0][1, 0], 1)


@pytest.mark.parametrize("pixels", [*range(1, 20), 512, 519])
@pytest.mark.parametrize("stored", ["uint8", "uint16", "float64"])
def test_nothing_is_read_beyond_the_arrays(pixels: int, stored: str) -> None:
    # The last byte of each array is the last of its page, and the next page must not be touched.
    inputs = [
        InputData(
            bands={"a": BandData(values=_before_forbidden(np.ones((1, 1, pixels), dtype=stored)))},
            valid=_before_forbidden(np.ones((1, 1, pixels), dtype=bool)),
        )
    ]

    (actual,), _ = run_kernel(_copy("UINT8", exact=False), inputs)

    np.testing.assert_array_equal(actual, 1)


def _before_forbidden(array: np.ndarray) -> np.ndarray:
    """A copy that ends where memory ends."""
    used = -(-array.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
    pages = mmap.mmap(-1, used + mmap.PAGESIZE)
    room = np.frombuffer(pages, dtype=np.uint8)
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    assert protect(room.ctypes.data + used, mmap.PAGESIZE, 0) == 0
    copy = room[used - array.nbytes : used].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def test_a_range_writes_nothing_outside_of_it() -> None:
    inputs = [made_input(["a"], [np.ones((1, 10, 100), dtype=np.uint8)])]
    stripe = Stripe(
        load(emit(_copy("UINT8", exact=False))), inputs, {}, abort=AbortFlag(), block=64
    )
    for output in stripe.outputs:
        output[:] = 77

    stripe.run(123, 457)

    inside = np.arange(1000) - 123
    expected = np.where((inside >= 0) & (inside < 457 - 123), 1, 77)
    np.testing.assert_array_equal(stripe.outputs[0][0].ravel(), expected)


def test_ranges_side_by_side_give_what_one_gives() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(1, 101, 97)).astype(np.float32)
    inputs = [made_input(["a"], [values], valid=rng.random(values.shape) < 0.5)]
    loaded = load(emit(_copy()))
    whole = Stripe(loaded, inputs, {}, abort=AbortFlag())
    whole.run(0, whole.pixels)
    parts = Stripe(loaded, inputs, {}, abort=AbortFlag())
    ranges = parts.ranges(7)

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(lambda one: parts.run(*one).end, ranges))

    assert ends == [End.DONE] * 7
    assert ranges[0][0] == 0
    assert ranges[-1][1] == parts.pixels
    assert_same_bits(parts.outputs[0], whole.outputs[0])


def test_rows_cut_from_larger_arrays_are_read_where_they_lie() -> None:
    rng = np.random.default_rng(6)
    values = rng.integers(0, 9999, (3, 40, 50)).astype(np.uint16)
    valid = rng.random(values.shape) < 0.5
    w = Writer()
    kernel = w.kernel([("UINT16", [w.load(0, index=w.const(i)) for i in range(3)])], bands=[["a"]])
    cuts = [np.s_[:, 7:19], np.s_[:, :, 5:33], np.s_[:, ::-1, ::2], np.s_[::2, 3:30]]
    for cut in cuts:
        inputs = [made_input(["a"], [values[cut]], valid=valid[cut])]

        (actual,), _ = run_kernel(kernel, inputs)

        assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


def _endless(bound: int | str | None) -> Kernel:
    """Runs for ever where the band is not 0."""
    w = Writer()
    x, zero, one = w.load(0), w.const(0), w.const(1)

    def condition(count: Phi) -> Value:
        return w.op("ne", w.op("mul", x, count), zero)

    phis = w.loop([(Type.F, one)], condition, lambda count: [w.op("add", count, zero)], bound=bound)
    return w.kernel([("FLOAT32", phis)], bands=[["a"]])


def test_a_loop_without_a_bound_ends_when_its_fuel_does() -> None:
    values = np.zeros((1, 4, 300), dtype=np.uint8)
    values[0, 3, 17] = 1
    inputs = [made_input(["a"], [values])]

    _, status = run_kernel(_endless(None), inputs, fuel=10_000)

    assert status.end is End.OUT_OF_FUEL


def test_every_block_has_fuel_of_its_own() -> None:
    w = Writer()
    count, one = w.load(0), w.const(1)
    phis = w.loop(
        [(Type.F, w.const(0))],
        lambda i: w.op("lt", i, count),
        lambda i: [w.op("select", w.op("lt", i, count), w.op("add", i, one), i)],
        bound=None,
    )
    kernel = w.kernel([("FLOAT32", phis)], bands=[["a"]])
    inputs = [made_input(["a"], [np.full((1, 8, 64), 9, dtype=np.uint8)])]

    (actual,), enough = run_kernel(kernel, inputs, fuel=72, block=64)
    _, less = run_kernel(kernel, inputs, fuel=71, block=64)

    assert enough.end is End.DONE
    assert less.end is End.OUT_OF_FUEL
    np.testing.assert_array_equal(actual, 9)


@pytest.mark.parametrize("bound", [None, "scenes", 10**9])
def test_a_flag_ends_a_loop_that_does_not_end(bound: int | str | None) -> None:
    inputs = [made_input(["a"], [np.ones((1, 8, 8), dtype=np.uint8)])]
    flag = AbortFlag()
    stripe = Stripe(load(emit(_endless(bound))), inputs, {}, abort=flag, fuel=2**62)
    begun = threading.Event()

    def run() -> End:
        begun.set()
        return stripe.run(0, 64).end

    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(run)
        begun.wait()
        started = time.monotonic()
        flag.set()

        assert end.result() is End.ABORTED
        assert time.monotonic() - started < 5


def test_a_flag_that_was_set_before_ends_a_run_at_once() -> None:
    flag = AbortFlag()
    flag.set()
    inputs = [made_input(["a"], [np.ones((1, 8, 8), dtype=np.uint8)])]
    stripe = Stripe(load(emit(_copy())), inputs, {}, abort=flag)

    assert stripe.run(0, 64).end is End.ABORTED


def test_a_trap_says_its_reason() -> None:
    w = Writer()
    x = w.load(0)
    w.trap(w.op("gt", x, w.const(250)), "too bright")
    w.trap(w.op("eq", x, w.const(33)), "an odd value")
    kernel = w.kernel([("UINT8", [x])], bands=[["a"]])
    values = np.zeros((1, 20, 20), dtype=np.uint8)
    values[0, 19, 19] = 33
    inputs = [made_input(["a"], [values])]

    _, status = run_kernel(kernel, inputs)

    assert status.end is End.TRAPPED
    assert status.reason == interpret(kernel, inputs, {}).trap == "an odd value"


def test_arrays_that_would_not_fit_are_refused_before_the_run() -> None:
    w = Writer()
    buffer = w.buffer(0, 1_000_000)
    kernel = w.kernel([("UINT8", [w.op("read", w.const(0), attr=buffer)])], bands=[["a"]])
    inputs = [made_input(["a"], [np.zeros((40, 2, 8), dtype=np.uint8)])]

    with pytest.raises(TooMuchScratch, match="bytes for each thread"):
        run_kernel(kernel, inputs)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [made_input(["a"], [np.zeros((1, 2, 2))])] * 2,
        [made_input(["a"], [np.zeros((1, 2, 2), dtype=np.float16)])],
        [made_input(["a"], [np.zeros((1, 2, 2), dtype=">u2")])],
        [made_input(["a"], [np.zeros((1, 2, 2))], valid=np.ones((1, 2, 3), dtype=bool))],
        [made_input(["a"], [np.zeros((1, 2, 2))], valid=np.ones((1, 2, 2), dtype=np.uint8))],
        [made_input(["a"], [np.zeros((1, 0, 2))])],
        [InputData(bands={"a": BandData(values=np.zeros((2, 2)))}, valid=np.ones((1, 2, 2), bool))],
    ],
)
def test_arrays_that_the_code_does_not_read_are_refused(wrong: list[InputData]) -> None:
    with pytest.raises(ValueError, match=r"mask|band|inputs"):
        run_kernel(_copy(), wrong)


@pytest.mark.parametrize("extent", [(0, 0), (-1, 8), (5, 3), (0, 65)])
def test_ranges_outside_of_the_stripe_are_refused(extent: tuple[int, int]) -> None:
    inputs = [made_input(["a"], [np.ones((1, 8, 8), dtype=np.uint8)])]
    stripe = Stripe(load(emit(_copy())), inputs, {}, abort=AbortFlag())

    with pytest.raises(ValueError, match="there are 64 pixels"):
        stripe.run(*extent)


def test_an_object_survives_the_wire() -> None:
    made = emit(_endless(None))

    assert Object.from_wire(made.as_wire()) == made


def test_code_for_another_processor_is_not_loaded() -> None:
    made = emit(_copy())

    with pytest.raises(Unloadable):
        load(replace(made, fingerprint="another"))
    with pytest.raises(Unloadable):
        load(replace(made, needs=("cogmill_unheard_of",)))
    with pytest.raises(Unloadable):
        load(replace(made, code=made.code[:100]))


def test_code_is_freed_with_its_last_holder() -> None:
    loaded = load(emit(_copy()))
    inputs = [made_input(["a"], [np.ones((1, 8, 8), dtype=np.uint8)])]
    stripe = Stripe(loaded, inputs, {}, abort=AbortFlag())
    freed: list[bool] = []
    weakref.finalize(loaded, freed.append, True)  # noqa: FBT003 - finalize's own way

    del loaded
    gc.collect()

    assert not freed
    assert stripe.run(0, 64).end is End.DONE

    del stripe
    gc.collect()

    assert freed == [True]


def test_a_jit_that_is_kept_ready_serves_one_object_only() -> None:
    library().stock()
    inputs = [made_input(["a"], [np.arange(64.0).reshape(1, 8, 8)])]
    loaded = [load(emit(kernel)) for kernel in (_copy(), _copy("UINT8", exact=False))]

    stripes = [Stripe(one, inputs, {}, abort=AbortFlag()) for one in loaded]

    assert [stripe.run(0, 64).end for stripe in stripes] == [End.DONE] * 2
    assert stripes[1].outputs[0][0].tolist() == inputs[0].bands["a"].values[0].tolist()


def test_loading_and_letting_go_keeps_memory_flat() -> None:
    made = emit(_copy())

    def resident() -> int:
        with open("/proc/self/statm") as file:  # noqa: PTH123 - no path of ours
            return int(file.read().split()[1]) * 4096

    for _ in range(50):
        load(made)
    before = resident()
    for _ in range(300):
        load(made)

    assert resident() - before < 2_000_000
