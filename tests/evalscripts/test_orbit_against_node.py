"""Scripts over several scenes against Node: the same bodies over lists made by other code."""

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evalscripts import V8Pool
from tests.builders.mosaics import context, days, run_v8, scenes_script, stack

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed: no oracle")

BANDS = ("B02", "B04", "B08")
SCALE, OFFSET, MISSING = 0.0001, -0.1, 0.0
SIZE = (6, 7)
PROGRAM = """
const {bodies, count, pixels} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const orbits = () => Array.from({length: count}, (_, i) => {
  const text = new Date(Date.UTC(2024, 4, count - i)).toISOString().slice(0, 10);
  return {dateFrom: text + 'T00:00:00Z', dateTo: text + 'T23:59:59Z'};
});
const index = (x, y) => x + y === 0 ? 0 : (x - y) / (x + y);
const shown = x => typeof x === 'number' && !Number.isFinite(x) ? String(x) : x;
console.log(JSON.stringify(bodies.map(body => {
  const f = new Function('index', 'samples', 'scenes', body);
  return pixels.map(pixel => f(
    index,
    pixel.map(([B02, B04, B08, dataMask]) => ({B02, B04, B08, dataMask})),
    {orbits: orbits()}
  ).map(Number).map(shown));
})));
"""

BODIES = {
    "mean of the valid": """
let s = 0, n = 0; for (const x of samples) if (x.dataMask) { s += x.B04; n++; }
return [n ? s / n : -1, n];""",
    "median by filter, map and sort": """
const v = samples.filter(s => s.dataMask).map(s => index(s.B08, s.B04)).sort((a, b) => a - b);
return [v.length ? v[v.length >> 1] : -9, v.length];""",
    "default sort": """
const v = samples.map(s => Math.round(s.B04 * 1e4)).sort();
return [v[0] || 0, v.length];""",
    "best pixel": """
let best = null;
for (let i = 0; i < samples.length; i++) {
  const s = samples[i];
  if (!s.dataMask) continue;
  if (best === null || s.B08 > best.B08) best = s;
}
return best === null ? [0, 0] : [best.B04, best.B02];""",
    "reduce": """
return [samples.reduce((m, s) => Math.max(m, s.B08), -Infinity), samples.length];""",
    "dates": """
let n = 0;
for (let i = 0; i < samples.length; i++)
  if (new Date(scenes.orbits[i].dateFrom).getUTCDate() % 2) n += samples[i].B04;
return [n, scenes.orbits.length];""",
    "differences": """
let d = 0; for (let i = 1; i < samples.length; i++) d += samples[i - 1].B04 - samples[i].B04;
return [d, samples.length > 1 ? samples[0].B08 / samples[samples.length - 1].B08 : NaN];""",
    "null as not yet": """
let low = null; samples.forEach(s => { if (low == null || s.B02 < low) low = s.B02; });
return [low, low === null];""",
    "for in and splice": """
let n = 0; for (const i in samples) n += +i; samples.splice(0, 1);
return [n, samples.length];""",
    "nested lists": """
const all = samples.map(s => [s.B02, s.B04]).sort((a, b) => b[0] - a[0]);
return all.length ? all[0] : [0, 0];""",
    "objects": """
const by = {};
samples.forEach((s, i) => { (by[s.dataMask] = by[s.dataMask] || []).push(i); });
return [(by[1] || []).length, Object.keys(by).length];""",
    "a standard deviation": """
const v = samples.map(s => s.B08); const m = v.reduce((a, b) => a + b, 0) / v.length;
return [m, Math.sqrt(v.reduce((a, b) => a + (b - m) * (b - m), 0) / v.length)];""",
}


def stored(count: int) -> tuple[dict[str, NDArray[np.uint16]], NDArray[np.bool_]]:
    """Return random digital numbers with equal values and zeros among them."""
    random = np.random.default_rng(count)
    bands = {name: random.integers(0, 65536, (count, *SIZE)).astype(np.uint16) for name in BANDS}
    bands["B08"][:, 0] = 1000
    bands["B04"][:, 1] = 0
    return bands, random.random((count, *SIZE)) > 0.25


def expected(
    bands: dict[str, NDArray[np.uint16]], valid: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    read = [np.where(valid, bands[name] * SCALE + OFFSET, MISSING) for name in BANDS]
    # (row, col, scene, value): one list of samples per pixel.
    samples = np.stack([*read, valid], axis=-1).transpose(1, 2, 0, 3)
    pixels = samples.reshape(SIZE[0] * SIZE[1], valid.shape[0], len(BANDS) + 1).tolist()
    answer = subprocess.run(
        [str(NODE), "-e", PROGRAM],
        input=json.dumps({"bodies": list(BODIES.values()), "count": len(valid), "pixels": pixels}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = json.loads(answer.stdout)
    return {
        name: np.array(values, dtype=object).astype(np.float64).T
        for name, values in zip(BODIES, found, strict=True)
    }


@pytest.fixture(scope="module", params=[0, 1, 2, 12])
def case(request: pytest.FixtureRequest) -> Any:
    bands, valid = stored(request.param)
    return bands, valid, expected(bands, valid)


@pytest.mark.parametrize("name", BODIES)
def test_scripts_over_scenes_give_what_node_gives(pool: V8Pool, case: Any, name: str) -> None:
    bands, valid, answers = case
    data = stack(bands, valid=valid, scale=SCALE, offset=OFFSET, missing=MISSING)
    text = scenes_script(
        BODIES[name],
        bands='"B02", "B04", "B08", "dataMask"',
        output="{bands: 2, sampleType: 'FLOAT32'}",
    )

    found = run_v8(text, pool, context(orbits=days(valid.shape[0])), data).outputs["default"]

    np.testing.assert_array_equal(found.reshape(2, -1), answers[name].astype(np.float32))
