//VERSION=3
// Open water: the modified water index (Xu, 2006).

const colors = new ColorRampVisualizer([
  [-0.6, 0x5b4636],
  [-0.2, 0xc2ab86],
  [0, 0xede9dc],
  [0.2, 0x8cc7e8],
  [0.5, 0x2f7fc1],
  [1, 0x07224f],
]);

function setup() {
  return {
    input: ["B03", "B11", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B03, B11 } = sample;
  const mndwi = index(B03, B11);
  const color = colors.process(mndwi);
  return [color[0], color[1], color[2], sample.dataMask];
}
