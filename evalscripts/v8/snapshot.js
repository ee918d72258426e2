// What the script's globals hold, as JSON for snapshot.py, which has the grammar.
//
// Asked twice: without names once the clock is fixed, with names after setup(). Nothing of the
// script's is called: properties are described, never read, and what could answer by itself
// (accessors, proxies) is not copied. As elsewhere no array is grown by writing to a new index.
(kernel) => {
  "use strict";

  const { getOwnPropertyDescriptor: describe, getPrototypeOf, ownKeys } = Reflect;
  const { create, is, isExtensible } = Object;
  const { apply, stringify } = kernel;
  const { known, instances, typedPrototypes, get, has, set, isFunction } = kernel.own;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { toString: functionText } = Function.prototype;
  const { includes } = String.prototype;
  const { forEach: eachOfMap } = Map.prototype;
  const { forEach: eachOfSet } = Set.prototype;
  const { getTime } = Date.prototype;
  const TypedArray = getPrototypeOf(Float64Array);
  const typedLength = describe(TypedArray.prototype, "length").get;
  const typedName = describe(TypedArray.prototype, Symbol.toStringTag).get;
  const scriptEval = eval; // called indirectly: sees the script's top-level let and const too
  const surroundings = globalThis;
  const RealMap = Map;

  const MAX_NODES = 200000;
  const MAX_CHARS = 8000000;
  const TOO_MUCH = '["?","more than can be copied"]';
  const NATIVE = "{ [native code] }";
  const isObject = (value) => typeof value === "object" && value !== null;

  // ---- copying -------------------------------------------------------------------------------

  let places = null; // object → its index in the heap
  let waiting = null; // index → object
  let count = 0;
  let nodes = 0;
  let chars = 0;
  let constructors = null; // the script's own functions → their global names

  const full = () => nodes > MAX_NODES || chars > MAX_CHARS;

  function text(value) {
    chars += value.length;
    return full() ? '""' : stringify(value);
  }

  // A value in brackets is not itself: [] undefined, ["NaN"], [3] the heap's entry 3.
  function encode(value) {
    nodes++;
    switch (typeof value) {
      case "number":
        if (value - value !== 0) return `["${value}"]`;
        return is(value, -0) ? '["-0"]' : `${value}`;
      case "string":
        return text(value);
      case "boolean":
        return value ? "true" : "false";
      case "undefined":
        return "[]";
      default:
        return value === null ? "null" : `[${placeOf(value)}]`;
    }
  }

  function placeOf(value) {
    let place = get(places, value);
    if (place === undefined) {
      place = count++;
      waiting[place] = value;
      set(places, value, place);
    }
    return place;
  }

  const opaque = (word) => `["?",${text(word)}]`;
  const nothing = (value) => ownKeys(value).length === 0;

  // `key: value` pairs of plain data properties; null where one of them is anything else.
  function fields(value, keys) {
    let all = "";
    let frozen = !isExtensible(value);
    for (let i = 0; i < keys.length && !full(); i++) {
      const key = keys[i];
      if (typeof key !== "string" || key === "__proto__") return null;
      const found = describe(value, key);
      if (found.get !== undefined || found.set !== undefined || !found.enumerable) return null;
      if (!found.writable || !found.configurable) frozen = true;
      all += `${i === 0 ? "" : ","}[${text(key)},${encode(found.value)}]`;
    }
    return `[${all}],${frozen}`;
  }

  function array(value) {
    const { value: length } = describe(value, "length");
    if (ownKeys(value).length !== length + 1) return opaque("an array with holes or names");
    let all = "";
    let frozen = !isExtensible(value);
    for (let i = 0; i < length && !full(); i++) {
      const found = describe(value, i);
      if (found === undefined) return opaque("an array with holes or names");
      if (found.get !== undefined || found.set !== undefined || !found.enumerable) {
        return opaque("an array with accessors");
      }
      if (!found.writable || !found.configurable) frozen = true;
      all += `${i === 0 ? "" : ","}${encode(found.value)}`;
    }
    return `["a",[${all}],${frozen}]`;
  }

  function typed(value, name) {
    const length = apply(typedLength, value, []);
    if (ownKeys(value).length !== length || apply(typedName, value, []) !== name) {
      return opaque("a typed array with names");
    }
    let all = "";
    for (let i = 0; i < length && !full(); i++) all += `${i === 0 ? "" : ","}${encode(value[i])}`;
    return `["t",[${all}],"${name}"]`;
  }

  function collection(value, word, each) {
    if (!nothing(value)) return opaque(`a ${word} with names`);
    let all = "";
    let first = true;
    const add = (item, key) => {
      if (full()) return;
      all += (first ? "" : ",") + (word === "Set" ? encode(key) : `[${encode(key)},${encode(item)}]`);
      first = false;
    };
    apply(each, value, [add]);
    return `["${word === "Set" ? "s" : "m"}",[${all}]]`;
  }

  // Whether a function has no more than every function has, and its class what its text says.
  function isBare(value, shown) {
    const keys = ownKeys(value);
    for (let i = 0; i < keys.length; i++) {
      const found = describe(value, keys[i]);
      if (typeof keys[i] !== "string" || found.enumerable || found.get !== undefined) return false;
      if (isFunction(found.value) && !holds(shown, found.value)) return false;
    }
    const own = describe(value, "prototype");
    if (own === undefined || !isObject(own.value)) return true;
    const members = ownKeys(own.value);
    for (let i = 0; i < members.length; i++) {
      const found = describe(own.value, members[i]);
      if (members[i] === "constructor") {
        if (found.value !== value) return false;
      } else {
        const parts = [found.value, found.get, found.set];
        if (typeof members[i] !== "string" || found.enumerable) return false;
        for (let j = 0; j < 3; j++) {
          if (parts[j] !== undefined && !(isFunction(parts[j]) && holds(shown, parts[j]))) return false;
        }
      }
    }
    return true;
  }

  const holds = (shown, inner) => apply(includes, shown, [apply(functionText, inner, [])]);

  function functionOf(value) {
    const name = get(known, value);
    if (name !== undefined) return `["f","",${text(name)}]`;
    const shown = apply(functionText, value, []);
    if (apply(includes, shown, [NATIVE])) return opaque("a built-in or bound function");
    if (!isBare(value, shown)) return opaque("a function with properties");
    return `["f",${text(shown)},null]`;
  }

  function instance(value, prototype) {
    const helper = get(instances, prototype);
    const keys = ownKeys(value);
    if (helper !== undefined) {
      const { name, keys: own, settle } = helper;
      let same = keys.length === own.length;
      for (let i = 0; same && i < keys.length; i++) same = keys[i] === own[i];
      if (!same) return opaque(`a changed ${name}`);
      if (settle !== undefined) apply(settle, value, []);
      const all = fields(value, keys);
      return all === null ? opaque(`a changed ${name}`) : `["o",${all},"${name}",null]`;
    }
    const made = describe(prototype, "constructor");
    const owner = made === undefined ? undefined : get(constructors, made.value);
    if (owner === undefined) return opaque("an object with a prototype of its own");
    const all = fields(value, keys);
    return all === null ? opaque("an object with accessors") : `["o",${all},null,${text(owner)}]`;
  }

  function plain(value) {
    const all = fields(value, ownKeys(value));
    return all === null ? opaque("an object with accessors or hidden keys") : `["o",${all},null,null]`;
  }

  const { prototype: ArrayPrototype } = Array;
  const { prototype: DatePrototype } = Date;
  const { prototype: MapPrototype } = Map;
  const { prototype: ObjectPrototype } = Object;
  const { prototype: SetPrototype } = Set;

  function object(value) {
    const name = get(known, value);
    if (name !== undefined) return `["o",[],true,${text(name)},null]`;
    const prototype = getPrototypeOf(value);
    if (prototype === null) return opaque("an object without a prototype");
    if (isArray(value)) return prototype === ArrayPrototype ? array(value) : opaque("a kind of array");
    if (isView(value)) {
      const kind = get(typedPrototypes, prototype);
      return kind === undefined ? opaque("a buffer's view") : typed(value, kind);
    }
    if (prototype === ObjectPrototype) return plain(value);
    if (prototype === SetPrototype) return collection(value, "Set", eachOfSet);
    if (prototype === MapPrototype) return collection(value, "Map", eachOfMap);
    if (prototype === DatePrototype) {
      return nothing(value) ? `["d",${encode(apply(getTime, value, []))}]` : opaque("a Date with names");
    }
    return instance(value, prototype);
  }

  function copy(value) {
    if (full()) return TOO_MUCH;
    try {
      if (isFunction(value)) return functionOf(value);
      return typeof value === "object" ? object(value) : opaque(`a ${typeof value}`);
    } catch {
      return opaque("an object that does not let itself be read");
    }
  }

  // ---- names ---------------------------------------------------------------------------------

  const ABSENT = create(null);
  const ACCESSOR = create(null);

  function valueOf(name) {
    const found = describe(surroundings, name);
    if (found !== undefined && (found.get !== undefined || found.set !== undefined)) return ACCESSOR;
    try {
      return scriptEval(name);
    } catch {
      return ABSENT;
    }
  }

  kernel.box.snapshot = (names) => {
    if (names === null) {
      kernel.own.rememberClock();
      return "";
    }
    const changed = kernel.own.tampered();
    places = new RealMap();
    constructors = new RealMap();
    waiting = create(null);
    count = nodes = chars = 0;
    const values = create(null);
    for (let i = 0; i < names.length; i++) {
      const value = valueOf(names[i]);
      values[i] = value;
      if (isFunction(value) && !has(known, value)) set(constructors, value, names[i]);
    }
    let globals = "";
    for (let i = 0; i < names.length; i++) {
      if (values[i] === ABSENT) continue;
      const shown = encode(values[i]);
      globals += `${globals === "" ? "" : ","}[${stringify(names[i])},${shown}]`;
    }
    let heap = "";
    for (let i = 0; i < count; i++) {
      const value = waiting[i];
      heap += (i === 0 ? "" : ",") + (value === ACCESSOR ? opaque("an accessor") : copy(value));
    }
    return `{"globals":[${globals}],"heap":[${heap}],"tampered":${stringify(changed)}}`;
  };
};
