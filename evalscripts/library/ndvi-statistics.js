//VERSION=3
// Statistics of a time series as a picture: high NDVI red, median green, low blue.

const UNCLEAR = [0, 1, 3, 8, 9, 10];

function isClear(sample) {
  return sample.dataMask === 1 && !UNCLEAR.includes(sample.SCL);
}

function setup() {
  return {
    input: ["B04", "B08", "SCL", "dataMask"],
    output: { bands: 4 },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples) {
  const values = samples.filter(isClear).map((s) => index(s.B08, s.B04));
  if (values.length === 0) return [0, 0, 0, 0];
  values.sort((a, b) => a - b);
  const last = values.length - 1;
  return [values[last], values[Math.floor(last / 2)], values[0], 1];
}
