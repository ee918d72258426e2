import numpy as np
import pytest

from evalscripts.native.ir import Buffer, Fact, Kernel, Phi, Sort, Value
from tests.builders.kernels import Writer, assert_same_bits, exactly, made_input, run_kernel
from tests.oracle.ir_interpreter import interpret

_INDEXES = np.array([0.0, -0.0, 1, 2, 3, 4, 5, -1, 1e300, -1e300, np.nan, np.inf, -np.inf, 2.0**32])


def _bands(scenes: int, pixels: int, *, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-9, 9, (scenes, 1, pixels)).astype(np.float64)


@pytest.mark.parametrize("scenes", [0, 1, 4])
def test_an_index_out_of_range_reads_zero_in_lanes(scenes: int) -> None:
    w = Writer()
    index = w.load(0, source=1)
    made = [
        w.load(0, index=index),
        w.load(None, index=index),
        w.table((5.0, 6.0, -0.0), index),
        w.table((), index),
        w.op("fact", index, attr=Fact(0, "day")),
    ]
    kernel = w.kernel([("FLOAT32", made)], bands=[["a"], ["i"]])
    size = _INDEXES.size
    values = _bands(scenes, size)
    inputs = [
        made_input(["a"], [values], valid=values > 0, missing=-7.0),
        made_input(["i"], [_INDEXES[None, None]]),
    ]
    facts = {(0, "day"): np.arange(3.0, 3 + scenes)}

    (actual,), _ = run_kernel(kernel, inputs, facts)

    assert_same_bits(actual, interpret(kernel, inputs, facts).outputs[0])


@pytest.mark.parametrize("scenes", [0, 1, 4])
def test_an_index_out_of_range_reads_zero_for_all_lanes(scenes: int) -> None:
    w = Writer()
    made: list[Value] = [w.op("scenes", attr=0)]
    for i in range(_INDEXES.size):
        for index in (w.const(_INDEXES[i]), w.op("fact", w.const(i), attr=Fact(1, "index"))):
            made += [w.load(0, index=index), w.table((5.0, 6.0, -0.0), index)]
            made.append(w.op("fact", index, attr=Fact(0, "day")))
    kernel = w.kernel([("FLOAT32", made)], bands=[["a"], []])
    inputs = [
        made_input(["a"], [_bands(scenes, 11)]),
        made_input(["i"], [np.zeros((_INDEXES.size, 1, 11))]),
    ]
    facts = {(0, "day"): np.arange(3.0, 3 + scenes), (1, "index"): _INDEXES}

    (actual,), _ = run_kernel(kernel, inputs, facts)

    assert_same_bits(actual, interpret(kernel, inputs, facts).outputs[0])


def _scattered(capacity: int) -> Kernel:
    """Writes a, then b, to two indexes; reads every element, and one by an index."""
    w = Writer()
    buffer = w.buffer(capacity, 0)
    zero, last = w.const(0), w.const(capacity)
    every = w.op("truth", attr=True)
    w.each(last, lambda i: (w.op("write", i, zero, every, attr=buffer), ())[1])
    a, b, i, j = (w.load(band) for band in range(4))
    w.op("write", i, a, w.op("ge", a, w.const(0)), attr=buffer)
    w.op("write", j, b, every, attr=buffer)
    w.op("write", w.const(capacity - 1), b, w.op("lt", b, w.const(0)), attr=buffer)
    w.op("write", w.const(capacity), b, every, attr=buffer)
    w.op("write", w.const(-1), b, every, attr=buffer)
    made = [w.op("read", w.const(n), attr=buffer) for n in range(-1, capacity + 3)]
    made += [w.op("read", i, attr=buffer), w.op("read", j, attr=buffer)]
    return w.kernel([("FLOAT32", made)], bands=[["a", "b", "i", "j"]])


@pytest.mark.parametrize("capacity", [0, 1, 5])
def test_a_write_out_of_range_goes_nowhere(capacity: int) -> None:
    kernel = _scattered(capacity)
    i, j = np.meshgrid(_INDEXES, _INDEXES)
    bands = [_bands(1, i.size, seed=seed) for seed in (1, 2)]
    inputs = [made_input(["a", "b", "i", "j"], [*bands, i.reshape(1, 1, -1), j.reshape(1, 1, -1)])]

    (actual,), _ = run_kernel(kernel, inputs)

    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


