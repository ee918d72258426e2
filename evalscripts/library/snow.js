//VERSION=3
// Snow and ice: normalized difference of green and short-wave infrared (Hall et al., 1995).

const colors = new ColorRampVisualizer([
  [-0.4, 0x4a4032],
  [0, 0xa8a08c],
  [0.4, 0xd8e4ec],
  [0.7, 0x9fd8f5],
  [1, 0x2b7fd0],
]);

function setup() {
  return {
    input: ["B03", "B11", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const ndsi = index(sample.B03, sample.B11);
  const color = colors.process(ndsi);
  return [color[0], color[1], color[2], sample.dataMask];
}
