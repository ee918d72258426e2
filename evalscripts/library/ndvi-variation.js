//VERSION=3
// Standard deviation of NDVI over the clear dates (population, two passes).

const colors = new ColorRampVisualizer([
  [0, 0xf7f4ea],
  [0.05, 0xd9e6c3],
  [0.1, 0x8fc7a0],
  [0.2, 0x3a8fa3],
  [0.3, 0x3b4f9b],
  [0.5, 0x2a0f4f],
]);
const UNCLEAR = [0, 1, 3, 8, 9, 10];

function isClear(sample) {
  return sample.dataMask === 1 && !UNCLEAR.includes(sample.SCL);
}

function setup() {
  return {
    input: ["B04", "B08", "SCL", "dataMask"],
    output: { bands: 4 },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples) {
  const values = samples.filter(isClear).map((s) => index(s.B08, s.B04));
  if (values.length < 2) return [0, 0, 0, 0];
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length;
  const color = colors.process(Math.sqrt(variance));
  return [color[0], color[1], color[2], 1];
}