def _sorted(others: int, *, descending: bool, scenes: int) -> Kernel:
    """Fills arrays from the samples, sorts as many as a band of its own says, gives all."""
    w = Writer()
    buffers = [w.buffer(0, 1, 0) for _ in range(others + 1)]
    every = w.op("truth", attr=True)

    def fill(i: Phi) -> tuple[()]:
        for band, buffer in enumerate(buffers):
            w.op("write", i, w.load(band, index=i), every, attr=buffer)
        return ()

    w.each(w.op("scenes", attr=0), fill)
    sort = Sort(buffers[0], tuple(buffers[1:]), descending)
    w.op("sort", w.load(0, source=1), attr=sort)
    made = [w.op("read", w.const(n), attr=one) for one in buffers for n in range(scenes)]
    return w.kernel(
        [("FLOAT32", made)], bands=[[f"b{band}" for band in range(others + 1)], ["count"]]
    )


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("others", [0, 1, 2])
@pytest.mark.parametrize("scenes", [1, 2, 3, 5, 12, 16, 17, 40])
def test_sorting_is_stable_and_leaves_what_is_not_counted(
    scenes: int, others: int, *, descending: bool
) -> None:
    rng = np.random.default_rng(scenes)
    kernel = _sorted(others, descending=descending, scenes=scenes)
    pixels = 40
    # Few different values, so that equal ones meet; among them both zeros and infinities.
    values = rng.choice([0.0, -0.0, 1.5, -2.0, 3.0, np.inf, -np.inf], (scenes, 1, pixels))
    values[:, :, ::2] = rng.normal(size=(scenes, 1, pixels // 2))
    numbers = [np.arange(float(values.size)).reshape(values.shape) + n for n in range(others)]
    counts = rng.integers(-1, scenes + 3, (1, 1, pixels)).astype(np.float64)
    counts[0, 0, :4] = (np.nan, np.inf, -np.inf, scenes)
    names = [f"b{band}" for band in range(others + 1)]
    inputs = [made_input(names, [values, *numbers]), made_input(["count"], [counts])]

    (actual,), _ = run_kernel(kernel, inputs)

    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


def test_sorting_moves_no_element_of_a_shorter_array_out_of_it() -> None:
    w = Writer()
    key, other = w.buffer(6, 0), w.buffer(3, 0)
    every = w.op("truth", attr=True)
    for n in range(6):
        w.op("write", w.const(n), w.const(-n), every, attr=key)
        w.op("write", w.const(n), w.const(n), every, attr=other)
    w.op("sort", w.const(6), attr=Sort(key, (other,), descending=False))
    made = [w.op("read", w.const(n), attr=one) for one in (key, other) for n in range(6)]
    kernel = w.kernel([("FLOAT32", made)], bands=[["a"]])
    inputs = [made_input(["a"], [_bands(1, 9)])]

    (actual,), _ = run_kernel(kernel, inputs)

    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


def test_a_median_over_valid_samples_is_numpys() -> None:
    kernel = median()
    rng = np.random.default_rng(5)
    values = rng.integers(0, 1000, (12, 7, 31)).astype(np.uint16)
    valid = rng.random(values.shape) < 0.6
    inputs = [made_input(["B"], [values], valid=valid)]

    (actual,), _ = run_kernel(kernel, inputs)

    chosen = np.where(valid, values, 70000)
    middle = valid.sum(axis=0) // 2
    expected = np.take_along_axis(np.sort(chosen, axis=0), middle[None], axis=0)[0]
    expected = np.where(valid.any(axis=0), expected, 0)
    np.testing.assert_array_equal(actual[0], expected)


def median() -> Kernel:
    """``valid.push(s.B) … sort … [floor(length / 2)]``, 0 where there is none."""
    w = Writer()
    buffer: Buffer = w.buffer(0, 1)
    zero, one, half = (w.const(x) for x in (0, 1, 0.5))

    def turn(i: Phi, count: Phi) -> list[Value]:
        is_valid = w.op("ne", w.load(None, index=i), zero)
        w.op("write", count, w.load(0, index=i), is_valid, attr=buffer)
        return [w.op("add", count, w.op("select", is_valid, one, zero))]

    (count,) = w.each(w.op("scenes", attr=0), turn, zero)
    w.op("sort", count, attr=Sort(buffer, (), descending=False))
    middle = w.op("floor", w.op("mul", count, half))
    found = w.op("read", middle, attr=buffer)
    made = w.op("select", w.op("gt", count, zero), found, zero)
    return w.kernel([("UINT16", [made])], bands=[["B"]])


def test_a_value_of_a_type_is_kept_through_arrays_to_the_last_bit() -> None:
    w = Writer()
    buffer = w.buffer(1, 0)
    x = w.load(0)
    w.op("write", w.const(0), x, w.op("truth", attr=True), attr=buffer)
    kernel = w.kernel(
        [("FLOAT32", exactly(w, [w.op("read", w.const(0), attr=buffer)]))], bands=[["a"]]
    )
    values = np.array([np.pi, -0.0, 5e-324, 1e308, np.nan, np.inf, 1 / 3, 0.1])[None, None]
    inputs = [made_input(["a"], [values])]

    (actual,), _ = run_kernel(kernel, inputs)

    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])
