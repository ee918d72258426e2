//VERSION=3
// Burn severity: the loss of the burn ratio, in the classes of Key and Benson (2006).

const classes = new ColorMapVisualizer([
  [-2, 0x1a6b3c],
  [-0.1, 0xf2efe2],
  [0.1, 0xf5e28a],
  [0.27, 0xf0a848],
  [0.44, 0xd95b2b],
  [0.66, 0x6e0f2e],
]);
const UNCLEAR = [0, 1, 3, 8, 9, 10];

function isClear(sample) {
  return sample.dataMask === 1 && !UNCLEAR.includes(sample.SCL);
}

function setup() {
  return {
    input: ["B08", "B12", "SCL", "dataMask"],
    output: { bands: 4 },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples) {
  const clear = samples.filter(isClear);
  if (clear.length < 2) return [0, 0, 0, 0];
  const after = clear[0];
  const before = clear[clear.length - 1];
  const loss = index(before.B08, before.B12) - index(after.B08, after.B12);
  const color = classes.process(loss);
  return [color[0], color[1], color[2], 1];
}
