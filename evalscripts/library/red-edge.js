//VERSION=3
// Plants told apart by the red edge.

function setup() {
  return {
    input: ["B07", "B05", "B03", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  return [2.2 * sample.B07, 2.5 * sample.B05, 3.5 * sample.B03, sample.dataMask];
}
