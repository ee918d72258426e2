//VERSION=3
// True color of many dates: from the clear ones, the pixel whose near infrared stands out most over blue.

const UNCLEAR = [0, 1, 3, 8, 9, 10];

function isClear(sample) {
  return sample.dataMask === 1 && !UNCLEAR.includes(sample.SCL);
}

function setup() {
  return {
    input: ["B08", "B04", "B03", "B02", "SCL", "dataMask"],
    output: { bands: 4 },
    mosaicking: "ORBIT",
  };
}

function evaluatePixel(samples) {
  let best = null;
  let highest = -Infinity;
  for (const sample of samples) {
    if (!isClear(sample)) continue;
    const score = sample.B08 - 2 * sample.B02;
    if (score > highest) {
      highest = score;
      best = sample;
    }
  }
  if (best === null) return [0, 0, 0, 0];
  return [2.5 * best.B04, 2.5 * best.B03, 2.5 * best.B02, 1];
}
