//VERSION=3
// Steps of 20 m in changing shades, every 100 m darker: the edges of the shades are contour lines.

const colors = new ColorRampVisualizer([
  [0, 0x2e6b46],
  [150, 0x7fa65a],
  [400, 0xd9cf94],
  [900, 0xb58a56],
  [1800, 0x8a6a5a],
  [3000, 0xf5f5f5],
]);

function setup() {
  return {
    input: ["DEM", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const step = Math.floor(sample.DEM / 20);
  const color = colors.process(step * 20);
  const shade = step % 5 === 0 ? 0.72 : step % 2 === 0 ? 1 : 0.9;
  return [color[0] * shade, color[1] * shade, color[2] * shade, sample.dataMask];
}
