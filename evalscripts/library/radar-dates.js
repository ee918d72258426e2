//VERSION=3
// Change over time: three dates of VV as one color picture.

function decibels(power) {
  return power > 0 ? 10 * Math.log10(power) : -100;
}

function setup() {
  return {
    input: ["VV", "dataMask"],
    output: { bands: 4 },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples) {
  const seen = samples.filter((s) => s.dataMask === 1);
  if (seen.length < 3) return [0, 0, 0, 0];
  const picked = [seen[0], seen[Math.floor(seen.length / 2)], seen[seen.length - 1]];
  return [...picked.map((s) => (decibels(s.VV) + 20) / 20), 1];
}
