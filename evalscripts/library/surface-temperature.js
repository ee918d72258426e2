//VERSION=3
// How warm the ground is, in degrees Celsius.

const colors = new ColorRampVisualizer([
  [-20, 0x2b0a5c],
  [0, 0x2d6fc4],
  [10, 0x6fc7c9],
  [20, 0xf3e58c],
  [30, 0xf2963c],
  [40, 0xc92a2a],
  [55, 0x4a0d0d],
]);

function setup() {
  return {
    input: ["B10", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B10 } = sample;
  const celsius = B10 - 273.15;
  const color = colors.process(celsius);
  return [color[0], color[1], color[2], sample.dataMask];
}
