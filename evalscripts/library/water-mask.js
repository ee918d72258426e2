//VERSION=3
// Open water in blue over everything else in gray: green light against short-wave infrared.

function setup() {
  return {
    input: ["B03", "B04", "B11", "dataMask"],
    output: { bands: 4 },
  };
}

function evaluatePixel({ B03, B04, B11, dataMask }) {
  const isWater = index(B03, B11) > 0.1 && B11 < 0.12;
  const gray = 0.2 + 1.8 * B04;
  return isWater ? [0.1, 0.42, 0.75, dataMask] : [gray, gray, gray, dataMask];
}
