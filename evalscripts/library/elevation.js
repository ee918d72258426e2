//VERSION=3
// Height above the sea, in the colors of an atlas.

const colors = new ColorRampVisualizer([
  [-50, 0x0b2a4a],
  [0, 0x2f7f9f],
  [1, 0x2e6b46],
  [150, 0x7fa65a],
  [400, 0xd9cf94],
  [900, 0xb58a56],
  [1800, 0x8a6a5a],
  [3000, 0xf5f5f5],
]);

function setup() {
  return {
    input: ["DEM", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { DEM } = sample;
  const height = DEM;
  const color = colors.process(height);
  return [color[0], color[1], color[2], sample.dataMask];
}
