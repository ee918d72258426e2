//VERSION=3
// True color of many dates: for each band the median of what was clear.

const UNCLEAR = [0, 1, 3, 8, 9, 10];

function isClear(sample) {
  return sample.dataMask === 1 && !UNCLEAR.includes(sample.SCL);
}

function setup() {
  return {
    input: ["B04", "B03", "B02", "SCL", "dataMask"],
    output: { bands: 4 },
    mosaicking: "ORBIT",
  };
}

function median(values) {
  values.sort((a, b) => a - b);
  const middle = Math.floor(values.length / 2);
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

function evaluatePixel(samples) {
  const clear = samples.filter(isClear);
  if (clear.length === 0) return [0, 0, 0, 0];
  const red = median(clear.map((s) => s.B04));
  const green = median(clear.map((s) => s.B03));
  const blue = median(clear.map((s) => s.B02));
  return [2.5 * red, 2.5 * green, 2.5 * blue, 1];
}
