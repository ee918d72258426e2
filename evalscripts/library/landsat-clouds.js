//VERSION=3
// What the quality flags of Collection 2 say of each pixel, over the picture.

function setup() {
  return {
    input: ["B04", "B03", "B02", "BQA", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const ground = [2.5 * sample.B04, 2.5 * sample.B03, 2.5 * sample.B02];
  const flags = decodeL8C2Qa(sample.BQA);
  let tint = null;
  if (flags.snow) tint = [1, 0.6, 0.95];
  if (flags.cloudShadow) tint = [0.35, 0.2, 0.55];
  if (flags.dilatedCloud || flags.cirrus) tint = [0.35, 0.8, 1];
  if (flags.cloud) tint = [1, 0.45, 0.2];
  if (tint === null) return [...ground, sample.dataMask];
  return [...combine(tint, ground, 0.7), sample.dataMask];
}
