// What is the language's own: its functions by name, and whether the script has changed any of it.
//
// All of it is taken before the script runs. Nothing is called or read that could answer by itself:
// properties are described.
(kernel) => {
  "use strict";

  const { getOwnPropertyDescriptor: describe, getPrototypeOf, ownKeys } = Reflect;
  const { create, is } = Object;
  const { apply } = kernel;
  const { get: mapGet, has: mapHas, set: mapSet } = Map.prototype;
  const TypedArray = getPrototypeOf(Float64Array);
  const surroundings = globalThis;
  const RealMap = Map;
  const RealProxy = Proxy;

  const VISUALIZERS = {
    __proto__: null,
    ColorMapVisualizer: [[[0, 0]]],
    ColorRampVisualizer: [[[0, 0], [1, 1]]],
    ColorGradientVisualizer: [[[0, 0], [1, 1]]],
    HighlightCompressVisualizer: [],
    HighlightCompressVisualizerSingle: [],
    DefaultVisualizer: [],
    Identity: [],
  };
  const NAMESPACES = ["Math", "JSON", "Reflect", "globalThis", "console"];
  const CLASSES = [
    "Object", "Function", "Array", "Number", "String", "Boolean", "Map", "Set",
    "Uint8Array", "Uint8ClampedArray", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array",
    "Int32Array", "Float32Array", "Float64Array",
  ];
  const FUNCTIONS = [
    "isNaN", "isFinite", "parseInt", "parseFloat", "eval", "Symbol", "Error", "TypeError",
    "RangeError", "RegExp", "BigInt", "Promise", "WeakMap", "WeakSet",
    "index", "inverse", "valueInterpolate", "colorBlend", "valueMap", "colorMap", "combine",
    "int2rgb", "rgb2int", "normalizeRGB", "hex2rgb", "rgb2hex", "decodeL8C2Qa", "decodeLs8Qa",
    "decodeS3OLCIQualityFlags",
  ];
  const known = new RealMap(); // function or namespace → its name
  const shapes = create(null); // name → its object, keys and what they held
  const instances = new RealMap(); // a visualizer's prototype → [its name, its own keys, settle]
  const typedPrototypes = new RealMap();

  const get = (map, key) => apply(mapGet, map, [key]);
  const has = (map, key) => apply(mapHas, map, [key]);
  const set = (map, key, value) => apply(mapSet, map, [key, value]);
  const isFunction = (value) => typeof value === "function";

  // Remember an object's own properties, and the names of the functions among them.
  function remember(name, object) {
    const keys = ownKeys(object);
    const held = create(null);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      const found = describe(object, key);
      held[key] = found;
      if (typeof key === "string" && isFunction(found.value) && key !== "constructor") {
        if (!has(known, found.value)) set(known, found.value, `${name}.${key}`);
      }
    }
    shapes[name] = { __proto__: null, object, count: keys.length, held };
  }

  function rememberClass(name, found) {
    set(known, found, name);
    remember(name, found);
    remember(`${name}.prototype`, found.prototype);
  }

  for (const name of NAMESPACES) set(known, surroundings[name], name);
  for (const name of ["Math", "JSON", "Reflect"]) remember(name, surroundings[name]);
  for (const name of FUNCTIONS) set(known, surroundings[name], name);
  for (const name of CLASSES) {
    rememberClass(name, surroundings[name]);
    if (/Array$/.test(name) && name !== "Array") {
      set(typedPrototypes, surroundings[name].prototype, name);
    }
  }
  remember("TypedArray.prototype", TypedArray.prototype);
  for (const [name, empty] of [["Array", []], ["Set", new Set()], ["Map", new Map()], ["String", ""]]) {
    remember(`${name} Iterator.prototype`, getPrototypeOf(empty[Symbol.iterator]()));
  }
  remember("Iterator.prototype", getPrototypeOf(getPrototypeOf([][Symbol.iterator]())));
  for (const name in VISUALIZERS) {
    const found = surroundings[name];
    rememberClass(name, found);
    const keys = ownKeys(new found(...VISUALIZERS[name]));
    set(instances, found.prototype, { __proto__: null, name, keys, settle: found.prototype.settle });
    const parent = getPrototypeOf(found.prototype);
    if (parent !== Object.prototype) {
      remember(`${name}'s parent.prototype`, parent);
      remember(`${name}'s parent`, getPrototypeOf(found));
    }
  }

  // Whoever makes a proxy may answer differently each time; nothing else tells it from a plain
  // object.
  let proxies = false;
  const WatchedProxy = function Proxy(target, handler) {
    proxies = true;
    return new RealProxy(target, handler);
  };
  WatchedProxy.revocable = (target, handler) => {
    proxies = true;
    return RealProxy.revocable(target, handler);
  };
  surroundings.Proxy = WatchedProxy;

  function rememberClock() {
    rememberClass("Date", surroundings.Date);
    set(known, surroundings.Math.random, "Math.random");
    remember("Math", surroundings.Math);
  }

  // The first property of the language that is not what it was, or null.
  function tampered() {
    if (proxies) return "Proxy";
    for (const name in shapes) {
      const { object, count, held } = shapes[name];
      const keys = ownKeys(object);
      for (let i = 0; i < keys.length; i++) {
        const before = held[keys[i]];
        const now = describe(object, keys[i]);
        const same = before !== undefined && is(before.value, now.value) &&
          before.get === now.get && before.set === now.set;
        if (!same) return `${name}.${typeof keys[i] === "string" ? keys[i] : "a symbol"}`;
      }
      if (keys.length !== count) return name;
    }
    return null;
  }

  kernel.own = {
    __proto__: null,
    known, instances, typedPrototypes, get, has, set, isFunction, rememberClock, tampered,
  };
};
