//VERSION=3
// Backscatter VH in decibels, black at -28 dB and white at -6 dB.

function decibels(power) {
  return power > 0 ? 10 * Math.log10(power) : -100;
}

function setup() {
  return {
    input: ["VH", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const gray = (decibels(sample.VH) - (-28)) / (-6 - (-28));
  return [gray, gray, gray, sample.dataMask];
}
