// The only side of an isolate that the worker talks to: one mailbox per isolate.
//
// The worker writes `request` (JSON) or `arena`'s bytes, calls one of the functions without
// arguments, and reads `reply`; nothing of this is reachable from the script. Every intrinsic
// that is used after the script has run was taken before it, and no array is grown by writing
// to a new index, so that a script that tampers with the globals or with Array.prototype harms
// nothing but its own pixels. Strict, so that `evaluatePixel.caller` is null.
(() => {
  "use strict";

  const { apply, construct, ownKeys } = Reflect;
  const { create, defineProperty } = Object;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { parse, stringify } = JSON;
  const { round } = Math;
  const makeFunction = Function;
  const scriptEval = eval; // called indirectly: sees the script's top-level let and const too
  const toText = String;
  const toNumber = Number;
  const wellFormed = String.prototype.toWellFormed;
  const slice = String.prototype.slice;
  const RealDate = Date;
  const dateText = Date.prototype.toString;
  const RealError = Error;
  const RealPromise = Promise;
  const RawBuffer = ArrayBuffer;
  const rawTypes = {
    __proto__: null,
    Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array,
    Float32Array, Float64Array,
  };

  const MAX_CONSOLE_LINES = 500;
  const MAX_CONSOLE_CHARS = 16384;
  const MAX_LINE_CHARS = 1000;
  const MAX_SETUP_CHARS = 262144;
  const MAX_USER_DATA_CHARS = 1048576;

  const clean = (text) => apply(wellFormed, text, []);
  const cut = (text, chars) => apply(slice, text, [0, chars]);

  // ---- the script's surroundings -----------------------------------------------------------

  // Writable names that lead out of one isolate's plain computing. The binding's own timers are
  // overwritten, not deleted: V8 declares them as variables.
  for (const name of ["WebAssembly", "SharedArrayBuffer", "Atomics", "Temporal"]) {
    delete globalThis[name];
  }
  for (const name of ["__timer_manager", "setTimeout", "clearTimeout"]) globalThis[name] = undefined;

  const written = create(null);
  let lines = 0;
  let chars = 0;
  let dropped = false;

  function shown(value) {
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null && !(value instanceof RealError)) {
      const text = stringify(value);
      if (typeof text === "string") return text;
    }
    return toText(value);
  }

  function print(...values) {
    if (lines >= MAX_CONSOLE_LINES || chars >= MAX_CONSOLE_CHARS) {
      dropped = true;
      return;
    }
    let text = "";
    for (let i = 0; i < values.length; i++) text += (i === 0 ? "" : " ") + shown(values[i]);
    const room = MAX_CONSOLE_CHARS - chars;
    const kept = cut(text, room < MAX_LINE_CHARS ? room : MAX_LINE_CHARS);
    if (kept.length < text.length) dropped = true;
    written[lines++] = clean(kept);
    chars += kept.length + 1;
  }

  function put(name, value) {
    defineProperty(globalThis, name, {
      __proto__: null, value, writable: true, configurable: true, enumerable: false,
    });
  }
  put("console", { log: print, info: print, warn: print, error: print, debug: print });

  function fixClock(now) {
    const FixedDate = function Date(...parts) {
      if (new.target === undefined) return apply(dateText, new RealDate(now), []);
      return construct(RealDate, parts.length === 0 ? [now] : parts, new.target);
    };
    FixedDate.prototype = RealDate.prototype;
    FixedDate.now = () => now;
    FixedDate.parse = RealDate.parse;
    FixedDate.UTC = RealDate.UTC;
    RealDate.prototype.constructor = FixedDate;
    put("Date", FixedDate);
  }

  // Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for a seeded draw.
  function seedRandom(seed) {
    let state = seed | 0;
    Math.random = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  // ---- what a pixel returned ---------------------------------------------------------------

  const box = {
    __proto__: null,
    request: "", reply: "", fault: "", pixel: -1, arena: null, console: "", dropped: false,
    begin: null, setup: null, start: null, adopt: null, reserve: null, run: null,
    finish: null, collect: null,
  };
  const FAULT = "the mailbox holds the reason";

  function fail(reason) {
    box.fault = clean(reason);
    throw FAULT;
  }

  let outputs = [];

  function described(value) {
    if (value === null || value === undefined) return toText(value);
    if (isArray(value) || isView(value)) return value.length + " values";
    if (typeof value === "function") return "a function";
    if (value instanceof RealPromise) return "a Promise";
    if (typeof value !== "object") return "the " + typeof value + " " + cut(toText(value), 60);
    let names = "";
    const keys = ownKeys(value);
    for (let i = 0; i < keys.length && i < 10; i++) {
      names += (i === 0 ? "" : ", ") + cut(toText(keys[i]), 40);
    }
    return names === "" ? "an object without keys" : "an object with " + names;
  }

  // One element of an output: a number as JavaScript makes it one; undefined is NaN, null is 0,
  // a nested array counts where it holds one value.
  function loose(value, output) {
    if (value === undefined) return NaN;
    if (!isArray(value)) return toNumber(value);
    if (value.length === 1) return loose(value[0], output);
    return wrongLength(value, output);
  }

  function wrongLength(value, output) {
    const { id, bands } = outputs[output];
    return fail(
      `output "${id}": evaluatePixel must return ${bands} value${bands === 1 ? "" : "s"} for it; ` +
        `found ${described(value)}`,
    );
  }

  // One output's values in a list of the right length; nested arrays are laid out flat.
  function settle(value, output) {
    const { bands } = outputs[output];
    const list = create(null);
    let count = 0;
    if (isArray(value) || isView(value)) {
      for (let i = 0; i < value.length && count <= bands; i++) {
        const inner = value[i];
        if (!isArray(inner)) list[count++] = inner;
        else for (let j = 0; j < inner.length && count <= bands; j++) list[count++] = inner[j];
      }
    } else if (typeof value !== "object" && typeof value !== "function" && value !== undefined) {
      list[count++] = value;
    }
    if (count !== bands) return wrongLength(value, output);
    list.length = count;
    return list;
  }

  // A true array, made without writing to an index that Array.prototype may have caught.
  function zeros(bands) {
    let text = "[0";
    for (let i = 1; i < bands; i++) text += ",0";
    return parse(text + "]");
  }

  // What a single output gets when the script did not return an array of the right length:
  // nothing is zeros, an object holds the output under its id.
  function settleOnly(value) {
    const { id, bands } = outputs[0];
    if (value === undefined || value === null) return zeros(bands);
    if (typeof value !== "object" || isArray(value) || isView(value)) return settle(value, 0);
    const own = value[id];
    if (own === undefined) {
      return fail(`output "${id}" is missing in what evaluatePixel returned: ${described(value)}`);
    }
    return settle(own, 0);
  }

  // An object of id → values, for what several outputs cannot take as it is.
  function settleAll(value) {
    if (value !== undefined && value !== null) {
      let ids = "";
      for (let i = 0; i < outputs.length; i++) ids += (i === 0 ? "" : ", ") + outputs[i].id;
      return fail(
        `there are ${outputs.length} outputs: evaluatePixel must return an object with ${ids}; ` +
          `found ${described(value)}`,
      );
    }
    const all = create(null);
    for (let i = 0; i < outputs.length; i++) all[outputs[i].id] = zeros(outputs[i].bands);
    return all;
  }

  function settleOne(whole, output) {
    const { id } = outputs[output];
    const own = whole[id];
    if (own === undefined) {
      return fail(`output "${id}" is missing in what evaluatePixel returned: ${described(whole)}`);
    }
    return settle(own, output);
  }

  // ---- stages ------------------------------------------------------------------------------

  const hooks = create(null);

  function hook(name) {
    return scriptEval(`typeof ${name} === "function" ? ${name} : undefined`);
  }

  // JSON with a mark where JSON has no word for the value.
  function plain(_key, value) {
    if (typeof value === "number" && (value !== value || value - value !== 0)) {
      return { __proto__: null, $js: toText(value) };
    }
    if (typeof value === "function") return { __proto__: null, $js: "a function" };
    if (typeof value === "bigint" || typeof value === "symbol") {
      return { __proto__: null, $js: toText(value) };
    }
    return value;
  }

  box.begin = () => {
    const { now, seed } = parse(box.request);
    fixClock(now);
    seedRandom(seed);
  };

  box.setup = () => {
    hooks.setup = hook("setup");
    hooks.evaluatePixel = hook("evaluatePixel");
    hooks.updateOutput = hook("updateOutput");
    hooks.updateOutputMetadata = hook("updateOutputMetadata");
    if (hooks.setup === undefined) fail("the script has no function setup()");
    if (hooks.evaluatePixel === undefined) fail("the script has no function evaluatePixel()");
    const { setup } = hooks;
    const found = setup();
    if (typeof found !== "object" || found === null) {
      fail(`setup() must return an object with input and output; found ${described(found)}`);
    }
    const text = stringify(found, plain);
    if (text.length > MAX_SETUP_CHARS) fail("what setup() returned is too long");
    box.reply = clean(text);
  };

  const scenes = {};
  const inputMetadata = {};
  const customData = {};
  const outputMetadata = {};
  let used = [];

  box.start = () => {
    const facts = parse(box.request);
    inputMetadata.serviceVersion = facts.serviceVersion;
    inputMetadata.normalizationFactor = facts.normalizationFactor;
    outputs = facts.outputs;
    used = facts.scenes;
    const { updateOutput } = hooks;
    if (updateOutput === undefined) {
      box.reply = "";
      return;
    }
    const counts = {};
    for (let i = 0; i < outputs.length; i++) {
      const value = { bands: outputs[i].bands };
      defineProperty(counts, outputs[i].id, {
        __proto__: null, value, writable: true, configurable: true, enumerable: true,
      });
    }
    const dated = parse(box.request).scenes;
    for (let i = 0; i < dated.length; i++) dated[i].date = new RealDate(dated[i].date);
    updateOutput(counts, { scenes: dated });
    const found = create(null);
    for (let i = 0; i < outputs.length; i++) {
      const { id } = outputs[i];
      found[id] = counts[id].bands;
    }
    box.reply = clean(stringify(found, plain));
  };

  // The band counts that updateOutput left, once the worker's other side has checked them.
  box.adopt = () => {
    outputs = parse(box.request);
  };

  box.reserve = () => {
    box.arena = new RawBuffer(parse(box.request));
  };

  let loop = null;

  box.run = () => {
    const { text, views, count } = parse(box.request);
    if (text !== null) {
      const tools = { isArray, round, loose, settleOnly, settleAll, settleOne, box };
      const context = { scenes, inputMetadata, customData, outputMetadata };
      const { evaluatePixel } = hooks;
      loop = makeFunction("evaluatePixel", "tools", "context", text)(evaluatePixel, tools, context);
    }
    for (let i = 0; i < views.length; i++) {
      const { type, offset, length } = views[i];
      views[i] = new rawTypes[type](box.arena, offset, length);
    }
    loop(views, count);
  };

  box.finish = () => {
    const { updateOutputMetadata } = hooks;
    if (updateOutputMetadata !== undefined) {
      scenes.tiles = used;
      updateOutputMetadata(scenes, inputMetadata, outputMetadata);
    }
    const text = outputMetadata.userData === undefined ? "" : stringify(outputMetadata.userData);
    box.reply = text === undefined ? "" : clean(text);
    if (box.reply.length > MAX_USER_DATA_CHARS) {
      const found = box.reply.length;
      box.reply = "";
      fail(`userData is ${found} characters of JSON; at most ${MAX_USER_DATA_CHARS} are allowed`);
    }
  };

  box.collect = () => {
    let text = "[";
    for (let i = 0; i < lines; i++) text += (i === 0 ? "" : ",") + stringify(written[i]);
    box.console = text + "]";
    box.dropped = dropped;
  };

  return box;
})();
//# sourceURL=runner.js
