//VERSION=3
// Salt on the ground: the normalized difference salinity index (Khan et al., 2001).

const colors = new ColorRampVisualizer([
  [-0.8, 0x14532d],
  [-0.4, 0x86b86b],
  [-0.2, 0xdcd8a8],
  [0, 0xe9c9b0],
  [0.1, 0xd88fa8],
  [0.3, 0x7c2f74],
]);

function setup() {
  return {
    input: ["B04", "B08", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B04, B08 } = sample;
  const salinity = index(B04, B08);
  const color = colors.process(salinity);
  return [color[0], color[1], color[2], sample.dataMask];
}
