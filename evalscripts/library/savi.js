//VERSION=3
// Plants over bare soil: the soil adjusted vegetation index (Huete, 1988), L = 0.5.

const colors = new ColorRampVisualizer([
  [-0.2, 0x23395b],
  [0, 0xd8c3a5],
  [0.15, 0xeadf9f],
  [0.3, 0xb5cd6f],
  [0.5, 0x5fa447],
  [0.8, 0x0f5a2a],
]);

function setup() {
  return {
    input: ["B04", "B08", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B04, B08 } = sample;
  const savi = (1.5 * (B08 - B04)) / (B08 + B04 + 0.5);
  const color = colors.process(savi);
  return [color[0], color[1], color[2], sample.dataMask];
}
