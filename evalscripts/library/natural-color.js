//VERSION=3
// The land as eyes see it, with room for highlights: clouds and snow keep their shapes.

const stretch = new HighlightCompressVisualizer(0.01, 0.4, 1, 0, 0.8);

function setup() {
  return {
    input: ["B04", "B03", "B02", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  return [
    stretch.process(sample.B04),
    stretch.process(sample.B03),
    stretch.process(sample.B02),
    sample.dataMask,
  ];
}
