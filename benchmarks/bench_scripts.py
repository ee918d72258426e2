"""Nanoseconds a pixel of evalscripts in V8: inside the isolate and end to end, cold and warm.

    python -m benchmarks.bench_scripts [--pixels 512] [--sessions 7] [--stripes 6]

One worker. Bands are smooth fields with noise, as imagery is: stored uint16, a hundredth not
valid. Each session is a new isolate: *cold* is its first 512 × 512 pixels, compiled from nothing;
*warm* the later ones. *End to end* counts what the engine waits for: copies, messages, rounding.
*compile* is a text that was never seen, *open* a request's start with a spare isolate ready.
Each figure is the minimum over the sessions, as the machine is shared.
"""

import argparse
import platform
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evalscripts import (
    BandData,
    InputData,
    PoolOptions,
    RunContext,
    V8Pool,
    compile_script,
    open_pool,
)
from evalscripts.library import list_scripts
from evalscripts.v8.program import V8Session

BANDS = ("B02", "B03", "B04", "B08")
RAMP = "[[-0.2, 0x23395b], [0, 0xc9b79c], [0.3, 0xa8c66c], [0.6, 0x4f9a3f], [1, 0x083d1c]]"


def script(body: str, *, output: str, before: str = "") -> str:
    """Return an evalscript over the four bands and the mask."""
    names = ", ".join(f'"{name}"' for name in (*BANDS, "dataMask"))
    return (
        f"//VERSION=3\n{before}\n"
        f"function setup() {{ return {{input: [{names}], output: {output}}}; }}\n"
        f"function evaluatePixel(s) {{ {body} }}\n"
    )


def many_branches() -> str:
    """Return thirty steps of a color table, written as people write them."""
    steps = "".join(
        f"else if (ndvi < {-0.5 + i * 0.05:.2f}) c = [{i / 30:.2f}, {i / 60 + 0.3:.2f}, 0.2];\n"
        for i in range(30)
    )
    return (
        "const ndvi = index(s.B08, s.B04); let c;\n"
        f"if (s.dataMask === 0) c = [0, 0, 0];\n{steps}else c = [1, 1, 1];\nreturn c;"
    )


SCRIPTS = {
    "NDVI, 1 float": script(
        "return [index(s.B08, s.B04)];", output="{bands: 1, sampleType: 'FLOAT32'}"
    ),
    "NDVI, returned as a number": script(
        "return (s.B08 - s.B04) / (s.B08 + s.B04);", output="{bands: 1, sampleType: 'FLOAT32'}"
    ),
    "NDVI with a branch, RGBA": script(
        "const ndvi = (s.B08 - s.B04) / (s.B08 + s.B04);\n"
        "if (ndvi < 0.2) return [s.B04 * 2.5, s.B03 * 2.5, s.B02 * 2.5, s.dataMask];\n"
        "return [0.1, ndvi, 0.1, s.dataMask];",
        output="{bands: 4}",
    ),
    "true color, RGBA": script(
        "return [2.5 * s.B04, 2.5 * s.B03, 2.5 * s.B02, s.dataMask];", output="{bands: 4}"
    ),
    "five-stop ramp, RGB": script(
        "return ramp.process(index(s.B08, s.B04));",
        output="{bands: 3}",
        before=f"const ramp = new ColorRampVisualizer({RAMP});",
    ),
    "five-stop ramp spread into RGBA": script(
        "return [...ramp.process(index(s.B08, s.B04)), s.dataMask];",
        output="{bands: 4}",
        before=f"const ramp = new ColorRampVisualizer({RAMP});",
    ),
    "30 branches, RGB": script(many_branches(), output="{bands: 3}"),
    "4 outputs, 9 bands": script(
        "const ndvi = index(s.B08, s.B04), look = [2.5 * s.B04, 2.5 * s.B03, 2.5 * s.B02];\n"
        "return {default: [...look, s.dataMask], index: [ndvi],"
        " eobrowserStats: [ndvi, s.B08, s.B04], dataMask: [s.dataMask]};",
        output="[{id: 'default', bands: 4}, {id: 'index', bands: 1, sampleType: 'FLOAT32'},"
        " {id: 'eobrowserStats', bands: 3, sampleType: 'FLOAT32'}, {id: 'dataMask', bands: 1}]",
    ),
    "library: ndvi": next(ready.text for ready in list_scripts() if ready.id == "ndvi"),
}


def smooth(random: np.random.Generator, size: int) -> NDArray[np.uint16]:
    """Return a field that varies over a few dozen pixels, with noise."""
    coarse = random.uniform(200, 6000, (size // 32 + 2, size // 32 + 2))
    at = np.arange(size) / 32
    low = at.astype(int)
    part = at - low
    rows = coarse[low] * (1 - part[:, None]) + coarse[low + 1] * part[:, None]
    field = rows[:, low] * (1 - part) + rows[:, low + 1] * part
    return np.asarray(field + random.normal(0, 40, field.shape), np.uint16)


def make_data(size: int) -> InputData:
    """Return the four bands."""
    random = np.random.default_rng(1)
    return InputData(
        bands={name: BandData(values=smooth(random, size)[None], scale=0.0001) for name in BANDS},
        valid=random.random((1, size, size)) > 0.01,
    )


def measure(
    text: str, pool: V8Pool, data: InputData, *, sessions: int, stripes: int
) -> list[float]:
    """Return compile and open in ms, then ns a pixel: inside cold, warm; end to end cold, warm."""
    context = RunContext(
        input_ids=("s2",),
        scenes={},
        normalization_factor=0.0001,
        service_version="",
        seconds=60.0,
    )
    started = time.perf_counter()
    program = compile_script(text, pool=pool, seconds=60.0)
    compiled = time.perf_counter() - started
    best = [compiled, *[float("inf")] * 5]
    for _ in range(sessions):
        started = time.perf_counter()
        session = program.open(context)
        best[1] = min(best[1], time.perf_counter() - started)
        assert isinstance(session, V8Session)  # noqa: S101 - inside_seconds is this tier's own
        for stripe in range(stripes):
            inside = session.inside_seconds
            started = time.perf_counter()
            session.evaluate({"s2": data})
            whole = time.perf_counter() - started
            column = 2 if stripe == 0 else 3
            best[column] = min(best[column], session.inside_seconds - inside)
            best[column + 2] = min(best[column + 2], whole)
        session.finish()
    return best


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pixels", type=int, default=512)
    parser.add_argument("--sessions", type=int, default=7)
    parser.add_argument("--stripes", type=int, default=6)
    given = parser.parse_args(arguments)
    data = make_data(given.pixels)
    count = given.pixels**2
    print(
        f"{given.pixels} × {given.pixels} pixels, {len(BANDS)} bands uint16; {platform.machine()}"
    )
    print()
    print("| script | compile ms | open ms | inside cold | inside warm | whole cold | whole warm |")
    print("|---|---|---|---|---|---|---|")
    started = time.perf_counter()
    with open_pool(PoolOptions(workers=1, wait_seconds=60.0)) as pool:
        pool.release(pool.acquire())
        ready = time.perf_counter() - started
        for name, text in SCRIPTS.items():
            best = measure(text, pool, data, sessions=given.sessions, stripes=given.stripes)
            times = [f"{seconds * 1e3:.1f}" for seconds in best[:2]]
            pixels = [f"{seconds / count * 1e9:.0f}" for seconds in best[2:]]
            print(f"| {name} | {' | '.join((*times, *pixels))} |")
    print()
    print(f"Columns 4 to 7 in ns a pixel. A worker was ready {ready * 1e3:.0f} ms after its start.")


if __name__ == "__main__":
    main()
