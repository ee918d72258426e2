//VERSION=3
// How many clear looks there are at each pixel.

const colors = new ColorRampVisualizer([
  [0, 0x3b0f2b],
  [1, 0x8a2f4f],
  [3, 0xd97757],
  [6, 0xf0cf7a],
  [9, 0x7fc08a],
  [12, 0x1f6f6b],
]);
const UNCLEAR = [0, 1, 3, 8, 9, 10];

function isClear(sample) {
  return sample.dataMask === 1 && !UNCLEAR.includes(sample.SCL);
}

function setup() {
  return {
    input: ["SCL", "dataMask"],
    output: { bands: 4 },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples) {
  const count = samples.filter(isClear).length;
  const color = colors.process(count);
  return [color[0], color[1], color[2], samples.length > 0 ? 1 : 0];
}
