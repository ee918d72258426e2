//VERSION=3
// Burnt ground: the normalized burn ratio of near and short-wave infrared (Key and Benson, 2006).

const colors = new ColorRampVisualizer([
  [-0.5, 0x3b0a0a],
  [-0.2, 0xa83220],
  [0, 0xe89a3c],
  [0.2, 0xf4e6a4],
  [0.5, 0x7fb35a],
  [0.9, 0x1d5c2a],
]);

function setup() {
  return {
    input: ["B08", "B12", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const nbr = index(sample.B08, sample.B12);
  const color = colors.process(nbr);
  return [color[0], color[1], color[2], sample.dataMask];
}
