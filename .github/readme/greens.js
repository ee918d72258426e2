//VERSION=3
const greens = new ColorMapVisualizer([
  [0.2, 0xe9d8a6], [0.35, 0xb5c96a], [0.5, 0x7fb554],
  [0.65, 0x3f8f3f], [0.8, 0x0b4f2a],
]);

function setup() {
  return {
    input: ["B02", "B03", "B04", "B08"],
    output: { bands: 3 },
  };
}

function evaluatePixel(s) {
  const ndvi = index(s.B08, s.B04);
  if (ndvi > 0.2) return greens.process(ndvi);
  return [3 * s.B04, 3 * s.B03, 3 * s.B02];
}
