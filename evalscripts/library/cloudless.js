//VERSION=3
// True color with everything that the scene classification calls cloud or shadow left out.

const CLOUDED = new Set([3, 8, 9, 10]);

function setup() {
  return {
    input: ["B04", "B03", "B02", "SCL", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const seen = CLOUDED.has(sample.SCL) ? 0 : sample.dataMask;
  return [2.5 * sample.B04, 2.5 * sample.B03, 2.5 * sample.B02, seen];
}
