//VERSION=3
// Both polarizations and their ratio, on scales where land looks balanced.

function setup() {
  return {
    input: ["VV", "VH", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { VV, VH } = sample;
  const ratio = VV > 0 ? VH / VV : 0;
  return [Math.sqrt(VV) * 1.6, Math.sqrt(VH) * 3.2, 0.15 + ratio * 1.2, sample.dataMask];
}
