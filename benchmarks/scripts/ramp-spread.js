//VERSION=3
const ramp = new ColorRampVisualizer([
  [-0.2, 0x23395b],
  [0, 0xc9b79c],
  [0.3, 0xa8c66c],
  [0.6, 0x4f9a3f],
  [1, 0x083d1c],
]);

function setup() {
  return { input: ["B04", "B08", "dataMask"], output: { bands: 4 } };
}

function evaluatePixel(sample) {
  const color = ramp.process(index(sample.B08, sample.B04));
  return [...color, sample.dataMask];
}
