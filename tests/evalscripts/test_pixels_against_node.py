"""Pixels against Node: the same formulas over the same numbers, in a plain loop of its own."""

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.builders.scripts import Run, pixel_script

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed: no oracle")

BANDS = ("B02", "B03", "B04", "B08")
SCALE, OFFSET, MISSING = 0.0001, -0.1, -7.5
PROGRAM = """
const {formulas, rows} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const shown = x => typeof x === 'number' && !Number.isFinite(x) ? String(x) : x;
const results = formulas.map(text => {
  const formula = new Function('B02', 'B03', 'B04', 'B08', 'dataMask', text);
  return rows.map(row => formula(...row).map(Number).map(shown));
});
console.log(JSON.stringify(results));
"""

EXACT = {
    "straight": "return [B08 - B04, B08 * B04, (B08 - B04) / (B08 + B04)];",
    "division by zero": "return [B08 / (B04 - B04), (B04 - B04) / (B04 - B04), -1 / (B02 - B02)];",
    "branches": "if (B08 < 0.2) return [1, B04, 5]; return B03 > B02 ? [2, 0, 1] : [3, 1, 0];",
    "remainders": "return [B08 % 0.3, -B08 % 0.3, (B08 * 1e4) % -7];",
    "bits": "return [(B08 * 1e4) | 0, (B04 * 1e9) >> 3, (-B04 * 1e9) >>> 5];",
    "more bits": "return [~~(B08 * 1e5), (B08 * 1e4) & 255, ((B04 * 1e4) ^ 77) << 20];",
    "big bits": "return [(B08 * 1e15) | 0, (B08 * 1e15) >>> 0, (B08 / 0) | 0];",
    "rounding": "return [Math.round(B08 * 10 - 5), Math.floor(-B08 * 9), Math.trunc(-B04 * 9)];",
    "extremes": "return [Math.max(B02, B03, NaN), Math.min(B02, B03), Math.max()];",
    "truth": "return [dataMask && B08, B08 * 0 || 7, !B04 + !!B04];",
    "comparisons": "return [B08 < B04 < B02, null >= 0, (undefined > 0) + (null + 1)];",
    "sorting": "const a = [B08 * 1e4, B04 * 1e4, B02 * 1e4]; a.sort(); return a;",
    "median": "const a = [B08, B04, B02].sort((x, y) => x - y); return [a[1], ...a.slice(0, 2)];",
    "arrays": "return [B02, B03, B04].filter(x => x > 0.5).concat([1, 2, [3]]).slice(0, 3);",
    "holes": "const a = new Array(3); a[5] = B04; return [a.length, a[1], a.indexOf(B04)];",
    "text": "return [parseInt(B08 * 100), +(B04.toFixed(2)), ('' + B02).length];",
    "loops": "let s = [0, 1, 2]; for (let i in s) { if (i == 1) continue; s[i] += B08; } return s;",
    "switch": "let s = [1, 2, 3]; switch (B08 * 5 & 3) { case 0: s[0]--; case 1: s[1]++ }"
    "return s;",
    "hoisting": "x = B04 + y(); var y; function y() { return 1; } return [x, !!y, !!this];",
}  # fmt: skip
NEAR = {
    "roots": "return [Math.sqrt(B08), Math.cbrt(B04), B02 ** 0.7];",
    "exponentials": "return [Math.exp(B08), Math.log(B04), Math.log10(B02 + 1)];",
    "angles": "return [Math.sin(B08), Math.cos(B04), Math.atan2(B02, B03)];",
}


@pytest.fixture(scope="module")
def stored() -> dict[str, NDArray[np.uint16]]:
    """Random digital numbers with zeros, equal pairs and both ends among them."""
    random = np.random.default_rng(20240229)
    bands = {name: random.integers(0, 65536, (14, 15), np.uint16) for name in BANDS}
    bands["B04"][0] = bands["B08"][0]
    bands["B08"][1] = 0
    bands["B02"][2] = 65535
    bands["B04"][3] = bands["B03"][3] = 1000
    return bands


@pytest.fixture(scope="module")
def valid() -> NDArray[np.bool_]:
    return np.random.default_rng(7).random((14, 15)) > 0.2


@pytest.fixture(scope="module")
def expected(
    stored: dict[str, NDArray[np.uint16]], valid: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    rows = [
        [float(stored[name].flat[i]) * SCALE + OFFSET if there else MISSING for name in BANDS]
        + [int(there)]
        for i, there in enumerate(valid.ravel())
    ]
    formulas = EXACT | NEAR
    answer = subprocess.run(
        [str(NODE), "-e", PROGRAM],
        input=json.dumps({"formulas": list(formulas.values()), "rows": rows}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {
        name: np.array(values, dtype=object).astype(np.float64)
        for name, values in zip(formulas, json.loads(answer.stdout), strict=True)
    }


def evaluated(
    run: Run, formula: str, stored: dict[str, NDArray[Any]], valid: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return (pixel, value) of a formula run as an evalscript."""
    script = pixel_script(
        f"const {{B02, B03, B04, B08, dataMask}} = sample;\n{formula}",
        bands='"B02", "B03", "B04", "B08", "dataMask"',
        output="{bands: 3, sampleType: 'FLOAT32'}",
    )
    ran = run(script, stored, valid=valid, scale=SCALE, offset=OFFSET, missing=MISSING, rows=5)
    values: NDArray[np.float32] = ran.outputs["default"].reshape(3, -1).T
    return values


@pytest.mark.parametrize("name", EXACT)
def test_formulas_give_what_node_gives(
    run: Run, name: str, stored: Any, valid: Any, expected: Any
) -> None:
    values = evaluated(run, EXACT[name], stored, valid)

    np.testing.assert_array_equal(values, expected[name].astype(np.float32))


@pytest.mark.parametrize("name", NEAR)
def test_functions_without_an_exact_definition_come_close_to_nodes(
    run: Run, name: str, stored: Any, valid: Any, expected: Any
) -> None:
    values = evaluated(run, NEAR[name], stored, valid)

    np.testing.assert_allclose(values, expected[name].astype(np.float32), rtol=3e-7)


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]
)
def test_every_stored_type_is_read_as_the_double_it_is(run: Run, dtype: str) -> None:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        values = np.array([0.1, -1e30, np.nan, np.inf, 2.0**-100], kind)
    else:
        about = np.iinfo(kind)
        values = np.array([0, 1, 7, about.min, about.max], kind)
    script = pixel_script(
        "const v = sample.B04, high = Math.fround(v), middle = Math.fround(v - high);"
        " return [high, middle, v - high - middle];",
        output="{bands: 3, sampleType: 'FLOAT32'}",
    )

    high, middle, low = run(script, {"B04": values}).outputs["default"].astype(np.float64)

    finite = np.isfinite(values)
    whole = (high + (middle + low))[0]
    np.testing.assert_array_equal(whole[finite], values[finite].astype(np.float64))
    np.testing.assert_array_equal(high[0][~finite], values[~finite].astype(np.float64))
