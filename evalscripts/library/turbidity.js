//VERSION=3
// Silt in water: normalized difference turbidity index (Lacaux et al., 2007).
// Land is shown in gray.

const colors = new ColorRampVisualizer([
  [-0.5, 0x08306b],
  [-0.25, 0x3a86b8],
  [-0.1, 0x8fc3b4],
  [0, 0xd8cf8f],
  [0.1, 0xb98a48],
  [0.3, 0x6b4420],
]);

function setup() {
  return {
    input: ["B03", "B04", "B11", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  if (index(sample.B03, sample.B11) <= 0) {
    const gray = 0.25 + 1.5 * sample.B04;
    return [gray, gray, gray, sample.dataMask];
  }
  const color = colors.process(index(sample.B04, sample.B03));
  return [color[0], color[1], color[2], sample.dataMask];
}
