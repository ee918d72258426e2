//VERSION=3
// NDVI in six classes instead of a ramp.

const classes = new ColorMapVisualizer([
  [-1, 0x1c3f6e],
  [0.05, 0xb8a68a],
  [0.2, 0xe2d9a0],
  [0.4, 0x9cc76a],
  [0.6, 0x3f8f3a],
  [0.8, 0x0f4d24],
]);

function setup() {
  return {
    input: ["B04", "B08", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const color = classes.process(index(sample.B08, sample.B04));
  return [color[0], color[1], color[2], sample.dataMask];
}
