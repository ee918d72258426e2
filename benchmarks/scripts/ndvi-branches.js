//VERSION=3
// Vegetation in greens over a true-color picture, water in blue.
function setup() {
  return {
    input: ["B02", "B03", "B04", "B08", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const ndvi = (sample.B08 - sample.B04) / (sample.B08 + sample.B04);
  if (ndvi < -0.1) {
    return [0.05, 0.1, 0.4 + sample.B02, sample.dataMask];
  }
  if (ndvi < 0.3) {
    return [2.5 * sample.B04, 2.5 * sample.B03, 2.5 * sample.B02, sample.dataMask];
  }
  return [0.1, ndvi, 0.1, sample.dataMask];
}
