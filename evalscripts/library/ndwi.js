//VERSION=3
// Open water: normalized difference of green and near infrared (McFeeters, 1996).

const colors = new ColorRampVisualizer([
  [-0.6, 0x6b4f2a],
  [-0.3, 0xcbb27c],
  [0, 0xf2efe4],
  [0.3, 0x6fb6e0],
  [0.6, 0x1f6fb5],
  [1, 0x08306b],
]);

function setup() {
  return {
    input: ["B03", "B08", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const ndwi = index(sample.B03, sample.B08);
  const color = colors.process(ndwi);
  return [color[0], color[1], color[2], sample.dataMask];
}
