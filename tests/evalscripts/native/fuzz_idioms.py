"""What people write again and again, as lines with places for a random script's own names.

``@1``, ``@2`` … are new names, of which ``@1`` is a number that the script goes on with; ``#x`` is
a number, ``#t`` a truth value, ``#B`` a band, ``#K`` a plain literal.
"""

_ONE = """\
let @1 = TABLE[Math.min(4, Math.max(0, Math.floor(#x * 5)))];

let [@1, @2] = [#x, #x]; if (@1 > @2) [@1, @2] = [@2, @1];

let @1 = 0; const @2 = (p) => { @1 += p; return @1; }; @2(#x); @1 = @2(#x) - @1;

const @2 = [[#x, #x], [#x, #x, #x]]; let @1 = @2[1][0] + @2[#t ? 0 : 1].length;

const @2 = [...TABLE, #x]; let @1 = @2[5] - @2.concat([#x, #x]).length;

const @2 = new Array(3).fill(#x).map((p, i) => p * i); let @1 = @2[2] + @2.length;

let @1 = valueInterpolate(#x, [0, 0.3, 1], [0, 10, 5]);

let @1 = colorBlend(#x, [0, 0.2, 0.7], [[0, 0, 0], [1, 0.5, 0], [0.2, 1, 1]])[1];

let @1 = typeof (#t ? #x : undefined) === 'undefined' ? #K : #x;

let @1; if (#x < #K) @1 = 1; else if (#x < #K) @1 = 2; else if (#t) @1 = #x;

const @2 = { low: #K, high: #x }; @2.mid = (@2.low + @2['high']) / 2; let @1 = @2.mid;

let @1 = #x, @2 = 0; do { @1 = @1 / 2; @2++; } while (@1 > 1 && @2 < 6);

let @1 = Number(#t) + Number(#x) * 1;

let @1 = (#t ? 'a' : 'b') + 'c' === 'ac' ? #x : #K;

let @1 = [#x, #x, #x].map((p) => p > #K).filter((p) => p).length;

let @1 = [#x, #x].some((p) => p > #K) ? #x : [#x, #x].every((p) => p < 1) ? 2 : 3;

let @1 = 0; for (const @2 of [#x, #K, #x]) { if (@2 < 0) continue; @1 += @2; }

let @1 = 0; for (const @2 of TABLE) { if (@2 > #x) break; @1 += @2; }

const @2 = function (p, q = #K) { if (p > q) { return p; } }; let @1 = @2(#x) || @2(#x, #x);

class @2 { constructor(p) { this.p = p; } twice() { return this.p * 2; } }
let @1 = new @2(#x).twice();

let @1 = TABLE.reduce((p, q, i) => p + q * i) + TABLE.indexOf(#K);

let @1 = TABLE.findIndex((p) => p > #x);

const @2 = [#x, #x, #x]; @2.reverse(); let @1 = @2[0] - @2.slice(1)[0];

let @1 = #x > 0 ? Math.min(...[#x, #x, 1]) : Math.max(#x, #K, 0);

const { a: @2, b: @3 } = { a: #x, b: #x }; let @1 = @2 * @3;

let @1 = ((p) => (q) => p + q)(#x)(#x);

const @2 = []; if (#t) @2.push(#x); if (#t) @2.push(#x); let @1 = @2.length ? @2[0] : #K;

const @2 = []; @2.unshift(#x); @2.push(#x); let @1 = @2.pop() - @2.length;

let @1 = ~~(#x * 10) / 10 + (#x | 0) + (#x >>> 0);
"""


_LISTS = """\
const @2 = samples.filter((p) => p.dataMask).map((p) => p.#B).sort((p, q) => p - q);
let @1 = @2.length ? @2[Math.floor(@2.length / 2)] : #K;

let @1 = -1, @2 = null; for (let i = 0; i < samples.length; i++) {
  const p = samples[i]; if (!p.dataMask) continue; const q = index(p.B08, p.B04);
  if (@2 === null || q > @1) { @1 = q; @2 = p; } }
if (@2 !== null) @1 = @2.#B;

let @1 = 0, @2 = 0; samples.forEach((p) => { if (p.dataMask) { @1 += p.#B; @2++; } });
@1 = @1 / @2;

let @2 = 0; while (@2 < samples.length && !samples[@2].dataMask) @2++;
let @1 = @2 < samples.length ? samples[@2].#B : NaN;

let @1 = Math.max(...samples.map((p) => p.#B)), @2 = Math.min(...samples.map((p) => p.#B));
@1 -= @2;

let @1 = 0, @2; for (const p of samples) {
  if (@2 !== undefined) @1 += p.#B - @2; @2 = p.#B; }

const @2 = []; for (const p of samples) { if (p.#B > #K) @2.push(p.#B); }
@2.sort((p, q) => q - p); let @1 = @2[Math.ceil(0.25 * @2.length) - 1];

const @2 = []; for (const p of samples) @2.push({ v: p.#B, w: p.#B });
@2.sort((p, q) => p.v - q.v); let @1 = @2.length ? @2[0].w : #K;

let @1 = samples.length; for (let i = samples.length - 1; i >= 0; i--) {
  if (samples[i].#B > #K) { @1 = i; break; } }

const @2 = samples.map((p) => [p.#B, p.dataMask]); let @1 = 0;
for (let i = 0; i < @2.length; i++) { @1 += @2[i][0] * @2[i][1]; }

let @1 = samples.reduce((p, q) => p + q.#B, 0) / Math.max(1, samples.length);

const @2 = samples[samples.length - 1]; let @1 = @2 ? @2.#B : #K;

let @1 = 0; for (let i = 1; i < samples.length; i++) {
  if (samples[i].#B > samples[i - 1].#B) @1++; }

const @2 = (p) => p.dataMask === 1 && p.#B < #K; let @1 = samples.filter(@2).length;

const @2 = [0, 0, 0]; samples.forEach((p, i) => { @2[i % 3] += p.#B; }); let @1 = @2[1];

let @2 = samples.find((p) => p.#B > #K); let @1 = @2 === undefined ? #K : @2.#B;

const @2 = samples.map((p) => p.#B); const @3 = @2.slice(0, 2); let @1 = @3[@3.length - 1];

let @1 = 0; for (let i = 0; i < samples.length; i++)
  for (let j = i; j < samples.length; j++)
    if (samples[i].#B < samples[j].#B) @1 += j - i;
"""
OF_ONE = _ONE.strip().split("\n\n")
"""Of any script."""
OF_LISTS = _LISTS.strip().split("\n\n")
"""Of scripts with a list of samples."""
