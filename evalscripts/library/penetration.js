//VERSION=3
// Through haze and thin smoke: the three bands that scatter least.

function setup() {
  return {
    input: ["B12", "B11", "B8A", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  return [2.5 * sample.B12, 2.5 * sample.B11, 2.5 * sample.B8A, sample.dataMask];
}
