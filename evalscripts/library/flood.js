//VERSION=3
// Open water is a mirror to radar: what sends back less than -17 dB in VV is called water.

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
  const level = decibels(sample.VV);
  if (level < -17) return [0.05, 0.35, 0.8, sample.dataMask];
  const gray = (level + 20) / 20;
  return [gray, gray, gray, sample.dataMask];
}
