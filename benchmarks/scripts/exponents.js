//VERSION=3
// Seven exponentials, powers and logarithms a pixel.
function setup() {
  return {
    input: ["B02", "B03", "B04", "B08"],
    output: { bands: 3, sampleType: "FLOAT32" },
  };
}

function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

function evaluatePixel(sample) {
  const depth = Math.log(1000 * sample.B02) / Math.log(1000 * sample.B03);
  const chlorophyll = Math.pow(10, 0.4 - 2.7 * Math.log10(sample.B03 / sample.B02));
  const turbidity = sigmoid(8 * (sample.B04 - 0.1)) * Math.exp(2.2 * sample.B08) + Math.exp(-sample.B03);
  return [depth, chlorophyll, turbidity];
}
