//VERSION=3
// Clouds, cirrus, shadows and snow, drawn over true color.

const TINTS = {
  3: [0.35, 0.2, 0.55],
  8: [1, 0.75, 0.35],
  9: [1, 0.45, 0.2],
  10: [0.35, 0.8, 1],
  11: [1, 0.6, 0.95],
};

function setup() {
  return {
    input: ["B04", "B03", "B02", "SCL", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const ground = [2.5 * sample.B04, 2.5 * sample.B03, 2.5 * sample.B02];
  const tint = TINTS[sample.SCL];
  if (tint === undefined) return [...ground, sample.dataMask];
  return [...combine(tint, ground, 0.7), sample.dataMask];
}
