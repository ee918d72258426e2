//VERSION=3
// Aging plants: the senescence index PSRI (Merzlyak et al., 1999).

const colors = new ColorRampVisualizer([
  [-0.1, 0x0d5a34],
  [0, 0x6cb05a],
  [0.1, 0xdcdc8a],
  [0.2, 0xe0a24a],
  [0.35, 0xa85425],
  [0.6, 0x4e1d0e],
]);

function setup() {
  return {
    input: ["B02", "B04", "B06", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B02, B04, B06 } = sample;
  const psri = B06 > 0 ? (B04 - B02) / B06 : 0;
  const color = colors.process(psri);
  return [color[0], color[1], color[2], sample.dataMask];
}
