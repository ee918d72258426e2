//VERSION=3
// Water in the leaves: normalized difference of narrow near and short-wave infrared (Gao, 1996).

const colors = new ColorRampVisualizer([
  [-0.6, 0x7f2704],
  [-0.2, 0xf0a35e],
  [0, 0xfff3d6],
  [0.2, 0x9fd3c7],
  [0.4, 0x3287a8],
  [0.8, 0x0b2c5f],
]);

function setup() {
  return {
    input: ["B8A", "B11", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const ndmi = index(sample.B8A, sample.B11);
  const color = colors.process(ndmi);
  return [color[0], color[1], color[2], sample.dataMask];
}
