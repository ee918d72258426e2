//VERSION=3
// Stress of crops: normalized difference of the red edge (Barnes et al., 2000).

const colors = new ColorRampVisualizer([
  [-0.1, 0x2b3f63],
  [0, 0xb9a58a],
  [0.15, 0xf0d48a],
  [0.3, 0xc3d76b],
  [0.45, 0x58a84a],
  [0.7, 0x0d4f2b],
]);

function setup() {
  return {
    input: ["B05", "B8A", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B05, B8A } = sample;
  const ndre = index(B8A, B05);
  const color = colors.process(ndre);
  return [color[0], color[1], color[2], sample.dataMask];
}
