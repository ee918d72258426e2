//VERSION=3
// How green the plants are: normalized difference of near infrared and red.

const colors = new ColorRampVisualizer([
  [-0.2, 0x23395b],
  [0, 0xc9b79c],
  [0.2, 0xe8d8a0],
  [0.4, 0xa8c66c],
  [0.6, 0x4f9a3f],
  [1, 0x083d1c],
]);

function setup() {
  return {
    input: ["B04", "B05", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B04, B05 } = sample;
  const ndvi = index(B05, B04);
  const color = colors.process(ndvi);
  return [color[0], color[1], color[2], sample.dataMask];
}
