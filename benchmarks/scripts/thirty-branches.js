//VERSION=3
// Land cover by thresholds: a hundred lines, thirty branches, as people write them.
const WATER_DEEP = [0.02, 0.08, 0.35];
const WATER_SHALLOW = [0.1, 0.35, 0.6];
const SNOW = [0.92, 0.97, 1.0];
const CLOUD = [1.0, 1.0, 1.0];

function setup() {
  return {
    input: [{ bands: ["B02", "B03", "B04", "B08", "dataMask"] }],
    output: { bands: 4 },
  };
}

function normalized(a, b) {
  return (a - b) / (a + b);
}

function soil(brightness, redness) {
  if (brightness > 0.35) {
    return [0.93, 0.87, 0.72];
  }
  if (brightness > 0.25) {
    if (redness > 0.2) {
      return [0.78, 0.5, 0.33];
    }
    return [0.8, 0.72, 0.55];
  }
  if (redness > 0.25) {
    return [0.6, 0.3, 0.2];
  } else if (redness > 0.12) {
    return [0.55, 0.4, 0.28];
  }
  return [0.42, 0.36, 0.3];
}

function evaluatePixel(sample) {
  if (sample.dataMask === 0) {
    return [0, 0, 0, 0];
  }
  const ndvi = normalized(sample.B08, sample.B04);
  const ndwi = normalized(sample.B03, sample.B08);
  const redness = normalized(sample.B04, sample.B03);
  const brightness = (sample.B02 + sample.B03 + sample.B04) / 3;
  let color;
  if (brightness > 0.6) {
    if (ndvi > 0.05) color = CLOUD;
    else color = SNOW;
  } else if (ndwi > 0.3) {
    color = WATER_DEEP;
    if (brightness > 0.12) {
      color = WATER_SHALLOW;
    } else if (brightness > 0.08) {
      color = [0.05, 0.2, 0.5];
    }
  } else if (ndwi > 0.1 && brightness < 0.15) {
    color = [0.2, 0.45, 0.55];
  } else if (ndvi < 0.15) {
    color = soil(brightness, redness);
  } else if (ndvi < 0.2) {
    color = [0.85, 0.85, 0.55];
  } else if (ndvi < 0.25) {
    color = [0.8, 0.83, 0.48];
  } else if (ndvi < 0.3) {
    color = [0.75, 0.81, 0.42];
  } else if (ndvi < 0.35) {
    color = [0.68, 0.78, 0.38];
  } else if (ndvi < 0.4) {
    color = [0.6, 0.75, 0.34];
  } else if (ndvi < 0.45) {
    color = [0.52, 0.71, 0.3];
  } else if (ndvi < 0.5) {
    color = [0.44, 0.67, 0.26];
  } else if (ndvi < 0.55) {
    color = [0.37, 0.62, 0.23];
  } else if (ndvi < 0.6) {
    color = [0.3, 0.57, 0.2];
  } else if (ndvi < 0.65) {
    color = [0.24, 0.52, 0.17];
  } else if (ndvi < 0.7) {
    color = [0.19, 0.47, 0.14];
  } else if (ndvi < 0.75) {
    color = [0.14, 0.42, 0.11];
  } else if (ndvi < 0.8) {
    color = [0.1, 0.37, 0.09];
  } else if (redness < -0.35) {
    color = [0.05, 0.3, 0.12];
  } else {
    color = [0.04, 0.28, 0.06];
  }
  let shade = 1;
  if (brightness < 0.02) {
    shade = 0.6;
  } else if (brightness < 0.05) {
    shade = 0.8;
  }
  const gain = sample.B08 > 0.5 ? 1.1 : shade;
  return [gain * color[0], gain * color[1], gain * color[2], sample.dataMask];
}
