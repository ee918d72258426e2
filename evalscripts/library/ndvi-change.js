//VERSION=3
// Change between two dates: NDVI of the newest clear look minus that of the oldest.

const colors = new ColorRampVisualizer([
  [-0.6, 0x7f0f1f],
  [-0.25, 0xe0663f],
  [-0.08, 0xf6e2cf],
  [0, 0xf7f7f7],
  [0.08, 0xdcecc9],
  [0.25, 0x6db35a],
  [0.6, 0x0a4a26],
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
  const clear = samples.filter(isClear);
  if (clear.length < 2) return [0, 0, 0, 0];
  const newest = clear[0];
  const oldest = clear[clear.length - 1];
  const change = index(newest.B08, newest.B04) - index(oldest.B08, oldest.B04);
  const color = colors.process(change);
  return [color[0], color[1], color[2], 1];
}
