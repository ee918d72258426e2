//VERSION=3
// Backscatter VV in decibels, black at -22 dB and white at 0 dB.

function decibels(power) {
  return power > 0 ? 10 * Math.log10(power) : -100;
}

function setup() {
  return {
    input: ["VV", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const gray = (decibels(sample.VV) - (-22)) / (0 - (-22));
  return [gray, gray, gray, sample.dataMask];
}
