//VERSION=3
// Buildings and roads: the normalized built-up index (Zha et al., 2003).

const colors = new ColorRampVisualizer([
  [-0.6, 0x0b4a2f],
  [-0.3, 0x6fae5a],
  [-0.1, 0xdfe3b4],
  [0, 0xf2c48a],
  [0.1, 0xd9653b],
  [0.3, 0x7d1620],
]);

function setup() {
  return {
    input: ["B08", "B11", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B08, B11 } = sample;
  const ndbi = index(B11, B08);
  const color = colors.process(ndbi);
  return [color[0], color[1], color[2], sample.dataMask];
}
