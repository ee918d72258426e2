//VERSION=3
// What each pixel was classified as, in the colors of the scene classification.

const colors = new ColorMapVisualizer([
  [0, 0x000000],
  [1, 0xff0000],
  [2, 0x2f2f2f],
  [3, 0x643200],
  [4, 0x00a000],
  [5, 0xffe65a],
  [6, 0x0000ff],
  [7, 0x808080],
  [8, 0xc0c0c0],
  [9, 0xffffff],
  [10, 0x64c8ff],
  [11, 0xff96ff],
]);

function setup() {
  return {
    input: ["SCL", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const color = colors.process(sample.SCL);
  return [color[0], color[1], color[2], sample.dataMask];
}
