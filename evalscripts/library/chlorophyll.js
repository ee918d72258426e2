//VERSION=3
// Chlorophyll of the canopy: the red edge index CIre (Gitelson et al., 2003).

const colors = new ColorRampVisualizer([
  [0, 0xe9dfc8],
  [1, 0xe6e27f],
  [2, 0xa9cf58],
  [4, 0x4c9f3c],
  [6, 0x1a6b33],
  [9, 0x06341d],
]);

function setup() {
  return {
    input: ["B05", "B07", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B05, B07 } = sample;
  const chlorophyll = B05 > 0 ? B07 / B05 - 1 : 0;
  const color = colors.process(chlorophyll);
  return [color[0], color[1], color[2], sample.dataMask];
}
