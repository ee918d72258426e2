//VERSION=3
// The mean of all clear dates.

const colors = new ColorRampVisualizer([
  [-0.2, 0x23395b],
  [0, 0xc9b79c],
  [0.2, 0xe8d8a0],
  [0.4, 0xa8c66c],
  [0.6, 0x4f9a3f],
  [1, 0x083d1c],
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
  let sum = 0;
  let count = 0;
  for (const sample of samples) {
    if (!isClear(sample)) continue;
    sum += index(sample.B08, sample.B04);
    count++;
  }
  if (count === 0) return [0, 0, 0, 0];
  const color = colors.process(sum / count);
  return [color[0], color[1], color[2], 1];
}
