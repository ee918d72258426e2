// The language's own functions, constants and visualizers, as every evalscript finds them.
//
// Our own writing, after the documented behavior. Everything is a configurable property of the
// global object, so that a script may declare `let index = …` or `function index() {…}` itself;
// nothing in here looks a helper up through the global object, so that such a script changes
// nothing but itself. Results are fresh arrays: a script may push to what it gets.
//
// Colors go in as 0xRRGGBB numbers or as [r, g, b] in 0..1 and come out as [r, g, b] in 0..1.
// NaN behaves as a value below the lowest position.
(() => {
  "use strict";

  const { max, min, pow } = Math;
  const { isArray } = Array;
  const JAVA_DOUBLE_MAX_VAL = 1.7976931348623157e308;

  // ---- numbers ---------------------------------------------------------------------------

  function index(x, y) {
    const sum = x + y;
    return sum === 0 ? 0 : (x - y) / sum;
  }

  function inverse(x) {
    return x === 0 ? JAVA_DOUBLE_MAX_VAL : 1 / x;
  }

  function mix(from, to, share) {
    if (!isArray(from)) return from + (to - from) * share;
    const mixed = [];
    for (let i = 0; i < from.length; i++) mixed[i] = from[i] + (to[i] - from[i]) * share;
    return mixed;
  }

  function fresh(value) {
    return isArray(value) ? [...value] : value;
  }

  function valueInterpolate(value, intervals, values) {
    const last = intervals.length - 1;
    if (!(value > intervals[0])) return fresh(values[0]);
    if (value >= intervals[last]) return fresh(values[last]);
    let i = 1;
    while (value > intervals[i]) i++;
    const share = (value - intervals[i - 1]) / (intervals[i] - intervals[i - 1]);
    return mix(values[i - 1], values[i], share);
  }

  function colorBlend(value, intervals, colors) {
    return valueInterpolate(value, intervals, colors);
  }

  function valueMap(value, intervals, values) {
    if (!intervals || !values) return value;
    let i = 0;
    while (i < intervals.length && value > intervals[i]) i++;
    return fresh(values[min(i, values.length - 1)]);
  }

  function colorMap(value, limitColorPairs) {
    for (const [limit, color] of limitColorPairs) if (value < limit) return fresh(color);
    return fresh(limitColorPairs[limitColorPairs.length - 1][1]);
  }

  function combine(first, second, alpha) {
    return first.map((value, i) => alpha * value + (1 - alpha) * second[i]);
  }

  function int2rgb(color) {
    return [(color >> 16) & 255, (color >> 8) & 255, color & 255];
  }

  function rgb2int([red, green, blue]) {
    return ((red & 255) << 16) | ((green & 255) << 8) | (blue & 255);
  }

  function normalizeRGB([red, green, blue]) {
    return [red / 255, green / 255, blue / 255];
  }

  function hex2rgb(text) {
    return int2rgb(parseInt(String(text).replace("#", ""), 16));
  }

  function rgb2hex(rgb) {
    return "#" + rgb2int(rgb).toString(16).padStart(6, "0");
  }

  // ---- quality bits ----------------------------------------------------------------------

  function bits(value, first, count) {
    return (value >>> first) & ((1 << count) - 1);
  }

  function decodeL8C2Qa(value) {
    return {
      fill: bits(value, 0, 1),
      dilatedCloud: bits(value, 1, 1),
      cirrus: bits(value, 2, 1),
      cloud: bits(value, 3, 1),
      cloudShadow: bits(value, 4, 1),
      snow: bits(value, 5, 1),
      clear: bits(value, 6, 1),
      water: bits(value, 7, 1),
      cloudConfidence: bits(value, 8, 2),
      cloudShadowConfidence: bits(value, 10, 2),
      snowIceConfidence: bits(value, 12, 2),
      cirrusConfidence: bits(value, 14, 2),
    };
  }

  function decodeLs8Qa(value) {
    return {
      designatedFill: bits(value, 0, 1),
      terrainOcclusion: bits(value, 1, 1),
      radiometricSaturation: bits(value, 2, 2),
      cloud: bits(value, 4, 1),
      cloudConfidence: bits(value, 5, 2),
      cloudShadowConfidence: bits(value, 7, 2),
      snowIceConfidence: bits(value, 9, 2),
      cirrusConfidence: bits(value, 11, 2),
    };
  }

  const OLCI_FLAGS = [
    "land", "coastline", "fresh_inland_water", "tidal_region", "bright", "straylight_risk",
    "invalid", "cosmetic", "duplicated", "sun_glint_risk", "dubious",
  ];

  function decodeS3OLCIQualityFlags(value) {
    const flags = {};
    OLCI_FLAGS.forEach((name, i) => (flags[name] = bits(value, 31 - i, 1)));
    for (let band = 1; band <= 21; band++) {
      flags["saturatedB" + String(band).padStart(2, "0")] = bits(value, 21 - band, 1);
    }
    return flags;
  }

  // ---- ramps -----------------------------------------------------------------------------

  const blueRed = [
    [1.0, 0x000080], [0.875, 0x0000ff], [0.625, 0x00ffff],
    [0.375, 0xffff00], [0.125, 0xff0000], [0.0, 0x800000],
  ];
  const redTemperature = [
    [1.0, 0x000000], [0.525, 0xae0000], [0.3, 0xff6e00], [0.25, 0xff8600], [0.0, 0xffffff],
  ];
  const greenWhite = [[1.0, 0x000000], [0.6, 0x006600], [0.3, 0x80b300], [0.0, 0xffffff]];
  const oceanColor = [
    [0, 0x93006c], [0.0471, 0x6f0090], [0.098, 0x4800b7], [0.149, 0x2100de], [0.2, 0x000aff],
    [0.2471, 0x004aff], [0.298, 0x0090ff], [0.349, 0x00d5ff], [0.4, 0x00ffd7],
    [0.4471, 0x00ff77], [0.498, 0x00ff0f], [0.549, 0x60ff00], [0.6, 0xc8ff00],
    [0.6471, 0xffeb00], [0.698, 0xffb700], [0.749, 0xff8300], [0.8, 0xff4f00],
    [0.8471, 0xff1f00], [0.898, 0xe60000], [0.949, 0xa50000], [1.0, 0x690000],
  ];
  const NDVI_STEPS = [
    [-1.0, 0x000000], [-0.2, 0xff0000], [-0.1, 0x9a0000], [0.0, 0x660000], [0.1, 0xffff33],
    [0.2, 0xcccc33], [0.3, 0x666600], [0.4, 0x33ffff], [0.5, 0x33cccc], [0.6, 0x006666],
    [0.7, 0x33ff33], [0.8, 0x33cc33], [0.9, 0x006600],
  ];

  // Positions ascending with their colors, channels in 0..255, in flat double arrays.
  function flatten(pairs) {
    const positions = new Float64Array(pairs.length);
    const channels = new Float64Array(pairs.length * 3);
    pairs.forEach(([position, color], i) => {
      positions[i] = position;
      channels.set(isArray(color) ? color.map((share) => share * 255) : int2rgb(color), i * 3);
    });
    return { positions, channels, whole: pairs.every(([, color]) => !isArray(color)) };
  }

  function ascending(pairs) {
    return [...pairs].sort(([a], [b]) => a - b);
  }

  // The first position that is not below the value; `positions.length` where there is none.
  function firstNotBelow(positions, value) {
    let i = 0;
    while (i < positions.length && value > positions[i]) i++;
    return i;
  }

  function eachOf(visualizer, list) {
    return list.map((value, i) => visualizer.process(value, i));
  }

  class ColorMapVisualizer {
    constructor(valColPairs) {
      Object.assign(this, flatten(ascending(valColPairs)));
    }

    process(value) {
      const { positions, channels } = this;
      let i = positions.length - 1;
      while (i > 0 && !(positions[i] <= value)) i--;
      i *= 3;
      return [channels[i] / 255, channels[i + 1] / 255, channels[i + 2] / 255];
    }

    processList(values) {
      return eachOf(this, values);
    }

    static createDefaultColorMap() {
      return new ColorMapVisualizer(NDVI_STEPS);
    }
  }

  // Linear between neighboring positions, clamped outside.
  class Ramp {
    constructor(pairs) {
      Object.assign(this, flatten(pairs));
    }

    // Whole steps of 8 bits where the colors were given so; `half` is 0.5 to round, 0 to cut.
    // By | 0: channels are not negative, and V8's Math.floor costs 10 ns here.
    blended(value, half) {
      const { positions, channels, whole } = this;
      const i = firstNotBelow(positions, value);
      const to = min(i, positions.length - 1) * 3;
      if (i === 0 || i === positions.length) {
        return [channels[to] / 255, channels[to + 1] / 255, channels[to + 2] / 255];
      }
      const share = (value - positions[i - 1]) / (positions[i] - positions[i - 1]);
      const from = to - 3;
      const red = channels[from] + (channels[to] - channels[from]) * share;
      const green = channels[from + 1] + (channels[to + 1] - channels[from + 1]) * share;
      const blue = channels[from + 2] + (channels[to + 2] - channels[from + 2]) * share;
      if (!whole) return [red / 255, green / 255, blue / 255];
      return [((red + half) | 0) / 255, ((green + half) | 0) / 255, ((blue + half) | 0) / 255];
    }

    processList(values) {
      return eachOf(this, values);
    }

    static createBlueRed(minVal, maxVal) {
      return new this(blueRed, minVal, maxVal);
    }

    static createRedTemperature(minVal, maxVal) {
      return new this(redTemperature, minVal, maxVal);
    }

    static createWhiteGreen(minVal, maxVal) {
      return new this(greenWhite, minVal, maxVal);
    }

    static createOceanColor(minVal, maxVal) {
      return new this(oceanColor, minVal, maxVal);
    }
  }

  class ColorRampVisualizer extends Ramp {
    // Every documented number follows from this: positions are sorted, colors stay in the order
    // in which they were listed, and the positions are then stretched onto minVal..maxVal.
    constructor(ramps, minVal, maxVal) {
      const sorted = ramps.map(([position]) => position).sort((a, b) => a - b);
      const first = sorted[0];
      const span = sorted[sorted.length - 1] - first;
      const low = minVal === undefined ? first : minVal;
      const high = maxVal === undefined ? first + span : maxVal;
      const stretched = minVal !== undefined || maxVal !== undefined;
      const place = (p) => (stretched ? low + ((p - first) / span) * (high - low) : p);
      super(ramps.map(([, color], i) => [place(sorted[i]), color]));
    }

    process(value) {
      return this.blended(value, 0);
    }

    inverse() {
      const { channels } = this;
      const reversed = new Float64Array(channels.length);
      for (let i = 0; i < channels.length; i += 3) {
        reversed.set(channels.subarray(i, i + 3), channels.length - 3 - i);
      }
      this.channels = reversed;
      return this;
    }
  }

  class ColorGradientVisualizer extends Ramp {
    // Deprecated, and the other way round than a ramp: position 1 is minVal, 0 is maxVal.
    constructor(valColPairs, minVal = 0, maxVal = 1) {
      super(ascending(valColPairs.map(([p, color]) => [minVal * p + maxVal * (1 - p), color])));
    }

    process(value) {
      return this.blended(value, 0.5);
    }
  }

  // ---- stretches -------------------------------------------------------------------------

  // What EO Browser's generated scripts may set; looked up once, at the first pixel, because a
  // script may declare them below the visualizer.
  function overrides() {
    const known = (value) => (value === null ? undefined : value);
    return {
      gain: known(typeof gainOverride === "undefined" ? undefined : gainOverride),
      offset: known(typeof offsetOverride === "undefined" ? undefined : offsetOverride),
      gamma: known(typeof gammaOverride === "undefined" ? undefined : gammaOverride),
      ranges: known(typeof rangeOverrides === "undefined" ? undefined : rangeOverrides),
    };
  }

  class Stretch {
    constructor(minValue = 0, maxValue = 1, gain = 1, offset = 0, gamma = 1) {
      this.minValue = minValue;
      this.maxValue = maxValue;
      this.gain = gain;
      this.offset = offset;
      this.gamma = gamma;
      this.ranges = undefined;
      this.settled = false;
    }

    settle() {
      const { gain, offset, gamma, ranges } = overrides();
      if (gain !== undefined) this.gain = gain;
      if (offset !== undefined) this.offset = offset;
      if (gamma !== undefined) this.gamma = gamma;
      this.ranges = ranges;
      this.settled = true;
    }

    linear(value, i) {
      if (!this.settled) this.settle();
      let low = this.minValue;
      let high = this.maxValue;
      if (this.ranges !== undefined && this.ranges[i]) [low, high] = this.ranges[i];
      return (this.gain * (value - low)) / (high - low) + this.offset;
    }

    compressed(value, i) {
      let v = this.linear(value, i);
      if (this.gamma !== 1) v = pow(max(0, v), this.gamma);
      if (this.maxValue > 0 && this.maxValue < 1 && v > 0.92) v = 0.92 + (v - 0.92) * (0.08 / 1.08);
      return v < 0 ? 0 : v > 1 ? 1 : v;
    }

    processList(values) {
      return eachOf(this, values);
    }
  }

  class HighlightCompressVisualizer extends Stretch {
    process(value, i) {
      return this.compressed(value, i);
    }
  }

  class HighlightCompressVisualizerSingle extends Stretch {
    process(value, i) {
      return [this.compressed(value, i)];
    }
  }

  class DefaultVisualizer extends Stretch {
    process(value, i) {
      const v = this.linear(value, i);
      if (this.gamma !== 1) return pow(max(0, v), this.gamma);
      return v < 0 ? 0 : v > 1 ? 1 : v;
    }
  }

  class Identity {
    process(value) {
      return [value];
    }

    processList(values) {
      return eachOf(this, values);
    }
  }

  // ---- names -----------------------------------------------------------------------------

  const named = (...names) => Object.freeze(Object.fromEntries(names.map((n) => [n, n])));
  const language = {
    JAVA_DOUBLE_MAX_VAL, index, inverse, valueInterpolate, colorBlend, valueMap, colorMap,
    combine, int2rgb, rgb2int, normalizeRGB, hex2rgb, rgb2hex, decodeL8C2Qa, decodeLs8Qa,
    decodeS3OLCIQualityFlags, blueRed, redTemperature, greenWhite, oceanColor,
    ColorMapVisualizer, ColorRampVisualizer, ColorGradientVisualizer,
    HighlightCompressVisualizer, HighlightCompressVisualizerSingle, DefaultVisualizer, Identity,
    SampleType: named("AUTO", "UINT8", "INT8", "UINT16", "INT16", "FLOAT32"),
    Mosaicking: named("SIMPLE", "ORBIT", "TILE"),
  };
  for (const [name, value] of Object.entries(language)) {
    Object.defineProperty(globalThis, name, {
      value, writable: true, configurable: true, enumerable: false,
    });
  }
})();
//# sourceURL=prelude.js
