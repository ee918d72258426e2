//VERSION=3
// Algae in water: normalized difference chlorophyll index (Mishra and Mishra, 2012).
// Land is shown in gray.

const colors = new ColorRampVisualizer([
  [-0.2, 0x0b2a6f],
  [-0.05, 0x2b7bba],
  [0.05, 0x49b08a],
  [0.15, 0xb8d04b],
  [0.3, 0xe58a2c],
  [0.5, 0xa3162a],
]);

function setup() {
  return {
    input: ["B03", "B04", "B05", "B11", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  if (index(sample.B03, sample.B11) <= 0) {
    const gray = 0.25 + 1.5 * sample.B04;
    return [gray, gray, gray, sample.dataMask];
  }
  const color = colors.process(index(sample.B05, sample.B04));
  return [color[0], color[1], color[2], sample.dataMask];
}
