//VERSION=3
// The land as eyes see it, brightened.

function setup() {
  return {
    input: ["B04", "B03", "B02", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  return [3 * sample.B04, 3 * sample.B03, 3 * sample.B02, sample.dataMask];
}
