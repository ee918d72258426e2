//VERSION=3
function setup() {
  return {
    input: ["B04", "B08", "dataMask"],
    output: { bands: 1, sampleType: "FLOAT32" },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples) {
  const values = samples
    .filter((sample) => sample.dataMask === 1)
    .map((sample) => index(sample.B08, sample.B04))
    .sort((a, b) => a - b);
  const middle = Math.floor(values.length / 2);
  if (values.length === 0) {
    return [NaN];
  }
  if (values.length % 2 === 0) {
    return [(values[middle - 1] + values[middle]) / 2];
  }
  return [values[middle]];
}
