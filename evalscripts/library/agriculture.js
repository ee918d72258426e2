//VERSION=3
// Crops in bright green, bare fields in magenta and brown.

function setup() {
  return {
    input: ["B11", "B08", "B02", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  return [2.5 * sample.B11, 2.5 * sample.B08, 2.5 * sample.B02, sample.dataMask];
}
