//VERSION=3
// Near infrared as red: the denser the plants, the redder.

function setup() {
  return {
    input: ["B08", "B04", "B03", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  return [2.5 * sample.B08, 2.5 * sample.B04, 2.5 * sample.B03, sample.dataMask];
}
