//VERSION=3
// Chlorophyll of full canopies: green NDVI (Gitelson et al., 1996).

const colors = new ColorRampVisualizer([
  [-0.2, 0x1f3a5f],
  [0.1, 0xd9c7a3],
  [0.35, 0xe3e08c],
  [0.5, 0x9dc95b],
  [0.65, 0x3f9142],
  [0.85, 0x0a3d24],
]);

function setup() {
  return {
    input: ["B03", "B08", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel(sample) {
  const { B03, B08 } = sample;
  const gndvi = index(B08, B03);
  const color = colors.process(gndvi);
  return [color[0], color[1], color[2], sample.dataMask];
}
