//VERSION=3
// Rocks and minerals by their short-wave infrared.

function setup() {
  return {
    input: ["B12", "B11", "B02", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  return [2.5 * sample.B12, 2.5 * sample.B11, 2.5 * sample.B02, sample.dataMask];
}
