//VERSION=3
// Shallow water: the three bands that reach deepest into it.

function setup() {
  return {
    input: ["B03", "B02", "B01", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  return [3.5 * sample.B03, 3.5 * sample.B02, 3.5 * sample.B01, sample.dataMask];
}
