//VERSION=3
function setup() {
  return {
    input: ["B04", "B08", "dataMask"],
    output: { bands: 1, sampleType: "FLOAT32" },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples) {
  let sum = 0;
  let count = 0;
  for (const sample of samples) {
    if (sample.dataMask) {
      sum += (sample.B08 - sample.B04) / (sample.B08 + sample.B04);
      count++;
    }
  }
  return [count > 0 ? sum / count : NaN];
}
