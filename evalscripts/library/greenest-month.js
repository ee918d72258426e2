//VERSION=3
// The month in which a pixel was greenest, over the clear dates.

const colors = new ColorRampVisualizer([
  [0, 0x6a5acd],
  [2, 0x3fa7d6],
  [4, 0x59cd90],
  [6, 0xfac05e],
  [8, 0xf79d84],
  [10, 0xc44569],
  [11, 0x6f2dbd],
]);
const UNCLEAR = [0, 1, 3, 8, 9, 10];

function isClear(sample) {
  return sample.dataMask === 1 && !UNCLEAR.includes(sample.SCL);
}

function setup() {
  return {
    input: ["B04", "B08", "SCL", "dataMask"],
    output: { bands: 4 },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples, scenes) {
  let highest = -Infinity;
  let month = -1;
  for (let i = 0; i < samples.length; i++) {
    if (!isClear(samples[i])) continue;
    const ndvi = index(samples[i].B08, samples[i].B04);
    if (ndvi > highest) {
      highest = ndvi;
      month = new Date(scenes.orbits[i].dateFrom).getMonth();
    }
  }
  if (month < 0 || highest < 0.25) return [0, 0, 0, 0];
  const color = colors.process(month);
  return [color[0], color[1], color[2], 1];
}
