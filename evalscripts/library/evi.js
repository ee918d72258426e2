//VERSION=3
// Plants where they are dense: the enhanced vegetation index (Huete et al., 2002).

const colors = new ColorRampVisualizer([
  [-0.2, 0x23395b],
  [0, 0xd6c6a8],
  [0.2, 0xdfe3a0],
  [0.4, 0x93c464],
  [0.6, 0x3f8f3a],
  [1, 0x0b4020],
]);

function setup() {
  return {
    input: ["B02", "B04", "B08", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B02, B04, B08 } = sample;
  const evi = (2.5 * (B08 - B04)) / (B08 + 6 * B04 - 7.5 * B02 + 1);
  const color = colors.process(evi);
  return [color[0], color[1], color[2], sample.dataMask];
}
