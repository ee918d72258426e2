//VERSION=3
// Leaf area from EVI, by the line of Boegh et al. (2002): LAI = 3.618 EVI - 0.118.

const colors = new ColorRampVisualizer([
  [0, 0xefe6d2],
  [0.5, 0xe7e08b],
  [1, 0xbdd665],
  [2, 0x6bb04a],
  [3, 0x2e8540],
  [5, 0x08391f],
]);

function setup() {
  return {
    input: ["B02", "B04", "B08", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B02, B04, B08 } = sample;
  const evi = (2.5 * (B08 - B04)) / (B08 + 6 * B04 - 7.5 * B02 + 1);
  const lai = Math.max(0, 3.618 * evi - 0.118);
  const color = colors.process(lai);
  return [color[0], color[1], color[2], sample.dataMask];
}
