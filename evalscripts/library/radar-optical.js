//VERSION=3
// Two sensors in one picture: plants by infrared, volume by radar, ground by red light.
// Give Sentinel-2 L2A the id "S2" and Sentinel-1 GRD the id "S1".

function setup() {
  return {
    input: [
      { datasource: "S2", bands: ["B08", "B04", "dataMask"] },
      { datasource: "S1", bands: ["VH", "dataMask"] },
    ],
    output: { bands: 4 },
  };
}

function evaluatePixel(samples) {
  const optical = samples.S2[0];
  const radar = samples.S1[0];
  if (optical === undefined || radar === undefined) return [0, 0, 0, 0];
  const seen = optical.dataMask * radar.dataMask;
  return [2 * optical.B08, Math.sqrt(radar.VH) * 3.2, 3 * optical.B04, seen];
}
