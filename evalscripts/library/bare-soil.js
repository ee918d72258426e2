//VERSION=3
// Open soil: the bare soil index (Rikimaru et al., 2002).

const colors = new ColorRampVisualizer([
  [-0.5, 0x12503a],
  [-0.2, 0x8dbf75],
  [0, 0xece3bd],
  [0.1, 0xe0a955],
  [0.2, 0xb5652c],
  [0.4, 0x5e2410],
]);

function setup() {
  return {
    input: ["B02", "B04", "B08", "B11", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B02, B04, B08, B11 } = sample;
  const bsi = index(B11 + B04, B08 + B02);
  const color = colors.process(bsi);
  return [color[0], color[1], color[2], sample.dataMask];
}
