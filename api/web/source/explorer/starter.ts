/** A first script for a collection that no ready script was written for. */

import type { BandInfo } from "./contract";

/** Return a script that shows the first three bands as red, green and blue, or one as gray. */
export function starterScript(bands: BandInfo[]): string {
  const shown = bands.slice(0, bands.length >= 3 ? 3 : 1).map(({ name }) => name);
  const input = [...shown, "dataMask"].map((name) => JSON.stringify(name)).join(", ");
  const values = shown.map((name) => `gain * sample[${JSON.stringify(name)}]`).join(", ");
  return `//VERSION=3
const gain = 2.5;

function setup() {
  return {
    input: [${input}],
    output: { bands: ${shown.length + 1} },
  };
}

function evaluatePixel(sample) {
  return [${values}, sample.dataMask];
}
`;
}
