//VERSION=3
// Water that radar finds, drawn over what eyes see.
// Give Sentinel-2 L2A the id "S2" and Sentinel-1 GRD the id "S1".

function decibels(power) {
  return power > 0 ? 10 * Math.log10(power) : -100;
}

function setup() {
  return {
    input: [
      { datasource: "S2", bands: ["B04", "B03", "B02", "dataMask"] },
      { datasource: "S1", bands: ["VV", "dataMask"] },
    ],
    output: { bands: 4 },
  };
}

function evaluatePixel(samples) {
  const optical = samples.S2[0];
  const radar = samples.S1[0];
  const isWater = radar !== undefined && radar.dataMask === 1 && radar.VV > 0 && decibels(radar.VV) < -17;
  if (isWater) return [0.1, 0.4, 0.9, 1];
  if (optical === undefined) return [0, 0, 0, 0];
  return [2.5 * optical.B04, 2.5 * optical.B03, 2.5 * optical.B02, optical.dataMask];
}
