//VERSION=3
// The four outputs that browsers ask their layers for.
function setup() {
  return {
    input: ["B02", "B03", "B04", "B08", "dataMask"],
    output: [
      { id: "default", bands: 4 },
      { id: "index", bands: 1, sampleType: "FLOAT32" },
      { id: "eobrowserStats", bands: 2, sampleType: "FLOAT32" },
      { id: "dataMask", bands: 1 },
    ],
  };
}

const stretch = new HighlightCompressVisualizer(0, 0.4);

function evaluatePixel(sample) {
  const ndvi = index(sample.B08, sample.B04);
  const picture = stretch.processList([sample.B04, sample.B03, sample.B02]);
  const isCloud = sample.B02 > 0.25 && ndvi < 0.2;
  return {
    default: picture.concat(sample.dataMask),
    index: [sample.dataMask === 1 ? ndvi : NaN],
    eobrowserStats: [ndvi, isCloud ? 1 : 0],
    dataMask: [sample.dataMask],
  };
}
