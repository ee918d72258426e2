// One pixel looked at: what it was given and what came back, as JSON in which nothing is hidden.
//
// What JSON has no word for becomes text: NaN, Infinity, -Infinity, -0, undefined, functions,
// symbols, 5n. A string that looks like one of the five is put in quotes of its own.
(kernel) => {
  "use strict";

  const { apply, box, clean, cut, hold, stringify, toText } = kernel;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { is, keys } = Object;
  const dateText = Date.prototype.toISOString;
  const getTime = Date.prototype.getTime;
  const RealDate = Date;
  const objectPrototype = Object.prototype;
  const arrayPrototype = Array.prototype;
  const RealError = Error;

  const MARKS = { __proto__: null, NaN: 1, Infinity: 1, "-Infinity": 1, "-0": 1, undefined: 1 };
  const MAX_DEPTH = 10;
  const MAX_CHARS = 262144;
  const MAX_STRING = 2000;

  let chars = 0;

  function word(text) {
    const quoted = stringify(clean(cut(text, MAX_STRING)));
    chars += quoted.length;
    return quoted;
  }

  function marked(value, depth) {
    if (is(value, -0)) return word("-0");
    if (typeof value === "number") {
      return value - value === 0 ? toText(value) : word(toText(value));
    }
    if (typeof value === "string") return word(MARKS[value] === 1 ? `"${value}"` : value);
    if (value === null || typeof value === "boolean") return toText(value);
    if (typeof value === "undefined") return word("undefined");
    if (typeof value === "bigint") return word(toText(value) + "n");
    if (typeof value === "symbol") return word(toText(value));
    if (typeof value === "function") return word("a function");
    if (value instanceof RealDate) {
      const known = apply(getTime, value, []) === apply(getTime, value, []);
      return word(known ? apply(dateText, value, []) : "Invalid Date");
    }
    if (value instanceof RealError) return word(toText(value));
    if (depth >= MAX_DEPTH || chars > MAX_CHARS) return word("…");
    return isArray(value) || isView(value) ? listed(value, depth) : named(value, depth);
  }

  function listed(value, depth) {
    let text = "";
    for (let i = 0; i < value.length; i++) {
      if (chars > MAX_CHARS) return `[${text}${text === "" ? "" : ","}${word("…")}]`;
      chars += 4;
      text += (i === 0 ? "" : ",") + marked(value[i], depth + 1);
    }
    return `[${text}]`;
  }

  function named(value, depth) {
    let text = "";
    const names = keys(value);
    for (let i = 0; i < names.length && chars <= MAX_CHARS; i++) {
      text += (i === 0 ? "" : ",") + word(names[i]) + ":" + marked(value[names[i]], depth + 1);
    }
    return `{${text}}`;
  }

  function show(value) {
    chars = 0;
    try {
      return marked(value, 0);
    } catch {
      // A getter of the script's own, or a revoked proxy.
      return word("cannot be shown");
    }
  }

  // Of an object that is thrown and is no error, V8 reports what its toString gives. Nothing of
  // the script runs after a throw, so the builtin ones may be replaced by one that shows the
  // object; to catch it instead would lose the place of the throw.
  function toString() {
    return show(this);
  }

  kernel.telling = (run) => () => {
    let ended = false;
    try {
      run();
      ended = true;
    } finally {
      if (!ended) {
        hold(objectPrototype, "toString", toString, false);
        hold(arrayPrototype, "toString", toString, false);
      }
    }
  };

  const seen = {
    __proto__: null, samples: "null", scenes: "null", returned: "null", from: 0, to: 0,
  };

  // In evaluatePixel's place: `look` only notes what it would be given, `watch` runs it.
  kernel.traced = (evaluatePixel, mode) => {
    if (mode === "look") {
      return (samples, scenes) => {
        seen.samples = show(samples);
        seen.scenes = show(scenes);
        seen.from = kernel.linesPrinted();
      };
    }
    return (samples, scenes, inputMetadata, customData, outputMetadata) => {
      const value = evaluatePixel(samples, scenes, inputMetadata, customData, outputMetadata);
      seen.returned = show(value);
      seen.to = kernel.linesPrinted();
      return value;
    };
  };

  box.trace = () => {
    const { samples, scenes, returned, from, to } = seen;
    const values = `"samples":${samples},"scenes":${scenes},"returned":${returned}`;
    box.reply = `{${values},"from":${from},"to":${to}}`;
  };
};
