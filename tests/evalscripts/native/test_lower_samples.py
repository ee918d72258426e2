"""Lists of samples, lists that grow, sorting and dates, lowered: V8's bits, or V8's turn."""

import pytest

from evalscripts import V8Pool
from tests.builders.lowered import outcomes, script

SCENES = (3, 0, 1, 12)
LISTS = {
    "mean": "let n = 0, sum = 0; for (let i = 0; i < samples.length; i++) { "
    "if (!samples[i].dataMask) continue; sum += samples[i].B04; n++; } return [sum / n, n, sum];",
    "best pixel": "let best = null, top = -1; for (const s of samples) { "
    "const v = (s.B08 - s.B04) / (s.B08 + s.B04); if (s.dataMask && v > top) { top = v; best "
    "= s; } } "
    "return best === null ? [0, 0, 0] : [best.B04, best.B08, top];",
    "first good": "for (let i = samples.length - 1; i >= 0; i--) { const s = samples[i]; "
    "if (s.dataMask && s.B04 > 0.1) return [s.B04, s.B08, i]; } return [-1, -1, -1];",
    "backwards": "let i = samples.length, sum = 0; while (i--) sum += samples[i].B04 * i; "
    "return [sum, i, 0];",
    "pairs": "let change = 0; for (let i = 1; i < samples.length; i++) "
    "change += Math.abs(samples[i].B04 - samples[i - 1].B04); return [change, 0, 0];",
    "median": "const v = samples.filter((s) => s.dataMask && s.B04 === s.B04).map((s) => s.B04); "
    "v.sort((a, b) => a - b); const h = Math.floor(v.length / 2); "
    "return [v.length === 0 ? 0 : v.length % 2 ? v[h] : (v[h - 1] + v[h]) / 2, v.length, 0];",
    "percentile by a loop": "let v = []; for (const s of samples) if (s.dataMask && !isNaN(s.B04)) "
    "v.push(s.B04); v = v.sort((a, b) => b - a); const k = Math.floor(0.25 * (v.length - 1)); "
    "return [v.length > 0 ? v[k] : -1, v.length, 0];",
    "sorted by a key": "const good = []; samples.forEach((s, i) => { if (s.B04 === s.B04 && "
    "s.B08 - s.B08 === 0) good.push({ v: s.B08, s, i }); }); good.sort((a, b) => b.v - a.v); "
    "return good.length ? [good[0].s.B04, good[0].i, good[good.length - 1].v] : [0, 0, 0];",
    "three-way comparator": "const v = samples.map((s) => s.dataMask ? 1 : 0); "
    "v.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)); return [v[0] ?? -1, v.length, 0];",
    "reduced": "const most = samples.reduce((a, s) => Math.max(a, s.B04), -Infinity); "
    "return [most, samples.length ? samples.map((s) => s.B08).reduce((a, b) => a + b) : 0, 0];",
    "found": "const s = samples.find((one) => one.B04 > 0.3), i = samples.findIndex((one) => "
    "one.B08 > 0.5); "
    "return [s ? s.B08 : -1, i, samples.some((one) => one.B04 > 1) + samples.every((one) => "
    "one.dataMask)];",
    "extremes of a list": "const v = samples.map((s) => s.B04); "
    "return [Math.max(...v), Math.min.apply(null, v), v.includes(0)];",
    "sliced and joined": "const v = samples.map((s) => s.B04), a = v.slice(1), b = "
    "v.slice(-2, -1); "
    "const c = a.concat(b, [7], 8); return [c.length, c[0] ?? 5, [...v, 1, ...a].length];",
    "ends of a list": "const v = []; for (const s of samples) v.push(s.B04); const last = v.pop(), "
    "first = v.shift(); v.reverse(); return [last ?? -1, first ?? -2, v[0] ?? -3];",
    "made of a length": "const v = new Array(samples.length); for (let i = 0; i < "
    "samples.length; i++) "
    "v[i] = samples[i].B04 * i; let t = 0; for (const x of v) t += x; return [t, v.length, 0];",
    "elements that are set": "const v = samples.map((s) => 0); if (v.length > 1) v[1] = "
    "samples[0].B04; "
    "return [v[0] ?? -1, v[1] ?? -1, v.length];",
    "lists of rows": "const v = []; for (const s of samples) v.push([s.B04, s.dataMask]); "
    "let t = 0; for (const [value, good] of v) if (good) t += value; return [t, v.length, 0];",
    "kept over turns": "let last = [0, 0]; for (const s of samples) { if (s.dataMask) "
    "last = [s.B04, last[0] + 1]; } return [last[0], last[1], 0];",
    "state of a machine": "let state = 'none', n = 0; for (const s of samples) { "
    "if (state === 'none' && s.B04 > 0.1) state = 'up'; else if (state === 'up' && s.B04 < 0.2) "
    "{ state = 'done'; n++; } } return [state === 'done', state === 'none', n];",
    "conditional pushes": "const v = []; if (samples.length) { if (samples[0].B04 > 0.1) "
    "v.push(1); "
    "if (samples[0].B08 > 0.1) v.push(2, 3); } return [v.length, v[0] ?? -1, v[v.length - 1] "
    "?? -1];",
    "nested loops": "let n = 0; for (const a of samples) for (const b of samples) "
    "if (a.B04 > b.B04) n++; return [n, 0, 0];",
    "returned from a callback": "const f = () => { for (const s of samples) if (s.B04 > 0.2) "
    "return s.B08; return -1; }; return [f(), f() + 1, 0];",
    "dates": "let n = 0, t = 0; for (let i = 0; i < samples.length; i++) { "
    "const d = new Date(scenes.orbits[i].dateFrom); n += d.getMonth() + d.getFullYear() * 100; "
    "t += d.getDate() + d.getDay() * 100 + d.getHours(); } return [n, t, 0];",
    "older dates": "let age = 0; for (let i = 1; i < samples.length; i++) "
    "age += (scenes[i - 1].date - scenes[i].date) / 86400000; "
    "return [age, samples.length ? scenes[0].orbitId : 0, scenes.length];",
    "seasons": "const v = samples.filter((s, i) => { const m = new Date(scenes.orbits[i].dateTo)"
    ".getUTCMonth(); return m >= 3 && m < 9; }); return [v.length, new "
    "Date('2020-02-29').getTime() / 1e9, 0];",
}


@pytest.mark.parametrize("body", LISTS.values(), ids=LISTS.keys())
def test_lists_give_the_bits_of_v8(pool: V8Pool, body: str) -> None:
    assert "same" in outcomes(script(body, listed=True), pool=pool, scenes=SCENES)


def test_what_throws_without_samples_is_left_to_v8(pool: V8Pool) -> None:
    text = script("return [samples[0].B04, samples[0].B08, samples.length];", listed=True)

    assert outcomes(text, pool=pool, scenes=(0, 2)) == {"threw", "same"}


def test_nan_in_a_sort_is_left_to_v8(pool: V8Pool) -> None:
    text = script(
        "const v = samples.map((s) => s.B04 / s.B08); v.sort((a, b) => a - b); return [v[0], "
        "0, 0];",
        listed=True,
    )

    assert "trapped" in outcomes(text, pool=pool, scenes=(3,))
