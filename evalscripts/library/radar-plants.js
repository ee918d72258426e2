//VERSION=3
// The radar vegetation index for two polarizations: 4 VH / (VV + VH).

const colors = new ColorRampVisualizer([
  [0, 0x3d2b1f],
  [0.25, 0xb08d57],
  [0.5, 0xe3d98a],
  [0.75, 0x7db55a],
  [1, 0x1d5f2f],
]);

function setup() {
  return {
    input: ["VV", "VH", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const sum = sample.VV + sample.VH;
  const color = colors.process(sum > 0 ? (4 * sample.VH) / sum : 0);
  return [color[0], color[1], color[2], sample.dataMask];
}
